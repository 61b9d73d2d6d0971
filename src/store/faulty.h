// A store whose commits fail on demand, for the tests of what builds on one.
#pragma once

#include <atomic>

#include "store/store.h"

namespace cm4it::store {

enum class Fault {
  none,
  fail_before,  // nothing is written, and the error says so: unavailable
  fail_lost,    // nothing is written, but the error leaves that open: internal
  fail_after,   // all is written, but the error leaves that open: internal
  conflict,     // nothing is written, as if the head had been another
};

class Faulty : public Store {
 public:
  explicit Faulty(std::unique_ptr<Store> inner) : inner_(std::move(inner)) {}

  // The next commit alone; from any thread.
  void fail_next(Fault fault) { next_ = fault; }
  Store& inner() { return *inner_; }

  Result<std::unique_ptr<Snapshot>> snapshot() const override { return inner_->snapshot(); }
  Result<Commit> commit(const Batch& batch, View expected_head) override;

 private:
  const std::unique_ptr<Store> inner_;
  std::atomic<Fault> next_ = Fault::none;
};

}  // namespace cm4it::store
