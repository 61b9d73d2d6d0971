#include "net/http/client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "net/keys_for_test.h"
#include "net/raw_client_for_test.h"
#include "net/http/server.h"
#include "net/http/server_for_test.h"
#include "net/tls_stream.h"

namespace cm4it::net {
namespace {

using namespace std::chrono_literals;
using crypto::Algorithm;

// Says who asks, and what.
void who(const Request& request, Responder respond) {
  Response response;
  response.content_type = "text/plain";
  response.headers = {{"X-Accept", std::string(request.header("Accept"))},
                      {"X-Type", std::string(request.header("Content-Type"))}};
  response.body = std::string(request.method) + (request.secure ? " secure " : " plain ") +
                  (request.client_key ? request.client_key->id().text() : "anyone") + " " +
                  std::string(text(request.body));
  respond(std::move(response));
}

std::unique_ptr<HttpServer> start_tls(crypto::SignerPtr key, Handler handler = who) {
  HttpOptions options;
  options.tls_key = std::move(key);
  options.ask_client_certificate = true;
  return start(std::move(handler), options);
}

TEST(HttpClient, PlainRequests) {
  auto server = start(who);
  HttpClient client;
  ClientRequest post;
  post.method = "POST";
  post.url = server->url() + "/p";
  post.content_type = "application/cose";
  post.accept = "application/json";
  std::string body = std::string("\0body", 5);
  post.body = body;
  auto reply = client.send(post).value();
  EXPECT_EQ(reply.status, 200U);
  EXPECT_EQ(reply.content_type, "text/plain");
  EXPECT_EQ(reply.header("x-accept"), "application/json");
  EXPECT_EQ(reply.header("X-Type"), "application/cose");
  EXPECT_EQ(reply.body, "POST plain anyone " + body);
  EXPECT_FALSE(reply.server_key);
  EXPECT_EQ(client.get(server->url() + "/g").value().body, "GET plain anyone ");
  ClientRequest head;
  head.method = "HEAD";
  head.url = server->url();
  EXPECT_EQ(client.send(head).value().body, "");
  ClientRequest empty_post;
  empty_post.method = "POST";
  empty_post.url = server->url();
  EXPECT_EQ(client.send(empty_post).value().body, "POST plain anyone ");
  EXPECT_EQ(server->counters().accepted, 1U);  // one connection for all
}

TEST(HttpClient, MutualTlsPrincipal) {
  for (auto algorithm : {Algorithm::es256, Algorithm::es384, Algorithm::eddsa, Algorithm::ps256}) {
    auto server_key = make_key(algorithm), client_key = make_key(algorithm);
    auto server = start_tls(server_key);
    ClientOptions options;
    options.key = client_key;
    options.server_key = server_key->public_key().id();
    HttpClient client(options);
    for (int i = 0; i < 2; ++i) {
      auto reply = client.get(server->url() + "/");
      ASSERT_TRUE(reply) << reply.error().message;
      EXPECT_EQ(reply->body, "GET secure " + client_key->public_key().id().text() + " ");
      EXPECT_EQ(reply->server_key.value(), server_key->public_key());
    }
    EXPECT_EQ(server->counters().accepted, 1U);
  }
}

TEST(HttpClient, WithoutKeysTheServersIsReported) {
  auto server_key = make_key();
  auto server = start_tls(server_key);
  HttpClient client;
  auto reply = client.get(server->url() + "/").value();
  EXPECT_EQ(reply.body, "GET secure anyone ");
  EXPECT_EQ(reply.server_key.value().id(), server_key->public_key().id());
}

TEST(HttpClient, AnotherKeyThanThePinnedOne) {
  auto server_key = make_key(), expected = make_key();
  auto server = start_tls(server_key);
  ClientOptions options;
  options.key = make_key();
  options.server_key = expected->public_key().id();
  HttpClient client(options);
  auto reply = client.get(server->url() + "/secret");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, Code::not_permitted);
  EXPECT_NE(reply.error().message.find(server_key->public_key().id().text()), std::string::npos);
  EXPECT_NE(reply.error().message.find(expected->public_key().id().text()), std::string::npos);
  EXPECT_EQ(server->counters().requests, 0U);
}

TEST(HttpClient, ServerWithANewKey) {
  auto old_key = make_key(), new_key = make_key(Algorithm::eddsa);
  auto server = start_tls(old_key);
  HttpClient before;
  EXPECT_EQ(before.get(server->url()).value().server_key.value(), old_key->public_key());
  ASSERT_TRUE(server->reload_tls(new_key));
  HttpClient after;
  EXPECT_EQ(after.get(server->url()).value().server_key.value(), new_key->public_key());
  EXPECT_EQ(before.get(server->url()).value().server_key.value(),
            old_key->public_key());  // its connection stays
}

TEST(HttpClient, LargeBodiesOverTls) {
  auto server = start_tls(make_key());
  HttpClient client;
  ClientRequest post;
  post.method = "POST";
  post.url = server->url();
  std::string body(3'000'000, 'b');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 7 / 3);
  post.body = body;
  auto reply = client.send(post);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_TRUE(reply->body.ends_with(body));
}

