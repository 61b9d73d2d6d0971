// Row 1 in parts.
#pragma once

#include "population.h"

namespace cm4it::bench {

// What as many event loops as there are processors answer beside one, without a network. No icsd runs on the home's store meanwhile.
Result<void> several_loops(const Setup& setup, const Home& home);

}  // namespace cm4it::bench
