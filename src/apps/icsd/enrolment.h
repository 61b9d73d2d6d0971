// Is this server the one that a policy knows by its name: the same keys?
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/icsd/config.h"
#include "crypto/key.h"
#include "policy/descriptor.h"

namespace cm4it::icsd {

// What does not agree, a sentence each with what to do about it. Peers, copies and `ics` go by the policy: they turn away from a
// server with another key, and believe no head of another log key. Of the domain that it copies and is not home of, not being named
// is no fault: it may be enrolled later, or never. Of other domains nothing is said: most call some server of theirs `main` too.
std::vector<std::string> unlike_policy(const Config& config, const policy::Descriptor& policy, const KeyId& key,
                                       const std::optional<KeyId>& log);

}  // namespace cm4it::icsd
