// The HTTP/1.1 server (RFC 9110, RFC 9112): a request is parsed, handled and answered on the thread that read it.
#pragma once

#include <memory>
#include <string>

#include "net/http/http.h"
#include "net/server.h"

namespace cm4it::net {

struct HttpOptions : ListenerOptions {
  std::size_t max_body = budget::http_body_bytes;  // of a request
};

// As Server, whose requests have a handler. What is not handled: 4xx where a request breaks a rule or a budget; 503 where the answer
// takes longer than answer_timeout, where too much is unfinished, and for what waits when the server has stopped.
class HttpServer {
 public:
  // Errors as Server::start.
  static Result<std::unique_ptr<HttpServer>> start(HttpOptions options, Handler handler);

  std::string address() const { return server_->address(); }
  std::uint16_t port() const { return server_->port(); }
  std::string url() const;  // "https://127.0.0.1:40123"
  Result<void> reload_tls(const crypto::SignerPtr& key, const std::string& chain = {}) { return server_->reload_tls(key, chain); }
  void stop() { server_->stop(); }  // not to be called from a handler; Responders may outlive the server
  ServerCounters counters() const { return server_->counters(); }

 private:
  explicit HttpServer(std::unique_ptr<Server> server) : server_(std::move(server)) {}
  const std::unique_ptr<Server> server_;
};

}  // namespace cm4it::net
