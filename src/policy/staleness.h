// [admit.TYPE] max_staleness: of which domains news matter to subjects of a type, and how old they may be (docs/decisions/0048).
// For this room's .cpp files.
#pragma once

#include "policy/descriptor.h"
#include "policy/toml_reader.h"

namespace cm4it::policy {

// `max_staleness` of an [admit.TYPE]: a duration, or a table of them. Errors name the entry: "admit.device.max_staleness.own: …".
Result<MaxStaleness> read_max_staleness(const TomlReader& admit);

// Sets Admit::news of each type, once the descriptor's roles, rights and copies stand. malformed: an entry of max_staleness that
// names neither a role nor a domain.
Result<void> find_news(Descriptor& descriptor);

}  // namespace cm4it::policy
