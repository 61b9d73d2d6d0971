// Newest<T>: something immutable that is replaced now and then and read all the time.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>

#include "base/mutex.h"

namespace cm4it {

// Reading takes no lock, and waits for nobody. A thread that reads again what was not replaced meanwhile has kept what it read, and
// compares a number; else it copies the new one from one of two places, of which the other is written next. (std::atomic<std::shared_ptr>
// of g++ 12 takes a lock, and gives it back without an order.) What was replaced lives until every thread that read it reads again, or
// ends.
template <class T>
class Newest {
 public:
  using Ptr = std::shared_ptr<const T>;

  explicit Newest(Ptr first) { replace(std::move(first)); }

  Ptr get() const {
    thread_local Seen seen;  // of whichever Newest<T> this thread read last
    if (seen.version != version_.load(std::memory_order_acquire)) seen = read();
    return seen.value;
  }

  void replace(Ptr next) {
    Seen former;  // is let go without the lock
    const Lock lock(replacing_);
    const unsigned before = current_.load(std::memory_order_relaxed);
    Place& place = places_[1 - before];  // nobody reads it: see below
    place.seen = {next_version(), std::move(next)};
    current_.store(1 - before);
    version_.store(place.seen.version, std::memory_order_release);
    // Whoever counted itself in before may still copy what was current then. Whoever does so from here on finds that it is not, and
    // leaves it alone.
    while (places_[before].readers.load() != 0) std::this_thread::yield();
    std::swap(former, places_[before].seen);
  }

 private:
  struct Seen { std::uint64_t version = 0; Ptr value; };
  struct Place {
    std::atomic<unsigned> readers{0};
    Seen seen;
  };

  Seen read() const {
    for (;;) {
      const unsigned at = current_.load();
      Place& place = places_[at];
      place.readers.fetch_add(1);
      const bool still = current_.load() == at;  // then replace() waits for this thread before it writes here
      Seen seen = still ? place.seen : Seen{};
      place.readers.fetch_sub(1);
      if (still) return seen;
    }
  }

  // Unique in the process: no two values of this type have one, whatever they belong to.
  static std::uint64_t next_version() {
    static std::atomic<std::uint64_t> last{0};
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
  }

  Mutex replacing_;
  mutable std::array<Place, 2> places_;
  std::atomic<unsigned> current_{0};  // which of the places is read
  std::atomic<std::uint64_t> version_{0};
};

}  // namespace cm4it
