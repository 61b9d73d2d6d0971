// Digests, signatures over them, and keys out of their numbers: what foreign evidence needs.
#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "base/hex_for_test.h"
#include "crypto/key_impl.h"

namespace cm4it::crypto {
namespace {

TEST(Digest, OfAbc) {  // FIPS 180-4 and FIPS 202 examples
  struct Case { Hash hash; const char* begin; };
  const Case cases[] = {{Hash::sha1, "a9993e36"},   {Hash::sha224, "23097d22"},   {Hash::sha256, "ba7816bf"}, {Hash::sha384, "cb00753f"},
                        {Hash::sha512, "ddaf35a1"}, {Hash::sha3_256, "3a985da7"}, {Hash::sha3_512, "b751850b"}};
  for (const auto& [hash, begin] : cases) {
    const Bytes found = digest(hash, view("abc"));
    EXPECT_EQ(found.size(), digest_bytes(hash)) << to_string(hash);
    EXPECT_EQ(to_hex(found).substr(0, 8), begin) << to_string(hash);
  }
}

// What any other software would make of the digest.
Bytes sign_digest(const Signer& signer, Hash hash, View digest_octets) {
  const PkeyCtxPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, static_cast<EVP_PKEY*>(signer.native()), nullptr));
  EXPECT_EQ(EVP_PKEY_sign_init(context.get()), 1);
  const std::size_t coordinate = coordinate_bytes(signer.public_key().algorithm());
  if (coordinate == 0) {
    EXPECT_EQ(EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING), 1);
    EXPECT_EQ(EVP_PKEY_CTX_set_signature_md(context.get(), evp_md(hash)), 1);
  }
  Bytes signature(1100);
  std::size_t size = signature.size();
  EXPECT_EQ(EVP_PKEY_sign(context.get(), signature.data(), &size, digest_octets.data(), digest_octets.size()), 1);
  signature.resize(size);
  return coordinate == 0 ? signature : ecdsa_to_fixed(signature, coordinate).value();
}

constexpr Hash hashes[] = {Hash::sha1, Hash::sha224, Hash::sha256, Hash::sha384, Hash::sha512, Hash::sha3_256, Hash::sha3_512};

TEST(VerifyDigest, EveryAlgorithmOverEveryHash) {
  for (const Algorithm algorithm : {Algorithm::es256, Algorithm::es384, Algorithm::ps256, Algorithm::eddsa}) {
    const SignerPtr signer = generate(algorithm).value();
    for (const Hash hash : hashes) {
      const Bytes right = digest(hash, view("message")), wrong = digest(hash, view("massage"));
      Bytes signature = algorithm == Algorithm::eddsa ? signer->sign(right).value() : sign_digest(*signer, hash, right);
      const PublicKey& key = signer->public_key();
      EXPECT_TRUE(key.verify_digest(hash, right, signature)) << to_string(hash) << static_cast<int>(algorithm);
      EXPECT_EQ(key.verify_digest(hash, wrong, signature).error().code, Code::bad_signature);
      EXPECT_EQ(key.verify_digest(hash, View(right).first(19), signature).error().code, Code::bad_signature);
      EXPECT_EQ(key.verify_digest(hash, right, View(signature).first(signature.size() - 1)).error().code, Code::bad_signature);
      EXPECT_EQ(key.verify_digest(hash, right, {}).error().code, Code::bad_signature);
      signature.back() ^= 1;
      EXPECT_EQ(key.verify_digest(hash, right, signature).error().code, Code::bad_signature);
    }
  }
}

TEST(VerifyDigest, RsaNamesItsHash) {
  const SignerPtr signer = generate(Algorithm::ps256).value();
  const Bytes sha2 = digest(Hash::sha256, view("message"));
  const Bytes signature = sign_digest(*signer, Hash::sha256, sha2);
  EXPECT_FALSE(signer->public_key().verify_digest(Hash::sha3_256, sha2, signature));
  EXPECT_FALSE(signer->public_key().verify(view("message"), signature)) << "PKCS #1 v1.5 is no PSS";
}

TEST(VerifyDigest, RsaSignaturesMayHaveLostTheirZeros) {
  const SignerPtr signer = generate(Algorithm::ps256).value();
  for (int i = 0; i < 5000; ++i) {
    const Bytes over = digest(Hash::sha256, view(std::to_string(i)));
    const Bytes signature = sign_digest(*signer, Hash::sha256, over);
    if (signature[0] != 0) continue;
    EXPECT_TRUE(signer->public_key().verify_digest(Hash::sha256, over, View(signature).subspan(1)));
    Bytes longer{0};
    append(longer, signature);
    EXPECT_FALSE(signer->public_key().verify_digest(Hash::sha256, over, longer));
    return;
  }
  GTEST_SKIP() << "no signature began with a zero";
}

