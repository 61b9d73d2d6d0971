#include "policy/temporal_rules.h"

#include <algorithm>
#include <tuple>

#include "base/budgets.h"
#include "base/text.h"
#include "evidence/kinds.h"

namespace cm4it::policy {
namespace {

using evidence::Statement;

bool bears_times(const Statement& statement) { return statement.not_before || statement.expires; }

// What settles something settles it for good: nothing that sleeps or wears off (docs/verdict.md, "What is settled").
bool is_for_good(const Statement& statement) {
  return statement.is_native() && evidence::row_of(statement.kind()).for_good;
}

// Judgements point to data that outlives the judging instead of copying it.
template <class T>
std::shared_ptr<const T> lent(const T& of) {
  return {std::shared_ptr<const void>(), &of};
}

}  // namespace

std::vector<TemporalRules::Known> TemporalRules::gather(const std::vector<Fact>& about) {
  std::vector<const Fact*> sorted;
  sorted.reserve(about.size());
  for (const Fact& fact : about) sorted.push_back(&fact);
  std::sort(sorted.begin(), sorted.end(), [](const Fact* a, const Fact* b) { return a->statement.id < b->statement.id; });
  std::vector<Known> known;
  known.reserve(about.size());
  for (auto from = sorted.begin(); from != sorted.end();) {
    const auto to = std::find_if(from, sorted.end(), [&](const Fact* fact) { return fact->statement.id != (*from)->statement.id; });
    known.push_back(known_from({from, to}));
    from = to;
  }
  return known;
}

TemporalRules::Known TemporalRules::known_from(std::span<const Fact* const> same) {
  const Fact& first = *same[0];
  Known known{&first, lent(first.domains), lent(first.receipts), first.first_seen};
  if (same.size() == 1 && std::is_sorted(first.domains.begin(), first.domains.end())) return known;
  auto domains = std::make_shared<std::vector<std::string>>();
  auto receipts = std::make_shared<std::vector<ReceivedAt>>();
  for (const Fact* fact : same) {
    domains->insert(domains->end(), fact->domains.begin(), fact->domains.end());
    receipts->insert(receipts->end(), fact->receipts.begin(), fact->receipts.end());
    known.first_seen = std::min(known.first_seen, fact->first_seen);
  }
  std::sort(domains->begin(), domains->end());
  domains->erase(std::unique(domains->begin(), domains->end()), domains->end());
  known.domains = std::move(domains);
  known.receipts = std::move(receipts);
  return known;
}

std::vector<Judgement> TemporalRules::order_by_receipt(const std::vector<Fact>& about) {
  known_ = gather(about);
  std::vector<Judgement> order;
  order.reserve(known_.size());
  for (const Known& known : known_) order.push_back(begin(known));
  std::sort(order.begin(), order.end(), earlier);
  return order;
}

bool TemporalRules::earlier(const Judgement& a, const Judgement& b) {
  return std::tie(a.received, a.index, a.fact->statement.id) < std::tie(b.received, b.index, b.fact->statement.id);
}

Time TemporalRules::said_at(const Judgement& judgement) {
  const Statement& statement = judgement.fact->statement;
  return statement.is_certificate() ? statement.issued_at : std::min(statement.issued_at, judgement.received);
}

Judgement TemporalRules::begin(const Known& known) const {
  Judgement judgement;
  judgement.fact = known.fact;
  judgement.domains = known.domains;
  const auto received = received_in_domain(known, judgement.received_by);
  judgement.received = received ? received->first : known.first_seen;
  judgement.index = received ? received->second : 0;
  judgement.provisional = !received;
  return judgement;
}

const TemporalRules::Known& TemporalRules::known_of(const Judgement& judgement) const {
  return *std::lower_bound(known_.begin(), known_.end(), judgement.fact->statement.id,
                           [](const Known& known, const StatementId& id) { return known.fact->statement.id < id; });
}

// The earliest receipt by a home of domain `of`, if the statement was made in that domain.
std::optional<TemporalRules::Moment> TemporalRules::received_by(const Known& known, std::string_view of) const {
  std::optional<Moment> earliest;
  if (!contains(*known.domains, of)) return earliest;
  for (const ReceivedAt& receipt : *known.receipts)
    if (receipt.domain == of && policies_.is_home_log(of, receipt.log))
      if (const Moment moment{receipt.time, receipt.index}; !earliest || moment < *earliest) earliest = moment;
  return earliest;
}

// model.md "Time, and who may say what": by a home of the domain where the statement names it, else by homes of the
// referenced domain it was made in.
std::optional<TemporalRules::Moment> TemporalRules::received_in_domain(const Known& known, std::string_view& by) const {
  by = domain_.domain;
  if (contains(*known.domains, domain_.domain)) return received_by(known, domain_.domain);
  std::optional<Moment> earliest;
  for (const auto& other : referenced_) {
    const auto moment = received_by(known, other);
    if (!moment || (earliest && *moment >= *earliest)) continue;
    earliest = moment;
    by = policies_.chain(other)->domain;  // outlives this
  }
  return earliest;
}

bool TemporalRules::relevant(const Known& known) const {
  if (contains(*known.domains, domain_.domain)) return true;
  return std::any_of(referenced_.begin(), referenced_.end(), [&](const auto& other) { return contains(*known.domains, other); });
}

// A certificate's time is when its validity begins, not when it was made: it may come before, and counts from then on. So may a
// CRL: a CA that is rarely switched on makes those of a year in one go. An alarm and a withdrawal count from their receipt,
// whatever their author's clock said.
bool TemporalRules::made_ahead(const Judgement& judgement) const {
  const Statement& statement = judgement.fact->statement;
  if (statement.is_certificate() || statement.revocations || statement.kind() == Kind::withdraw || is_alarm(statement))
    return false;
  return statement.issued_at > judgement.received + budget::clock_skew_seconds;
}

bool TemporalRules::in_time(Judgement& judgement) {
  const Statement& statement = judgement.fact->statement;
  const bool unbounded = is_self_compromise(statement, statement.issuer);  // its dates are the thief's as well as the owner's
  if (!relevant(known_of(judgement))) {
    judgement.why_not = "made in a domain that the policy of " + domain_.domain + " does not refer to";
    for (const auto& [domain, why] : judgement.fact->refused)
      if (domain == domain_.domain || contains(referenced_, domain)) judgement.why_not = why;
  } else if (judgement.received > at_) {
    changes_at(judgement.received);
    judgement.why_not = "received later than the time asked about";
  } else if (unbounded) {
    return true;
  } else if (made_ahead(judgement)) {
    judgement.why_not = "issued in the future: iat is more than 5 minutes beyond the time it was received";
  } else if (is_for_good(statement) && bears_times(statement)) {
    judgement.why_not = std::string("a ") + (statement.kind() == Kind::transfer ? "transfer" : "withdrawal") + " bears neither nbf nor exp";
  } else if (statement.not_before && *statement.not_before > at_) {
    changes_at(*statement.not_before);
    judgement.why_not = "not valid before " + to_rfc3339(*statement.not_before);
  } else if (statement.expires && *statement.expires <= at_) {
    judgement.why_not = "expired at " + to_rfc3339(*statement.expires);
  } else {
    if (statement.expires) changes_at(*statement.expires);
    return true;
  }
  return false;
}

bool TemporalRules::expired_only(const Judgement& judgement) const {
  const Statement& statement = judgement.fact->statement;
  return relevant(known_of(judgement)) && judgement.received <= at_ && statement.expires && *statement.expires <= at_ &&
         !made_ahead(judgement);
}

bool TemporalRules::received_before(const Judgement& judgement, Time until) {
  if (!judgement.provisional) return judgement.received < until;
  changes_at(until);
  return at_ < until;
}

bool TemporalRules::before_until(const Judgement& judgement, std::optional<Time> until, std::string_view set_by) {
  if (!until) return true;
  if (is_alarm(judgement.fact->statement)) {
    const auto received = received_by(known_of(judgement), set_by);
    return judgement.received < *until || (received && received->first < *until);
  }
  if (set_by == domain_.domain && contains(*known_of(judgement).domains, set_by)) {
    return received_before(judgement, *until);
  }
  if (auto received = received_by(known_of(judgement), set_by)) return received->first < *until;
  changes_at(*until);
  return at_ < *until && judgement.received < *until;
}

}  // namespace cm4it::policy
