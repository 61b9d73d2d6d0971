// One client of the server: reads, parses, has requests handled, and writes answers in order.
// Everything happens on the loop's thread, but for answer() and gone(). For net's own use.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "net/loop.h"
#include "net/transport.h"

namespace cm4it::net {

class Connection final : public Exchange, public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<Loop> loop, Accepted accepted, std::optional<TlsContext> tls);  // no context: in the clear
  ~Connection() override;

  void ready(std::uint32_t events);   // of epoll: does what can be done now
  void run();                         // the same, when nothing new is known
  void tick();                        // ends what takes too long
  void deliver(Response&& response);  // a late answer
  void shaken(Shaken&& shaken);       // what a step of the handshake came to
  void deliver_part(Result<std::string>&& part);  // of the answer's content
  void wind_down();                   // the server stops: at once if nothing is under way
  void close();
  void break_off();  // the server's patience is over

  void answer(std::shared_ptr<Exchange> self, Response&& response) override;
  bool gone() const override { return gone_.load(std::memory_order_relaxed); }
  bool half_closed() const override { return half_closed_.load(std::memory_order_relaxed); }

  Standing standing() const;
  Source source() const { return source_; }
  bool known() const { return known_; }
  bool in_handshake() const;  // begun, and not finished

  std::size_t index = 0;  // in the loop's list

 private:
  enum class Phase {
    handshake,
    reading,    // requests, or waiting for one
    handling,   // the handler runs, and may answer
    waiting,    // for a late answer; pipelined requests wait too
    streaming,  // an answer whose content is made in parts is being written; pipelined requests wait
    last,       // answered for the last time: still to be written
    lingering,  // our end is closed; reading until theirs is, lest the answer be lost (RFC 9112 section 9.6)
    closed
  };
  enum class Next { more, blocked };

  Next step();
  Next shake_hands();
  Shaken shake();
  void active() { last_active_ = loop_->next_activity(); }
  Next read_once();
  Next end_of_input();
  void received(std::size_t count);
  std::size_t serve(char* data, std::size_t size);
  bool serve_one(char* data, std::size_t size, std::size_t& used);
  void serve_buffered();
  void handle(const char* message, std::size_t size);
  void put(Response&& response);
  void put_ready(Outbox& outbox, std::shared_ptr<const std::string> ready, std::string_view more_fields);
  void reject(unsigned status, std::string_view rule);
  void find_out_if_gone();
  bool flush();
  void next_part();
  void account();  // what has not been sent, to the process's sum
  bool has_room_for(const Response& response);
  bool keep(std::string_view bytes);
  void drop(std::size_t bytes);
  bool wants_to_read() const;
  template <class F>
  void guarded(F&& f);
  Outbox& outbox() { return unsent_ ? *unsent_ : *loop_->outbox; }
  const ListenerOptions& options() const { return loop_->shared().options; }
  void end();

  // Constant after construction
  const std::shared_ptr<Loop> loop_;
  const std::string remote_, owner_;  // with and without the port
  const Source source_;
  const std::optional<TlsContext> tls_;

  std::atomic<bool> gone_{false}, half_closed_{false};  // written by the loop's thread

  // The loop's thread only; these two are left to a handshake's thread while `shaking_`
  FileDescriptor socket_;  // none once closed
  Transport transport_;
  bool shaking_ = false;     // a step of the handshake is under way, or waits for its turn
  bool stirred_ = false;     // the socket was ready since the last step began
  bool hello_seen_ = false;
  bool known_ = false;       // options().known said so
  std::uint64_t last_active_ = 0;
  std::optional<crypto::PublicKey> client_key_;
  Phase phase_ = Phase::handshake;
  std::string buffer_;                     // came, but is not served yet
  std::unique_ptr<RequestParser> parser_;  // of a message that is not whole yet
  std::unique_ptr<Outbox> unsent_;         // blocked: nothing is served until it has gone
  std::size_t unsent_size_ = 0;            // when the deadline was set
  std::size_t accounted_ = 0;              // of it in the process's sum
  std::shared_ptr<Content> content_;       // of the answer in hand, if it is made in parts
  std::uint64_t content_left_ = 0;         // octets of it that have not come yet
  bool part_asked_ = false;
  bool head_only_ = false, keep_alive_ = true, http_1_0_ = false;  // of the request in hand
  bool request_begun_ = false;  // the deadline is that of a request, not of idleness
  bool ended_ = false;          // the client sends no more: read until its end is seen
  bool sounded_ = false;        // it was asked, without words, whether it is still there: see find_out_if_gone()
  SteadyTime deadline_;
};

}  // namespace cm4it::net
