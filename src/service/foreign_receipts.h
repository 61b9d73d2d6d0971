// Receipts of other homes, as they come along with copied records. For this room's .cpp files.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "ledger/ledger.h"
#include "service/home_clocks.h"

namespace cm4it::service {

// Heads of other homes' logs that are known here: those that count, and those that are only compared with.
using KnownHeads = std::vector<ledger::Reader::KnownHead>;
Result<KnownHeads> heads_of_other_homes(const ledger::Reader& reader);

// Any thread.
class ForeignReceipts {
 public:
  explicit ForeignReceipts(const HomeClocks& clocks) : clocks_(clocks) {}

  // A receipt that holds: by a log that the newest policy lists as a home's, over this very leaf. One signature serves a
  // whole batch, so those that were verified are remembered. Its time may be ahead: nothing is passed over for that
  // (decisions/0039). `by_home`: one such home is said to have signed it, whether that is so or not.
  std::optional<ledger::ForeignReceipt> check(const policy::Policies& policies, const std::string& domain, const Bytes& cose, const Digest& leaf,
                                              const KnownHeads& heads, bool& by_home);

 private:
  const HomeClocks& clocks_;
  // Batch signatures that were verified: (origin, size, root, signature) by hash; bounded.
  Guarded<std::set<Digest>> verified_;
};

}  // namespace cm4it::service
