// Follows a home again after its log contradicted itself: for `ics forgive`, on a store that no server has open.
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

// Removes these heads, the marks that links to the domain are broken, and the positions of those links, so that the domain is
// followed again from the beginning. Statements that were received from it stay. conflict: another process wrote to the store.
Result<void> forget_logs(store::Store& store, const std::string& domain);

}  // namespace cm4it::ledger
