// What a peer sends. What decodes can be sent on, and is then read as the same.
#include "fuzz/fuzz.h"
#include "service/feed_wire.h"

using namespace cm4it;
using namespace cm4it::service;
using namespace cm4it::fuzz;

namespace {

FeedPage page_of(const ReceivedFeed& feed) {
  FeedPage page;
  page.domain = feed.domain;
  page.next = feed.next;
  page.heads = feed.heads;
  page.more = feed.more;
  for (const auto& record : feed.records)
    page.records.push_back({record.piece.format, record.piece.bytes, record.issuer, record.receipts, false});
  return page;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto feed = decode_feed({data, size});
  if (!feed) return 0;
  const Bytes sent = encode_feed(page_of(*feed));
  const auto again = must(decode_feed(sent), "a feed that was read can be sent on");
  require(encode_feed(page_of(again)) == sent, "a feed that was sent on says the same");
  require(sent.size() <= size + 9 * feed->records.size() + 64, "a feed does not grow on its way");
  return 0;
}
