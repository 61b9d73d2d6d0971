// The queues of submissions, long reads and signatures. Each has threads of its own, and serves callers by rank and then in fair shares
// (base/turns.h).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/turns.h"
#include "service/access.h"

namespace cm4it::service {

// Any thread.
class Queues {
 public:
  // `workers`: threads that decode and verify, and as many for long readings and for signatures; 0: one a core.
  Queues(const Access& access, unsigned workers);
  ~Queues() { stop(); }
  // Takes nothing more, and returns when the threads have finished all that waits.
  void stop();

  // Answers about many subjects, or about one of which much is stored, are made in turn on threads of their own, where they hold
  // up neither short answers nor submissions. unavailable: too many wait.
  Result<void> read_in_turn(const Caller& caller, std::function<void()> job);
  // The same for work that is done in parts, so that others get their turns in between: called until it returns false (nothing is left).
  Result<void> read_in_parts(const Caller& caller, std::function<bool()> part);
  // The next part of an answer that was begun: never refused. At most one of each answer at a time.
  void read_on(const Caller& caller, std::function<void()> job);
  // The same for signatures: a key may be in a token that takes its time, and then holds up who else wants a signature, and
  // nobody else.
  Result<void> sign_in_turn(const Caller& caller, std::function<void()> job);
  // A submission of so many octets; its parts are added to submissions(). unavailable: too many wait.
  Result<Turns::TicketPtr> admit_submission(const Caller& caller, std::size_t octets);
  Turns& submissions() { return submissions_; }

  struct Load { std::string queue, rank; Turns::Counters counters; };
  std::vector<Load> loads() const;

 private:
  Share share_of(const Caller& caller) const;
  void add_part(const Turns::TicketPtr& ticket, const std::shared_ptr<std::function<bool()>>& part);

  const Access& access_;
  Turns submissions_, readings_, signings_;
};

}  // namespace cm4it::service
