// Which entries of the journal concern a feed, by their position. For the feed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "service/policy_log.h"

namespace cm4it::service {

// `lends` not empty: a policy version of that domain, which is not among those of the feed.
struct FeedEvent { std::uint64_t position; evidence::StatementId id; std::string lends; };

class FeedEvents {
 public:
  // All outlive it. `domains`: of the feed. `from`: the journal's position of the first one; 0: the beginning, where policies are
  // sent before anything else, and so are none of these.
  FeedEvents(const ledger::Reader& reader, const PolicyArrivals& arrivals, const std::vector<std::string>& domains, std::uint64_t from)
      : reader_(reader), arrivals_(arrivals), domains_(domains), from_(from) {}

  // Of all the domains, merged by position, up to 5000 of each; or of their policies alone.
  Result<std::vector<FeedEvent>> next(bool policies_only);
  // There are more: those beyond what every domain was read to are left for next time.
  bool truncated() const { return truncated_; }

 private:
  static constexpr std::size_t most_examined = 5000;
  bool is_of_feed(std::string_view domain) const { return contains(domains_, domain); }
  std::vector<FeedEvent> of_policies() const;
  // New versions of policies of domains that this feed may have to lend.
  void add_lent(std::vector<FeedEvent>& events) const;

  const ledger::Reader& reader_;
  const PolicyArrivals& arrivals_;
  const std::vector<std::string>& domains_;
  const std::uint64_t from_;
  bool truncated_ = false;
};

}  // namespace cm4it::service
