// What strangers may make a TLS handshake cost, and whom it may hold up.
#include <openssl/err.h>

#include <atomic>
#include <future>

#include "net/budgets.h"
#include "crypto/remote_signer.h"
#include "net/handshakes.h"
#include "net/raw_client_for_test.h"
#include "net/http/server.h"
#include "net/http/server_for_test.h"
#include "net/tls_client_for_test.h"
#include "net/tls_internal.h"

namespace cm4it::net {
namespace {

using namespace std::chrono_literals;

std::unique_ptr<HttpServer> serve(HttpOptions options = {}) {
  if (!options.tls_key) options.tls_key = crypto::generate(crypto::Algorithm::es256).value();
  options.ask_client_certificate = true;
  auto server = HttpServer::start(std::move(options), [](const Request&, Responder respond) { respond({}); });
  EXPECT_TRUE(server) << (server ? "" : server.error().message);
  return std::move(*server);
}

TEST(Handshake, ThreeGroupsAndNoOther) {
  const auto server = serve();
  const auto connects = [&](const char* groups, int version) {
    TlsClient client(server->port(), [&](SSL_CTX* context) {
      SSL_CTX_set_max_proto_version(context, version);
      ASSERT_EQ(SSL_CTX_set1_groups_list(context, groups), 1) << groups;
    });
    const bool connected = client.handshake();
    ERR_clear_error();
    return connected;
  };
  for (const char* group : {"X25519", "P-256", "P-384"}) EXPECT_TRUE(connects(group, TLS1_3_VERSION)) << group;
  for (const char* group : {"P-521", "X448"}) EXPECT_FALSE(connects(group, TLS1_3_VERSION)) << group;
  EXPECT_TRUE(connects("P-521:P-256", TLS1_2_VERSION)) << "of TLS 1.2 the certificate's curve is wanted too";
  EXPECT_FALSE(connects("P-521", TLS1_2_VERSION));
  for (const char* group : {"ffdhe2048", "ffdhe3072", "ffdhe4096", "ffdhe6144", "ffdhe8192"})
    EXPECT_FALSE(connects(group, TLS1_3_VERSION)) << group;
  EXPECT_TRUE(connects("ffdhe8192:P-384", TLS1_3_VERSION)) << "asked again for a share of what both know";
}

// A token that takes as long as the test likes.
struct SlowToken {
  std::promise<void> asked, released;
  std::shared_future<void> may_go = released.get_future().share();
  std::atomic<bool> slow{false};

