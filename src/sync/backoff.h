// How long to wait before a server that failed is asked again.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <random>

namespace cm4it::sync {

// Used by one thread. Pauses double up to a bit less than two seconds, so that a server that was restarted is found at once; only
// where it has been away for minutes do they grow further.
class Backoff {
 public:
  using Clock = std::chrono::steady_clock;
  using milliseconds = std::chrono::milliseconds;

  // `first_pause`: after a failure that follows a success.
  explicit Backoff(milliseconds first_pause = first) : first_(first_pause) {}

  // The pause after one more failure: a random time between half of it and the whole, so that many links do not ask at the same moment.
  milliseconds next(Clock::time_point now = Clock::now()) {
    if (!since_) since_ = now;
    const milliseconds pause = pause_;
    pause_ = std::min(pause_ * 2, now - *since_ < young ? longest_while_young : longest);
    thread_local std::mt19937 random{std::random_device{}()};
    return milliseconds(std::uniform_int_distribution<long>(pause.count() / 2, pause.count())(random));
  }
  void reset() {
    since_.reset();
    pause_ = first_;
  }

  static constexpr milliseconds first{200}, longest_while_young{1900}, longest{30'000};
  static constexpr std::chrono::minutes young{5};

 private:
  const milliseconds first_;
  milliseconds pause_ = first_;
  std::optional<Clock::time_point> since_;  // of the first failure in a row
};

}  // namespace cm4it::sync
