// Policies, verified on this machine: what a server hands out is only believed as far as signatures go.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/ics/api.h"
#include "apps/ics/directory.h"
#include "policy/policies.h"

namespace cm4it::ics {

// Signed policies (others among the evidence are passed over), each verified under the key its issuer has in one of the
// descriptors. bad_signature, malformed: names the version.
Result<std::vector<policy::SignedDescriptor>> read_descriptors(const std::vector<Bytes>& evidence);

// The chain of a domain, pinned to `owner`, or else to whoever signed its version 1: whether to believe in that one is the
// caller's affair. not_found: no version of it counts; conflict: several keys signed a version 1, and no owner was given.
Result<policy::Chain> chain_of(const std::string& domain, const std::vector<Bytes>& evidence,
                               const std::optional<KeyId>& owner = {});

// The domains that a server keeps, and `more`, pinned as that server has pinned them: what we are told about who may speak
// where. Domains of which it has no policy are left out.
Result<policy::Policies> policies_at(const Api& api, const std::vector<std::string>& more);

}  // namespace cm4it::ics
