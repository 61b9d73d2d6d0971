#include "net/http/server.h"

#include "net/http/session.h"

namespace cm4it::net {

Result<std::unique_ptr<HttpServer>> HttpServer::start(HttpOptions options, Handler handler) {
  const auto max_body = options.max_body;
  const auto shared = std::make_shared<const Handler>(std::move(handler));
  TRY(auto server, Server::start(std::move(options), [shared, max_body] { return std::make_unique<HttpSessions>(shared, max_body); }));
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(server)));
}

std::string HttpServer::url() const { return (server_->secure() ? "https://" : "http://") + server_->address(); }

}  // namespace cm4it::net
