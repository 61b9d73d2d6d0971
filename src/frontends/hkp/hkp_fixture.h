// A key server with its door open, for tests: a real socket, and certificates made part by part.
#pragma once

#include <boost/json.hpp>

#include "evidence/formats/openpgp/openpgp.h"
#include "evidence/formats/openpgp/test_support.h"
#include "frontends/hkp/hkp.h"
#include "net/http/client.h"
#include "net/http/server.h"
#include "service/fixture.h"

namespace cm4it::hkp::fixture {

using namespace service::fixture;
using namespace evidence::openpgp::test;
namespace json = boost::json;
namespace openpgp = evidence::openpgp;
namespace tag = evidence::openpgp::tag;
using evidence::openpgp::Fingerprint;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint8_t key_revocation = 0x20;  // RFC 9580 section 5.2.1

inline std::string hex(const PgpKey& key) { return to_hex(key.fingerprint().octets); }

// A transferable public key, as its owner would export it.
class Draft {
 public:
  explicit Draft(PgpKey key) : key_(std::move(key)), bytes_(packet(tag::public_key, key_.body)) {}

  Draft& signature(const PgpKey& by, const SignatureDraft& said) {  // over the key itself
    append(bytes_, packet(tag::signature, sign_over(by, key_, 0, {}, said)));
    return *this;
  }
  Draft& user_id(std::string_view text, const SignatureDraft& said = {}) {
    append(bytes_, packet(tag::user_id, view(text)));
    append(bytes_, packet(tag::signature, sign_over(key_, key_, tag::user_id, view(text), said)));
    return *this;
  }
  Draft& bare_user_id(std::string_view text) {
    append(bytes_, packet(tag::user_id, view(text)));
    return *this;
  }
  // Another's, about the user id that was added last.
  Draft& certified(const PgpKey& by, std::string_view text, const SignatureDraft& said = {}) {
    append(bytes_, packet(tag::signature, sign_over(by, key_, tag::user_id, view(text), said)));
    return *this;
  }
  Draft& subkey(const PgpKey& subkey) {
    SignatureDraft binding{.type = 0x18};
    append(bytes_, packet(tag::public_subkey, subkey.body));
    append(bytes_, packet(tag::signature, sign_over(key_, key_, tag::public_subkey, subkey.body, binding)));
    return *this;
  }

  const PgpKey& key() const { return key_; }
  const Bytes& bytes() const { return bytes_; }
  std::string binary() const { return std::string(text(bytes_)); }
  std::string armored() const { return openpgp::armor(openpgp::ArmorKind::public_key_block, bytes_); }

 private:
  PgpKey key_;
  Bytes bytes_;
};

inline Draft certificate(const std::string& name, std::uint8_t version = 4) {
  return Draft(pgp_key(name, version)).user_id(name + " <" + name + "@acme.example>");
}

inline std::string keys_policy(const std::string& more) {
  return "domain = \"keys.example\"\nversion = 1\nowner = \"keys\"\n[keys]\nkeys = \"" + base64_of(key_of("keys")) + "\"\nnotary = \"" +
         signer_of("notary")->public_key().base64() + "\"\n" + server_line("keys.example") +
         "[roles]\nnotary = [{ key = \"notary\", formats = [\"openpgp\"] }]\n"
         "[write]\nidentity = [\"self\"]\nstatus = [\"self\"]\nendorse = [\"self\", \"notary\"]\n" + more;
}

struct KeyServer : testing::Test {
  explicit KeyServer(const std::string& more = {}, std::size_t max_body = 256 * 1024) {
    const auto made = ics.submit_one(policy_evidence("keys", "keys.example", keys_policy(more), *ics.clock));
    EXPECT_EQ(made.outcome, service::ItemResult::Outcome::received) << (made.error ? made.error->message : "");
    net::HttpOptions options;
    options.max_body = max_body;
    auto started = net::HttpServer::start(options, door.handler());
    EXPECT_TRUE(started) << (started ? "" : started.error().message);
    server = std::move(*started);
  }

  // Every answer may be read by scripts of any page.
  net::Reply ask(const std::string& method, const std::string& path, const std::string& type = {}, const std::string& body = {}) {
    auto reply = client.send({method, server->url() + path, type, body, {}, {}});
    EXPECT_TRUE(reply) << method << " " << path << ": " << (reply ? "" : reply.error().message);
    if (!reply) return {};
    EXPECT_EQ(reply->header("Access-Control-Allow-Origin"), "*") << method << " " << path;
    return *reply;
  }
  net::Reply get(const std::string& path) { return ask("GET", path); }
  net::Reply lookup(const std::string& search, const std::string& rest = {}) {
    return get("/pks/lookup?op=get&search=" + net::percent_encode(search) + rest);
  }
  net::Reply index(const std::string& search, const std::string& options = "&options=mr") {
    return get("/pks/lookup?op=index&search=" + net::percent_encode(search) + options);
  }
  net::Reply add(const std::string& keytext) {
    return ask("POST", "/pks/add", "application/x-www-form-urlencoded", "keytext=" + net::percent_encode(keytext));
  }
  net::Reply add_v2(const Draft& draft) { return ask("POST", "/pks/v2/certs", "application/pgp-keys", draft.binary()); }
  void upload(const Draft& draft) {
    const auto reply = add(draft.armored());
    ASSERT_EQ(reply.status, 200u) << reply.body;
  }
  // What a legacy get answers, without its armor.
  Bytes served(const std::string& search) {
    const auto reply = lookup(search);
    EXPECT_EQ(reply.status, 200u) << search << ": " << reply.body;
    const auto blocks = openpgp::dearmor(view(reply.body));
    return blocks && blocks->size() == 1 ? (*blocks)[0].data : Bytes{};
  }

  Ics ics{"keys.example", {{"keys.example", id_of("keys"), policy::Pin::Source::configuration}}};
  Hkp door{*ics.service, {std::make_shared<service::ReadyAnswers>(ics.service->verdicts(), std::size_t{16} << 20, 1)}};
  std::unique_ptr<net::HttpServer> server;
  net::HttpClient client;
};

inline json::object object(const net::Reply& reply) {
  boost::system::error_code error;
  auto value = json::parse(reply.body, error);
  EXPECT_FALSE(error) << "not JSON: " << reply.body;
  return !error && value.is_object() ? value.as_object() : json::object{};
}

}  // namespace cm4it::hkp::fixture
