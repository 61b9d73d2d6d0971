// The sleep of a thread that may have to end at any time.
#pragma once

#include <chrono>

#include "base/mutex.h"

namespace cm4it::sync {

// A sleep that stop() cuts short for good, and wake() once.
class Stop {
 public:
  bool wait_for(std::chrono::milliseconds time) {  // true: stopped
    const auto until = std::chrono::steady_clock::now() + time;
    Lock lock(mutex_);
    while (!stopped_ && !awake_ && changed_.wait_until(lock, until)) {}
    awake_ = false;
    return stopped_;
  }
  void stop() {
    {
      const Lock lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
  }
  void wake() {
    {
      const Lock lock(mutex_);
      awake_ = true;
    }
    changed_.notify_all();
  }
  bool stopped() {
    const Lock lock(mutex_);
    return stopped_;
  }

 private:
  Mutex mutex_;
  Condition changed_;
  bool stopped_ GUARDED_BY(mutex_) = false, awake_ GUARDED_BY(mutex_) = false;
};

}  // namespace cm4it::sync
