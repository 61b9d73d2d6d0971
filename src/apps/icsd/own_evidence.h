// The evidence that `ics` left beside the configuration: policies and identities of this server's own party, and policies of
// others.
#pragma once

#include <filesystem>

#include "service/service.h"

namespace cm4it::icsd {

// Submits DIR/*.cose: policies in the order of their versions, one after another, whatever their number and the names of their
// files; then the rest. `homes`: whose policies must all be taken, or an older one would apply, with the roles that were ended
// since: an error names the file and what it lacks. What else is refused is logged, and lost nothing by it: others' policies
// come with their feeds, and what the own policy does not let anybody say is said by nobody. A home that signs nothing at present
// takes nothing new: that is logged too, for it must come up to say so.
Result<void> take_own_evidence(service::Service& service, const std::filesystem::path& directory, const std::vector<std::string>& homes);

}  // namespace cm4it::icsd
