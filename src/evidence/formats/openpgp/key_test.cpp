// Key packets: what they are keys of, what they are called, and what is none.
#include <gtest/gtest.h>

#include "base/budgets.h"
#include "evidence/formats/openpgp/test_support.h"

namespace cm4it::evidence::openpgp {
namespace {

using namespace test;
using crypto::Algorithm;

const std::string oid_p521 = "2b81040023";

// One key has one id, whatever packet it is in.
TEST(OpenPgpKey, IsTheSubjectItsNumbersAre) {
  for (const Algorithm algorithm : {Algorithm::eddsa, Algorithm::es256, Algorithm::es384, Algorithm::ps256}) {
    const crypto::SignerPtr signer = crypto::generate(algorithm).value();
    for (const std::uint8_t version : {std::uint8_t{4}, std::uint8_t{6}}) {
      const PgpKey pgp = pgp_key(signer, version);
      const Key key = pgp.key();
      EXPECT_TRUE(can_sign(key));
      EXPECT_EQ(key.fingerprint.octets.size(), version == 4 ? 20u : 32u);
      for (const bool from_store : {false, true}) {
        const auto subject = subject_of(key, from_store);
        ASSERT_TRUE(subject) << subject.error().message;
        EXPECT_EQ(subject->id, signer->public_key().id());
        EXPECT_EQ(to_hex(subject->spki), to_hex(signer->public_key().spki()));
        EXPECT_EQ(subject->key.has_value(), !from_store);
      }
    }
  }
  const auto signer = signer_of("new form");
  const Bytes v4 = key_body(4, algorithm::ed25519, numbers_of(signer->public_key(), algorithm::ed25519), key_time);
  EXPECT_EQ(subject_of(read_key(v4).value(), false)->id, signer->public_key().id());
}

TEST(OpenPgpKey, ForEncryptionIsASubjectToo) {
  const Digest octets = crypto::sha256(view("x25519 e"));
  for (const std::uint8_t version : {std::uint8_t{4}, std::uint8_t{6}}) {
    const PgpKey pgp = encryption_key("e", version);
    EXPECT_FALSE(can_sign(pgp.key()));
    EXPECT_EQ(bits_of(pgp.key()), 255u);
    EXPECT_EQ(subject_of(pgp.key(), false)->id, crypto::PublicKey::from_x25519(octets)->id());
    EXPECT_EQ(subject_of(pgp.key(), true)->id, crypto::PublicKey::from_x25519(octets)->id());
  }
  const auto p256 = signer_of("p", Algorithm::es256);
  Bytes numbers = numbers_of(p256->public_key(), algorithm::ecdsa);
  append(numbers, kdf);
  const Bytes body = key_body(4, algorithm::ecdh, numbers, key_time);
  const Key key = read_key(body).value();
  EXPECT_FALSE(can_sign(key));
  EXPECT_EQ(subject_of(key, false)->id, p256->public_key().id());
  const auto rsa = crypto::generate(Algorithm::ps256).value();
  const Bytes encrypt_only = key_body(4, algorithm::rsa_encrypt, numbers_of(rsa->public_key(), algorithm::rsa), key_time);
  EXPECT_FALSE(can_sign(read_key(encrypt_only).value()));
  EXPECT_EQ(bits_of(read_key(encrypt_only).value()), 3072u);
}

TEST(OpenPgpKey, TwoTimesAreTwoCertificatesOfOneSubject) {
  const auto signer = signer_of("twice");
  const PgpKey one = pgp_key(signer, 4, 1), two = pgp_key(signer, 4, 2);
  EXPECT_NE(one.fingerprint(), two.fingerprint());
  EXPECT_EQ(subject_of(one.key(), true)->id, subject_of(two.key(), true)->id);
}

TEST(OpenPgpKey, OthersAreOpaque) {
  struct Case { const char* what; std::uint8_t algorithm; Bytes numbers; const char* named; };
  const Case cases[] = {{"DSA", 17, Bytes(100, 1), "17 (DSA)"},
                        {"Elgamal", 16, Bytes(100, 1), "16 (Elgamal)"},
                        {"X448", 26, Bytes(56, 1), "26 (X448)"},
                        {"Ed448", 28, Bytes(57, 1), "28 (Ed448)"},
                        {"tomorrow's", 99, {}, "99 (unknown)"},
                        {"P-521", algorithm::ecdsa, curve_numbers(oid_p521, prefixed(Bytes(132, 1), 4)), "19 (ECDSA)"},
                        {"ECDSA on Ed25519's curve", algorithm::ecdsa, curve_numbers(oid_ed25519, prefixed(Bytes(32, 1))), "19 (ECDSA)"},
                        {"EdDSA on P-256", algorithm::eddsa_legacy, curve_numbers(oid_p256, prefixed(Bytes(64, 1), 4)), "22 (EdDSA)"}};
  for (const auto& [what, number, numbers, named] : cases) {
    const Bytes body = key_body(4, number, numbers, key_time);
    const auto key = read_key(body);
    ASSERT_TRUE(key) << what;
    EXPECT_EQ(key->fingerprint.octets.size(), 20u);
    EXPECT_FALSE(can_sign(*key)) << what;
    for (const bool from_store : {false, true}) {
      const auto subject = subject_of(*key, from_store);
      ASSERT_FALSE(subject) << what;
      EXPECT_EQ(subject.error().code, Code::unsupported) << what;
      EXPECT_NE(subject.error().message.find(named), std::string::npos) << subject.error().message;
    }
  }
}

TEST(OpenPgpKey, Refuses) {
  const auto ed = signer_of("ed"), p256 = signer_of("p", Algorithm::es256);
  const Bytes ed_numbers = numbers_of(ed->public_key(), algorithm::eddsa_legacy), ed_new = numbers_of(ed->public_key(), algorithm::ed25519);
  const Bytes p256_numbers = numbers_of(p256->public_key(), algorithm::ecdsa);
  const auto with_more = [](Bytes bytes, View more) { append(bytes, more); return bytes; };
  const auto v4 = [](std::uint8_t number, const Bytes& numbers) { return key_body(4, number, numbers, key_time); };
  Bytes wrong_count = key_body(6, algorithm::ed25519, ed_new, key_time);
  ++wrong_count[9];
  Bytes v3 = v4(algorithm::rsa, Bytes(100, 1)), v5 = v3;
  v3[0] = 3;
  v5[0] = 5;
  struct Case { const char* what; Bytes body; Code code; };
  const Case cases[] = {
      {"nothing", {}, Code::malformed},
      {"a version alone", {4}, Code::malformed},
      {"version 3", v3, Code::unsupported},
      {"version 5", v5, Code::unsupported},
      {"octets after it", v4(algorithm::ed25519, with_more(ed_new, Bytes{0})), Code::malformed},
      {"too few octets", v4(algorithm::ed25519, to_bytes(View(ed_new).first(31))), Code::malformed},
      {"X25519 of 33", v4(algorithm::x25519, Bytes(33, 1)), Code::malformed},
      {"another prefix", v4(algorithm::eddsa_legacy, curve_numbers(oid_ed25519, prefixed(Bytes(32, 1), 0x41))), Code::malformed},
      {"a short point", v4(algorithm::eddsa_legacy, curve_numbers(oid_ed25519, prefixed(Bytes(31, 1)))), Code::malformed},
      {"a compressed point", v4(algorithm::ecdsa, curve_numbers(oid_p256, prefixed(Bytes(32, 1), 2))), Code::malformed},
      {"a point too long", v4(algorithm::ecdsa, curve_numbers(oid_p256, prefixed(Bytes(65, 1), 4))), Code::malformed},
      {"no curve", v4(algorithm::ecdsa, {0}), Code::malformed},
      {"a reserved curve", v4(algorithm::ecdsa, {255}), Code::malformed},
      {"a curve beyond the end", v4(algorithm::ecdsa, {9, 1}), Code::malformed},
      {"ECDH without KDF", v4(algorithm::ecdh, p256_numbers), Code::malformed},
      {"ECDH with a short KDF", v4(algorithm::ecdh, with_more(p256_numbers, Bytes{2, 1, 8})), Code::malformed},
      {"ECDH with another KDF", v4(algorithm::ecdh, with_more(p256_numbers, Bytes{3, 2, 8, 7})), Code::malformed},
      {"RSA without exponent", v4(algorithm::rsa, {0, 8, 0x81}), Code::malformed},
      {"RSA, a zero in front", v4(algorithm::rsa, {0, 16, 0, 0x81, 0, 2, 3}), Code::malformed},
      {"v6, a wrong count", wrong_count, Code::malformed},
      {"v6, a legacy curve", key_body(6, algorithm::eddsa_legacy, ed_numbers, key_time), Code::malformed},
      {"too large", v4(17, Bytes(budget::openpgp_key_bytes, 1)), Code::too_large}};
  for (const auto& [what, body, code] : cases) {
    const auto key = read_key(body);
    ASSERT_FALSE(key) << what;
    EXPECT_EQ(key.error().code, code) << what << ": " << key.error().message;
  }
  const Bytes good = v4(algorithm::ecdsa, p256_numbers);
  for (std::size_t size = 0; size < good.size(); ++size) EXPECT_FALSE(read_key(View(good).first(size))) << size;
}

TEST(OpenPgpKey, NumbersThatAreNoKey) {
  Bytes off = key_body(4, algorithm::ecdsa, curve_numbers(oid_p256, prefixed(Bytes(64, 1), 4)), key_time);
  EXPECT_EQ(subject_of(read_key(off).value(), false).error().code, Code::malformed);
  EXPECT_TRUE(subject_of(read_key(off).value(), true)) << "kept points are not examined again";
  Bytes numbers;
  append_mpi(numbers, Bytes(128, 0xa5));
  append_mpi(numbers, Bytes{1, 0, 1});
  off = key_body(4, algorithm::rsa, numbers, key_time);
  EXPECT_EQ(subject_of(read_key(off).value(), false).error().code, Code::unsupported) << "1024 bits";
}

TEST(OpenPgpKey, Fingerprints) {
  EXPECT_EQ(Fingerprint::parse("c959bdbafa32a2f89a153b678cfde12197965a9a")->text(), "C959BDBAFA32A2F89A153B678CFDE12197965A9A");
  EXPECT_EQ(Fingerprint::parse(std::string(64, 'a'))->version, 6);
  for (const char* wrong : {"", "c959", "g959bdbafa32a2f89a153b678cfde12197965a9a"})
    EXPECT_EQ(Fingerprint::parse(wrong).error().code, Code::malformed) << wrong;
  EXPECT_EQ((SignatureIssuer{{}, 0x8cfde12197965a9a}.text()), "8CFDE12197965A9A");
  EXPECT_EQ((SignatureIssuer{Bytes(20, 0xab), 0}.text()), "ABABABABABABABABABABABABABABABABABABABAB");
}

}  // namespace
}  // namespace cm4it::evidence::openpgp
