// The beginning of a connection: its TLS handshake, on threads of its own (net/handshakes.h).
#include "net/connection.h"
#include "net/tls_hello.h"

namespace cm4it::net {

Connection::Next Connection::shake_hands() {
  if (!tls_) {
    open();
    return Next::more;
  }
  stirred_ = true;
  if (shaking_) return Next::blocked;
  if (!hello_seen_) {
    const Hello hello = look_at_hello(socket_.get(), ended_);
    if (hello == Hello::waits) return Next::blocked;
    if (hello == Hello::refused) {
      loop_->count().handshake_failures.add();
      close();
      return Next::blocked;
    }
    hello_seen_ = true;
    active();
    loop_->begin_handshake(source_);
  }
  stirred_ = false;
  shaking_ = true;
  loop_->shared().handshakes->post(source_, [self = shared_from_this()] {
    self->shaken_ = self->shake();
    wake(self);
  });
  return Next::blocked;
}

// On one of the handshakes' threads: as far as what came allows. The loop leaves socket, transport and `shaken_` alone meanwhile.
Shaken Connection::shake() {
  Shaken shaken;
  if (gone()) return shaken;
  if (!transport_.secure()) {
    auto ssl = make_ssl(*tls_, socket_.get(), true);
    if (!ssl) return shaken;
    transport_ = Transport(socket_.get(), std::move(*ssl));
  }
  const auto io = transport_.handshake();
  if (io == Transport::Io::want_read || io == Transport::Io::want_write) shaken.outcome = Shaken::Outcome::blocked;
  if (io != Transport::Io::done) return shaken;
  if (options().ask_client_certificate) {
    auto key = transport_.peer_key();
    if (!key && key.error().code != Code::not_found) return shaken;
    if (key) shaken.key = std::move(*key);
  }
  shaken.outcome = Shaken::Outcome::done;
  return shaken;
}

void Connection::shaken() {
  shaking_ = false;
  if (phase_ != Phase::handshake) return;  // closed in the meantime: socket and transport go with the connection
  if (shaken_.outcome == Shaken::Outcome::blocked) {
    if (stirred_) run();  // something came that the threads may not have seen
    return;
  }
  if (shaken_.outcome == Shaken::Outcome::failed) {
    loop_->count().handshake_failures.add();
    return close();
  }
  loop_->end_handshake(source_);
  active();
  transport_.stirred();  // the kernel may have told of it while the threads were at work, and will not again
  if (client_key() && options().known && options().known(*client_key())) {
    known_ = true;
    loop_->become_known();
  }
  open();
  run();
}

Standing Connection::standing() const {
  using Doing = Standing::Doing;
  const bool may_have_left = is_working() && session_->state() == Session::State::working && half_closed();
  const bool idle = (phase_ == Phase::handshake && !hello_seen_) || (is_ready() && !message_begun_ && !unsent_) ||
                    phase_ == Phase::lingering || may_have_left;
  return {source_, idle ? Doing::nothing : in_handshake() ? Doing::handshake : Doing::something, known_, last_active_};
}

}  // namespace cm4it::net
