// `ics policy edit`: the next version of the own policy, in an editor.
#pragma once

#include "apps/ics/context.h"

namespace cm4it::ics {

// Opens the newest text, its version raised, in VISUAL, EDITOR or vi; then it is what `ics policy sign` does. What was typed is
// kept in DIR/policy.draft.toml until it is signed.
Result<int> edit_policy_text(Context& context);

}  // namespace cm4it::ics
