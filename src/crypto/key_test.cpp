// One key, one id: whatever encoding it comes in.
#include "crypto/key.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/x509.h>

#include "base/budgets.h"
#include "base/hex_for_test.h"
#include "crypto/key_impl.h"

namespace cm4it::crypto {
namespace {

Bytes joined(std::initializer_list<View> parts) {
  Bytes all;
  for (const View part : parts) append(all, part);
  return all;
}

// DER with a length of any size.
Bytes der(std::uint8_t type, View content) {
  Bytes out{type};
  const std::size_t size = content.size();
  if (size > 255) out.insert(out.end(), {0x82, static_cast<std::uint8_t>(size >> 8)});
  else if (size > 127) out.push_back(0x81);
  out.push_back(static_cast<std::uint8_t>(size));
  append(out, content);
  return out;
}

Bytes spki_of(View algorithm, View bits) {
  return der(0x30, joined({der(0x30, algorithm), der(0x03, joined({Bytes{0}, bits}))}));
}

const Bytes ec_key = hex("06072a8648ce3d0201"), p256_curve = hex("06082a8648ce3d030107"), p384_curve = hex("06052b81040022");
const Bytes rsa_encryption = hex("06092a864886f70d010101"), null = hex("0500");

SignerPtr seeded(Algorithm algorithm) { return from_seed(algorithm, Bytes(32, 7)).value(); }

View point_of(const PublicKey& key) { return key.spki().last(1 + 2 * coordinate_bytes(key.algorithm())); }

Bytes with_first(View point, std::uint8_t first, std::size_t size) {
  Bytes changed = to_bytes(point.first(size));
  changed[0] = first;
  return changed;
}

// RSAPublicKey with a modulus of that many bits, and so many more zeros before it than DER has.
Bytes rsa_integers(std::size_t bits, std::size_t padding = 0) {
  Bytes modulus((bits + 7) / 8, 0xa5);  // odd
  modulus[0] = static_cast<std::uint8_t>(0xff >> (8 * modulus.size() - bits));
  Bytes padded(padding + (modulus[0] >= 0x80), 0);
  append(padded, modulus);
  return der(0x30, joined({der(0x02, padded), der(0x02, hex("010001"))}));
}

Bytes rsa_spki(std::size_t bits) { return spki_of(joined({rsa_encryption, null}), rsa_integers(bits)); }

// Either refused, or the key it is: never a second id.
void expect_no_second_id(const Bytes& encoding, const PublicKey& key) {
  const auto read = PublicKey::from_spki(encoding);
  if (read) {
    EXPECT_EQ(to_hex(read->spki()), to_hex(key.spki()));
  }
  EXPECT_FALSE(PublicKey::from_canonical_spki(encoding));
}

TEST(PublicKey, IdIsTheHashOfTheSpki) {
  // RFC 8410 section 10.1, and what `openssl pkey -pubin -outform DER | sha256sum` prints for it.
  const auto key = PublicKey::from_text("MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=").value();
  EXPECT_EQ(key.id().text(), "key:a1e9156054e04fac899ae9f275132cdc07a5dbc4ea2c2ad3a1ffc6e0d253681f");
  EXPECT_EQ(key.algorithm(), Algorithm::eddsa);
  EXPECT_EQ(KeyId::parse(key.id().text()).value(), key.id());
}

TEST(PublicKey, EcPointsInEveryFormGiveOneId) {
  struct Case { Algorithm algorithm; View curve; const char* name; };
  const Case cases[] = {{Algorithm::es256, p256_curve, "P-256"}, {Algorithm::es384, p384_curve, "P-384"}};
  for (const auto& [algorithm, curve, name] : cases) {
    const PublicKey key = (algorithm == Algorithm::es256 ? seeded(algorithm) : generate(algorithm).value())->public_key();
    const View point = point_of(key);
    const std::size_t size = coordinate_bytes(algorithm);
    const auto odd = static_cast<std::uint8_t>(point.back() & 1);
    const Bytes parameters = joined({ec_key, curve});
    EXPECT_EQ(to_hex(spki_of(parameters, point)), to_hex(key.spki())) << name;
    EXPECT_EQ(PublicKey::from_ec_point(name, point.subspan(1, size), point.last(size)).value(), key) << name;
    for (const Bytes& form : {with_first(point, static_cast<std::uint8_t>(2 + odd), 1 + size),
                              with_first(point, static_cast<std::uint8_t>(6 + odd), 1 + 2 * size)}) {
      const auto read = PublicKey::from_spki(spki_of(parameters, form));
      ASSERT_TRUE(read) << name << ": " << read.error().message;
      EXPECT_EQ(read->id(), key.id()) << name;
      EXPECT_EQ(to_hex(read->spki()), to_hex(key.spki())) << name;
      EXPECT_EQ(PublicKey::from_canonical_spki(spki_of(parameters, form)).error().code, Code::malformed) << name;
    }
    EXPECT_TRUE(PublicKey::from_canonical_spki(key.spki())) << name;
  }
}

Bytes with_explicit_parameters(const Signer& signer) {
  const PkeyPtr copy(EVP_PKEY_dup(static_cast<EVP_PKEY*>(signer.native())));
  EXPECT_EQ(EVP_PKEY_set_utf8_string_param(copy.get(), OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_EXPLICIT), 1);
  unsigned char* encoded = nullptr;
  const int size = i2d_PUBKEY(copy.get(), &encoded);
  Bytes spki(encoded, encoded + std::max(size, 0));
  OPENSSL_free(encoded);
  return spki;
}

TEST(PublicKey, ExplicitCurveParametersAreTheNamedCurveOrNothing) {
  const SignerPtr signer = seeded(Algorithm::es256);
  const Bytes spki = with_explicit_parameters(*signer);
  ASSERT_GT(spki.size(), 200u);
  expect_no_second_id(spki, signer->public_key());
  // The same curve under a generator of the sender's choice would let him sign for anyone's point (CVE-2020-0601).
  const Bytes generator = hex("046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296");
  const auto at = std::search(spki.begin(), spki.end(), generator.begin(), generator.end());
  ASSERT_NE(at, spki.end());
  Bytes other = spki;
  const View own = point_of(signer->public_key());
  std::copy(own.begin(), own.end(), other.begin() + (at - spki.begin()));
  EXPECT_FALSE(PublicKey::from_spki(other));
}

TEST(PublicKey, RsaWithoutNullOrWithPaddedModulusGivesTheSameId) {
  const auto key = PublicKey::from_spki(rsa_spki(2048)).value();
  EXPECT_EQ(key.algorithm(), Algorithm::ps256);
  EXPECT_EQ(to_hex(key.spki()), to_hex(rsa_spki(2048)));
  expect_no_second_id(spki_of(rsa_encryption, rsa_integers(2048)), key);
  expect_no_second_id(spki_of(joined({rsa_encryption, null}), rsa_integers(2048, 3)), key);
}

TEST(PublicKey, RsaSizes) {
  for (const std::size_t bits : {2048u, 3072u, 4096u, 8192u}) {
    const auto key = PublicKey::from_spki(rsa_spki(bits));
    ASSERT_TRUE(key) << bits << ": " << key.error().message;
    EXPECT_EQ(to_hex(key->spki()), to_hex(rsa_spki(bits)));
  }
  for (const std::size_t bits : {512u, 1024u, 2047u, 8193u}) {
    const auto key = PublicKey::from_spki(rsa_spki(bits));
    ASSERT_FALSE(key) << bits;
    EXPECT_EQ(key.error().code, Code::unsupported) << bits;
    EXPECT_NE(key.error().message.find(std::to_string(bits)), std::string::npos) << key.error().message;
  }
}

TEST(PublicKey, OtherAlgorithmsAreUnsupported) {
  const auto spki = [](EVP_PKEY* made) {
    const PkeyPtr key(made);
    unsigned char* encoded = nullptr;
    const int size = i2d_PUBKEY(key.get(), &encoded);
    Bytes bytes(encoded, encoded + std::max(size, 0));
    OPENSSL_free(encoded);
    return bytes;
  };
  const std::pair<const char*, Bytes> cases[] = {
      {"P-521", spki(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-521"))},
      {"secp256k1", spki(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "secp256k1"))},
      {"brainpoolP256r1", spki(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "brainpoolP256r1"))},
      {"X448", spki(EVP_PKEY_Q_keygen(nullptr, nullptr, "X448"))},
      {"Ed448", spki(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED448"))}};
  for (const auto& [name, bytes] : cases) {
    ASSERT_FALSE(bytes.empty()) << name;
    const auto key = PublicKey::from_spki(bytes);
    ASSERT_FALSE(key) << name;
    EXPECT_EQ(key.error().code, Code::unsupported) << name;
  }
  EXPECT_EQ(PublicKey::from_ec_point("secp256k1", Bytes(32, 1), Bytes(32, 1)).error().code, Code::unsupported);
}

TEST(PublicKey, Refuses) {
  const PublicKey key = seeded(Algorithm::es256)->public_key();
  const Bytes good = to_bytes(key.spki()), parameters = joined({ec_key, p256_curve});
  Bytes off_curve = good, trailing = good;
  off_curve.back() ^= 1;
  trailing.push_back(0);
  const std::pair<const char*, Bytes> cases[] = {
      {"nothing", {}}, {"a point off the curve", off_curve}, {"octets after its end", trailing},
      {"the point at infinity", spki_of(parameters, Bytes{0})},
      {"a short point", spki_of(parameters, point_of(key).first(64))},
      {"a point of P-384 size", spki_of(parameters, Bytes(97, 4))},
      {"an x that no point has", spki_of(parameters, joined({Bytes{2}, Bytes(32, 0xff)}))},
      {"hybrid form of the wrong sign", spki_of(parameters, with_first(point_of(key), static_cast<std::uint8_t>(7 - (good.back() & 1)), 65))},
      {"P-256 point named P-384", spki_of(joined({ec_key, p384_curve}), point_of(key))},
      {"Ed25519 of 31 octets", spki_of(hex("06032b6570"), Bytes(31, 1))},
      {"Ed25519 of 33 octets", spki_of(hex("06032b6570"), Bytes(33, 1))},
      {"no DER", hex("ffffffff")}};
  for (const auto& [what, bytes] : cases) {
    const auto read = PublicKey::from_spki(bytes);
    ASSERT_FALSE(read) << what;
    EXPECT_EQ(read.error().code, Code::malformed) << what << ": " << read.error().message;
  }
  for (std::size_t size = 0; size < good.size(); ++size) EXPECT_FALSE(PublicKey::from_spki(View(good).first(size))) << size;
  EXPECT_EQ(PublicKey::from_spki(Bytes(budget::spki_bytes + 1, 0x30)).error().code, Code::too_large);
  EXPECT_EQ(PublicKey::from_ec_point("P-256", Bytes(31, 1), Bytes(32, 1)).error().code, Code::malformed);
  EXPECT_EQ(PublicKey::from_ec_point("P-256", Bytes(32, 1), Bytes(32, 1)).error().code, Code::malformed);
  EXPECT_EQ(PublicKey::from_ed25519(Bytes(31, 1)).error().code, Code::malformed);
}

// RFC 8410 section 3: parameters are absent.
TEST(PublicKey, Ed25519WithParametersMakesNoSecondId) {
  const PublicKey key = seeded(Algorithm::eddsa)->public_key();
  const Bytes other = spki_of(joined({hex("06032b6570"), null}), key.spki().last(32));
  expect_no_second_id(other, key);
}

TEST(PublicKey, FromText) {
  const PublicKey key = seeded(Algorithm::es256)->public_key();
  const std::string base64 = key.base64();
  const std::string pem = "-----BEGIN PUBLIC KEY-----\n" + base64.substr(0, 64) + "\r\n" + base64.substr(64) + "\n-----END PUBLIC KEY-----\n";
  EXPECT_EQ(PublicKey::from_text(base64).value(), key);
  EXPECT_EQ(PublicKey::from_text(pem).value(), key);
  EXPECT_EQ(PublicKey::from_text("subject=x\n" + pem).value(), key);
  EXPECT_EQ(PublicKey::from_text("-----BEGIN OTHER-----\nAAAA\n-----END OTHER-----\n" + pem).value(), key);
  for (const std::string& bad : {std::string(), base64.substr(1), "!" + base64, pem.substr(0, 80), base64 + base64})
    EXPECT_EQ(PublicKey::from_text(bad).error().code, Code::malformed) << bad;
}

TEST(PublicKey, KeyIdText) {
  const std::string digits(64, 'a');
  EXPECT_EQ(KeyId::parse("key:" + digits).value().text(), "key:" + digits);
  for (const std::string& bad : {digits, "key:" + digits.substr(1), "key:" + digits + "a", "Key:" + digits, "code:" + digits,
                                 "key:A" + digits.substr(1), "key:g" + digits.substr(1), " key:" + digits, std::string()})
    EXPECT_EQ(KeyId::parse(bad).error().code, Code::malformed) << bad;
}

// RFC 9052 section 7, RFC 8230 section 4, in deterministic order.
TEST(PublicKey, CoseKey) {
  const PublicKey p256 = seeded(Algorithm::es256)->public_key(), ed = seeded(Algorithm::eddsa)->public_key();
  const View point = point_of(p256);
  EXPECT_EQ(to_hex(p256.cose_key()),
            "a40102" "2001" "215820" + to_hex(point.subspan(1, 32)) + "225820" + to_hex(point.last(32)));
  EXPECT_EQ(to_hex(ed.cose_key()), "a30101" "2006" "215820" + to_hex(ed.spki().last(32)));
  const auto rsa = PublicKey::from_spki(rsa_spki(2048)).value();
  const std::string modulus = "ff" + to_hex(Bytes(255, 0xa5));
  EXPECT_EQ(to_hex(rsa.cose_key()), "a30103" "20590100" + modulus + "2143010001");
}

// RFC 5280 section 4.2.1.2 method 1: over the octets of the bit string alone.
TEST(PublicKey, Method1Id) {
  const auto key = PublicKey::from_text("MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=").value();
  EXPECT_EQ(to_hex(key.method1_id()), "a28cc1f86e5960d3e03ae75c962c97a8d448293c");
}

}  // namespace
}  // namespace cm4it::crypto
