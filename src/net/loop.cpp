#include "net/loop.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cstdio>
#include <ctime>

#include "net/connection.h"

namespace cm4it::net {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;

constexpr int accepts_in_turn = 64;
constexpr milliseconds stopping_tick{5};

// A quarter of the shortest time-out: coarse, and one timer for all connections.
milliseconds tick_for(const ListenerOptions& options) {
  auto shortest = std::min(
      {options.request_timeout, options.idle_timeout, options.write_timeout, options.answer_timeout});
  return std::clamp(shortest / 4, milliseconds(5), milliseconds(1000));
}

// RFC 9110 section 5.6.7 IMF-fixdate, as a whole line.
std::string make_date_line() {
  static constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char line[48];
  int size =
      std::snprintf(line, sizeof line, "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n", days[utc.tm_wday],
                    utc.tm_mday, months[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
  return {line, static_cast<std::size_t>(size)};
}

}  // namespace

Loop::Loop(std::shared_ptr<ServerShared> shared, FileDescriptor listening, int family)
    : shared_(std::move(shared)),
      context_(1),
      protocol_(family == AF_INET6 ? tcp::v6() : tcp::v4()),
      acceptor_(context_, protocol_, listening.release()),
      timer_(context_),
      tick_every_(tick_for(shared_->options)),
      date_line_(make_date_line()) {
  acceptor_.native_non_blocking(true);
}

void Loop::run() {
  thread_ = std::this_thread::get_id();
  wait_accept();
  wait_tick();
  for (bool again = true; again;) {
    try {
      context_.run();
      again = false;
    } catch (const std::exception& error) {
      spdlog::error("http loop: {}", error.what());
    }
  }
}

void Loop::stop() {
  boost::asio::post(context_, [this] { begin_stop(); });
}

void Loop::wait_accept() {
  acceptor_.async_wait(tcp::acceptor::wait_read, [this](const error_code& error) {
    if (!error && !stopping_) accept_waiting();
  });
}

void Loop::accept_waiting() {
  for (int i = 0; i < accepts_in_turn; ++i) {
    auto accepted = accept_tcp(acceptor_.native_handle());
    if (!accepted) {  // no descriptors, no memory: the next tick tries again
      accept_paused_ = true;
      return;
    }
    if (accepted->fd.get() < 0) break;
    tcp::socket socket(context_, protocol_, accepted->fd.release());
    adopt(std::move(socket), std::move(accepted->remote));
  }
  wait_accept();
}

void Loop::adopt(tcp::socket socket, std::string remote) {
  counters_.accepted.add();
  error_code ignored;
  socket.native_non_blocking(true, ignored);
  SslPtr ssl;
  if (auto context = shared_->tls.with([](const auto& tls) { return tls; })) {
    auto made = make_ssl(*context, socket.native_handle(), true);
    if (!made) return counters_.handshake_failures.add();
    ssl = std::move(*made);
  }
  if (shared_->open.fetch_add(1) >= shared_->options.max_connections) {
    --shared_->open;
    return counters_.refused.add();
  }
  auto connection =
      std::make_shared<Connection>(shared_from_this(), std::move(socket), std::move(ssl), std::move(remote));
  connection->index = connections_.size();
  connections_.push_back(connection);
  connection->run();
}

void Loop::forget(Connection& connection) {
  std::size_t index = connection.index;
  --shared_->open;
  connections_[index].swap(connections_.back());
  connections_[index]->index = index;
  connections_.pop_back();
}

bool Loop::buffer(std::size_t more) {
  if (buffered_ + more > shared_->options.max_buffered / std::max(1U, shared_->options.threads)) return false;
  buffered_ += more;
  return true;
}

std::unique_ptr<RequestParser> Loop::take_parser() {
  if (!parser_) return std::make_unique<RequestParser>(shared_->options.max_body);
  parser_->reset();
  return std::move(parser_);
}

void Loop::wait_tick() {
  timer_.expires_after(stopping_ ? stopping_tick : tick_every_);
  timer_.async_wait([this](const error_code& error) {
    if (finished_ || (error && error != boost::asio::error::operation_aborted)) return;
    tick();
    if (!finished_) wait_tick();
  });
}

void Loop::tick() {
  now_ = std::chrono::steady_clock::now();
  date_line_ = make_date_line();
  if (accept_paused_ && !stopping_) {
    accept_paused_ = false;
    accept_waiting();
  }
  for (std::size_t i = connections_.size(); i-- > 0;) {  // backwards: those that end leave the list
    auto connection = connections_[i];
    connection->tick();
  }
  if (stopping_ && (connections_.empty() || now_ >= stop_at_)) finish();
}

void Loop::begin_stop() {
  if (stopping_) return;
  stopping_ = true;
  now_ = std::chrono::steady_clock::now();
  stop_at_ = now_ + shared_->options.stop_grace;
  error_code ignored;
  acceptor_.close(ignored);
  for (std::size_t i = connections_.size(); i-- > 0;) {
    auto connection = connections_[i];
    connection->wind_down();
  }
  timer_.cancel();  // its handler ticks, and from now on often
}

// Nothing is left to wait for: run() returns.
void Loop::finish() {
  for (std::size_t i = connections_.size(); i-- > 0;) {
    auto connection = connections_[i];
    connection->break_off();
  }
  Late dropped = late_.with([](Late& late) {
    late.closed = true;
    return std::exchange(late, Late{{}, true});
  });
  finished_ = true;
}

void Loop::deliver(std::shared_ptr<Exchange> connection, Response&& response) {
  bool first = late_.with([&](Late& late) {
    if (late.closed) return false;
    late.answers.emplace_back(std::move(connection), std::move(response));
    return late.answers.size() == 1;
  });
  if (first) boost::asio::post(context_, [this] { answer_late(); });
}

void Loop::answer_late() {
  auto answers = late_.with([](Late& late) { return std::exchange(late.answers, {}); });
  for (auto& [connection, response] : answers)
    static_cast<Connection&>(*connection).deliver(std::move(response));
}

}  // namespace cm4it::net
