// Which subject has a given name. For this room's .cpp files.
#pragma once

#include <string_view>

#include "policy/fold.h"

namespace cm4it::service {

// Whether something that counts gives the subject this alias ("serial:42"): of natively signed identities of one issuer the newest
// alone, so that one that was corrected gives it no more. Names made of the subject's own key ("fpr:…") it bears always.
bool bears_now(const policy::Verdict& verdict, std::string_view name);

}  // namespace cm4it::service
