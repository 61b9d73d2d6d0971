#include "net/connection.h"

#include <spdlog/spdlog.h>

namespace cm4it::net {
namespace {

constexpr std::size_t waiting_buffer = 64 * 1024;  // read ahead while a message is worked on
constexpr std::size_t large_message = 256 * 1024;
constexpr int rounds_in_turn = 16;                 // then the other connections have theirs

}  // namespace

Connection::Connection(std::shared_ptr<Loop> loop, Accepted accepted, std::optional<TlsContext> tls)
    : loop_(std::move(loop)),
      remote_(std::move(accepted.remote)),
      owner_(remote_.substr(0, remote_.rfind(':'))),
      source_(accepted.source),
      tls_(std::move(tls)),
      socket_(std::move(accepted.fd)),
      transport_(socket_.get(), nullptr),
      deadline_(loop_->now() + options().handshake_timeout) {
  active();
}

Connection::~Connection() = default;

template <class F>
void Connection::guarded(F&& f) {
  try {
    f();
  } catch (const std::exception& error) {  // no memory: what was being written must reach nobody else
    spdlog::error("connection of {}: {}", remote_, error.what());
    loop_->outbox->clear();
    close();
  }
}

void Connection::ready(std::uint32_t events) {
  if (events & Poller::ended) ended_ = true;
  if (half_closed() && (events & Poller::broken)) return close();
  if (phase_ != Phase::handshake) transport_.stirred();
  run();
}

// From now on the session handles what comes.
void Connection::open() {
  guarded([this] {
    session_ = loop_->sessions().begin(*this);
    phase_ = Phase::open;
    rest();
    flush();
  });
}

void Connection::run() {
  guarded([this] {
    for (int round = 0; phase_ != Phase::closed; ++round) {
      if (step() == Next::blocked) return;
      if (round == rounds_in_turn) return loop_->again(shared_from_this());
    }
  });
}

Connection::Next Connection::step() {
  if (phase_ == Phase::handshake) return shake_hands();
  if (unsent_) {
    if (!flush()) return Next::blocked;
    serve_buffered();
    return Next::more;
  }
  return wants_to_read() ? read_once() : Next::blocked;
}

bool Connection::wants_to_read() const {
  if (phase_ == Phase::lingering) return true;
  if (phase_ != Phase::open) return false;
  if (session_->state() == Session::State::ready) return !unsent_;
  return buffer_.size() < waiting_buffer && !half_closed();
}

Connection::Next Connection::read_once() {
  std::size_t count = 0;
  auto io = transport_.read(loop_->input, count);
  switch (io) {
    case Transport::Io::done: received(count); break;
    case Transport::Io::want_read: return transport_.more_came() ? Next::more : Next::blocked;
    case Transport::Io::want_write: return Next::blocked;
    case Transport::Io::ended: return end_of_input();
    case Transport::Io::failed: close(); return Next::blocked;
  }
  return ended_ || !transport_.drained(loop_->input.size(), count) ? Next::more : Next::blocked;
}

// The client closed its sending half. Whole messages that it sent before are still answered; an incomplete one is not.
Connection::Next Connection::end_of_input() {
  half_closed_.store(true, std::memory_order_relaxed);
  if (is_working()) return Next::blocked;
  if (phase_ == Phase::open && message_begun_) give_up(Session::Ending::cut_off);
  if (!unsent_) close();
  return Next::more;
}

void Connection::received(std::size_t count) {
  if (phase_ == Phase::lingering) return;
  std::string_view bytes(loop_->input.data(), count);
  if (is_working()) {
    if (!keep(bytes)) close();
  } else if (!buffer_.empty()) {
    if (!keep(bytes)) return give_up(Session::Ending::no_room);
    serve_buffered();
  } else {
    bytes.remove_prefix(serve(loop_->input.data(), count));
    if (phase_ == Phase::open && !bytes.empty() && !keep(bytes)) give_up(Session::Ending::no_room);
  }
}

void Connection::serve_buffered() {
  while (is_ready() && !unsent_ && !buffer_.empty()) {
    std::size_t used = serve(buffer_.data(), buffer_.size());
    drop(used);
    if (used == 0) return;
  }
}

// Has the session take every whole message in `data`; what it writes goes out with one write. Returns the octets taken.
std::size_t Connection::serve(char* data, std::size_t size) {
  std::size_t used = session_->take(data, size);
  if (is_ready() && !unsent_ && used < size && !message_begun_) {
    message_begun_ = true;
    wait_for(options().request_timeout);
  }
  // Blocked: what could be written by now is written when the socket says so, and the messages left over come after it.
  if (!unsent_) flush();
  return used;
}

void Connection::give_up(Session::Ending why) {
  session_->give_up(why);
  if (phase_ == Phase::open) close();
}

void Connection::message_came() {
  message_begun_ = false;
  active();
  loop_->count().requests.add();
}

void Connection::rest() {
  message_begun_ = false;
  wait_for(options().idle_timeout);
}

std::string* Connection::holder_of(const char* octets, std::size_t size) {
  return octets == buffer_.data() && size == buffer_.size() ? &buffer_ : nullptr;
}

void Connection::handed_over(std::size_t size) {
  if (buffer_.empty()) loop_->unbuffer(size);  // from now on it is its taker's to account for
}

void Connection::wake(std::shared_ptr<Connection> connection) {
  const auto loop = connection->loop_;  // the connection may go as soon as it is handed over, and the loop with it
  loop->wake(std::move(connection));
}

void Connection::woken() {
  if (shaking_) return shaken();
  if (phase_ != Phase::open) return;
  guarded([this] {
    session_->woken();
    if (!flush()) return;
    serve_buffered();
    run();
  });
}

bool Connection::keep(std::string_view bytes) {
  if (!loop_->buffer(bytes.size())) return false;
  // A large message has its room at once: to grow by moving what came would keep the loop's other clients waiting. Only of one
  // that has begun to come, since its length is a claim.
  if (buffer_.size() + bytes.size() > buffer_.capacity() && buffer_.size() >= large_message)
    buffer_.reserve(std::max(buffer_.size() + bytes.size(), session_->expected_size()));
  buffer_.append(bytes);
  return true;
}

void Connection::drop(std::size_t bytes) {
  bytes = std::min(bytes, buffer_.size());
  loop_->unbuffer(bytes);
  if (bytes == buffer_.size()) {
    buffer_ = {};  // an idle connection holds no memory
  } else {
    buffer_.erase(0, bytes);
  }
}

void Connection::tick() {
  // Where memory for answers is scarce, a client that reads nothing is given only a moment.
  if (unsent_ && loop_->now() >= deadline_ - options().write_timeout + options().write_patience && options().unsent->scarce()) {
    options().unsent->cut();
    return guarded([this] { close(); });
  }
  if (loop_->now() < deadline_) {
    if (phase_ == Phase::open) guarded([this] { session_->tick(); });
    return;
  }
  if (unsent_ || message_begun_ || phase_ == Phase::handshake) loop_->count().timeouts.add();
  guarded([this] {
    const bool expected = is_ready() ? message_begun_ : is_working() && session_->state() == Session::State::working;
    if (unsent_ || !expected) return close();
    give_up(Session::Ending::late);
  });
}

void Connection::wind_down() {
  bool idle = is_ready() && !unsent_ && buffer_.empty();
  if (idle || phase_ == Phase::handshake || phase_ == Phase::lingering) close();
}

void Connection::break_off() {
  guarded([this] {
    if (is_working()) give_up(Session::Ending::stopping);
    close();
  });
}

}  // namespace cm4it::net
