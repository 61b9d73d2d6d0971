// A mutex that clang's thread-safety analysis knows: members say which one guards them, and a use without it does not compile
// (https://clang.llvm.org/docs/ThreadSafetyAnalysis.html). g++ sees a std::mutex and nothing else.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#ifdef __clang__
#define CM4IT_THREAD_SAFETY(attribute) __attribute__((attribute))
#else
#define CM4IT_THREAD_SAFETY(attribute)
#endif
#define GUARDED_BY(mutex) CM4IT_THREAD_SAFETY(guarded_by(mutex))             // a member: read and written under it
#define REQUIRES(...) CM4IT_THREAD_SAFETY(requires_capability(__VA_ARGS__))  // a function: called under it

namespace cm4it {

// How many mutexes this thread has locked: what is to be free of them is measured by it.
inline thread_local std::uint64_t locks_taken = 0;

class CM4IT_THREAD_SAFETY(capability("mutex")) Mutex {
 public:
  void lock() CM4IT_THREAD_SAFETY(acquire_capability()) {
    mutex_.lock();
    ++locks_taken;
  }
  void unlock() CM4IT_THREAD_SAFETY(release_capability()) { mutex_.unlock(); }

 private:
  friend class Lock;
  std::mutex mutex_;
};

// Holds a mutex as long as it lives, except between unlock() and lock().
class CM4IT_THREAD_SAFETY(scoped_lockable) Lock {
 public:
  explicit Lock(Mutex& mutex) CM4IT_THREAD_SAFETY(acquire_capability(mutex)) : lock_(mutex.mutex_) { ++locks_taken; }
  ~Lock() CM4IT_THREAD_SAFETY(release_capability()) = default;
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  void unlock() CM4IT_THREAD_SAFETY(release_capability()) { lock_.unlock(); }
  void lock() CM4IT_THREAD_SAFETY(acquire_capability()) {
    lock_.lock();
    ++locks_taken;
  }

 private:
  friend class Condition;
  std::unique_lock<std::mutex> lock_;
};

// A condition variable. It wakes up without a cause at times, so callers wait in a loop that asks for what they wait for: the
// analysis does not see that a predicate given here runs under the lock.
class Condition {
 public:
  void wait(Lock& lock) { changed_.wait(lock.lock_); }
  // False: that time has come.
  template <class Clock, class Duration>
  bool wait_until(Lock& lock, const std::chrono::time_point<Clock, Duration>& when) {
    return changed_.wait_until(lock.lock_, when) == std::cv_status::no_timeout;
  }
  void notify_one() { changed_.notify_one(); }
  void notify_all() { changed_.notify_all(); }

 private:
  std::condition_variable changed_;
};

}  // namespace cm4it
