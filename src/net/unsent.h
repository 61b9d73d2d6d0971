// Counts the octets of answers that clients have not read yet, and bounds their sum over all listeners of the process.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "base/budgets.h"
#include "base/guarded.h"

namespace cm4it::net {

class Unsent {
 public:
  explicit Unsent(std::size_t most = budget::unsent_bytes) : most_(most) {}

  // A connection of this owner (an address, or a proven key) held so many octets, and holds so many now.
  void change(const std::string& owner, std::size_t before, std::size_t now);
  // Whether an answer of so many octets may be buffered for this owner: a quarter of all is one owner's, or one answer. Who proved no
  // key leaves a quarter to those who did. False is counted, and said in the log.
  bool has_room(const std::string& owner, bool proven, std::size_t octets);
  // More than half of the bound is used: clients that read nothing are given less time.
  bool scarce() const { return used_.load(std::memory_order_relaxed) > most_ / 2; }
  void cut();  // counts a connection that was closed for that

  std::size_t octets() const { return used_.load(std::memory_order_relaxed); }
  std::uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }
  std::uint64_t cut_off() const { return cut_.load(std::memory_order_relaxed); }

 private:
  void say(const std::string& what);

  const std::size_t most_;
  std::atomic<std::size_t> used_{0};
  std::atomic<std::uint64_t> refused_{0}, cut_{0};
  Guarded<std::unordered_map<std::string, std::size_t>> of_owner_;
  Guarded<std::chrono::steady_clock::time_point> quiet_until_;
};

}  // namespace cm4it::net
