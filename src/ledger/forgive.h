// A home that contradicted itself, followed once more: for `ics forgive`, on a store that no server has open.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/store.h"

namespace cm4it::ledger {

// What this store knows of the logs of another's domain.
struct KnownLogs {
  struct Known { std::string origin; std::uint64_t size = 0; std::string root, time; bool counts = false; };
  std::vector<Known> heads;
  std::vector<std::string> broken;  // of each link that is broken: since when, and how
};
Result<KnownLogs> known_logs(store::Store& store, const std::string& domain);

// Forgets these heads, that links to the domain are broken, and how far they had come: it is followed anew from the beginning.
// What was received of it stays. conflict: another process wrote to the store.
Result<void> forget_logs(store::Store& store, const std::string& domain);

}  // namespace cm4it::ledger
