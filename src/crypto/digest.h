// SHA-256, in the one place that knows how to compute it fast.
#pragma once

#include <initializer_list>

#include "base/bytes.h"

namespace cm4it::crypto {

Digest sha256(View data);
// Over the concatenation of the parts, without making it.
Digest sha256(std::initializer_list<View> parts);

Bytes random_bytes(std::size_t count);

}  // namespace cm4it::crypto
