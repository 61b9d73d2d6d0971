// [admit.TYPE] and [[permit]]: the rules of cooperation, each with its reason.
#pragma once

#include "policy/fold.h"

namespace cm4it::policy {

// Sets admitted, reasons and staleness of a verdict whose other parts stand, and narrows valid_until.
void admit(const Facts& facts, const Policies& policies, const Descriptor& domain, Verdict& verdict);

}  // namespace cm4it::policy
