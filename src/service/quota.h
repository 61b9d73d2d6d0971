// How many statements one issuer may submit a minute.
#pragma once

#include <cstddef>
#include <unordered_map>

#include "base/time.h"
#include "crypto/key.h"

namespace cm4it::service {

class IssuerQuota {
 public:
  explicit IssuerQuota(std::size_t per_minute = 0) : per_minute_(per_minute) {}

  // False: this issuer has used up its minute. 0 a minute: no quota.
  bool take(const KeyId& issuer, Time now) {
    if (per_minute_ == 0) return true;
    if (now.seconds / 60 != minute_) {
      minute_ = now.seconds / 60;
      used_.clear();
    }
    return ++used_[issuer] <= per_minute_;
  }

 private:
  std::size_t per_minute_;
  std::int64_t minute_ = 0;
  std::unordered_map<KeyId, std::size_t, KeyIdHash> used_;
};

}  // namespace cm4it::service
