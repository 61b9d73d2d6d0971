// Turns: work that waits for threads, so that nobody's work is kept waiting by those who come after him in rank, and within
// a rank everybody has the same share, however much he asks for.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"

namespace cm4it {

// Who asks, as far as it decides whose turn it is. Each rank has threads of its own: nobody waits for a lower one.
enum class Rank : std::uint8_t {
  server,     // this server itself, and the servers that a policy names
  principal,  // a key that a policy names
  key,        // any other key that was proven: it costs its owner a handshake, and no more
  anyone
};
inline constexpr std::size_t ranks = 4;
const char* to_string(Rank rank);

// Whose turn it is. Within a rank owners take turns, and within an owner his streams: an address is an owner, what comes from
// it are streams. Those of small requests and those of large ones take turns with each other, so that a small one, an alarm say,
// waits for one part of a large one at most, however many of these come from its address.
struct Share {
  Rank rank = Rank::server;
  std::string owner;         // an address or a key; empty: this server itself
  std::uint64_t stream = 0;  // 0: each request is one of its own
};

class Turns {
 public:
  using Job = std::function<void()>;
  struct Options {
    std::string name;                       // in the log: "readings"
    std::array<unsigned, ranks> threads{};  // of each rank; those of a lower rank that are idle help the higher ones
    std::size_t requests = 0;               // of one rank that wait or are being worked on
    std::size_t requests_of_owner = 0;
    std::size_t bytes = 0;                  // that the requests of one rank hold; of one owner half of it. 0: not counted
  };
  struct Counters { std::uint64_t done = 0, refused = 0; std::size_t waiting = 0; };  // jobs, requests, requests

  explicit Turns(Options options);
  ~Turns() { stop(); }
  void stop();  // no more requests are admitted; jobs of those that were are still done, and no thread runs when it returns

  // A request that was admitted: counts until the last owner of the ticket lets it go.
  class Ticket;
  using TicketPtr = std::shared_ptr<const Ticket>;
  // Null: its rank or its owner has as many as may wait, or the turns were stopped. Small requests (16 KiB) are not counted in bytes.
  TicketPtr admit(Share share, std::size_t bytes = 0);
  // For what goes on with a request that was admitted before, and cannot be refused any more: not counted.
  TicketPtr go_on(Share share);
  // A part of a request's work. Parts of one request are begun in this order, by as many threads as are free; between two of
  // them others have their turns, so long work is to be cut into parts. What it throws goes to the log.
  void add(const TicketPtr& ticket, Job job);

  std::array<Counters, ranks> counters() const;
  unsigned threads_of(Rank rank) const { return options_.threads[static_cast<std::size_t>(rank)]; }

 private:
  struct Entry { TicketPtr ticket; Job job; };
  struct Stream { std::uint64_t id; std::deque<Entry> jobs; };
  struct Owner {
    std::string name;
    std::list<Stream> small, large;  // in the order of their turns
    bool large_next = false;
  };
  struct Load { std::size_t requests = 0, bytes = 0; };
  struct Queue {
    std::list<Owner> owners;  // that have jobs, in the order of their turns
    std::unordered_map<std::string, std::list<Owner>::iterator> by_name;
    std::unordered_map<std::string, Load> loads;
    Load load;
    std::uint64_t done = 0, refused = 0;
    std::chrono::steady_clock::time_point quiet_until{};  // the log has been told
  };
  struct Sleeper { Condition wake; bool woken = false; };

  void work(std::size_t rank);
  void run(const Job& job) const;
  bool take(std::size_t rank, Entry& entry) REQUIRES(mutex_);
  static void pop(Queue& queue, Entry& entry);
  bool has_room(Queue& queue, const std::string& owner, std::size_t bytes) const;
  void wake_one(std::size_t rank) REQUIRES(mutex_);
  void release(const Ticket& ticket);

  const Options options_;
  mutable Mutex mutex_;
  std::array<Queue, ranks> queues_ GUARDED_BY(mutex_);
  std::array<std::vector<Sleeper*>, ranks> idle_ GUARDED_BY(mutex_);
  std::uint64_t next_stream_ GUARDED_BY(mutex_) = 1;
  bool stopping_ GUARDED_BY(mutex_) = false, finished_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

class Turns::Ticket {
 public:
  // `turns` null: it is not counted.
  Ticket(Turns* turns, Share share, std::size_t bytes) : turns_(turns), share_(std::move(share)), bytes_(bytes) {}
  ~Ticket() {
    if (turns_) turns_->release(*this);
  }
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;
  const Share& share() const { return share_; }

 private:
  friend class Turns;
  Turns* const turns_;
  const Share share_;
  const std::size_t bytes_;  // 0: a small request
};

}  // namespace cm4it
