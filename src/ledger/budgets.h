// Bounds that concern the ledger alone. Those of several rooms are in base/budgets.h.
#pragma once

#include "base/budgets.h"

namespace cm4it::budget {

// How much of one subject is folded, where more is stored (docs/decisions/0028-alarms-are-folded-first.md)
inline constexpr std::size_t certified_weight = 10;    // a statement with certificates counts like so many others against budget::subject_statements
inline constexpr std::size_t share_statements = 1000;  // of a subject with more than that, alarms come first, then so many others

// Descriptors that nothing pins, beside unpinned_domains, of domains with their owners, and unpinned_descriptors, of one such owner
inline constexpr std::size_t unpinned_owners = 16;         // of one domain, who say so
inline constexpr long unpinned_seconds = 30 * 24 * 3600;   // since they came last

}  // namespace cm4it::budget
