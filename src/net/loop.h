// An event loop: one thread, its listening socket and its connections. For net's own use.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "net/address.h"
#include "net/handshakes.h"
#include "net/outbox.h"
#include "net/places.h"
#include "net/poller.h"
#include "net/server.h"
#include "net/session.h"
#include "net/tls.h"

namespace cm4it::net {

using SteadyTime = std::chrono::steady_clock::time_point;

// Only its own thread writes them; metrics read them.
class Counter {
 public:
  void add(std::uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

struct LoopCounters {
  Counter accepted, refused, displaced, requests, rejected, timeouts, handshake_failures;
};

// What a step of a TLS handshake came to.
struct Shaken {
  enum class Outcome { failed, blocked, done } outcome = Outcome::failed;
  std::optional<crypto::PublicKey> key;  // proven by the client
};

// What the loops of one server have in common.
struct ServerShared {
  ServerShared(ListenerOptions given, Protocol spoken) : options(std::move(given)), protocol(std::move(spoken)) {}

  const ListenerOptions options;
  const Protocol protocol;
  Guarded<std::optional<TlsContext>> tls;  // none: in the clear
  std::atomic<std::size_t> open{0};        // connections
  Handshakes* handshakes = nullptr;        // of a server with TLS; outlives the loops' threads
};

class Loop : public std::enable_shared_from_this<Loop> {
 public:
  // `number`: ListenerOptions::first_loop and on.
  Loop(std::shared_ptr<ServerShared> shared, FileDescriptor listening, Poller poller, unsigned number);

  Result<void> listen();  // before run(); errors: unavailable
  // The thread's whole life: returns some time after stop().
  void run();
  void stop();  // any thread
  // Any thread: has the loop's own call Connection::woken(). After the loop's end nothing happens.
  void wake(std::shared_ptr<Connection> connection);
  bool on_this_thread() const { return std::this_thread::get_id() == thread_; }
  const LoopCounters& counters() const { return counters_; }

  // For its connections, on its thread.
  const ServerShared& shared() const { return *shared_; }
  unsigned number() const { return number_; }
  LoopCounters& count() { return counters_; }
  SteadyTime now() const { return now_; }  // coarse: as of the last tick
  Sessions& sessions() { return *sessions_; }
  bool stopping() const { return stopping_; }
  void unwatch(int fd) { poller_.remove(fd); }  // before it is closed
  void forget(Connection& connection);
  void begin_handshake(Source source);
  void end_handshake(Source source) { places_.end_handshake(source); }
  void become_known() { places_.become_known(); }
  std::uint64_t next_activity() { return ++activities_; }
  void again(std::shared_ptr<Connection> connection) {
    again_.push_back(std::move(connection));
  }  // after the others
  // Unfinished messages of all connections; false: the budget does not allow for so many more.
  bool buffer(std::size_t more);
  void unbuffer(std::size_t less) { buffered_ -= less; }

  // Shared by all connections: buffers that one needs only while it is being served, so that 20,000 idle ones cost nothing.
  std::array<char, 64 * 1024> input;
  std::unique_ptr<Outbox> outbox = std::make_unique<Outbox>();

 private:
  struct Woken {
    std::vector<std::shared_ptr<Connection>> connections;
    bool closed = false;
  };

  void turn();
  void accept_waiting();
  void adopt(Accepted accepted);
  std::vector<Standing> standings() const;
  void displace(const std::vector<std::size_t>& chosen);
  void say_what_was_refused();
  void tick();
  void begin_stop();
  void finish();
  void serve_woken();

  const std::shared_ptr<ServerShared> shared_;
  const unsigned number_;
  FileDescriptor listening_;
  Poller poller_;
  const std::chrono::milliseconds tick_every_;
  std::thread::id thread_;
  LoopCounters counters_;
  Guarded<Woken> woken_;
  std::atomic<bool> stop_asked_{false};

  // The thread's own
  Places places_;
  std::vector<std::shared_ptr<Connection>> connections_;
  std::vector<std::shared_ptr<Connection>> again_;
  std::set<Source> crowded_;  // with more handshakes than one may have
  const std::unique_ptr<Sessions> sessions_;
  SteadyTime now_ = std::chrono::steady_clock::now();
  SteadyTime next_tick_ = now_;
  SteadyTime stop_at_{};
  std::uint64_t activities_ = 0;
  SteadyTime say_again_at_{};
  std::uint64_t displaced_said_ = 0, refused_said_ = 0;
  std::size_t buffered_ = 0;
  bool accept_more_ = true;     // connections may wait that we are not told of again
  bool accept_paused_ = false;  // until the next tick
  bool stopping_ = false;
  bool finished_ = false;
};

}  // namespace cm4it::net
