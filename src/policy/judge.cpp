#include "policy/judge.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "policy/holder_claims.h"
#include "policy/revoked.h"
#include "policy/statement_rights.h"
#include "policy/taken_back.h"

namespace cm4it::policy {
namespace {

using evidence::Identity;
using evidence::Statement;
using evidence::SubjectId;

// One pass over one subject's statements, in the order (received, leaf index, statement id). Receipts count seconds, and
// logs of different homes are not in step within one: of the statements of one second, those that have their right only
// after another of that second (a status by the holder that a transfer has just made) are taken after it.
class Judge {
 public:
  Judge(const SubjectId& subject, const Facts& facts, const Policies& policies, const Descriptor& domain, Time at)
      : subject_(subject), policies_(policies), domain_(domain), rules_(policies, domain, at),
        signers_(facts.authorities, policies, domain, at), rights_(subject, facts, policies, domain, rules_), claims_(subject) {}

  Judged run(const std::vector<Fact>& about) {
    auto order = rules_.order_by_receipt(about);
    withdrawals_.find(order, [this](Judgement& judgement) { return rules_.in_time(judgement); }, signers_);
    superseded_ = superseded(subject_, order, rules_.at());
    for (auto begin = order.begin(); begin != order.end();) {
      const auto end = std::find_if(begin, order.end(), [&](const auto& later) { return later.received != begin->received; });
      judge_concurrent(begin, end);
      begin = end;
    }
    for (Judgement& judgement : order) forget_withdrawn(judgement);
    std::string not_found = crl_not_found(order);
    if (not_found.empty()) not_found = rights_.crl_not_found();
    const Holder holder = claims_.holder_at(rules_.at());
    return {std::move(order), holder, std::move(claims_).handovers(), std::min(rules_.next_change(), rights_.next_change()), std::move(not_found)};
  }

 private:
  using Iterator = std::vector<Judgement>::iterator;

  void judge_concurrent(Iterator begin, Iterator end) {
    std::vector<Judgement*> left;
    for (auto judgement = begin; judgement != end; ++judgement) left.push_back(&*judgement);
    for (bool progress = true; progress && !left.empty();) {
      progress = false;
      for (auto& judgement : left) {
        judge_one(*judgement);
        if (judgement->roles.empty()) continue;
        judgement = nullptr;
        progress = true;
      }
      std::erase(left, nullptr);
    }
  }

  void judge_one(Judgement& judgement) {
    const Statement& statement = judgement.fact->statement;
    if (statement.kind() == Kind::withdraw) return apply_withdrawal(judgement);
    if (statement.kind() == Kind::policy) return judge_policy(judgement);
    judgement.why_not.clear();
    // An identity that no longer counts may once have determined the holder: see claim_holder().
    const bool timely = rules_.in_time(judgement);
    const auto newer = superseded_.find(statement.id);
    if (!timely && !(statement.kind() == Kind::identity && rules_.expired_only(judgement))) return;
    CountedDelegation::Span way = rights_.find(judgement, claims_.holder_at(judgement.received));
    if (judgement.roles.empty()) return;
    judgement.counts = timely && rules_.at() < way.to && newer == superseded_.end();
    if (newer != superseded_.end()) {
      way.to = std::min(way.to, newer->second->received);
      judgement.decided_by = newer->second->fact->statement.id;
      judgement.why_not = "the key has made a newer one since";
    }
    if (statement.kind() == Kind::identity) claim_holder(judgement, way);
    if (!judgement.counts || statement.kind() != Kind::transfer) return;
    judgement.why_not = claims_.transfer(judgement);
    judgement.counts = judgement.why_not.empty();
  }

  void judge_policy(Judgement& judgement) const {
    for (const auto& domain : judgement.fact->statement.domains)
      if (const Chain* chain = policies_.chain(domain))
        for (const auto& version : chain->versions)
          if (version.statement == judgement.fact->statement.id) judgement.counts = true;
    if (!judgement.counts) judgement.why_not = "no version of its domain's policy chain";
    else judgement.roles.push_back("owner");
  }

