// A statement that only restricts (an alarm, a revocation) is always taken: quotas bound only what permits.
#pragma once

#include "ledger/ledger.h"

namespace cm4it::service {

// Whether a statement only restricts: an alarm, a CRL, or the withdrawal of something that permits.
Result<bool> restricts(const evidence::Statement& statement, const ledger::Reader& reader);

// Whether it restricts more than what its issuer has said of that subject already: beyond a quota nothing else enters. That is
// bounded, for an alarm is followed by a worse one alone, until something lifts it that has to fit into the quota. `piece`: the
// evidence.
Result<bool> adds_restriction(const evidence::Statement& statement, View piece, const KeyId& issuer, const ledger::Reader& reader);

}  // namespace cm4it::service
