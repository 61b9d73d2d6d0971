// Newest<T>: something immutable that is replaced now and then and read all the time.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/guarded.h"

namespace cm4it {

// A thread that reads again what was not replaced meanwhile takes no lock: it has kept what it read, and compares a number.
// (std::atomic<std::shared_ptr> of g++ 12 takes a lock all the same, and gives it back without an order.) What was replaced
// lives until every thread that read it reads again, or ends.
template <class T>
class Newest {
 public:
  using Ptr = std::shared_ptr<const T>;

  explicit Newest(Ptr first) { replace(std::move(first)); }

  Ptr get() const {
    thread_local Seen seen;  // of whichever Newest<T> this thread read last
    if (seen.version != version_.load(std::memory_order_acquire)) seen = now_.with([](const Seen& now) { return now; });
    return seen.value;
  }

  void replace(Ptr next) {
    now_.with([&](Seen& now) {
      now.version = next_version();
      now.value.swap(next);  // what it was is let go without the lock
      version_.store(now.version, std::memory_order_release);
    });
  }

 private:
  struct Seen { std::uint64_t version = 0; Ptr value; };

  // Unique in the process: no two values of this type have one, whatever they belong to.
  static std::uint64_t next_version() {
    static std::atomic<std::uint64_t> last{0};
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
  }

  Guarded<Seen> now_;
  std::atomic<std::uint64_t> version_{0};
};

}  // namespace cm4it
