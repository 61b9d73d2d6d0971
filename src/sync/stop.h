// How a thread sleeps that may have to end at any time.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace cm4it::sync {

// A sleep that stop() cuts short for good, and wake() once.
class Stop {
 public:
  bool wait_for(std::chrono::milliseconds time) {  // true: stopped
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, time, [&] { return stopped_ || awake_; });
    awake_ = false;
    return stopped_;
  }
  void stop() { set(stopped_); }
  void wake() { set(awake_); }
  bool stopped() {
    std::lock_guard lock(mutex_);
    return stopped_;
  }

 private:
  void set(bool& flag) {
    {
      std::lock_guard lock(mutex_);
      flag = true;
    }
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false, awake_ = false;  // guarded by mutex_
};

}  // namespace cm4it::sync
