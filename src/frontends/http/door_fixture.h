// An ICS with its door open, for tests: real sockets, in the clear and over mutual TLS.
#pragma once

#include <boost/json.hpp>

#include "frontends/http/door.h"
#include "net/http/client.h"
#include "net/http/server.h"
#include "service/network_fixture.h"

namespace cm4it::http::fixture {

using namespace service::fixture;
namespace json = boost::json;
using testing::HasSubstr;

struct Ask {
  std::string path;
  std::string method = "GET";
  std::string accept = {}, content_type = {}, body = {};
  std::string as = {};  // the name of the key to prove; empty: nobody's, in the clear
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::chrono::milliseconds timeout{30'000};
};

inline json::object object(const net::Reply& reply) {
  boost::system::error_code error;
  auto value = json::parse(reply.body, error);
  EXPECT_FALSE(error) << "not JSON: " << reply.body;
  return !error && value.is_object() ? value.as_object() : json::object{};
}
inline std::string text_of(const json::value& value) { return value.is_string() ? std::string(value.as_string()) : json::serialize(value); }
// The value at a path of keys and indices ("items/0/error/title"), as text; empty: not there.
inline std::string at(const json::value& value, const std::string& path) {
  boost::system::error_code error;
  const auto* found = value.find_pointer("/" + path, error);
  return found ? text_of(*found) : "";
}
inline std::string at(const net::Reply& reply, const std::string& path) { return at(object(reply), path); }

class Site {
 public:
  explicit Site(Ics& ics, DoorOptions options = {}) : ics_(ics) {
    options.server_name = "main";
    options.ready = std::make_shared<service::ReadyAnswers>(ics.service->verdicts(), std::size_t{64} << 20, 2);
    door = std::make_unique<Door>(*ics.service, std::move(options));
    net::HttpOptions plain;
    open(plain_, plain);
    net::HttpOptions tls;
    tls.first_loop = 1;
    tls.tls_key = key_of(ics.domain_ + " server", crypto::Algorithm::es256);
    tls.ask_client_certificate = true;
    open(tls_, tls);
  }

  net::Reply ask(const Ask& what) const {
    net::ClientOptions options;
    if (!what.as.empty()) {
      // A domain's server proves a P-256 key, parties have Ed25519.
      options.key = what.as.ends_with(" server") ? key_of(what.as, crypto::Algorithm::es256) : key_of(what.as);
      options.server_key = ics_.service->server_key();
    }
    net::HttpClient client(options);
    net::ClientRequest request{what.method, url(!what.as.empty()) + what.path, what.content_type, what.body, what.accept,
                               what.headers, what.timeout};
    auto reply = client.send(request);
    EXPECT_TRUE(reply) << what.method << " " << what.path << ": " << (reply ? "" : reply.error().message);
    return reply ? *reply : net::Reply{};
  }
  net::Reply get(const std::string& path, const std::string& as = {}) const { return ask({.path = path, .as = as}); }
  net::Reply post(const std::string& body, const std::string& type = "application/cbor-seq", const std::string& query = {}) const {
    return ask({.path = "/v1/evidence" + query, .method = "POST", .content_type = type, .body = body});
  }
  std::string url(bool tls = false) const { return (tls ? tls_ : plain_)->url(); }
  std::uint16_t port() const { return plain_->port(); }

  std::unique_ptr<Door> door;

 private:
  void open(std::unique_ptr<net::HttpServer>& server, const net::HttpOptions& options) {
    auto started = net::HttpServer::start(options, door->handler());
    EXPECT_TRUE(started) << (started ? "" : started.error().message);
    if (started) server = std::move(*started);
  }

  Ics& ics_;
  std::unique_ptr<net::HttpServer> plain_, tls_;
};

inline std::string in_path(const SubjectId& subject) { return net::percent_encode(subject.text()); }

// An answer that is an error: its status, title and form (RFC 9457). Gives the detail.
inline std::string expect_problem(const net::Reply& reply, unsigned status, const std::string& title) {
  EXPECT_EQ(reply.status, status) << reply.body;
  EXPECT_EQ(reply.content_type, "application/problem+json");
  const auto problem = object(reply);
  EXPECT_EQ(at(problem, "type"), "about:blank");
  EXPECT_EQ(at(problem, "title"), title) << reply.body;
  EXPECT_EQ(at(problem, "status"), std::to_string(status));
  EXPECT_NE(at(problem, "detail"), "");
  return at(problem, "detail");
}

// The plant's ICS, with a sensor deployed, seen from outside.
struct Web : Network {
  explicit Web(const std::string& more_of_plant = {}) : Network(more_of_plant) {}
  void SetUp() override { deploy(); }
  std::string sensor_path(const std::string& rest = {}) const { return "/v1/subjects/" + in_path(sensor_id) + rest; }
  Site site{plant};
};

}  // namespace cm4it::http::fixture
