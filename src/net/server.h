// A server of some protocol: event loops, their listening sockets, TLS, and who holds the places of connections.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/budgets.h"
#include "crypto/signer.h"
#include "net/budgets.h"
#include "net/session.h"
#include "net/unsent.h"

namespace cm4it::net {

struct ListenerOptions {
  std::string address = "127.0.0.1:0";  // "ADDRESS:PORT", "[IPv6]:PORT"; port 0: any that is free
  unsigned threads = 1;                 // each with an event loop and a listening socket of its own
  unsigned first_loop = 0;              // the number of the first thread's loop, the others' follow: unique in the process
  crypto::SignerPtr tls_key;            // null: in the clear
  std::string tls_chain;                // its certificate in PEM and those above it; empty: a self-signed one
  std::string tls_name = "cm4it";       // the certificate's name; clients go by the key
  bool ask_client_certificate = false;  // any self-signed one will do: the key is the principal

  std::size_t max_connections = budget::connections;       // of all threads together
  // Of these so many are kept for clients whose proven key is `known` (asked on the event loops: must be quick; null: nobody's).
  // Everybody else is a stranger: who does nothing, or holds most, makes room for newcomers (docs/configuration.md).
  std::size_t reserved_connections = 0;
  std::function<bool(const crypto::PublicKey&)> known;
  std::size_t max_buffered = budget::http_buffered_bytes;  // unfinished messages, all connections
  std::shared_ptr<Unsent> unsent;  // of answers; all listeners of a process share one; null: one of its own
  using Milliseconds = std::chrono::milliseconds;
  Milliseconds request_timeout{budget::request_timeout_seconds * 1000};  // of a message, first byte to last
  Milliseconds handshake_timeout{budget::handshake_timeout_seconds * 1000};  // of TLS, from the connection's beginning
  Milliseconds idle_timeout{budget::idle_timeout_seconds * 1000};        // between messages
  Milliseconds write_timeout{budget::write_timeout_seconds * 1000};      // to take 64 KiB of an answer
  Milliseconds write_patience{budget::write_patience_seconds * 1000};    // the same where `unsent` is scarce
  Milliseconds answer_timeout{budget::answer_timeout_seconds * 1000};    // whoever makes it
  Milliseconds stop_grace{1000};  // stop() waits so long for answers under way
};

// Totals since start, for metrics.
struct ServerCounters {
  std::uint64_t open = 0;      // connections now
  std::uint64_t accepted = 0;  // connections ever
  std::uint64_t refused = 0;   // connections there was no room for, or no descriptor
  std::uint64_t displaced = 0;  // connections of strangers closed to make room
  std::uint64_t requests = 0;  // messages that came whole
  std::uint64_t rejected = 0;  // that broke a rule or a budget of the protocol
  std::uint64_t timeouts = 0;  // connections closed because the client was too slow
  std::uint64_t handshake_failures = 0;
};

class Server {
 public:
  // Listening when it returns. Errors: unavailable (the address is in use or not ours), malformed
  // (the address), unsupported (a key that cannot serve TLS).
  static Result<std::unique_ptr<Server>> start(ListenerOptions options, Protocol protocol);

  ~Server();  // stops
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::string address() const;  // as bound: "127.0.0.1:40123"
  std::uint16_t port() const;
  bool secure() const;  // TLS
  // New connections use this key and chain; open ones keep theirs. On an error nothing has changed.
  Result<void> reload_tls(const crypto::SignerPtr& key, const std::string& chain = {});
  // Takes no more connections; answers that are being made or written may still end within
  // stop_grace, then sessions are asked to give up. Returns when no thread runs any more. Not to be called on an event loop.
  void stop();

  ServerCounters counters() const;

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace cm4it::net
