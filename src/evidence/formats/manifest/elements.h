// A manifest's elements, told apart and kept octet for octet. For this folder.
#pragma once

#include <vector>

#include "evidence/evidence.h"

namespace cm4it::evidence::manifest {

bool looks_like_manifest(View body);  // JSON: an array or an object
// malformed, too_large.
Result<std::vector<Piece>> split(View body);

}  // namespace cm4it::evidence::manifest
