// multipart/form-data (RFC 7578): what `curl -F name=@file` sends.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace cm4it::net {

bool is_multipart(std::string_view content_type);

// The parts by their names; views into the body. malformed: the grammar, a name twice, a part without one; too_large: more
// parts than any request here has.
Result<std::map<std::string, View, std::less<>>> read_multipart(std::string_view content_type, View body);

}  // namespace cm4it::net
