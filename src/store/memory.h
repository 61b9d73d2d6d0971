// A store in memory, for tests and fuzzing: nothing survives it but the snapshots taken of it.
#pragma once

#include "store/store.h"

namespace cm4it::store {

std::unique_ptr<Store> open_memory();

}  // namespace cm4it::store
