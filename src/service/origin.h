// Whose log it is, by its name.
#pragma once

#include <string>
#include <string_view>

namespace cm4it::service {

// The origin of a log: NAME/DOMAIN (docs/formats/log.md).
inline bool origin_is_of(std::string_view origin, std::string_view server, std::string_view domain) {
  return origin == std::string(server) + "/" + std::string(domain);
}

}  // namespace cm4it::service
