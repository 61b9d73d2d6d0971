// What a ledger is beyond its rows: read from the store at opening, and again whenever a commit's outcome is unknown.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ledger/home_log.h"
#include "ledger/ledger.h"
#include "ledger/unpinned.h"

namespace cm4it::ledger {

// Owned by the appender; each batch works on a copy.
struct State {
  std::uint64_t next = 1;     // the position of the next journal entry
  std::uint64_t commits = 0;  // counted in the store's head, so that no two commits have the same head
  std::map<std::string, HomeLog> homes;
  std::vector<policy::SignedDescriptor> descriptors;
  std::vector<policy::Pin> pins;  // of the configuration, and of counted transfers
  std::map<std::string, policy::DomainState, std::less<>> domains;
  // The newest head of each log that is known, by its row in the table of heads.
  struct KnownHead { std::string domain; bool counts = true; Time time; };
  std::map<Bytes, KnownHead> heads;
  Time newest_time;           // the latest time among those heads
  policy::PoliciesPtr policies;  // of descriptors and pins: assemble() after either changed
  std::shared_ptr<const Unpinned> unpinned = std::make_shared<Unpinned>();
  bool pinned_aside = false;  // something pins a domain whose descriptors are still set aside: the next batch appends them

  void assemble();
  // A head takes the place of the one before: its time may be an earlier one, where that home's clock was put right.
  void take_head(Bytes row, const KnownHead& head);
};

Bytes head_of(const State& state);  // the store's head: [format 1, next, commits]; empty before the first commit

// Errors: conflict (the store is another server's), malformed (not a ledger, or damaged).
Result<State> load_state(const Options& options, const store::Store& store);

PublishedPtr publish(const State& state, const Options& options, std::shared_ptr<AuthorityCache> authorities);

// The signed descriptor of a statement of kind policy.
Result<policy::SignedDescriptor> signed_descriptor(const evidence::Statement& statement);

}  // namespace cm4it::ledger
