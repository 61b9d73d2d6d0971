// Warns weeks before a delegate's certificate expires, since clients reject answers that are signed after that.
#pragma once

#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/time.h"

namespace cm4it::ocsp {

struct Authority;

class DelegateWatch {
 public:
  // Called when the authorities were replaced: logs at once what is wrong with any of them.
  void begin(const std::vector<Authority>& authorities, Time now);
  // Logs it again every day, and when a certificate expires.
  void check(const std::vector<Authority>& authorities, Time now);

 private:
  Mutex mutex_;
  Time next_ GUARDED_BY(mutex_){};  // when something is to be said at the earliest
};

}  // namespace cm4it::ocsp
