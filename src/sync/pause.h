// When something that failed is tried again.
#pragma once

#include <algorithm>
#include <chrono>

namespace cm4it::sync {

// Used by one thread. A pause that doubles with each failure.
class Pause {
 public:
  using Clock = std::chrono::steady_clock;
  Pause(std::chrono::milliseconds first, std::chrono::milliseconds longest) : first_(first), longest_(longest), next_(first) {}

  bool over() const { return Clock::now() >= until_; }
  Clock::time_point until() const { return until_; }
  void begin() {
    until_ = Clock::now() + next_;
    next_ = std::min(longest_, next_ * 2);
  }
  void reset() {
    until_ = {};
    next_ = first_;
  }

 private:
  const std::chrono::milliseconds first_, longest_;
  std::chrono::milliseconds next_;
  Clock::time_point until_{};
};

}  // namespace cm4it::sync
