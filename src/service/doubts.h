// Where wrong clocks, and logs that are not signed, change what a verdict says. For this room's .cpp files.
#pragma once

#include <string>

#include "policy/facts.h"
#include "service/clocks.h"

namespace cm4it::service {

// Sets DomainState::doubt of the domains whose homes' clocks are wrong, or whose logs take nothing in at present
// (`signing_refusal`: Ledger::signing_refusal()).
void add_doubts(policy::Facts& facts, const ledger::Published& published, const Clocks& clocks, const std::string& signing_refusal);

}  // namespace cm4it::service
