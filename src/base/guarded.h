// Guarded<T>: a lock and the data it guards as one object, so that neither is used without the other.
#pragma once

#include <utility>

#include "base/mutex.h"

namespace cm4it {

template <class T>
class Guarded {
 public:
  template <class... Args>
  explicit Guarded(Args&&... args) : value_(std::forward<Args>(args)...) {}

  // Runs f with the data, under the lock; returns what f returns (by value).
  template <class F>
  auto with(F&& f) {
    const Lock lock(mutex_);
    return std::forward<F>(f)(value_);
  }
  template <class F>
  auto with(F&& f) const {
    const Lock lock(mutex_);
    return std::forward<F>(f)(value_);
  }

 private:
  mutable Mutex mutex_;
  T value_ GUARDED_BY(mutex_);
};

}  // namespace cm4it
