// The feed on the wire (docs/formats/feed.md): what one server's door writes and another's sync reads.
#pragma once

#include "service/answers.h"

namespace cm4it::service {

inline constexpr const char* feed_media_type = "application/cm4it-feed+cbor";

Bytes encode_feed(const FeedPage& page);

// What a peer sent, decoded strictly and not believed.
struct ReceivedFeed {
  std::string domain;
  std::uint64_t next = 0;
  std::vector<PeerRecord> records;
  std::vector<FeedPage::HomeHead> heads;
  bool more = false;
};
Result<ReceivedFeed> decode_feed(View bytes);

}  // namespace cm4it::service