struct Rsa { Bytes n, e; };

Rsa numbers(const Signer& signer) {
  const auto number = [&](const char* name) {
    BIGNUM* value = nullptr;
    EVP_PKEY_get_bn_param(static_cast<EVP_PKEY*>(signer.native()), name, &value);
    const BnPtr owned(value);
    Bytes bytes(static_cast<std::size_t>(BN_num_bytes(value)));
    BN_bn2bin(value, bytes.data());
    return bytes;
  };
  return {number(OSSL_PKEY_PARAM_RSA_N), number(OSSL_PKEY_PARAM_RSA_E)};
}

TEST(PublicKeyFromNumbers, RsaIsTheKeyItsSpkiIs) {
  const SignerPtr signer = generate(Algorithm::ps256).value();
  auto [n, e] = numbers(*signer);
  const auto key = PublicKey::from_rsa(n, e);
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(*key, signer->public_key());
  EXPECT_EQ(to_hex(PublicKey::spki_of_known_rsa(n, e)), to_hex(signer->public_key().spki()));
  Bytes zero{0};
  append(zero, n);
  EXPECT_EQ(PublicKey::from_rsa(zero, hex("00010001")).value(), *key);
}

TEST(PublicKeyFromNumbers, RsaThatIsNone) {
  Bytes n(256, 0xa5), small(255, 0xa5), large(1025, 0xa5), even = n;
  even.back() = 0xa4;
  const Bytes e = hex("010001");
  EXPECT_TRUE(PublicKey::from_rsa(n, e));
  EXPECT_TRUE(PublicKey::from_rsa(n, hex("03")));
  EXPECT_EQ(PublicKey::from_rsa(small, e).error().code, Code::unsupported);
  EXPECT_EQ(PublicKey::from_rsa(large, e).error().code, Code::unsupported);
  EXPECT_EQ(PublicKey::from_rsa(Bytes(100'000, 1), e).error().code, Code::unsupported);
  EXPECT_EQ(PublicKey::from_rsa(n, Bytes(9, 1)).error().code, Code::unsupported);
  for (const auto& [modulus, exponent] : {Rsa{even, e}, Rsa{{}, e}, Rsa{Bytes(256, 0), e}, Rsa{n, {}}, Rsa{n, {0}}, Rsa{n, {1}}, Rsa{n, {0, 1}}, Rsa{n, {4}}})
    EXPECT_EQ(PublicKey::from_rsa(modulus, exponent).error().code, Code::malformed);
}

// RFC 7748 section 6.1, Alice's.
const Bytes alice = hex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");

TEST(X25519, IsAKeyWithAnIdThatSignsNothing) {
  const PublicKey key = PublicKey::from_x25519(alice).value();
  EXPECT_EQ(key.algorithm(), Algorithm::x25519);
  EXPECT_EQ(to_hex(key.spki()), "302a300506032b656e032100" + to_hex(alice));
  EXPECT_EQ(PublicKey::from_canonical_spki(key.spki()).value(), key);
  EXPECT_EQ(to_hex(PublicKey::spki_of_x25519(alice).value()), to_hex(key.spki()));
  EXPECT_NE(key.id(), PublicKey::from_ed25519(alice).value().id());
  EXPECT_EQ(to_hex(key.cose_key()).substr(0, 10), "a301012004");  // OKP, X25519
  EXPECT_EQ(cose_id(key.algorithm()), 0);
  for (const auto& verified : {key.verify(view("m"), Bytes(64, 0)), key.verify_digest(Hash::sha256, Bytes(32, 0), Bytes(64, 0))}) {
    ASSERT_FALSE(verified);
    EXPECT_EQ(verified.error().code, Code::bad_signature);
    EXPECT_NE(verified.error().message.find("signs nothing"), std::string::npos);
  }
  EXPECT_EQ(PublicKey::from_x25519(View(alice).first(31)).error().code, Code::malformed);
}

TEST(X25519, MakesNoSigner) {
  EXPECT_EQ(generate(Algorithm::x25519).error().code, Code::unsupported);
  EXPECT_EQ(from_seed(Algorithm::x25519, Bytes(32, 1)).error().code, Code::unsupported);
  PkeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"));
  const auto signer = signer_of(std::move(key));
  ASSERT_FALSE(signer);
  EXPECT_EQ(signer.error().code, Code::unsupported);
}

}  // namespace
}  // namespace cm4it::crypto
