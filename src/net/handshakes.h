// Threads that make TLS handshakes, so that event loops need not: one may take a fraction of a millisecond, 5 ms (RSA-4096), or
// 200 ms (a key in a token). For net's own use.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "net/address.h"

namespace cm4it::net {

class Handshakes {
 public:
  // They have a lower priority than event loops, so that connections in use go on before new ones begin.
  explicit Handshakes(unsigned threads);
  ~Handshakes() { stop(); }

  // Runs `step` on one of the threads. Sources take turns: first comes the one that has had the least of the threads' time of
  // late, and one that has had budget::handshake_share of a processor waits.
  void post(Source source, std::function<void()> step);
  // Drops the steps that wait. Returns when no step runs any more.
  void stop();

 private:
  using Clock = std::chrono::steady_clock;
  struct Lane {
    std::deque<std::function<void()>> steps;
    std::chrono::nanoseconds spent{0};  // processor time, as of `counted`; forgotten at the rate of its share
    Clock::time_point counted;
    std::chrono::nanoseconds spent_by(Clock::time_point now) const;
  };

  void run();
  std::map<Source, Lane>::iterator next(Clock::time_point now, Clock::time_point& later) REQUIRES(mutex_);
  void charge(Source source, std::chrono::nanoseconds spent);

  Mutex mutex_;
  Condition waiting_;
  std::map<Source, Lane> lanes_ GUARDED_BY(mutex_);  // with steps, or with time that is not forgotten yet
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace cm4it::net
