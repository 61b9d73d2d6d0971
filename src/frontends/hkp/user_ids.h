// Searching certificates by their user ids.
#pragma once

#include <string>
#include <vector>

#include "service/certificates.h"

namespace cm4it::hkp {

// anywhere: the user id contains the text; exact: it is the text, or its mail address is.
enum class Match { anywhere, exact };

struct Matches {
  std::vector<service::Certificate> certificates;
  bool more = false;  // there may be others: not all were looked at, or given
  std::optional<service::Stamp> stamp = {};  // see service::Certificates::Named
};

// The certificates with a user id that matches, of those that `who` may see. Case does not matter (ASCII).
Result<Matches> with_user_id(const service::Certificates& certificates, const std::string& text, Match match, Time now, const service::Principal& who);

}  // namespace cm4it::hkp
