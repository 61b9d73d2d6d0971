// Counted transfers name the owners of domains that nothing else pins: those are pinned.
#pragma once

#include <functional>
#include <set>
#include <vector>

#include "base/guarded.h"
#include "service/clocks.h"
#include "service/queues.h"

namespace cm4it::service {

// Any thread.
class TransferPins {
 public:
  // References outlive this; queues are stopped first.
  TransferPins(ledger::Ledger& ledger, const Clocks& clocks, Queues& queues) : ledger_(ledger), clocks_(clocks), queues_(queues) {}

  // What was undecided when the process before this one ended. Errors are the store's.
  Result<void> load();
  // Owners that counted transfers name are pinned, if they are not known; then `then` is called: what follows may be said
  // by them. A transfer that does not count is looked at again when something comes that may make it count.
  void note(const std::vector<evidence::Statement>& statements, std::function<void()> then);

 private:
  using Subjects = std::set<evidence::SubjectId>;
  void pin_owners(Subjects subjects, std::function<void()> then);
  std::vector<policy::Pin> pins_of(const Subjects& subjects);
  void set_undecided(const evidence::SubjectId& subject, bool yes);

  ledger::Ledger& ledger_;
  const Clocks& clocks_;
  Queues& queues_;
  // Subjects with a transfer to a domain that nothing pins, which does not count (yet); noted in the store.
  Guarded<Subjects> undecided_;
};

}  // namespace cm4it::service
