// When delegates' certificates end: said weeks ahead, so that nobody is surprised by answers that clients do not believe.
#pragma once

#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/time.h"

namespace cm4it::ocsp {

struct Authority;

class DelegateWatch {
 public:
  // Other authorities than before: says what is wrong with any of them now.
  void begin(const std::vector<Authority>& authorities, Time now);
  // Says so again every day, and when one ends.
  void check(const std::vector<Authority>& authorities, Time now);

 private:
  Mutex mutex_;
  Time next_ GUARDED_BY(mutex_){};  // when something is to be said at the earliest
};

}  // namespace cm4it::ocsp
