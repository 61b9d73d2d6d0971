#include "policy/status.h"

#include <algorithm>
#include <map>

#include "policy/revoked.h"

namespace cm4it::policy {
namespace {

struct Say {
  Status status;
  Time issued_at;
  Time received;
  KeyId issuer;
  StatementId id;
  bool still_may;
};

// The newest first; at equal iat the worse, so that two servers never disagree.
bool newer(const Say& a, const Say& b) {
  if (a.issued_at != b.issued_at) return a.issued_at > b.issued_at;
  if (a.status != b.status) return a.status > b.status;
  return a.id < b.id;
}

std::vector<Say> counted_statuses(const Judged& judged, const Policies& policies, const Descriptor& domain, Time at) {
  std::vector<Say> says;
  for (const Judgement& judgement : judged.judgements) {
    const auto* change = std::get_if<evidence::StatusChange>(&judgement.fact->statement.body);
    if (!change || !judgement.counts) continue;
    const auto& statement = judgement.fact->statement;
    says.push_back({change->status, statement.issued_at, judgement.received, statement.issuer, statement.id,
                    still_may(judgement, policies, domain, judged.holder, at)});
  }
  return says;
}

// Of each issuer its newest; what a departed issuer said yields to what came later from one who still may.
std::vector<Say> current(const std::vector<Say>& says) {
  std::map<KeyId, const Say*> newest;
  for (const Say& say : says) {
    const Say*& kept = newest[say.issuer];
    if (!kept || newer(say, *kept)) kept = &say;
  }
  std::vector<Say> result;
  for (const auto& [issuer, say] : newest) {
    const bool yields = !say->still_may && std::any_of(says.begin(), says.end(), [&](const Say& other) {
      return other.still_may && other.received > say->received;
    });
    if (!yields) result.push_back(*say);
  }
  return result;
}

}  // namespace

StatusResult status_of(const Judged& own, const std::vector<Judged>& of_models, const Policies& policies,
                       const Descriptor& domain, Time at) {
  std::vector<Say> says = current(counted_statuses(own, policies, domain, at));
  for (const Judged& model : of_models)
    for (const Say& say : current(counted_statuses(model, policies, domain, at)))
      if (is_alarm(say.status)) says.push_back(say);

  // Said again with every CRL, whatever else its issuer says of the subject.
  if (const auto compromise = key_compromise(own.judgements, domain)) {
    const auto& crl = compromise->crl->fact->statement;
    says.push_back({Status::compromised, compromise->since, compromise->crl->received, crl.issuer, crl.id, true});
  }

  // A key does not become sound again by saying so.
  for (const Judgement& judgement : own.judgements) {
    const auto& statement = judgement.fact->statement;
    const auto* change = std::get_if<evidence::StatusChange>(&statement.body);
    if (change && judgement.counts && is_self_compromise(statement, statement.issuer))
      says.push_back({change->status, statement.issued_at, judgement.received, statement.issuer, statement.id, true});
  }

  const Say* decisive = nullptr;
  for (const Say& say : says) {
    if (!decisive) {
      decisive = &say;
    } else if (is_alarm(say.status) || is_alarm(decisive->status)) {
      if (say.status > decisive->status || (say.status == decisive->status && newer(say, *decisive))) decisive = &say;
    } else if (newer(say, *decisive)) {
      decisive = &say;
    }
  }
  if (!decisive) return {};
  return {decisive->status, decisive->id};
}

}  // namespace cm4it::policy
