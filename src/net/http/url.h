// http:// and https:// URLs, as the client reads them.
#pragma once

#include <string>

#include "base/result.h"

namespace cm4it::net {

// "https://host:port" of a url. Errors: malformed.
Result<std::string> origin_of(const std::string& url);

// Is it one that a server is reached by: http or https, a host, perhaps a port of 1 to 65535 and a path; no user, query or
// fragment, to which nothing could be appended. malformed names the rule.
Result<void> check_base_url(const std::string& url);

// As origins and base URLs are compared and appended to.
std::string without_slash(std::string url);

}  // namespace cm4it::net
