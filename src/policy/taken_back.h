// What does not count any more because its issuer said so: taken back, or said anew.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "policy/list_signers.h"
#include "policy/fold.h"

namespace cm4it::policy {

// Statuses are said anew, and a transfer is for good: only its holder moves the subject on.
bool can_be_withdrawn(Kind kind);

// A withdrawal needs no role: it is its issuer's own statement that goes. A native one names a statement; one of OpenPGP takes
// back all that its issuer certified on that component until then, a status among it.
class Withdrawals {
 public:
  // Judges the withdrawals among a subject's statements, which are in the order in which they are taken. `in_time`: does it
  // count but for rights and withdrawal (else it has said why not). `signers`: who may sign the CRLs among them.
  void find(std::vector<Judgement>& order, const std::function<bool(Judgement&)>& in_time, ListSigners& signers);
  // That which takes this statement back; null: none does. Of several the first.
  const Judgement* withdrawal_of(const StatementId& statement) const;
  // What this withdrawal takes back, where no earlier one does.
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
