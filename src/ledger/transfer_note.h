// What is noted of a transfer to a domain that nothing pins yet (service/transfer_pins.h): written in the transfer's own commit, so that
// neither a stop nor a crash before its owner is pinned forgets that.
#pragma once

#include <string>
#include <string_view>

#include "policy/policies.h"

namespace cm4it::ledger {

// "transfer/SUBJECT", without a value.
inline constexpr std::string_view transfer_notes = "transfer/";
std::string transfer_note(const evidence::SubjectId& subject);

// Is the holder that a transfer names known: a domain begun by that owner, or one that more than a sale vouches for and whose it was.
bool is_pinned(const policy::Policies& policies, const evidence::Transfer& transfer);

}  // namespace cm4it::ledger
