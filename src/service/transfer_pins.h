// A counted transfer names the owner of the receiving domain. Where nothing else pins that domain, this pins that owner.
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

  // Reads which transfers were undecided, or whose owner was not pinned yet, when the previous process ended. Errors are the store's.
  Result<void> load();
  // Looks at those transfers again: once, after load().
  void resume();
  // Pins the owners that counted transfers name, where they are unknown, then calls `then`: the statements that follow may be made by
  // those owners. A transfer that does not count is looked at again when something comes that may make it count.
  void note(const std::vector<evidence::Statement>& statements, std::function<void()> then);

 private:
  using Subjects = std::set<evidence::SubjectId>;
  void pin_owners(Subjects subjects, std::function<void()> then);
  // The owners that transfers of these subjects name and that are to be pinned; and the subjects of which nothing is left to decide.
  struct Decision { std::vector<policy::Pin> pins; Subjects decided; };
  Decision decide(const Subjects& subjects);
  void keep_undecided(const evidence::SubjectId& subject);
  void set_undecided(const evidence::SubjectId& subject, bool yes);
  void note_undecided(const evidence::SubjectId& subject, bool yes);

  ledger::Ledger& ledger_;
  const Clocks& clocks_;
  Queues& queues_;
  // Subjects with a transfer to a domain that nothing pins (yet), or that does not count yet; noted in the store, at the latest in the
  // commit that keeps the transfer (ledger/transfer_note.h).
  Guarded<Subjects> undecided_;
};

}  // namespace cm4it::service