  crypto::SignerPtr signer() {
    const auto key = crypto::generate(crypto::Algorithm::es256).value();
    return crypto::remote_signer("token \"slow\"", key->public_key(), [this, key](View message) -> Result<Bytes> {
             if (slow.exchange(false)) {
               asked.set_value();
               may_go.wait();
             }
             return key->sign(message);
           }).value();
  }
};

TEST(Handshake, ASlowTokenHoldsNobodyUp) {
  SlowToken token;
  HttpOptions options;
  options.tls_key = token.signer();
  const auto server = serve(std::move(options));
  TlsClient established(server->port());
  ASSERT_TRUE(established.handshake());
  token.slow = true;
  auto waiting = std::async(std::launch::async, [&] {
    TlsClient client(server->port());
    return client.handshake() && client.get("/") == "HTTP/1.1 200 OK";
  });
  token.asked.get_future().wait();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(established.get("/"), "HTTP/1.1 200 OK") << "while the other's handshake is under way";
  token.released.set_value();
  EXPECT_TRUE(waiting.get());
}

TEST(Handshake, AConnectionMayEndDuringAStep) {
  SlowToken token;
  HttpOptions options;
  options.tls_key = token.signer();
  options.handshake_timeout = 500ms;
  const auto server = serve(std::move(options));
  token.slow = true;
  TlsClient client(server->port());
  auto outcome = std::async(std::launch::async, [&] { return client.handshake(); });
  token.asked.get_future().wait();
  EXPECT_TRUE(eventually([&] { return server->counters().timeouts == 1; }));
  EXPECT_TRUE(eventually([&] { return server->counters().open == 0; }));
  token.released.set_value();
  EXPECT_FALSE(outcome.get());
  TlsClient next(server->port());
  EXPECT_TRUE(next.handshake());
}

// OpenSSL makes room for what the head claims: 128 KiB for nine octets.
TEST(Handshake, AHelloIsAsLongAsHellosAre) {
  const auto server = serve();
  for (const std::string& head : {std::string("\x16\x03\x01\x40\x00\x01\x01\xf0\x00", 9), std::string("\x16\x03\x01\x00\x01\x01\x16\x03\x01", 9)}) {
    RawClient client(server->port());
    ASSERT_TRUE(client.send(head));
    EXPECT_TRUE(client.closed_by_server());
  }
  EXPECT_EQ(server->counters().handshake_failures, 2u);
  RawClient slow(server->port());
  ASSERT_TRUE(slow.send("\x16\x03"));
  slow.end();
  EXPECT_TRUE(slow.closed_by_server());
  RawClient clear(server->port());
  ASSERT_TRUE(clear.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_TRUE(clear.closed_by_server());
}

std::string u16(std::size_t n) { return {static_cast<char>(n >> 8), static_cast<char>(n)}; }
std::string vector16(const std::string& content) { return u16(content.size()) + content; }

// Of TLS 1.3, with so many groups and key shares, all of one group that nobody knows.
std::string hello_of(std::size_t groups, std::size_t shares) {
  std::string named, shared;
  for (std::size_t i = 0; i < groups; ++i) named += u16(0x2000 + i);
  for (std::size_t i = 0; i < shares; ++i) shared += u16(0x2000 + groups - 1) + vector16("x");
  const std::string extensions = u16(43) + vector16(std::string("\x02\x03\x04")) + u16(13) + vector16(vector16(std::string("\x04\x03"))) +
                                 u16(10) + vector16(vector16(named)) + u16(51) + vector16(vector16(shared));
  const std::string body = "\x03\x03" + std::string(32, 'r') + std::string(1, '\0') + vector16(std::string("\x13\x01")) + std::string("\x01\x00", 2) + vector16(extensions);
  const std::string message = std::string("\x01\x00", 2) + u16(body.size()) + body;
  return "\x16\x03\x01" + vector16(message);
}

// The library looks for the group of each share among all that are named.
TEST(Handshake, ManyGroupsAreRefused) {
  const auto server = serve();
  RawClient many(server->port()), few(server->port());
  ASSERT_TRUE(many.send(hello_of(budget::tls_hello_groups + 1, 10)));
  EXPECT_EQ(many.until_closed().substr(0, 7), std::string("\x15\x03\x03\x00\x02\x02\x2f", 7)) << "illegal_parameter";
  ASSERT_TRUE(few.send(hello_of(budget::tls_hello_groups, 1000)));
  EXPECT_EQ(few.until_closed().substr(0, 7), std::string("\x15\x03\x03\x00\x02\x02\x28", 7)) << "handshake_failure: no group in common";
}

// They cost us more than their sender, and one who sends nothing else would keep a thread to himself.
TEST(Handshake, KeyUpdatesAreFew) {
  const auto server = serve();
  TlsClient client(server->port());
  ASSERT_TRUE(client.handshake());
  const auto update = [&](int times) {
    for (int i = 0; i < times; ++i)
      if (SSL_key_update(client.ssl(), SSL_KEY_UPDATE_NOT_REQUESTED) != 1 || !client.handshake()) return;
  };
  update(10);
  EXPECT_EQ(client.get("/"), "HTTP/1.1 200 OK");
  update(100);
  EXPECT_EQ(client.get("/"), "");
  EXPECT_TRUE(eventually([&] { return server->counters().open == 0; }));
  ERR_clear_error();
}

TEST(Handshake, UnfinishedOnesOfOneAddressDisplaceEachOther) {
  const auto server = serve();
  std::vector<std::unique_ptr<RawClient>> unfinished;
  for (std::size_t i = 0; i < budget::handshakes_unfinished + 10; ++i) {
    unfinished.push_back(std::make_unique<RawClient>(server->port()));
    ASSERT_TRUE(unfinished.back()->send(hello_of(1, 1).substr(0, 60)));
  }
  EXPECT_TRUE(unfinished[0]->closed_by_server());
  TlsClient client(server->port());
  EXPECT_TRUE(client.handshake());
  EXPECT_TRUE(eventually([&] { return server->counters().open <= budget::handshakes_unfinished + 1; }));
}

// Strangers who all keep a connection busy, or idle, and come again and again: a server of the policy gets in and stays.
TEST(Handshake, AReserveStaysForThoseWhoAreKnown) {
  const auto key = crypto::generate(crypto::Algorithm::es256).value();
  HttpOptions options;
  options.max_connections = 6;
  options.reserved_connections = 2;
  options.known = [id = key->public_key().id()](const crypto::PublicKey& shown) { return shown.id() == id; };
  const auto server = serve(std::move(options));
  const auto as_known = [&](SSL_CTX* context) { ASSERT_TRUE(equip_client(context, key.get(), "peer")); };
  std::vector<std::unique_ptr<RawClient>> idle;
  for (int i = 0; i < 10; ++i) idle.push_back(std::make_unique<RawClient>(server->port()));
  TlsClient one(server->port(), as_known), two(server->port(), as_known);
  ASSERT_TRUE(one.handshake());
  ASSERT_EQ(one.get("/"), "HTTP/1.1 200 OK");
  ASSERT_TRUE(two.handshake());
  ASSERT_EQ(two.get("/"), "HTTP/1.1 200 OK");
  for (int i = 0; i < 10; ++i) {
    idle.push_back(std::make_unique<RawClient>(server->port()));
    ASSERT_TRUE(idle.back()->send(hello_of(1, 1).substr(0, 60))) << "handshakes that go no further";
  }
  EXPECT_TRUE(idle.front()->closed_by_server());
  EXPECT_EQ(one.get("/"), "HTTP/1.1 200 OK");
  EXPECT_EQ(two.get("/"), "HTTP/1.1 200 OK");
  TlsClient stranger(server->port());
  ASSERT_TRUE(stranger.handshake());
  EXPECT_EQ(stranger.get("/"), "HTTP/1.1 200 OK");
  EXPECT_LE(server->counters().open, 6u);
  EXPECT_GE(server->counters().displaced, 16u);
}

void work_for(std::chrono::milliseconds time) {
  timespec now{};
  const auto spent = [&] { ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now); return now.tv_sec * 1000 + now.tv_nsec / 1'000'000; };
  const auto until = spent() + time.count();
  while (spent() < until) {
  }
}

TEST(Handshakes, AddressesTakeTurns) {
  Handshakes handshakes(1);
  std::promise<void> begun, all_wait;
  std::atomic<int> of_the_many{0};
  std::promise<int> before_the_one;
  handshakes.post(9, [&] { begun.set_value(), all_wait.get_future().wait(); });
  begun.get_future().wait();
  for (int i = 0; i < 100; ++i) handshakes.post(1, [&] { work_for(1ms), ++of_the_many; });
  handshakes.post(2, [&] { before_the_one.set_value(of_the_many); });
  all_wait.set_value();
  EXPECT_LE(before_the_one.get_future().get(), 1);
}

TEST(Handshakes, OneAddressHasItsShareOfTime) {
  Handshakes handshakes(1);
  std::promise<std::chrono::steady_clock::time_point> again, other;
  handshakes.post(1, [] { work_for(std::chrono::milliseconds(budget::handshake_burst_ms + 100)); });
  handshakes.post(1, [&] { again.set_value(std::chrono::steady_clock::now()); });
  handshakes.post(2, [&] { other.set_value(std::chrono::steady_clock::now()); });
  EXPECT_GE(again.get_future().get() - other.get_future().get(), 100ms);
}

}  // namespace
}  // namespace cm4it::net
