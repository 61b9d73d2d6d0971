#include "ledger/transfer_note.h"

#include <algorithm>

namespace cm4it::ledger {

std::string transfer_note(const evidence::SubjectId& subject) { return std::string(transfer_notes) + subject.text(); }

bool is_pinned(const policy::Policies& policies, const evidence::Transfer& transfer) {
  const auto chains = policies.chains_of(transfer.domain);
  if (chains.empty()) return false;
  if (std::any_of(chains.begin(), chains.end(), [&](const auto* chain) { return chain->pinned_owner == transfer.owner; })) return true;
  return chains[0]->pinned_by != policy::Pin::Source::transfer &&
         policies.knows_holder({transfer.domain, false, transfer.owner}, {Time::never(), transfer.domain});
}

}  // namespace cm4it::ledger
