// Evaluates the rules of [admit.TYPE] and [[permit]]; each rule adds a reason to the verdict.
#pragma once

#include "policy/fold.h"

namespace cm4it::policy {

// Sets `admitted`, the reasons and the staleness of a verdict whose other parts are complete, and shortens its valid_until.
void admit(const Facts& facts, const Policies& policies, const Descriptor& domain, Verdict& verdict);

}  // namespace cm4it::policy
