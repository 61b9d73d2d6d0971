// One client of a server: its socket, TLS, and the octets received and to be written. The protocol is its session's (net/session.h).
// Everything happens on the loop's thread, but for wake(), gone() and half_closed(). For sessions' and net's own use.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "net/loop.h"
#include "net/session.h"
#include "net/transport.h"

namespace cm4it::net {

class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<Loop> loop, Accepted accepted, std::optional<TlsContext> tls);  // no context: in the clear
  ~Connection();

  // For its loop.
  void ready(std::uint32_t events);  // epoll's events: does all that can be done now
  void run();                        // the same, when nothing new is known
  void tick();                       // ends what takes too long
  void woken();                      // on the loop's thread, after a wake()
  void wind_down();                  // the server stops: at once if nothing is under way
  void break_off();                  // the server's shutdown timeout has passed
  Standing standing() const;
  bool known() const { return known_; }
  std::size_t index = 0;  // in the loop's list

  // For its session.
  Loop& loop() const { return *loop_; }
  const ListenerOptions& options() const { return loop_->shared().options; }
  const std::string& remote() const { return remote_; }  // "192.0.2.1:49152"
  const crypto::PublicKey* client_key() const { return shaken_.key ? &*shaken_.key : nullptr; }  // null: none was proven
  bool secure() const { return tls_.has_value(); }

  // To be written; flush() writes it. Whole messages: what of it cannot go at once is buffered, and the connection blocked meanwhile.
  Outbox& outbox() { return unsent_ ? *unsent_ : *loop_->outbox; }
  bool flush();  // true: everything was written to the socket
  bool blocked() const { return unsent_ != nullptr; }
  // Whether a large answer of so many octets may be buffered for this client; false is counted, and said in the log (net/unsent.h).
  bool has_room_for(std::size_t octets) { return options().unsent->has_room(owner_, client_key() != nullptr, octets); }

  // A whole message came, and is worked on now.
  void message_came();
  // From now on so long; then the session is asked to give up, if it works on a message, else the connection is closed.
  void wait_for(std::chrono::milliseconds time) { deadline_ = loop_->now() + time; }
  // The next message is waited for.
  void rest();
  // False: what is being answered is the last.
  bool goes_on() const { return !loop_->stopping() && !(half_closed() && buffer_.empty()); }
  bool message_begun() const { return message_begun_; }  // and is not whole
  // What lies in the outbox is the last: once it has gone the connection ends.
  void finish();
  void close();
  // The string that holds these octets of take() and nothing else, to be moved away if they are many; null: they lie elsewhere.
  std::string* holder_of(const char* octets, std::size_t size);
  void handed_over(std::size_t size);  // what holder_of() told may have been moved away
  void drop_input() { drop(buffer_.size()); }

  // Any thread: Session::woken() is called on the loop's. Nothing happens if the connection has ended.
  static void wake(std::shared_ptr<Connection> connection);
  bool gone() const { return gone_.load(std::memory_order_relaxed); }
  bool half_closed() const { return half_closed_.load(std::memory_order_relaxed); }  // the peer sends no more

 private:
  enum class Phase {
    handshake,
    open,       // its session takes and writes messages
    last,       // the last message is still to be written
    lingering,  // our end is closed; reading until theirs is, lest what was written be lost (RFC 9112 section 9.6)
    closed
  };
  enum class Next { more, blocked };

  Next step();
  Next shake_hands();
  Shaken shake();
  void shaken();
  void open();
  void active() { last_active_ = loop_->next_activity(); }
  Next read_once();
  Next end_of_input();
  void received(std::size_t count);
  std::size_t serve(char* data, std::size_t size);
  void serve_buffered();
  void give_up(Session::Ending why);
  bool is_ready() const { return phase_ == Phase::open && session_->state() == Session::State::ready; }
  bool is_working() const { return phase_ == Phase::open && session_->state() != Session::State::ready; }
  bool in_handshake() const { return phase_ == Phase::handshake && hello_seen_; }  // begun, and not finished
  void account();  // what has not been sent, to the process's sum
  bool keep(std::string_view bytes);
  void drop(std::size_t bytes);
  bool wants_to_read() const;
  template <class F>
  void guarded(F&& f);
  void end();

  // Constant after construction
  const std::shared_ptr<Loop> loop_;
  const std::string remote_, owner_;  // with and without the port
  const Source source_;
  const std::optional<TlsContext> tls_;

  std::atomic<bool> gone_{false}, half_closed_{false};  // written by the loop's thread

  // The loop's thread only; these three are left to a handshake's thread while `shaking_`
  FileDescriptor socket_;  // none once closed
  Transport transport_;
  Shaken shaken_;          // what the last step of the handshake came to
  bool shaking_ = false;     // a step of the handshake is under way, or waits for its turn
  bool stirred_ = false;     // the socket has become ready since the last step began
  bool hello_seen_ = false;
  bool known_ = false;       // options().known said so
  std::uint64_t last_active_ = 0;
  Phase phase_ = Phase::handshake;
  std::unique_ptr<Session> session_;  // from Phase::open on
  std::string buffer_;                // came, but is not taken yet
  std::unique_ptr<Outbox> unsent_;    // blocked: nothing is taken until it has gone
  std::size_t unsent_size_ = 0;       // when the deadline was set
  std::size_t accounted_ = 0;         // of it in the process's sum
  bool message_begun_ = false;        // the deadline is that of a message, not of idleness
  bool ended_ = false;                // the client sends no more: read until its end is seen
  SteadyTime deadline_;
};

}  // namespace cm4it::net
