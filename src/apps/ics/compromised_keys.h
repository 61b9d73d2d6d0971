// Which keys of a descriptor say of themselves that they are compromised, as a server knows it.
#pragma once

#include <string>
#include <vector>

#include "apps/ics/context.h"
#include "policy/descriptor.h"

namespace cm4it::ics {

// A line each, for whoever checks or signs the descriptor. Nothing where no server is given; where it does not answer, that.
std::vector<std::string> compromised_keys(Context& context, const policy::Descriptor& descriptor);

}  // namespace cm4it::ics