TEST(HttpClient, Errors) {
  auto server = start([](const Request&, Responder respond) {
    Response response;
    response.body = std::string(2000, 'x');
    respond(std::move(response));
  });
  ClientOptions options;
  options.max_body = 1999;
  HttpClient client(options);
  std::string url = server->url() + "/x";
  auto large = client.get(url);
  EXPECT_EQ(large.error().code, Code::too_large);
  EXPECT_NE(large.error().message.find(url), std::string::npos);
  server.reset();
  auto refused = client.get(url);
  EXPECT_EQ(refused.error().code, Code::unavailable);
  EXPECT_NE(refused.error().message.find(url), std::string::npos);
  for (const char* bad : {"", "ftp://127.0.0.1/", "file:///etc/hostname", "no url"})
    EXPECT_EQ(client.get(bad).error().code, Code::malformed) << bad;
  EXPECT_EQ(client.get(url, "a\r\nHost: b").error().code, Code::malformed);
}

TEST(HttpClient, TimeoutAndAbort) {
  std::atomic<int> polls{0};
  std::vector<Responder> unanswered;  // by the server's one thread
  auto server = start([&](const Request&, Responder respond) {
    unanswered.push_back(std::move(respond));
    ++polls;
  });
  HttpClient client;
  ClientRequest poll;
  poll.url = server->url();
  poll.timeout = 50ms;
  EXPECT_EQ(client.send(poll).error().code, Code::unavailable);
  poll.timeout = 60s;
  std::thread aborting([&] {
    while (polls < 2) std::this_thread::yield();
    client.abort();
  });
  auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(client.send(poll).error().code, Code::unavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 30s);
  EXPECT_EQ(client.send(poll).error().code, Code::unavailable);  // for good
  aborting.join();
  server->stop();
}

// A kept connection that the server has closed meanwhile is replaced by a new one.
TEST(HttpClient, ServerRestarted) {
  auto server = start(who);
  HttpClient client;
  std::string url = server->url();
  ASSERT_TRUE(client.get(url));
  HttpOptions options;
  options.address = server->address();
  server.reset();
  server = start(who, options);
  auto again = client.get(url);
  EXPECT_TRUE(again) << again.error().message;
}

TEST(HttpServerTls, GarbageAndSilenceAreBounded) {
  HttpOptions options;
  options.tls_key = make_key();
  options.handshake_timeout = 100ms;
  auto server = start(who, options);
  RawClient garbage(server->port()), silent(server->port());
  garbage.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(garbage.closed_by_server());
  EXPECT_TRUE(silent.closed_by_server());
  EXPECT_EQ(server->counters().handshake_failures, 1U);
  EXPECT_EQ(server->counters().timeouts, 1U);
  EXPECT_TRUE(HttpClient().get(server->url()));
}

TEST(HttpServerTls, Pipelined) {
  auto server = start_tls(make_key());
  auto stream = TlsStream::connect("127.0.0.1", server->port(), nullptr, 10s).value();
  std::string all;
  for (int i = 0; i < 200; ++i) all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
  all += "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  ASSERT_TRUE(stream->write(all));
  int answers = 0;
  while (auto line = stream->read_line(1000, 10s)) answers += line->ends_with("HTTP/1.1 200 OK");
  EXPECT_EQ(answers, 201);
}

TEST(HttpServerTls, BackPressure) {
  auto server = start_tls(make_key(), [](const Request& request, Responder respond) {
    Response response;
    response.body = std::string(50'000, 'b') + std::string(request.path) + "\n";
    respond(std::move(response));
  });
  auto stream = TlsStream::connect("127.0.0.1", server->port(), nullptr, 10s).value();
  std::string all;
  const int many = 1000;
  for (int i = 0; i < many; ++i) all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
  ASSERT_TRUE(stream->write(all));
  for (int i = 0; i < many;) {
    auto line = stream->read_line(60'000, 10s);
    ASSERT_TRUE(line) << line.error().message;
    if (line->size() > 50'000) {
      ASSERT_TRUE(line->ends_with("b/" + std::to_string(i++)));
    }
  }
}

}  // namespace
}  // namespace cm4it::net
