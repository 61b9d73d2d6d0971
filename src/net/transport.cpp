#include "net/transport.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "net/tls_bio.h"

namespace cm4it::net {

Transport::Io Transport::outcome(int returned) {
  switch (SSL_get_error(ssl_.get(), returned)) {
    case SSL_ERROR_NONE: return Io::done;
    case SSL_ERROR_WANT_READ: return Io::want_read;
    case SSL_ERROR_WANT_WRITE: return Io::want_write;
    case SSL_ERROR_ZERO_RETURN: return Io::ended;
    default: ERR_clear_error(); return Io::failed;
  }
}

Transport::Io Transport::handshake() {
  if (!ssl_) return Io::done;
  ERR_clear_error();
  return outcome(SSL_do_handshake(ssl_.get()));
}

Transport::Io Transport::read(std::span<char> into, std::size_t& count) {
  if (ssl_) {
    ERR_clear_error();
    return outcome(SSL_read_ex(ssl_.get(), into.data(), into.size(), &count));
  }
  ssize_t got = ::recv(fd_, into.data(), into.size(), 0);
  if (got > 0) {
    count = static_cast<std::size_t>(got);
    return Io::done;
  }
  if (got == 0) return Io::ended;
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? Io::want_read : Io::failed;
}

void Transport::stirred() {
  if (ssl_) tls_stirred(ssl_.get());
}

bool Transport::more_came() const { return ssl_ && !tls_drained(ssl_.get()); }

bool Transport::drained(std::size_t size, std::size_t count) const {
  if (!ssl_) return count < size;
  return SSL_has_pending(ssl_.get()) == 0 && tls_drained(ssl_.get());
}

Transport::Io Transport::write_plain(Outbox& outbox) {
  std::array<iovec, 64> pieces;
  while (!outbox.empty()) {
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = outbox.gather(pieces);
    ssize_t sent = message.msg_iovlen == 1 ? ::send(fd_, pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL)
                                           : ::sendmsg(fd_, &message, MSG_NOSIGNAL);
    if (sent < 0)
      return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? Io::want_write : Io::failed;
    outbox.advance(static_cast<std::size_t>(sent));
  }
  return Io::done;
}

Transport::Io Transport::write(Outbox& outbox) {
  if (!ssl_) return write_plain(outbox);
  while (!outbox.empty()) {
    ERR_clear_error();
    std::string_view front = outbox.front();
    std::size_t sent = 0;
    Io io = outcome(SSL_write_ex(ssl_.get(), front.data(), front.size(), &sent));
    if (io != Io::done) return io;
    outbox.advance(sent);
  }
  return Io::done;
}

void Transport::end() {
  if (ssl_ && SSL_is_init_finished(ssl_.get())) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }
  ::shutdown(fd_, SHUT_WR);
}

}  // namespace cm4it::net
