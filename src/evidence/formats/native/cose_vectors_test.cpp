// COSE_Sign1 examples of others: the same bytes to sign, and the same verdict on the signature. As statements of ours they
// are all refused: none has the header that a statement has.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "evidence/test_support.h"

namespace cm4it::evidence {
namespace {

namespace json = boost::json;

Bytes octets(const json::object& object, const std::string& name) {
  if (const auto* hex = object.if_contains(name + "_hex")) return from_hex(std::string_view(hex->as_string())).value();
  return from_base64url(std::string_view(object.at(name).as_string())).value();
}

Result<crypto::PublicKey> vector_key(const json::object& key) {
  const std::string curve(key.at("crv").as_string());
  if (curve == "Ed25519") return crypto::PublicKey::from_ed25519(octets(key, "x"));
  if (curve == "P-256" || curve == "P-384") return crypto::PublicKey::from_ec_point(curve, octets(key, "x"), octets(key, "y"));
  return fail(Code::unsupported, curve);
}

// COSE_Sign1 with or without its tag; any unprotected header.
struct Sign1 { Bytes protected_bytes, payload, signature; };
Result<Sign1> parse_message(View bytes) {
  CborReader reader(bytes);
  TRY(const auto type, reader.peek());
  if (type == CborType::tag) {
    TRY(const auto tag, reader.tag());
    if (tag != 18) return fail(Code::malformed, "tag");
  }
  CHECK_OK(reader.array());
  TRY(View header, reader.bytes());
  if (equal(header, Bytes{0xa0})) header = {};  // RFC 9052 section 4.4, step 2: an empty map is signed as no octets
  CHECK_OK(reader.item());
  TRY(const View payload, reader.bytes());
  TRY(const View signature, reader.bytes());
  CHECK_OK(reader.end());
  return Sign1{to_bytes(header), to_bytes(payload), to_bytes(signature)};
}

// Whether the message verifies, over the same octets as the example says.
Result<void> check(const json::object& example, const crypto::PublicKey& key) {
  const auto& sign0 = example.at("input").as_object().at("sign0").as_object();
  const Bytes message = from_hex(std::string_view(example.at("output").as_object().at("cbor").as_string())).value();
  TRY(const Sign1 parts, parse_message(message));
  const Bytes external = sign0.contains("external") ? from_hex(std::string_view(sign0.at("external").as_string())).value() : Bytes{};
  const Bytes to_sign = CborWriter().array(4).text("Signature1").bytes(parts.protected_bytes).bytes(external).bytes(parts.payload).take();
  if (!example.contains("fail")) {
    const auto& stated = example.at("intermediates").as_object().at("ToBeSign_hex").as_string();
    EXPECT_EQ(to_hex(to_sign), to_hex(from_hex(std::string_view(stated)).value()));
  }
  return key.verify(to_sign, parts.signature);
}

TEST(CoseVectors, ExamplesOfOthers) {
  const std::filesystem::path folder = std::string(CM4IT_SHARED) + "/vectors/cose";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "vectors/cose is not there";
  std::size_t good = 0, bad = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    SCOPED_TRACE(entry.path().filename().string());
    std::ifstream file(entry.path());
    const json::object example = json::parse(std::string{std::istreambuf_iterator<char>(file), {}}).as_object();
    const auto& input = example.at("input").as_object();
    const Bytes message = from_hex(std::string_view(example.at("output").as_object().at("cbor").as_string())).value();
    EXPECT_FALSE(decode(Format::cose, message));
    if (!input.contains("sign0")) continue;  // COSE_Sign, COSE_Mac0
    const auto key = vector_key(input.at("sign0").as_object().at("key").as_object());
    if (!key) continue;  // P-521, Ed448
    // ecdsa-sig-04 and the like sign under a digest that is not the key's.
    const std::string alg(input.at("sign0").as_object().at("alg").as_string());
    const bool own = crypto::cose_id(key->algorithm()) == (alg == "ES256" ? -7 : alg == "ES384" ? -35 : alg == "EdDSA" ? -8 : 0);
    const bool holds = own && !example.contains("fail");
    ++(holds ? good : bad);
    EXPECT_EQ(check(example, *key).has_value(), holds);
  }
  EXPECT_GE(good, 6u);
  EXPECT_GE(bad, 6u);
}

}  // namespace
}  // namespace cm4it::evidence
