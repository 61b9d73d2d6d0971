#include "net/loop.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "net/connection.h"

namespace cm4it::net {
namespace {

using std::chrono::milliseconds;

constexpr int accepts_in_turn = 64;
constexpr milliseconds stopping_tick{5};

// A quarter of the shortest time-out: coarse, and one timer for all connections.
milliseconds tick_for(const ListenerOptions& options) {
  auto shortest = std::min(
      {options.request_timeout, options.handshake_timeout, options.idle_timeout, options.write_timeout, options.answer_timeout});
  return std::clamp(shortest / 4, milliseconds(5), milliseconds(1000));
}

// This loop's share of the listener's bounds.
Places::Limits limits_of(const ListenerOptions& options) {
  const auto part = [&](std::size_t whole) { return std::max<std::size_t>(1, whole / std::max(1u, options.threads)); };
  const std::size_t all = part(options.max_connections);
  const std::size_t reserved = options.known ? std::min(part(options.reserved_connections), all - 1) : 0;
  return {all, all - reserved, part(budget::handshakes_unfinished)};
}

}  // namespace

Loop::Loop(std::shared_ptr<ServerShared> shared, FileDescriptor listening, Poller poller, unsigned number)
    : shared_(std::move(shared)),
      number_(number),
      listening_(std::move(listening)),
      poller_(std::move(poller)),
      tick_every_(tick_for(shared_->options)),
      places_(limits_of(shared_->options)),
      sessions_(shared_->protocol()) {}

Result<void> Loop::listen() { return poller_.add(listening_.get(), &listening_); }

void Loop::run() {
  thread_ = std::this_thread::get_id();
  while (!finished_) {
    try {
      turn();
    } catch (const std::exception& error) {
      spdlog::error("event loop: {}", error.what());
    }
  }
}

void Loop::turn() {
  auto wait = std::chrono::ceil<milliseconds>(next_tick_ - std::chrono::steady_clock::now());
  bool more = !again_.empty() || (accept_more_ && !accept_paused_);
  bool woken = false;
  for (const epoll_event& event : poller_.wait(more ? milliseconds(0) : std::max(wait, milliseconds(0)))) {
    if (event.data.ptr == nullptr) {
      woken = true;
    } else if (event.data.ptr == &listening_) {
      accept_more_ = true;
    } else {
      // A connection ends in its own turn, or below: this one is alive.
      auto connection = connections_[static_cast<Connection*>(event.data.ptr)->index];
      connection->ready(event.events);
    }
  }
  for (const auto& connection : std::exchange(again_, {})) connection->run();
  if (woken) serve_woken();
  for (const Source source : std::exchange(crowded_, {})) displace(places_.who_leaves(standings(), source));
  if (stop_asked_ && !stopping_) begin_stop();
  if (accept_more_ && !accept_paused_ && !stopping_) accept_waiting();
  if (std::chrono::steady_clock::now() >= next_tick_) tick();
}

void Loop::stop() {
  stop_asked_ = true;
  poller_.wake();
}

void Loop::accept_waiting() {
  for (int i = 0; i < accepts_in_turn; ++i) {
    auto accepted = accept_tcp(listening_.get());
    if (!accepted) {  // no descriptors, no memory: when some are free again, and at the next tick
      counters_.refused.add();
      displace(places_.who_leaves(standings()));
      accept_paused_ = true;
      return;
    }
    if (accepted->fd.get() < 0) {
      accept_more_ = false;
      return;
    }
    adopt(std::move(*accepted));
  }
}

void Loop::adopt(Accepted accepted) {
  counters_.accepted.add();
  auto context = shared_->tls.with([](const auto& tls) { return tls; });
  if (!places_.has_room()) displace(places_.who_leaves(standings()));
  if (!places_.has_room()) return counters_.refused.add();
  const int fd = accepted.fd.get();
  auto connection = std::make_shared<Connection>(shared_from_this(), std::move(accepted), std::move(context));
  ++shared_->open;
  places_.enter();
  connection->index = connections_.size();
  connections_.push_back(connection);
  if (poller_.add(fd, connection.get())) {
    connection->run();
  } else {
    connection->close();
  }
}

std::vector<Standing> Loop::standings() const {
  std::vector<Standing> standings;
  standings.reserve(connections_.size());
  for (const auto& connection : connections_) standings.push_back(connection->standing());
  return standings;
}

void Loop::displace(const std::vector<std::size_t>& chosen) {
  std::vector<std::shared_ptr<Connection>> leaving;  // who closes moves in the list
  leaving.reserve(chosen.size());
  for (const std::size_t index : chosen) leaving.push_back(connections_[index]);
  for (const auto& connection : leaving) connection->close();
  counters_.displaced.add(leaving.size());
}

// Sources with too many handshakes are dealt with after the kernel's events, since those may tell that some clients have left.
void Loop::begin_handshake(Source source) {
  if (!places_.may_begin_handshake(source)) crowded_.insert(source);
  places_.begin_handshake(source);
}

void Loop::say_what_was_refused() {
  const auto displaced = counters_.displaced.get() - displaced_said_, refused = counters_.refused.get() - refused_said_;
  if ((displaced == 0 && refused == 0) || now_ < say_again_at_) return;
  spdlog::warn("listener {}: {} connections of strangers made room for newer ones, {} were refused (docs/configuration.md, File descriptors); "
               "{} are open, at most {}",
               shared_->options.address, displaced, refused, shared_->open.load(), shared_->options.max_connections);
  displaced_said_ += displaced;
  refused_said_ += refused;
  say_again_at_ = now_ + std::chrono::minutes(1);
}

void Loop::forget(Connection& connection) {
  std::size_t index = connection.index;
  --shared_->open;
  places_.leave(connection.known());
  connections_[index].swap(connections_.back());
  connections_[index]->index = index;
  connections_.pop_back();
}

bool Loop::buffer(std::size_t more) {
  if (buffered_ + more > shared_->options.max_buffered / std::max(1U, shared_->options.threads)) return false;
  buffered_ += more;
  return true;
}

void Loop::tick() {
  now_ = std::chrono::steady_clock::now();
  next_tick_ = now_ + (stopping_ ? stopping_tick : tick_every_);
  sessions_->tick();
  accept_paused_ = false;
  for (std::size_t i = connections_.size(); i-- > 0;) {  // backwards: those that end leave the list
    auto connection = connections_[i];
    connection->tick();
  }
  say_what_was_refused();
  if (stopping_ && (connections_.empty() || now_ >= stop_at_)) finish();
}

void Loop::begin_stop() {
  stopping_ = true;
  now_ = next_tick_ = std::chrono::steady_clock::now();  // tick now, and from now on often
  stop_at_ = now_ + shared_->options.stop_grace;
  listening_ = FileDescriptor();
  for (std::size_t i = connections_.size(); i-- > 0;) {
    auto connection = connections_[i];
    connection->wind_down();
  }
}

// run() returns.
void Loop::finish() {
  for (std::size_t i = connections_.size(); i-- > 0;) {
    auto connection = connections_[i];
    connection->break_off();
  }
  const Woken dropped = woken_.with([](Woken& woken) { return std::exchange(woken, Woken{{}, true}); });
  finished_ = true;
}

void Loop::wake(std::shared_ptr<Connection> connection) {
  if (woken_.with([&](Woken& woken) {
        if (woken.closed) return false;
        woken.connections.push_back(std::move(connection));
        return woken.connections.size() == 1;
      }))
    poller_.wake();
}

void Loop::serve_woken() {
  const Woken woken = woken_.with([](Woken& all) { return std::exchange(all, {}); });
  for (const auto& connection : woken.connections) connection->woken();
}

}  // namespace cm4it::net
