// What may be said of which subject. For this folder.
#pragma once

#include <string>

#include "base/result.h"
#include "evidence/statement.h"

namespace cm4it::evidence {

tl::unexpected<Error> bad_body(const std::string& path, const std::string& rule);

// What may be said of which subject.
// Whether the body of a statement fits its subject; `from_store`: this server examined the keys in it before. malformed.
Result<void> check_subject(const Statement& statement, bool from_store);

}  // namespace cm4it::evidence
