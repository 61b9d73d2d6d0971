// Statements that no longer count because of what their own issuer said later: withdrawn, or superseded.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "policy/list_signers.h"
#include "policy/fold.h"

namespace cm4it::policy {

// A status is replaced by a newer one instead, and a transfer is final: only the new holder can transfer the subject again.
bool can_be_withdrawn(Kind kind);

// A withdrawal needs no role, since it removes only its issuer's own statement. A native one names a statement; one of OpenPGP takes
// back all that its issuer certified on that component until then, a status among it.
class Withdrawals {
 public:
  // Judges the withdrawals among a subject's statements, which are in the order in which they are taken. `in_time`: does it
  // count but for rights and withdrawal (else it has said why not). `signers`: who may sign the CRLs among them.
  void find(std::vector<Judgement>& order, const std::function<bool(Judgement&)>& in_time, ListSigners& signers);
  // The withdrawal of this statement, the first of several; null: it is not withdrawn.
  const Judgement* withdrawal_of(const StatementId& statement) const;
  // The statements that this withdrawal takes back, without those that an earlier one took back.
  std::vector<StatementId> withdrawn_by(const Judgement& withdrawal) const;

 private:
  void take_back(Judgement& judgement, const evidence::Withdraw& withdraw, const std::map<StatementId, const Judgement*>& by_id);
  void take_back_component(Judgement& judgement, const Digest& component, const std::vector<Judgement>& order);

  std::map<StatementId, const Judgement*> withdrawals_;
};

// A key's newest self-signature on a component stands for all its earlier ones, also where it has expired (RFC 9580 section
// 5.2.3.10): statement → the newer one, out of `order`. Only what was received by `at` is looked at. One over a weak hash stands for none.
std::map<StatementId, const Judgement*> superseded(const evidence::SubjectId& subject, const std::vector<Judgement>& order, Time at);

}  // namespace cm4it::policy
