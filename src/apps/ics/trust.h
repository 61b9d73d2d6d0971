// `ics trust`: another domain is met, its owner confirmed by a person, and our policy lets it speak.
#pragma once

#include <string>
#include <vector>

#include "apps/ics/context.h"

namespace cm4it::ics {

struct TrustOptions {
  std::string directory, url, as, owner, role_name, peer;
  std::vector<std::string> select;
};
Result<int> trust(Context& context, const TrustOptions& options);

}  // namespace cm4it::ics
