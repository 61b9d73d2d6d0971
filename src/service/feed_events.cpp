#include "service/feed_events.h"

namespace cm4it::service {

Result<std::vector<FeedEvent>> FeedEvents::next(bool policies_only) {
  if (policies_only) return of_policies();
  std::vector<FeedEvent> events;
  std::uint64_t read_to = reader_.published().next;
  for (const auto& domain : domains_) {
    std::size_t count = 0;
    CHECK_OK(reader_.in_domain(domain, from_, [&](std::uint64_t position, const evidence::StatementId& id) {
      if (count == most_examined) {
        read_to = std::min(read_to, position);
        truncated_ = true;
        return false;
      }
      ++count;
      events.push_back({position, id, {}});
      return true;
    }));
  }
  if (from_ > 0) add_lent(events);  // else they come with what names them
  std::sort(events.begin(), events.end(), [](const FeedEvent& a, const FeedEvent& b) { return a.position < b.position; });
  events.erase(std::unique(events.begin(), events.end(), [](const FeedEvent& a, const FeedEvent& b) { return a.position == b.position; }),
               events.end());
  std::erase_if(events, [&](const FeedEvent& event) { return event.position >= read_to; });
  return events;
}

std::vector<FeedEvent> FeedEvents::of_policies() const {
  std::vector<FeedEvent> events;
  for (const PolicyArrival& arrival : arrivals_)
    if (is_of_feed(arrival.domain) && arrival.position >= std::max<std::uint64_t>(from_, 1))
      events.push_back({arrival.position, arrival.id, {}});
  return events;
}

void FeedEvents::add_lent(std::vector<FeedEvent>& events) const {
  auto arrival = std::lower_bound(arrivals_.begin(), arrivals_.end(), from_,
                                  [](const PolicyArrival& one, std::uint64_t position) { return one.position < position; });
  for (; arrival != arrivals_.end(); ++arrival)
    if (!is_of_feed(arrival->domain)) events.push_back({arrival->position, arrival->id, arrival->domain});
}

}  // namespace cm4it::service
