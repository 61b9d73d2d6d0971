// Below a verdict that is not yes: what came nearest to meeting a rule that failed, and what to type.
#pragma once

#include "apps/ics/context.h"
#include "apps/ics/json.h"

namespace cm4it::ics {

// One line each, from the subject's history and the server's links; empty: nothing is known beside what the reasons say.
// A line that begins with "→ " is a command. `subject`: as it was typed; `id`: the whole id.
std::vector<std::string> why_not(Context& context, const std::string& subject, const std::string& id, const json::array& reasons);

}  // namespace cm4it::ics
