// How fresh the news are from each domain that an admission depends on (docs/decisions/0048).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/descriptor.h"
#include "policy/facts.h"

namespace cm4it::policy {

// A domain on whose news the admission depends: when its newest head was signed, and for how many seconds that is fresh enough.
struct LastHeard {
  std::string domain;
  std::optional<Time> newest;
  std::optional<Seconds> most;
};

// The domain that is asked first; then those it refers to whose news matter: to the type, or because one of them holds the subject
// and speaks for it. Without rules for the type (`admit` null) all of them, and of any age.
std::vector<LastHeard> last_heard(const Facts& facts, const Descriptor& domain, const Admit* admit, const std::string& holder);

// The oldest of the newest heads; none: one domain has none.
std::optional<Time> oldest_head(const std::vector<LastHeard>& heard);

// For how long past its nextUpdate a CRL will do that one of these domains is to replace, in seconds: the strictest of their bounds;
// of none of them that of the domain asked. None: for ever.
std::optional<Seconds> most_of_crl(const Descriptor& domain, const Admit& admit, const std::vector<std::string>& domains);

}  // namespace cm4it::policy
