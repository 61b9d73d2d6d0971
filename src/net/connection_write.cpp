// How a connection's answers are written: whole or in parts, and what is kept of them while the client does not take them.
#include "net/connection.h"
#include "net/response_writer.h"

namespace cm4it::net {
namespace {

constexpr std::size_t write_progress = 64 * 1024;  // what write_timeout is for

constexpr std::string_view crlf = "\r\n", blank_line = "\r\n\r\n";
constexpr std::string_view close_line = "Connection: close\r\n";
constexpr std::string_view keep_alive_line = "Connection: keep-alive\r\n";  // HTTP/1.0 wants it said

}  // namespace

void Connection::put(Response&& response) {
  if (response.on_loop) response.on_loop(loop_->number());
  bool stays = keep_alive_ && !loop_->stopping() && !(half_closed() && buffer_.empty());
  std::string_view connection_line = !stays ? close_line : http_1_0_ ? keep_alive_line : std::string_view{};
  if (response.ready && response.ready->find("\r\n") == std::string::npos)
    response = problem(500, "a ready answer without a status line");
  if (!has_room_for(response)) {
    response = problem(503, "too many large answers are being taken, try again");
    response.headers.emplace_back("Retry-After", "1");
  }
  Outbox& out = outbox();
  if (response.ready) {
    put_ready(out, std::move(response.ready), connection_line);
  } else {
    std::string& tail = out.tail();
    std::size_t before = tail.size();
    append_head(tail, response, loop_->date_line(), connection_line);
    out.joined(tail.size() - before);
    if (!head_only_ && has_content(response.status)) {
      content_ = std::move(response.content);
      if (!content_) out.append(std::move(response.body));
    }
  }
  phase_ = stays ? Phase::reading : Phase::last;
  if (content_) {
    content_left_ = content_->size();
    phase_ = Phase::streaming;
    keep_alive_ = stays;
  }
  request_begun_ = false;
  deadline_ = loop_->now() + options().idle_timeout;
}

bool Connection::has_room_for(const Response& response) {
  const std::size_t size = response.ready ? response.ready->size() : response.content ? 0 : response.body.size();
  if (size <= budget::whole_answer || head_only_) return true;
  return options().unsent->has_room(owner_, client_key_.has_value(), size);
}

// What was written has gone: the next part of the content, or the end of it.
void Connection::next_part() {
  if (part_asked_) return;
  if (content_left_ == 0) {
    content_.reset();
    const bool stays = keep_alive_ && !loop_->stopping() && !(half_closed() && buffer_.empty());
    phase_ = stays ? Phase::reading : Phase::last;
    deadline_ = loop_->now() + options().idle_timeout;
    return;
  }
  part_asked_ = true;
  deadline_ = loop_->now() + options().answer_timeout;
  content_->next([loop = loop_, self = shared_from_this()](Result<std::string> part) mutable { loop->deliver(std::move(self), std::move(part)); });
}

void Connection::account() {
  const std::size_t now = unsent_ ? unsent_->size() : 0;
  options().unsent->change(owner_, std::exchange(accounted_, now), now);
}

void Connection::put_ready(Outbox& out, std::shared_ptr<const std::string> ready,
                           std::string_view connection_line) {
  std::string_view bytes = *ready;
  std::size_t line = bytes.find("\r\n") + 2;
  std::string& tail = out.tail();
  std::size_t before = tail.size();
  tail.append(bytes.substr(0, line)).append(loop_->date_line()).append(connection_line);
  out.joined(tail.size() - before);
  if (!head_only_) return out.append(std::move(ready), line);
  bytes = bytes.substr(0, bytes.find("\r\n\r\n", line - 2));
  out.append(bytes.substr(std::min(line, bytes.size())));
  out.append(bytes.size() < line ? crlf : blank_line);
}

// Writes what there is. True: all has gone. Nothing of it stays in the loop's shared outbox.
bool Connection::flush() {
  if (phase_ == Phase::closed) return false;
  Outbox& out = outbox();
  if (!out.empty()) {
    auto io = transport_.write(out);
    if (io == Transport::Io::want_write) {
      if (!unsent_) {
        auto fresh = std::make_unique<Outbox>();
        unsent_ = std::exchange(loop_->outbox, std::move(fresh));
      } else if (unsent_size_ < unsent_->size() + write_progress) {
        account();
        return false;  // too little to have earned more time
      }
      unsent_size_ = unsent_->size();
      account();
      deadline_ = loop_->now() + options().write_timeout;
      return false;
    }
    if (io != Transport::Io::done) {
      out.clear();
      close();
      return false;
    }
  }
  if (unsent_) {
    unsent_.reset();
    account();
    deadline_ = loop_->now() + (phase_ == Phase::waiting ? options().answer_timeout : options().idle_timeout);
    request_begun_ = false;
  }
  if (phase_ == Phase::streaming) next_part();
  if (phase_ == Phase::last) end();
  return true;
}

}  // namespace cm4it::net
