// Blocking TLS connections for simple programs that speak in lines: a thread per connection.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "net/tls.h"

namespace cm4it::net {

using Milliseconds = std::chrono::milliseconds;

// One connection. read_line() by one thread, write() by any, close() by any at any time.
class TlsStream {
 public:
  // Connects and shakes hands. `signer` null: no client certificate. Any supported server key is
  // accepted: look at peer_key(). Errors: unavailable (host, port and cause).
  static Result<std::unique_ptr<TlsStream>> connect(const std::string& host, std::uint16_t port,
                                                    const crypto::SignerPtr& signer, Milliseconds timeout);
  // Of an accepted connection, before anything else. Errors: unavailable.
  Result<void> handshake(Milliseconds timeout);

  // The key proven by the other side. Errors: not_found (none), unsupported.
  Result<crypto::PublicKey> peer_key() const;
  const std::string& remote() const;

  // Up to and without the next '\n' (a '\r' before it goes too).
  // Errors: too_large (more than `most` bytes before it), unavailable: closed by either side
  // (closed() is true then), or nothing within the time (the stream stays usable).
  Result<std::string> read_line(std::size_t most, Milliseconds timeout);
  // All of it. Errors: unavailable.
  Result<void> write(std::string_view bytes, Milliseconds timeout = std::chrono::seconds(10));
  // Whoever waits in read_line() or write() returns at once.
  void close();
  bool closed() const;  // by us, by them, or by an error

  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

 private:
  friend class TlsListener;
  struct Impl;
  explicit TlsStream(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

class TlsListener {
 public:
  // "ADDRESS:PORT", port 0: any that is free. Clients are asked for a certificate.
  // Errors: malformed, unavailable.
  static Result<std::unique_ptr<TlsListener>> listen(const std::string& address, const crypto::SignerPtr& signer);

  std::string address() const;  // as bound
  std::uint16_t port() const;
  // Waits for a connection; its handshake() is still to be made, by the thread that will serve it.
  // Errors: unavailable (closed).
  Result<std::unique_ptr<TlsStream>> accept();
  // accept() returns at once, now and ever after.
  void close();

  ~TlsListener();
  TlsListener(const TlsListener&) = delete;
  TlsListener& operator=(const TlsListener&) = delete;

 private:
  struct Impl;
  explicit TlsListener(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace cm4it::net
