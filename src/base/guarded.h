// Guarded<T>: a lock and the data it guards as one object, so that neither is used without the other.
#pragma once

#include <cstdint>
#include <mutex>
#include <utility>

namespace cm4it {

// How many such locks this thread has taken: what is to be free of them is measured by it.
inline thread_local std::uint64_t locks_taken = 0;

template <class T>
class Guarded {
 public:
  template <class... Args>
  explicit Guarded(Args&&... args) : value_(std::forward<Args>(args)...) {}

  // Runs f with the data, under the lock; returns what f returns (by value).
  template <class F>
  auto with(F&& f) {
    std::lock_guard lock(mutex_);
    ++locks_taken;
    return std::forward<F>(f)(value_);
  }
  template <class F>
  auto with(F&& f) const {
    std::lock_guard lock(mutex_);
    ++locks_taken;
    return std::forward<F>(f)(value_);
  }

 private:
  mutable std::mutex mutex_;
  T value_;
};

}  // namespace cm4it
