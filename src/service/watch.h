// Calls that wait for a change. A commit wakes only those whom it concerns. What changed since a position is read from the ledger
// (Reader::changes_in), so that it is known after a restart too.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/guarded.h"
#include "ledger/ledger.h"

namespace cm4it::service {

class Watch {
 public:
  // What is said or received in one of these domains, about this subject; no domains: in any; no subject: about any.
  struct Interest {
    std::vector<std::string> domains = {};
    std::optional<evidence::SubjectId> subject = {};
  };
  using Ticket = std::uint64_t;

  explicit Watch(std::size_t most) : most_(most) {}

  // Reads the state at the start of the process; called once, before any commit.
  void begin(std::uint64_t next);
  // On the appender's thread, after a commit: calls those whom it concerns, once.
  void committed(const ledger::Change& change);
  // The journal position behind the newest commit.
  std::uint64_t next() const;

  // `call` is made once, from any thread, after a commit that concerns the interest and that is not before `position`, as far as the
  // caller has read; at once where there was one, or may have been. Nothing: as many wait as may.
  std::optional<Ticket> subscribe(Interest interest, std::uint64_t position, std::function<void()> call);
  void forget(Ticket ticket);

 private:
  using ChangePtr = std::shared_ptr<const ledger::Change>;
  struct Subscription {
    Interest interest;
    std::function<void()> call;
  };
  struct State {
    std::uint64_t next = 0, next_ticket = 1;
    std::map<Ticket, Subscription> subscriptions;
    // Waiting calls by what they wait for: by subject, else by domain, else any change.
    std::unordered_map<evidence::SubjectId, std::set<Ticket>, evidence::SubjectIdHash> by_subject;
    std::unordered_map<std::string, std::set<Ticket>> by_domain;
    std::set<Ticket> of_everything;
    // The newest commits, so that a caller who comes a moment late is told only of what concerns him.
    std::deque<ChangePtr> recent;
    std::size_t recent_subjects = 0;
    std::uint64_t recent_from = 0;  // all commits behind this position are among them
  };

  static bool may_have_missed(const State& state, const Interest& interest, std::uint64_t position);
  static std::set<Ticket> concerned(const State& state, const ledger::Change& change);
  static void remember(State& state, const ledger::Change& change);
  static void remove(State& state, std::map<Ticket, Subscription>::iterator subscription);

  const std::size_t most_;
  Guarded<State> state_;
};

}  // namespace cm4it::service
