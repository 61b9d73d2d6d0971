// Secure-element manifests: a real one of their maker's, and ours.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <functional>
#include <iterator>

#include "base/budgets.h"
#include "evidence/formats/manifest/manifest_writer.h"
#include "evidence/test_support.h"

namespace cm4it::evidence {
namespace {

using namespace test;
namespace json = boost::json;

// The key of log-signer.pem (../shared/data/microchip), "Log Signer 001".
crypto::PublicKey log_signer() {
  return crypto::PublicKey::from_text("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAES7z9nJF1O7g3SS67voJHUlHm/PTg"
                                      "S5GovhNDEyKdGJRzce2rLfw7oetejaqY2jKs7TF3Yjal9CFdZi4tPfkwZQ==").value();
}

std::string real_manifest() {
  std::ifstream file(std::string(CM4IT_SHARED) + "/data/microchip/atecc608a-manifest.json");
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(RealManifest, IsTheIdentityOfItsFirstSlot) {
  const std::string manifest = real_manifest();
  if (manifest.empty()) GTEST_SKIP() << "data/microchip is not there";
  const auto pieces = split("application/json", view(manifest));
  ASSERT_TRUE(pieces) << pieces.error().message;
  ASSERT_EQ(pieces->size(), 1u);
  ASSERT_EQ(pieces->at(0).format, Format::manifest);
  const auto verified = accept(Format::manifest, pieces->at(0).bytes, log_signer());
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_EQ(verified->issuer(), log_signer().id());
  ASSERT_EQ(verified->statements().size(), 1u);
  const Statement& statement = verified->statements()[0];
  const auto slot0 = crypto::PublicKey::from_ec_point("P-256", from_base64url("x8TPQk7h5Ow-cb15p-TE6IRqHQSETpRNNbu7nl0FowM").value(),
                                                      from_base64url("ux3uP8AloUm8QnNnyFL6R0KKZYxFCItU_QLgsuhXoos").value()).value();
  EXPECT_EQ(statement.subject, SubjectId::key(slot0.id()));
  EXPECT_EQ(statement.issuer, log_signer().id());
  EXPECT_EQ(to_rfc3339(statement.issued_at), "2019-01-24T16:35:23Z");
  EXPECT_TRUE(statement.domains.empty());
  EXPECT_EQ(statement.other_keys.names.size(), 4u);
  const auto& identity = std::get<Identity>(statement.body);
  EXPECT_EQ(identity.type, Type::device);
  EXPECT_EQ(identity.spki, to_bytes(slot0.spki()));
  EXPECT_EQ(identity.maker, "Microchip Technology Inc");
  EXPECT_EQ(identity.model, "ATECC608A");
  EXPECT_EQ(identity.serial, "0123f1822c38dd7a01");
  EXPECT_EQ(identity.attributes.at("partNumber"), "ATECC608A-MAH22");
  EXPECT_EQ(accept(Format::manifest, pieces->at(0).bytes, key_of("another", crypto::Algorithm::es256)->public_key()).error().code,
            Code::not_permitted);
}

TEST(RealManifest, TamperedElementsAreRefused) {
  const std::string manifest = real_manifest();
  if (manifest.empty()) GTEST_SKIP() << "data/microchip is not there";
  const auto element = split("application/json", view(manifest)).value().at(0).bytes;
  const json::object good = json::parse(std::string(text(element))).as_object();
  for (const char* member : {"payload", "protected", "signature"}) {
    const std::string value(good.at(member).as_string());
    for (std::size_t i = 0; i < value.size(); i += 1 + value.size() / 40) {
      json::object changed = good;
      std::string other = value;
      other[i] = other[i] == 'A' ? 'B' : 'A';
      changed[member] = other;
      EXPECT_FALSE(accept(Format::manifest, view(json::serialize(changed)), log_signer())) << member << " at " << i;
    }
  }
}

ManifestDevice device(const std::string& name) {
  return {.serial_hex = "0123AABBCCDDEEFF01", .maker = "Acme", .model = "SE-1", .part_number = "SE-1-A",
          .key = key_of(name, crypto::Algorithm::es256)->public_key(),
          .other_slots = {key_of(name + " 1", crypto::Algorithm::es256)->public_key(),
                          key_of(name + " 2", crypto::Algorithm::es256)->public_key()},
          .provisioned_at = "2026-03-01T12:00:00Z"};
}

const crypto::SignerPtr& maker() {
  static const auto key = key_of("maker", crypto::Algorithm::es256);
  return key;
}

TEST(Manifest, OursComesBack) {
  const Bytes element = make_manifest_element(device("d"), *maker()).value();
  const auto verified = accept(Format::manifest, element, maker()->public_key());
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_EQ(to_hex(verified->bytes()), to_hex(element));
  const Statement& statement = verified->statements().at(0);
  EXPECT_EQ(statement.subject, SubjectId::key(device("d").key.id()));
  EXPECT_EQ(statement.other_keys.names, (std::vector<std::string>{device("d").other_slots[0].id().text(), device("d").other_slots[1].id().text()}));
  const auto& identity = std::get<Identity>(statement.body);
  EXPECT_EQ(std::tie(identity.maker, identity.model, identity.serial), std::make_tuple("Acme", "SE-1", "0123AABBCCDDEEFF01"));
  const auto stored = statements_of_stored(Format::manifest, element, maker()->public_key().id());
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(stored->at(0).id, verified->id());
  EXPECT_EQ(stored->at(0).subject, statement.subject);
  EXPECT_EQ(stored->at(0).other_keys.names, statement.other_keys.names);
  EXPECT_EQ(to_hex(std::get<Identity>(stored->at(0).body).spki), to_hex(identity.spki));
  EXPECT_EQ(statements_of_stored(Format::manifest, element, maker()->public_key().id(), verified->id())->at(0).id, verified->id());
}

TEST(Manifest, IsWrittenForP256Only) {
  ManifestDevice other = device("d");
  other.key = key_of("ed")->public_key();
  EXPECT_EQ(make_manifest_element(other, *maker()).error().code, Code::unsupported);
  EXPECT_EQ(make_manifest_element(device("d"), *key_of("ed")).error().code, Code::unsupported);
}

// White space and member order around what is signed make no new statement.
TEST(Manifest, AnotherSpellingIsTheSameStatement) {
  const Bytes element = make_manifest_element(device("d"), *maker()).value();
  const json::object members = json::parse(std::string(text(element))).as_object();
  json::object reordered;
  for (const char* name : {"signature", "header", "protected", "payload"}) reordered[name] = members.at(name);
  const std::string spaced = "\n { \"x\": [1], " + json::serialize(reordered).substr(1) + "\n";
  const auto one = accept(Format::manifest, element, maker()->public_key()), two = accept(Format::manifest, view(spaced), maker()->public_key());
  ASSERT_TRUE(one && two);
  EXPECT_EQ(one->id(), two->id());
}

// An element whose parts are changed before it is signed.
struct Element {
  json::object header, payload, members;
  Element() {
    members = json::parse(std::string(text(make_manifest_element(device("d"), *maker()).value()))).as_object();
    header = part("protected");
    payload = part("payload");
  }
  json::object part(const char* name) const {
    return json::parse(std::string(text(from_base64url(std::string_view(members.at(name).as_string())).value()))).as_object();
  }
  json::array& keys() { return payload["publicKeySet"].as_object()["keys"].as_array(); }
  json::object& slot(std::size_t i) { return keys()[i].as_object(); }
  std::string encode() {
    const std::string protected_text = to_base64url(view(json::serialize(header))), payload_text = to_base64url(view(json::serialize(payload)));
    members["protected"] = protected_text;
    members["payload"] = payload_text;
    members["signature"] = to_base64url(maker()->sign(view(protected_text + "." + payload_text)).value());
    return json::serialize(members);
  }
};

TEST(Manifest, Refuses) {
  struct Case { const char* what; std::function<void(Element&)> change; Code code; const char* where; };
  const Case cases[] = {
      {"alg none", [](Element& e) { e.header["alg"] = "none"; }, Code::unsupported, "protected.alg"},
      {"alg HS256", [](Element& e) { e.header["alg"] = "HS256"; }, Code::unsupported, "protected.alg"},
      {"alg ES384", [](Element& e) { e.header["alg"] = "ES384"; }, Code::unsupported, "protected.alg"},
      {"no alg", [](Element& e) { e.header.erase("alg"); }, Code::malformed, "protected.alg"},
      {"no kid", [](Element& e) { e.header.erase("kid"); }, Code::malformed, "protected.kid"},
      {"kid of 32 octets", [](Element& e) { e.header["kid"] = to_base64url(Bytes(32, 1)); }, Code::malformed, "protected.kid"},
      {"crit", [](Element& e) { e.header["crit"] = json::array{"b64"}; }, Code::unsupported, "protected.crit"},
      {"no time", [](Element& e) { e.payload.erase("provisioningTimestamp"); }, Code::malformed, "provisioningTimestamp"},
      {"a time in words", [](Element& e) { e.payload["provisioningTimestamp"] = "yesterday"; }, Code::malformed, "provisioningTimestamp"},
      {"no serial", [](Element& e) { e.payload.erase("uniqueId"); }, Code::malformed, "uniqueId"},
      {"a serial in words", [](Element& e) { e.payload["uniqueId"] = "serial 1"; }, Code::malformed, "uniqueId"},
      {"another serial outside", [](Element& e) { e.members["header"].as_object()["uniqueId"] = "01"; }, Code::malformed, "header.uniqueId"},
      {"a model too long", [](Element& e) { e.payload["model"] = std::string(budget::text_field + 1, 'm'); }, Code::too_large, "payload.model"},
      {"a model with controls", [](Element& e) { e.payload["model"] = "a\nb"; }, Code::malformed, "payload.model"},
      {"a model that is a number", [](Element& e) { e.payload["model"] = 608; }, Code::malformed, "payload.model"},
      {"maker with controls", [](Element& e) { e.payload["manufacturer"].as_object()["organizationName"] = "\x1b["; }, Code::malformed, "manufacturer"},
      {"no keys", [](Element& e) { e.payload.erase("publicKeySet"); }, Code::malformed, "publicKeySet"},
      {"keys empty", [](Element& e) { e.keys().clear(); }, Code::malformed, "slot 0"},
      {"no slot 0", [](Element& e) { e.slot(0)["kid"] = "7"; }, Code::malformed, "slot 0"},
      {"slot 0 twice", [](Element& e) { e.slot(1)["kid"] = "0"; }, Code::malformed, "slot 0 twice"},
      {"an RSA key", [](Element& e) { e.slot(0)["kty"] = "RSA"; }, Code::unsupported, "kty"},
      {"another curve", [](Element& e) { e.slot(0)["crv"] = "secp256k1"; }, Code::unsupported, "keys[0]"},
      {"x too short", [](Element& e) { e.slot(1)["x"] = to_base64url(Bytes(31, 1)); }, Code::malformed, "keys[1]"},
      {"a point off the curve", [](Element& e) { e.slot(1)["x"] = e.slot(0)["x"]; }, Code::malformed, "keys[1]"},
      {"padded base64url", [](Element& e) { e.slot(1)["x"] = std::string(e.slot(1)["x"].as_string()) + "="; }, Code::malformed, "keys[1].x"},
      {"too many keys", [](Element& e) { while (e.keys().size() <= budget::manifest_keys) e.keys().push_back(e.keys()[1]); },
       Code::too_large, "publicKeySet"},
  };
  ASSERT_TRUE(accept(Format::manifest, view(Element().encode()), maker()->public_key()));
  for (const auto& [what, change, code, where] : cases) {
    Element element;
    change(element);
    const auto decoded = decode(Format::manifest, view(element.encode()));
    ASSERT_FALSE(decoded) << what;
    EXPECT_EQ(decoded.error().code, code) << what << ": " << decoded.error().message;
    EXPECT_NE(decoded.error().message.find(where), std::string::npos) << what << ": " << decoded.error().message;
  }
}

TEST(Manifest, RefusesWhatIsNoElement) {
  const std::string good = Element().encode();
  for (std::size_t size = 0; size < good.size(); size += 7) EXPECT_FALSE(decode(Format::manifest, view(good.substr(0, size)))) << size;
  for (const std::string& bad : {std::string("[]"), std::string("{}"), "[" + good + "]", good + "{}", good + "\xff"})
    EXPECT_EQ(decode(Format::manifest, view(bad)).error().code, Code::malformed) << bad.substr(0, 20);
  Element unsigned_element;
  unsigned_element.encode();
  unsigned_element.members["signature"] = "";
  EXPECT_EQ(decode(Format::manifest, view(json::serialize(unsigned_element.members))).error().code, Code::malformed);
  unsigned_element.members["signature"] = to_base64url(Bytes(64, 0));
  EXPECT_EQ(accept(Format::manifest, view(json::serialize(unsigned_element.members)), maker()->public_key()).error().code, Code::bad_signature);
}

}  // namespace
}  // namespace cm4it::evidence
