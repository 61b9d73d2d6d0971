// The store of an ICS's directory, for verbs that need it to themselves.
#pragma once

#include <memory>

#include "apps/ics/directory.h"
#include "store/store.h"

namespace cm4it::ics {

// not_found: there is none yet; unavailable: icsd runs, and has it.
Result<std::unique_ptr<store::Store>> open_stopped_store(const Directory& directory);

}  // namespace cm4it::ics
