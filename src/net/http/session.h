// HTTP/1.1 as a session: parses requests, has them handled, and writes answers in order. For net/http's own use.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "net/connection.h"
#include "net/http/http.h"
#include "net/http/request_parser.h"

namespace cm4it::net {

// Shared by all sessions of a loop: buffers that a session needs only while it is being served, so that 20,000 idle ones cost nothing.
class HttpSessions final : public Sessions {
 public:
  HttpSessions(std::shared_ptr<const Handler> handler, std::size_t max_body);

  std::unique_ptr<Session> begin(Connection& connection) override;
  void tick() override;

  const Handler& handler() const { return *handler_; }
  std::string_view date_line() const { return date_line_; }
  std::unique_ptr<RequestParser> take_parser();
  void give_back(std::unique_ptr<RequestParser> parser) { parser_ = std::move(parser); }

 private:
  const std::shared_ptr<const Handler> handler_;
  const std::size_t max_body_;
  std::unique_ptr<RequestParser> parser_;
  std::string date_line_;
};

class HttpSession final : public Session, public Exchange {
 public:
  HttpSession(HttpSessions& common, Connection& connection) : common_(common), connection_(connection) {}

  State state() const override;
  std::size_t take(char* octets, std::size_t size) override;
  std::size_t expected_size() const override { return parser_ ? parser_->expected_size() : 0; }
  void written() override;
  void woken() override;
  void tick() override;
  void give_up(Ending why) override;
  void closed() override;

  void answer(std::shared_ptr<Exchange> self, Response&& response) override;
  bool gone() const override { return connection_.gone(); }
  bool half_closed() const override { return connection_.half_closed(); }

 private:
  enum class Phase {
    reading,    // requests, or waiting for one
    handling,   // the handler runs, and may answer
    waiting,    // for a late answer; pipelined requests wait too
    streaming,  // an answer whose content is made in parts is being written; pipelined requests wait
    last        // answered for the last time
  };

  // session.cpp: requests
  bool take_one(char* octets, std::size_t size, std::size_t& used);
  void handle(const char* message, std::size_t size);
  void reject(unsigned status, std::string_view rule);
  void find_out_if_gone();
  std::shared_ptr<Exchange> as_exchange() { return {connection_.shared_from_this(), this}; }

  // session_write.cpp: answers
  void put(Response&& response);
  void put_last(unsigned status, std::string_view rule);
  void put_ready(Outbox& outbox, std::shared_ptr<const std::string> ready, std::string_view more_fields);
  bool has_room_for(const Response& response);
  void next_part();
  void put_part(Result<std::string>&& part);

  HttpSessions& common_;
  Connection& connection_;

  // The loop's thread only, but for these two: whoever makes an answer, or its next part, leaves it here and wakes the connection.
  // There is one who does at a time, and the loop looks only when it was woken.
  std::unique_ptr<Response> late_answer_;
  std::unique_ptr<Result<std::string>> late_part_;

  Phase phase_ = Phase::reading;
  std::unique_ptr<RequestParser> parser_;  // of a message that is not whole yet
  std::shared_ptr<Content> content_;       // of the answer in hand, if it is made in parts
  std::uint64_t content_left_ = 0;         // octets of it that have not come yet
  bool part_asked_ = false;
  bool head_only_ = false, keep_alive_ = true, http_1_0_ = false;  // of the request in hand
  bool sounded_ = false;  // during the request in hand: see find_out_if_gone()
};

}  // namespace cm4it::net
