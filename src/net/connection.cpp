#include "net/connection.h"

#include <spdlog/spdlog.h>

#include "net/response_writer.h"

namespace cm4it::net {
namespace {

constexpr std::chrono::milliseconds linger_time{2000}, linger_at_stop{100};
constexpr std::size_t waiting_buffer = 64 * 1024;  // read ahead while a request waits for its answer
constexpr std::size_t write_at = 256 * 1024;       // answers are not held back beyond this
constexpr std::size_t large_message = 256 * 1024;
constexpr int rounds_in_turn = 16;                 // then the other connections have theirs

constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";

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
    spdlog::error("http connection of {}: {}", remote_, error.what());
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
  switch (phase_) {
    case Phase::reading: return !unsent_;
    case Phase::waiting:
    case Phase::streaming: return buffer_.size() < waiting_buffer && !half_closed();
    case Phase::lingering: return true;
    case Phase::handshake:
    case Phase::handling:
    case Phase::last:
    case Phase::closed: return false;
  }
  return false;
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

// The client has sent all it will. What it asked before is still answered; a request that is not whole is not
// (RFC 9112 section 8).
Connection::Next Connection::end_of_input() {
  half_closed_.store(true, std::memory_order_relaxed);
  if (phase_ == Phase::waiting || phase_ == Phase::streaming) return Next::blocked;
  if (phase_ == Phase::reading && request_begun_) reject(400, "request: it ended before it was whole");
  if (!unsent_) close();
  return Next::more;
}

void Connection::received(std::size_t count) {
  if (phase_ == Phase::lingering) return;
  std::string_view bytes(loop_->input.data(), count);
  if (phase_ == Phase::waiting || phase_ == Phase::streaming) {
    if (!keep(bytes)) close();
  } else if (!buffer_.empty()) {
    if (!keep(bytes)) return reject(503, "request: too many unfinished ones here, try again");
    serve_buffered();
  } else {
    bytes.remove_prefix(serve(loop_->input.data(), count));
    bool of_use = phase_ == Phase::reading || phase_ == Phase::waiting || phase_ == Phase::streaming;
    if (of_use && !bytes.empty() && !keep(bytes))
      reject(503, "request: too many unfinished ones here, try again");
  }
}

void Connection::serve_buffered() {
  while (phase_ == Phase::reading && !unsent_ && !buffer_.empty()) {
    std::size_t used = serve(buffer_.data(), buffer_.size());
    drop(used);
    if (used == 0) return;
  }
}

// Handles every whole request in `data`; their answers go out with one write. Returns the bytes used.
std::size_t Connection::serve(char* data, std::size_t size) {
  std::size_t used = 0;
  std::size_t handled = 0;
  while (phase_ == Phase::reading && !unsent_ && used < size && serve_one(data, size, used))
    if (++handled % budget::http_pipelined == 0 || outbox().size() > write_at) flush();
  if (phase_ == Phase::reading && !unsent_ && used < size && !request_begun_) {
    request_begun_ = true;
    deadline_ = loop_->now() + options().request_timeout;
  }
  // Blocked: what could be written by now is written when the socket says so, and the requests left over come after it.
  if (!unsent_) flush();
  return used;
}

// False: the next request is not whole, or broke a rule.
bool Connection::serve_one(char* data, std::size_t size, std::size_t& used) {
  if (!parser_) {
    // RFC 9112 section 2.2: empty lines before a request are skipped.
    while (used + 1 < size && data[used] == '\r' && data[used + 1] == '\n') used += 2;
    if (used == size || (used + 1 == size && data[used] == '\r')) return false;
    parser_ = loop_->take_parser();
  }
  switch (parser_->feed(data + used, size - used)) {
    case RequestParser::State::incomplete:
      if (parser_->take_expectation()) outbox().append(continue_line);
      return false;
    case RequestParser::State::failed: {
      auto failure = parser_->failure();
      used = size;
      reject(failure.status, failure.rule);
      return false;
    }
    case RequestParser::State::complete: break;
  }
  std::size_t taken = parser_->size();
  handle(data + used, taken);
  used += taken;
  loop_->give_back(std::move(parser_));
  return true;
}

void Connection::handle(const char* message, std::size_t size) {
  Request request;
  parser_->fill(request, message);
  request.secure = tls_.has_value();
  request.client_key = client_key_ ? &*client_key_ : nullptr;
  request.remote = remote_;
  request.loop = loop_->number();
  if (message == buffer_.data() && size == buffer_.size()) request.message = &buffer_;
  head_only_ = request.method == "HEAD";
  keep_alive_ = parser_->keep_alive();
  http_1_0_ = parser_->http_1_0();
  request_begun_ = false;
  active();
  loop_->count().requests.add();
  phase_ = Phase::handling;
  try {
    loop_->shared().handler(request, Responder(shared_from_this()));
  } catch (const std::exception& error) {  // its Responder has answered 500 on the way
    spdlog::error("http handler, {} {}: {}", request.method, request.path, error.what());
  } catch (...) {
    spdlog::error("http handler, {} {}: an unknown exception", request.method, request.path);
  }
  if (request.message && buffer_.empty()) loop_->unbuffer(size);  // it was taken: from now on it is its taker's to account for
  if (phase_ != Phase::handling) return;
  phase_ = Phase::waiting;
  deadline_ = loop_->now() + options().answer_timeout;
}

void Connection::answer(std::shared_ptr<Exchange> self, Response&& response) {
  if (loop_->on_this_thread() && phase_ == Phase::handling) return put(std::move(response));
  auto loop = loop_;  // `self` may go as soon as it is handed over, and the loop with it
  loop->deliver(std::move(self), std::move(response));
}

void Connection::deliver(Response&& response) {
  if (phase_ != Phase::waiting) return;
  guarded([&] {
    put(std::move(response));
    if (!flush()) return;
    serve_buffered();
    run();
  });
}

void Connection::deliver_part(Result<std::string>&& part) {
  part_asked_ = false;
  if (phase_ != Phase::streaming) return;
  guarded([&] {
    if (!part || part->empty() || part->size() > content_left_) {
      spdlog::error("http answer to {}: {}", remote_, part ? "a part has not the length that was told" : part.error().message);
      return close();
    }
    content_left_ -= part->size();
    outbox().append(std::move(*part));
    if (!flush()) return;
    serve_buffered();
    run();
  });
}

void Connection::reject(unsigned status, std::string_view rule) {
  loop_->count().rejected.add();
  parser_.reset();
  drop(buffer_.size());
  head_only_ = keep_alive_ = http_1_0_ = false;
  put(problem(status, rule));
  flush();
}

bool Connection::keep(std::string_view bytes) {
  if (!loop_->buffer(bytes.size())) return false;
  // A large message has its room at once: to grow by moving what came would keep the loop's other clients waiting. Only of one
  // that has begun to come, since its length is a claim.
  if (parser_ && buffer_.size() + bytes.size() > buffer_.capacity() && buffer_.size() >= large_message)
    buffer_.reserve(std::max(buffer_.size() + bytes.size(), parser_->expected_size()));
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

// TCP says the same of a client that closed its sending half and of one that left. To one that left any octet that comes is an error,
// which its kernel tells us; one that is there has to expect interim answers (RFC 9110 section 15.2), and skips this one.
void Connection::find_out_if_gone() {
  if (phase_ != Phase::waiting || !half_closed() || sounded_ || unsent_ || http_1_0_) return;
  sounded_ = true;
  outbox().append(continue_line);
  flush();
}

void Connection::tick() {
  // Where memory for answers is scarce who takes nothing of his is waited for no longer than a moment.
  if (unsent_ && loop_->now() >= deadline_ - options().write_timeout + options().write_patience && options().unsent->scarce()) {
    options().unsent->cut();
    return guarded([this] { close(); });
  }
  if (loop_->now() < deadline_) return guarded([this] { find_out_if_gone(); });
  bool slow = unsent_ || request_begun_ || phase_ == Phase::handshake;
  if (slow) loop_->count().timeouts.add();
  guarded([this] {
    if (unsent_) {
      close();
    } else if (phase_ == Phase::waiting) {
      keep_alive_ = false;
      put(problem(503, "the answer takes too long, try again"));
      flush();
    } else if (phase_ == Phase::reading && request_begun_) {
      reject(408, "request: must come within its time");
    } else {
      close();
    }
  });
}

void Connection::wind_down() {
  bool idle = phase_ == Phase::reading && !unsent_ && buffer_.empty();
  if (idle || phase_ == Phase::handshake || phase_ == Phase::lingering) close();
}

void Connection::break_off() {
  guarded([this] {
    if (phase_ == Phase::waiting) {
      keep_alive_ = false;
      put(problem(503, "this server is stopping, try again"));
      flush();
    }
    close();
  });
}

void Connection::end() {
  transport_.end();
  if (half_closed()) return close();  // nothing can come any more that would make the kernel drop the answer
  drop(buffer_.size());
  phase_ = Phase::lingering;
  request_begun_ = false;
  deadline_ =
      loop_->now() + std::min(loop_->stopping() ? linger_at_stop : linger_time, options().request_timeout);
}

void Connection::close() {
  if (phase_ == Phase::closed) return;
  if (in_handshake()) loop_->end_handshake(source_);
  phase_ = Phase::closed;
  gone_.store(true, std::memory_order_relaxed);
  drop(buffer_.size());
  parser_.reset();
  content_.reset();
  unsent_.reset();
  account();
  loop_->unwatch(socket_.get());
  if (shaking_) {
    ::shutdown(socket_.get(), SHUT_RDWR);  // a handshake's thread has it: it is closed with this object
  } else {
    transport_ = Transport(-1, nullptr);
    socket_ = FileDescriptor();
  }
  loop_->forget(*this);
}

}  // namespace cm4it::net
