// A non-blocking connection's bytes, in the clear or under TLS. The socket is the caller's.
#pragma once

#include <optional>
#include <span>

#include "net/outbox.h"
#include "net/tls_internal.h"

namespace cm4it::net {

class Transport {
 public:
  enum class Io { done, want_read, want_write, ended, failed };

  Transport(int fd, SslPtr ssl) : fd_(fd), ssl_(std::move(ssl)) {}

  bool secure() const { return ssl_ != nullptr; }
  Io handshake();
  // done: `count` > 0 bytes are in `into`. ended: the peer will send no more.
  Io read(std::span<char> into, std::size_t& count);
  // Nothing more has come than the last read() into `size` bytes, which gave `count`, took: the next
  // change of the socket will be told.
  bool drained(std::size_t size, std::size_t count) const;
  // The socket has something to read, for all that is known.
  void stirred();
  // After a read() that wants to read: what it read made no bytes, and the socket may have more.
  bool more_came() const;
  // As much as goes. done: all of it; want_*: call again then, with what is left.
  Io write(Outbox& outbox);
  // The peer sees the end; it may still be read from.
  void end();
  // The key proven in the handshake; errors as net::peer_key.
  Result<crypto::PublicKey> peer_key() const { return net::peer_key(ssl_.get()); }

 private:
  Io outcome(int returned);
  Io write_plain(Outbox& outbox);

  int fd_;
  SslPtr ssl_;  // null: in the clear
};

}  // namespace cm4it::net
