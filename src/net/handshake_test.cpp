// What strangers may make a TLS handshake cost.
#include <openssl/err.h>

#include "net/server.h"
#include "net/tls_client_for_test.h"

namespace cm4it::net {
namespace {

std::unique_ptr<HttpServer> serve(ListenerOptions options = {}) {
  options.tls_key = crypto::generate(crypto::Algorithm::es256).value();
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

}  // namespace
}  // namespace cm4it::net
