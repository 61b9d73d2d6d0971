// Project Wycheproof's verdicts on signatures, against PublicKey::verify.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <iterator>

#include "crypto/key_impl.h"

namespace cm4it::crypto {
namespace {

namespace json = boost::json;

struct Vectors { const char* file; Algorithm algorithm; bool der; std::size_t valid, invalid; };

void PrintTo(const Vectors& vectors, std::ostream* out) { *out << vectors.file; }

class Wycheproof : public testing::TestWithParam<Vectors> {};

std::string text_of(const json::object& object, const char* name) { return std::string(object.at(name).as_string()); }

// Vectors of ECDSA-Sig-Value in DER come to us through the same conversion as signatures of certificates do.
bool accepted(const PublicKey& key, const Vectors& vectors, View message, View signature) {
  if (!vectors.der) return key.verify(message, signature).has_value();
  const auto fixed = ecdsa_to_fixed(signature, coordinate_bytes(vectors.algorithm));
  return fixed && key.verify(message, *fixed);
}

TEST_P(Wycheproof, AgreesOnEverySignature) {
  const Vectors& vectors = GetParam();
  std::ifstream file(std::string(CM4IT_SHARED) + "/vectors/wycheproof/" + vectors.file);
  if (!file) GTEST_SKIP() << vectors.file << " is not there";
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  const json::object root = json::parse(content).as_object();
  std::size_t valid = 0, invalid = 0;
  for (const auto& group_value : root.at("testGroups").as_array()) {
    const auto& group = group_value.as_object();
    const Bytes spki = from_hex(text_of(group, "publicKeyDer")).value();
    const auto key = PublicKey::from_spki(spki);
    ASSERT_TRUE(key) << key.error().message;
    ASSERT_EQ(key->algorithm(), vectors.algorithm);
    EXPECT_EQ(to_hex(key->spki()), to_hex(spki));
    for (const auto& test_value : group.at("tests").as_array()) {
      const auto& test = test_value.as_object();
      const bool should = text_of(test, "result") == "valid";
      ++(should ? valid : invalid);
      EXPECT_EQ(accepted(*key, vectors, from_hex(text_of(test, "msg")).value(), from_hex(text_of(test, "sig")).value()), should)
          << "tcId " << test.at("tcId").as_int64() << ": " << text_of(test, "comment");
    }
  }
  EXPECT_GE(valid, vectors.valid);
  EXPECT_GE(invalid, vectors.invalid);
}

INSTANTIATE_TEST_SUITE_P(
    Files, Wycheproof,
    testing::Values(Vectors{"ecdsa_secp256r1_sha256_p1363_test.json", Algorithm::es256, false, 173, 89},
                    Vectors{"ecdsa_secp256r1_sha256_test.json", Algorithm::es256, true, 174, 310},
                    Vectors{"ecdsa_secp384r1_sha384_p1363_test.json", Algorithm::es384, false, 193, 87},
                    Vectors{"ed25519_test.json", Algorithm::eddsa, false, 88, 63},
                    Vectors{"rsa_pss_2048_sha256_mgf1_32_test.json", Algorithm::ps256, false, 63, 45}),
    [](const auto& instance) {
      const std::string name = instance.param.file;
      return name.substr(0, name.find("_test"));
    });

}  // namespace
}  // namespace cm4it::crypto