  // An identity says whose the subject is at first, while it is valid and not taken back. What its issuer does with it
  // after a counted transfer does not undo that transfer: a seller cannot unsell.
  void claim_holder(const Judgement& judgement, const CountedDelegation::Span& way) {
    if (!gives_values(judgement, domain_)) return;
    const Statement& statement = judgement.fact->statement;
    const auto* withdrawal = withdrawals_.withdrawal_of(statement.id);
    if (withdrawal && TemporalRules::earlier(*withdrawal, judgement)) return;
    const Time from = std::max(statement.not_before.value_or(way.from), way.from), to = std::min(statement.expires.value_or(way.to), way.to);
    std::vector<HolderClaim> claims;
    for (const auto& claimed : claimed_for(judgement)) {
      // A domain that lent the role has a claim of its own for the time in which it lent it; lending it later does not change the past.
      const auto& played = rights_.played();
      const bool itself = std::any_of(played.begin(), played.end(), [&](const auto& one) { return one.set_by == claimed; });
      for (const auto& one : played)
        if (!itself || one.set_by == claimed) claims.push_back({claimed, std::max(from, one.run.from), std::min(to, one.run.to)});
      if (played.empty()) claims.push_back({claimed, from, to});  // the subject of itself
    }
    claims_.claim(statement.id, std::move(claims));
  }

  // This domain, where it was made here too; else the referenced ones it was made in, of several those where its issuer may identify.
  std::vector<std::string> claimed_for(const Judgement& judgement) const {
    if (contains(*judgement.domains, domain_.domain)) return {domain_.domain};
    std::vector<std::string> claimed, permitted;
    for (const auto& other : rules_.referenced()) {
      if (!contains(*judgement.domains, other)) continue;
      claimed.push_back(other);
      if (may_identify_in(other, judgement, policies_)) permitted.push_back(other);
    }
    return permitted.empty() ? claimed : permitted;
  }

  void apply_withdrawal(const Judgement& judgement) {
    for (const auto& taken_back : withdrawals_.withdrawn_by(judgement)) claims_.forget(taken_back);
  }

  void forget_withdrawn(Judgement& judgement) {
    const auto* withdrawal = withdrawals_.withdrawal_of(judgement.fact->statement.id);
    if (!withdrawal || !judgement.counts || is_self_compromise(judgement.fact->statement, judgement.fact->statement.issuer)) return;
    judgement.counts = false;
    judgement.decided_by = withdrawal->fact->statement.id;
    judgement.why_not = "taken back by its issuer";
    if (const auto& crl = withdrawal->fact->statement.revocations) judgement.why_not += ": " + crl->name;
  }

  const SubjectId& subject_;
  const Policies& policies_;
  const Descriptor& domain_;
  TemporalRules rules_;
  ListSigners signers_;
  StatementRights rights_;
  HolderClaims claims_;
  Withdrawals withdrawals_;
  std::map<StatementId, const Judgement*> superseded_;
};

}  // namespace

Judged judge(const SubjectId& subject, const std::vector<Fact>& about, const Facts& facts, const Policies& policies,
             const Descriptor& domain, Time at) {
  return Judge(subject, facts, policies, domain, at).run(about);
}

bool gives_values(const Judgement& judgement, const Descriptor& domain) {
  const auto* identity = std::get_if<Identity>(&judgement.fact->statement.body);
  if (!identity || judgement.fact->statement.component.supporting) return false;
  const auto admit = domain.admit.find(identity->type);
  if (admit == domain.admit.end()) return true;
  return std::any_of(judgement.roles.begin(), judgement.roles.end(),
                     [&](const auto& role) { return contains(admit->second.identified_by, role); });
}

}  // namespace cm4it::policy
