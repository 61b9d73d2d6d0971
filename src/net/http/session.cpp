#include "net/http/session.h"

#include <spdlog/spdlog.h>

#include <cstdio>
#include <ctime>

namespace cm4it::net {
namespace {

constexpr std::size_t write_at = 256 * 1024;  // answers are not held back beyond this

constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";

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

HttpSessions::HttpSessions(std::shared_ptr<const Handler> handler, std::size_t max_body)
    : handler_(std::move(handler)), max_body_(max_body), date_line_(make_date_line()) {}

std::unique_ptr<Session> HttpSessions::begin(Connection& connection) { return std::make_unique<HttpSession>(*this, connection); }

void HttpSessions::tick() { date_line_ = make_date_line(); }

std::unique_ptr<RequestParser> HttpSessions::take_parser() {
  if (!parser_) return std::make_unique<RequestParser>(max_body_);
  parser_->reset();
  return std::move(parser_);
}

Session::State HttpSession::state() const {
  switch (phase_) {
    case Phase::waiting: return State::working;
    case Phase::streaming: return State::answering;
    case Phase::reading:
    case Phase::handling:
    case Phase::last: return State::ready;
  }
  return State::ready;
}

// Handles every whole request; their answers go out with one write.
std::size_t HttpSession::take(char* octets, std::size_t size) {
  std::size_t used = 0, handled = 0;
  while (phase_ == Phase::reading && !connection_.blocked() && used < size && take_one(octets, size, used))
    if (++handled % budget::http_pipelined == 0 || connection_.outbox().size() > write_at) connection_.flush();
  return used;
}

// False: the next request is not whole, or broke a rule.
bool HttpSession::take_one(char* octets, std::size_t size, std::size_t& used) {
  if (!parser_) {
    // RFC 9112 section 2.2: empty lines before a request are skipped.
    while (used + 1 < size && octets[used] == '\r' && octets[used + 1] == '\n') used += 2;
    if (used == size || (used + 1 == size && octets[used] == '\r')) return false;
    parser_ = common_.take_parser();
  }
  switch (parser_->feed(octets + used, size - used)) {
    case RequestParser::State::incomplete:
      if (parser_->take_expectation()) connection_.outbox().append(continue_line);
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
  handle(octets + used, taken);
  used += taken;
  if (parser_) common_.give_back(std::move(parser_));
  return true;
}

void HttpSession::handle(const char* message, std::size_t size) {
  Request request;
  parser_->fill(request, message);
  request.secure = connection_.secure();
  request.client_key = connection_.client_key();
  request.remote = connection_.remote();
  request.loop = connection_.loop().number();
  request.message = connection_.holder_of(message, size);
  head_only_ = request.method == "HEAD";
  keep_alive_ = parser_->keep_alive();
  http_1_0_ = parser_->http_1_0();
  sounded_ = false;
  connection_.message_came();
  phase_ = Phase::handling;
  try {
    common_.handler()(request, Responder(as_exchange()));
  } catch (const std::exception& error) {  // its Responder has answered 500 on the way
    spdlog::error("http handler, {} {}: {}", request.method, request.path, error.what());
  } catch (...) {
    spdlog::error("http handler, {} {}: an unknown exception", request.method, request.path);
  }
  if (request.message) connection_.handed_over(size);
  if (phase_ != Phase::handling) return;
  phase_ = Phase::waiting;
  connection_.wait_for(connection_.options().answer_timeout);
}

void HttpSession::answer(std::shared_ptr<Exchange> self, Response&& response) {
  if (connection_.loop().on_this_thread() && phase_ == Phase::handling) return put(std::move(response));
  late_answer_ = std::make_unique<Response>(std::move(response));
  Connection::wake({std::move(self), &connection_});
}

void HttpSession::woken() {
  if (const auto part = std::move(late_part_)) put_part(std::move(*part));
  if (const auto response = std::move(late_answer_); response && phase_ == Phase::waiting) put(std::move(*response));
}

void HttpSession::reject(unsigned status, std::string_view rule) {
  connection_.loop().count().rejected.add();
  parser_.reset();
  connection_.drop_input();
  head_only_ = http_1_0_ = false;
  put_last(status, rule);
}

// TCP says the same of a client that closed its sending half and of one that left. To one that left any octet that comes is an error,
// which its kernel tells us; one that is there has to expect interim answers (RFC 9110 section 15.2), and skips this one.
void HttpSession::find_out_if_gone() {
  if (phase_ != Phase::waiting || !half_closed() || sounded_ || connection_.blocked() || http_1_0_) return;
  sounded_ = true;
  connection_.outbox().append(continue_line);
  connection_.flush();
}

void HttpSession::tick() { find_out_if_gone(); }

void HttpSession::give_up(Ending why) {
  switch (why) {
    case Ending::cut_off: return reject(400, "request: it ended before it was whole");
    case Ending::no_room: return reject(503, "request: too many unfinished ones here, try again");
    case Ending::late:
      if (phase_ == Phase::waiting) return put_last(503, "the answer takes too long, try again");
      return reject(408, "request: must come within its time");
    case Ending::stopping:
      if (phase_ == Phase::waiting) put_last(503, "this server is stopping, try again");
  }
}

void HttpSession::closed() {
  phase_ = Phase::last;
  parser_.reset();
  content_.reset();
}

}  // namespace cm4it::net
