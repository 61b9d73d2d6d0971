// How much of one subject is folded, where more is kept (docs/decisions/0028-alarms-are-folded-first.md).
#pragma once

#include "base/budgets.h"

namespace cm4it::budget {

inline constexpr std::size_t certified_weight = 10;    // of budget::subject_statements: what one that bears certificates counts for
inline constexpr std::size_t share_statements = 1000;  // of a subject with more: alarms, and as many others

}  // namespace cm4it::budget
