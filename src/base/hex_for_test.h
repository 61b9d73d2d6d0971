// Octets as tests write them down.
#pragma once

#include "base/bytes.h"

namespace cm4it {

inline Bytes hex(std::string_view digits) { return from_hex(digits).value(); }

}  // namespace cm4it
