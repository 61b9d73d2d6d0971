#include "frontends/http/census.h"

#include "base/budgets.h"
#include "base/log.h"
#include "service/access.h"
#include "service/queues.h"
#include "service/verdicts.h"

namespace cm4it::http {

Census::Census(service::Service& service, std::function<Clock::time_point()> clock) : service_(service), clock_(std::move(clock)) {}

std::shared_ptr<const Census::Count> Census::newest() {
  const auto now = clock_();
  const auto [newest, due] = cache_.with([&](Cache& cached) {
    const bool is_due = !cached.counting && now >= cached.next;
    cached.counting = cached.counting || is_due;
    return std::pair{cached.newest, is_due};
  });
  if (due) begin();
  return newest;
}

void Census::begin() {
  counted_ = {};
  left_.clear();
  cursor_.clear();
  spent_ = {};
  const auto policies = service_.access().policies();
  if (const auto* policy = policies->newest(service_.default_domain()))
    for (const auto& [type, admit] : policy->admit) {
      left_.push_back(type);
      counted_.types[type] = {};
    }
  // The count reads as this server itself, but is queued behind everybody who waits for an answer, with an address of its own.
  service::Caller nobody;
  nobody.address = "census";
  if (const auto taken = service_.queues().read_in_parts(nobody, [self = shared_from_this()] { return self->part(); }); !taken) end(nullptr);
}

bool Census::part() {
  const auto begun = clock_();
  const auto more = count_page();
  spent_ += clock_() - begun;
  if (more && *more) return true;
  if (more) counted_.at = service_.now();
  else log_info("things could not be counted: " + more.error().message);
  end(more ? std::make_shared<const Count>(std::move(counted_)) : nullptr);
  return false;
}

// False: there are no more.
Result<bool> Census::count_page() {
  if (left_.empty()) return false;
  service::SearchQuery query;
  query.type = evidence::to_string(left_.back());
  query.cursor = cursor_;
  query.limit = budget::search_results;
  query.most_examined = budget::part_rows;
  query.most_folded = budget::part_folded;
  TRY(const auto page, service_.verdicts().search(query, service_.server_key()));
  auto& verdicts = counted_.types[left_.back()];
  for (const auto& looked : page.subjects) {
    const auto admitted = looked.verdict.admitted;
    ++(admitted == policy::Admitted::yes ? verdicts.yes : admitted == policy::Admitted::no ? verdicts.no : verdicts.unknown);
  }
  cursor_ = page.cursor;
  if (cursor_.empty()) left_.pop_back();
  return !left_.empty();
}

void Census::end(std::shared_ptr<const Count> counted) {
  const auto pause = std::max<Clock::duration>(least_pause, spent_ * (most_share - 1));
  const auto now = clock_();
  cache_.with([&](Cache& cached) {
    if (counted) cached.newest = std::move(counted);
    cached.counting = false;
    cached.next = now + pause;
  });
}

}  // namespace cm4it::http
