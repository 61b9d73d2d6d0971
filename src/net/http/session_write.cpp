// Writes a session's answers, whole or in parts.
#include <spdlog/spdlog.h>

#include "net/http/response_writer.h"
#include "net/http/session.h"

namespace cm4it::net {
namespace {

constexpr std::string_view crlf = "\r\n", blank_line = "\r\n\r\n";
constexpr std::string_view close_line = "Connection: close\r\n";
constexpr std::string_view keep_alive_line = "Connection: keep-alive\r\n";  // HTTP/1.0 wants it said

}  // namespace

void HttpSession::put(Response&& response) {
  if (response.on_loop) response.on_loop(connection_.loop().number());
  const bool stays = keep_alive_ && connection_.goes_on();
  std::string_view connection_line = !stays ? close_line : http_1_0_ ? keep_alive_line : std::string_view{};
  if (response.ready && response.ready->find("\r\n") == std::string::npos)
    response = problem(500, "a ready answer without a status line");
  if (!has_room_for(response)) {
    response = problem(503, "too many large answers are being taken, try again");
    response.headers.emplace_back("Retry-After", "1");
  }
  Outbox& out = connection_.outbox();
  if (response.ready) {
    put_ready(out, std::move(response.ready), connection_line);
  } else {
    std::string& tail = out.tail();
    std::size_t before = tail.size();
    append_head(tail, response, common_.date_line(), connection_line);
    out.joined(tail.size() - before);
    if (!head_only_ && has_content(response.status)) {
      content_ = std::move(response.content);
      if (!content_) out.append(std::move(response.body));
    }
  }
  connection_.rest();
  if (content_) {
    content_left_ = content_->size();
    phase_ = Phase::streaming;
    keep_alive_ = stays;
    return;
  }
  phase_ = stays ? Phase::reading : Phase::last;
  if (!stays) connection_.finish();
}

void HttpSession::put_last(unsigned status, std::string_view rule) {
  keep_alive_ = false;
  put(problem(status, rule));
  connection_.flush();
}

bool HttpSession::has_room_for(const Response& response) {
  const std::size_t size = response.ready ? response.ready->size() : response.content ? 0 : response.body.size();
  return size <= budget::whole_answer || head_only_ || connection_.has_room_for(size);
}

void HttpSession::put_ready(Outbox& out, std::shared_ptr<const std::string> ready, std::string_view connection_line) {
  std::string_view bytes = *ready;
  std::size_t line = bytes.find("\r\n") + 2;
  std::string& tail = out.tail();
  std::size_t before = tail.size();
  tail.append(bytes.substr(0, line)).append(common_.date_line()).append(connection_line);
  out.joined(tail.size() - before);
  if (!head_only_) return out.append(std::move(ready), line);
  bytes = bytes.substr(0, bytes.find("\r\n\r\n", line - 2));
  out.append(bytes.substr(std::min(line, bytes.size())));
  out.append(bytes.size() < line ? crlf : blank_line);
}

void HttpSession::written() {
  if (phase_ == Phase::streaming) next_part();
}

// Called when all was written: asks for the next part of the content, or ends the answer.
void HttpSession::next_part() {
  if (part_asked_) return;
  if (content_left_ == 0) {
    content_.reset();
    const bool stays = keep_alive_ && connection_.goes_on();
    phase_ = stays ? Phase::reading : Phase::last;
    connection_.wait_for(connection_.options().idle_timeout);
    if (!stays) connection_.finish();
    return;
  }
  part_asked_ = true;
  connection_.wait_for(connection_.options().answer_timeout);
  content_->next([this, connection = connection_.shared_from_this()](Result<std::string> part) mutable {
    late_part_ = std::make_unique<Result<std::string>>(std::move(part));
    Connection::wake(std::move(connection));
  });
}

void HttpSession::put_part(Result<std::string>&& part) {
  part_asked_ = false;
  if (phase_ != Phase::streaming) return;
  if (!part || part->empty() || part->size() > content_left_) {
    spdlog::error("http answer to {}: {}", connection_.remote(), part ? "a part has not the length that was told" : part.error().message);
    return connection_.close();
  }
  content_left_ -= part->size();
  connection_.outbox().append(std::move(*part));
}

}  // namespace cm4it::net
