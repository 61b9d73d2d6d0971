// Certificate policies along a path (RFC 5280 section 6.1), as far as OpenSSL cannot be asked. For this room's .cpp files.
#pragma once

#include <span>

#include "crypto/certificate.h"

namespace cm4it::crypto {

// Whether any CA of the path says policyConstraints: else any policy will do, and none (section 6.1.5 (g)).
bool constrains_policies(std::span<const Certificate> path);
// Whether each certificate of the path has certificatePolicies. Where one has not, no policy is valid from there on
// (section 6.1.3 (e)).
bool all_have_policies(std::span<const Certificate> path);
// `path`: the leaf first, the anchor not in it. Whether a valid policy is required of it (explicit_policy of sections 6.1.4 (h),
// (i) and 6.1.5 (a), (b) has come to 0). malformed: policyConstraints that cannot be read, is empty or negative.
Result<bool> requires_policy(std::span<const Certificate> path);

}  // namespace cm4it::crypto
