// The present time, as this machine's clock, the clocks of homes and the newest stored head tell it.
#pragma once

#include <algorithm>
#include <atomic>
#include <string>

#include "service/home_clocks.h"
#include "service/stamps.h"

namespace cm4it::service {

// Any thread.
class Clocks {
 public:
  // `is_home`: this server signs logs (HomeClocks). `stamps` is told when a clock may have changed verdicts; it outlives this.
  Clocks(Clock clock, SteadySeconds steady, bool is_home, Stamps& stamps)
      : clock_(clock), homes_(std::move(clock), std::move(steady), is_home), stamps_(stamps) {}

  // The clock's or that of homes (home_clocks.h), and never before the newest head of all that is published, or of one snapshot.
  // Without a lock.
  Time now() const { return std::max(homes_.now(), newest_time_.load(std::memory_order_acquire)); }
  Time now(const ledger::Published& published) const { return std::max(homes_.now(), published.newest_time); }
  Time of_machine() const { return clock_(); }  // whatever the homes' clocks say
  const HomeClocks& homes() const { return homes_; }

  // A head that a home of `domain` signed came just now.
  void heard(const std::string& domain, const tlog::Head& head);
  void committed(Time newest_time) { newest_time_.store(newest_time, std::memory_order_release); }
  // What is there when the process starts: the heads that are stored, by the keys that policies list. Errors are the store's.
  Result<void> load(const ledger::Reader& reader);

 private:
  void tell();  // logs which clock is wrong

  const Clock clock_;
  HomeClocks homes_;
  Stamps& stamps_;
  std::atomic<Time> newest_time_{Time{}};  // Published::newest_time, for callers without a snapshot
};

}  // namespace cm4it::service
