#include "policy/taken_back.h"

#include <algorithm>
#include <tuple>

#include "base/budgets.h"
#include "base/text.h"
#include "evidence/kinds.h"
#include "policy/revoked.h"

namespace cm4it::policy {
namespace {

using evidence::Statement;

// A home can take a withdrawal only if it keeps what is taken back; so it is made where that was made, and one rule holds for every
// server.
bool made_where(const Judgement& withdrawal, const Judgement& target) {
  return std::any_of(withdrawal.domains->begin(), withdrawal.domains->end(), [&](const auto& domain) {
    return contains(*target.domains, domain) || contains(target.fact->statement.domains, domain);
  });
}

bool is_withdrawal(const Judgement& judgement) { return judgement.fact->statement.kind() == Kind::withdraw; }

}  // namespace

bool can_be_withdrawn(Kind kind) { return evidence::row_of(kind).can_be_withdrawn; }

void Withdrawals::find(std::vector<Judgement>& order, const std::function<bool(Judgement&)>& in_time, ListSigners& signers) {
  if (std::none_of(order.begin(), order.end(), is_withdrawal)) return;
  std::map<StatementId, const Judgement*> by_id;
  for (const Judgement& judgement : order) by_id.emplace(judgement.fact->statement.id, &judgement);
  for (Judgement& judgement : order) {
    const auto* withdraw = std::get_if<evidence::Withdraw>(&judgement.fact->statement.body);
    if (!withdraw || judgement.fact->statement.revocations || !in_time(judgement)) continue;
    if (withdraw->component) take_back_component(judgement, *withdraw->component, order);
    else take_back(judgement, *withdraw, by_id);
    if (judgement.counts) judgement.roles = {"issuer"};
  }
  find_revoked(order, in_time, signers, withdrawals_);
}

void Withdrawals::take_back(Judgement& judgement, const evidence::Withdraw& withdraw,
                            const std::map<StatementId, const Judgement*>& by_id) {
  const auto found = by_id.find(withdraw.statement);
  const Judgement* target = found == by_id.end() ? nullptr : found->second;
  if (!target) {
    judgement.why_not = "takes back a statement about this subject that is not kept here";
  } else if (target->fact->statement.issuer != judgement.fact->statement.issuer) {
    judgement.why_not = "only the issuer of a statement can take it back";
  } else if (!made_where(judgement, *target)) {
    judgement.why_not = "made in another domain than what it takes back";
  } else if (!can_be_withdrawn(target->fact->statement.kind())) {
    judgement.why_not = "only an identity, an endorsement or an assignment can be taken back";
  } else {
    judgement.counts = true;
    withdrawals_.try_emplace(withdraw.statement, &judgement);
  }
}

void Withdrawals::take_back_component(Judgement& judgement, const Digest& component, const std::vector<Judgement>& order) {
  const Statement& statement = judgement.fact->statement;
  // A withdrawal whose signer's clock was ahead removes what permits, as of its receipt, but lifts no alarm.
  const Time latest = judgement.received + budget::clock_skew_seconds;
  const bool ahead = statement.issued_at > latest;
  for (const Judgement& other : order) {
    const Statement& target = other.fact->statement;
    if (is_withdrawal(other) || target.component.digest != component || target.issuer != statement.issuer) continue;
    if (target.issued_at > std::min(statement.issued_at, latest) || (ahead && is_alarm(target))) continue;
    judgement.counts = true;
    withdrawals_.try_emplace(target.id, &judgement);
  }
  if (!judgement.counts)
    judgement.why_not = std::string("takes back certifications of which none is kept here") +
                        (ahead ? "; dated more than 5 minutes beyond the time it was received, it lifts no alarm" : "");
}

const Judgement* Withdrawals::withdrawal_of(const StatementId& statement) const {
  const auto found = withdrawals_.find(statement);
  return found == withdrawals_.end() ? nullptr : found->second;
}

std::vector<StatementId> Withdrawals::withdrawn_by(const Judgement& withdrawal) const {
  std::vector<StatementId> taken_back;
  for (const auto& [statement, by] : withdrawals_)
    if (by == &withdrawal) taken_back.push_back(statement);
  return taken_back;
}

std::map<StatementId, const Judgement*> superseded(const evidence::SubjectId& subject, const std::vector<Judgement>& order, Time at) {
  const auto said = [](const Judgement& one) { return std::tie(one.fact->statement.issued_at, one.fact->statement.id); };
  std::map<Digest, const Judgement*> newest;
  std::vector<const Judgement*> own;
  for (const Judgement& judgement : order) {
    const Statement& statement = judgement.fact->statement;
    if (!statement.component.digest || statement.kind() != Kind::identity || subject != evidence::SubjectId::key(statement.issuer) ||
        judgement.received > at || statement.issued_at > judgement.received + budget::clock_skew_seconds)
      continue;
    own.push_back(&judgement);
    if (statement.component.weak) continue;
    auto& first = newest[*statement.component.digest];
    if (!first || said(*first) < said(judgement)) first = &judgement;
  }
  std::map<StatementId, const Judgement*> older;
  for (const Judgement* judgement : own)
    if (const auto newer = newest.find(*judgement->fact->statement.component.digest); newer != newest.end() && said(*judgement) < said(*newer->second))
      older.emplace(judgement->fact->statement.id, newer->second);
  return older;
}

}  // namespace cm4it::policy
