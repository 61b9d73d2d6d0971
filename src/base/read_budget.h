// ReadBudget: how much may be read where answers must not be kept waiting, on a thread that serves many.
#pragma once

#include <cstddef>

#include "base/result.h"

namespace cm4it {

// While one lives, all Readers of its thread together read no more than so many records; what would need more fails with
// `unavailable`, and is to be read again from a thread that has the time. Not to be nested.
class ReadBudget {
 public:
  explicit ReadBudget(std::size_t records);
  ~ReadBudget();
  ReadBudget(const ReadBudget&) = delete;
  ReadBudget& operator=(const ReadBudget&) = delete;

  // Whatever was made meanwhile is not whole.
  bool exceeded() const { return exceeded_; }

  // For whoever reads: before a record of so many octets is decoded. A large one counts for several.
  static Result<void> charge(std::size_t records, std::size_t octets = 0);

 private:
  std::size_t left_;
  bool exceeded_ = false;
};

}  // namespace cm4it
