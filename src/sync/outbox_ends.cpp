// Forwarding that ends without the home's receipt (decisions/0031).
#include "base/budgets.h"
#include "base/log.h"
#include "service/access.h"
#include "service/intake.h"
#include "sync/outbox.h"

namespace cm4it::sync {

// From now on the statement does not count here either, and its history says why.
Result<bool> Outbox::end(const evidence::StatementId& statement, End how, const std::string& reason) {
  const std::string why = service::ForwardQueue::sentence(domain_, how, reason);
  log_warn("statement " + statement.text() + " is " + why);
  CHECK_OK(queue_.end(statement, domain_, how, reason));
  waiting_.with([&](auto& waiting) { waiting.erase(statement); });
  ended_(why);
  return true;
}

// Under other policies than when it came: what the home would refuse now is not sent, and counts here no longer.
Result<bool> Outbox::end_what_would_be_refused() {
  const auto policies = service_.access().policies();
  if (policies != judged_by_) judged_.clear();
  judged_by_ = policies;
  bool any = false;
  for (const auto& id : waiting_.with([](const auto& waiting) { return waiting; })) {
    if (!judged_.insert(id).second) continue;
    std::optional<std::string> why;
    if (!policies->chain(domain_)) why = "nothing here pins the owner of " + domain_ + " any more, so its home is not known";
    TRY(const auto record, queue_.record(id));
    if (record && !why) {
      TRY(why, service_.intake().would_be_refused(*record, domain_));
    }
    if (!why) continue;
    TRY(const bool ended, end(id, End::not_sent, *why));
    any |= ended;
  }
  return any;
}

Result<bool> Outbox::end_what_is_too_old(const std::string& answer) {
  bool any = false;
  for (const auto& id : waiting_.with([](const auto& waiting) { return waiting; })) {
    TRY(const bool too_old, is_too_old(id));
    if (!too_old) continue;
    TRY(const bool ended, give_up(id, answer));
    any |= ended;
  }
  return any;
}

Result<bool> Outbox::give_up(const evidence::StatementId& statement, const std::string& answer) {
  return end(statement, End::not_sent, "given up after " + format_duration(budget::forwarding_seconds) + ": " + answer);
}

Result<bool> Outbox::is_too_old(const evidence::StatementId& statement) const {
  TRY(const auto since, queue_.waits_since(statement, domain_));
  return since && service_.now() - *since > budget::forwarding_seconds;
}

}  // namespace cm4it::sync
