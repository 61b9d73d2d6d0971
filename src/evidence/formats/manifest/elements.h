// Splits a manifest into its elements, each unchanged octet for octet. For this folder.
#pragma once

#include <string_view>
#include <vector>

#include "evidence/evidence.h"

namespace cm4it::evidence::manifest {

// Octets of the JSON object that begins `text`; 0: none begins there, or it does not end. Only strings and brackets matter here: each
// element is parsed by itself afterwards.
std::size_t object_octets(std::string_view text);

bool looks_like_manifest(View body);  // JSON: an array or an object
// malformed, too_large.
Result<std::vector<Piece>> split(View body);

}  // namespace cm4it::evidence::manifest
