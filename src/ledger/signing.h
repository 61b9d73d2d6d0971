// What stands between a home and its signature: a clock that cannot be right, a log that was set back, peers that have not
// been asked yet. While anything does, nothing enters its logs, no head is signed, and everybody who asks is told why.
#pragma once

#include <memory>

#include "base/mutex.h"
#include "base/newest.h"
#include "ledger/mark.h"
#include "ledger/state.h"

namespace cm4it::ledger {

class Signing {
 public:
  // conflict: a log that the store has does not go on from what the log key's mark says it has signed.
  static Result<std::unique_ptr<Signing>> open(const Options& options, const State& state, const store::Store& store);

  // Why nothing is signed; empty: it is. As found by the last check().
  std::string refusal() const;

  // The appender's: asked anew before each batch, since a clock may be set at any time.
  std::string check(const State& state, Time now);
  // Signing was just allowed over a head of a later time: all logs are signed anew, at this one.
  static bool must_sign(const State& state, Time now);
  // After a commit, and now and then: the mark is brought up to date, at once where a log begins or `at_once`, else once a
  // second. Errors: a log that begins must not be told of.
  Result<void> committed(const State& state, Time now, bool at_once = false);

  // Any thread may call it. From now on nothing is signed, for this reason; empty: that reason no longer holds.
  void hold(std::string reason);
  // A peer says that it is now this time. If that agrees with our clock, the clock is believed again after this home was away.
  void vouch(Time peers_now, Time now);
  // A peer showed a head, by our log key, that this store's log does not go on from. For good: the mark says it to every later
  // start as well.
  void seen_elsewhere(const std::string& domain, const tlog::Head& head);

 private:
  Signing(const Options& options, Mark mark);
  std::optional<Uptime> uptime() const { return options_.uptime ? options_.uptime() : std::nullopt; }
  std::string clock_trouble(const State& state, Time now) const REQUIRES(mutex_);

  const Options& options_;
  Newest<std::string> refusal_{std::make_shared<const std::string>()};
  Mutex mutex_;  // held while the mark is written
  Mark mark_ GUARDED_BY(mutex_);
  bool accepted_ GUARDED_BY(mutex_);  // the operator accepted the clock at start; until all logs are signed at its time
  Time vouched_ GUARDED_BY(mutex_){};  // the last time at which a peer's clock agreed with ours
  std::string held_ GUARDED_BY(mutex_), ahead_ GUARDED_BY(mutex_);  // reasons set by hold() and by seen_elsewhere()
  std::string unwritable_ GUARDED_BY(mutex_);  // why the mark could not be written; empty: it could
  Time written_ GUARDED_BY(mutex_){};  // when the mark was last written
};

// The newest of these logs' heads; none: no log has begun.
std::optional<Time> newest_head(const std::map<std::string, HomeLog>& logs);

}  // namespace cm4it::ledger
