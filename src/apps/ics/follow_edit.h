// The [[follow]] of a domain in icsd.toml, pointed elsewhere.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace cm4it::ics {

struct FollowEdit {
  std::string domain, from, server_key;
  std::optional<std::string> select;  // TOML; none: what stands there stays
};

// The text of icsd.toml with these values in the [[follow]] of that domain, or with one more at the end where it has none. All
// the rest, comments too, stays as it stands; unchanged where nothing differs. malformed: it is written in a way that is not
// edited here.
Result<std::string> with_follow(const std::string& text, const FollowEdit& edit);

}  // namespace cm4it::ics
