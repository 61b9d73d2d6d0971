// Requests made by `openssl ocsp`, and answers that it verifies.
#include "base/needs_for_test.h"
#include "crypto/ocsp.h"

#include "base/budgets.h"
#include "base/der.h"
#include "crypto/openssl_for_test.h"

namespace cm4it::crypto::ocsp {
namespace {

const Bytes sha1_of_openssl = *from_hex("300906052b0e03021a0500");

Bytes cert_id(View algorithm, std::size_t size, const Bytes& serial = {1}) {
  return der::item(der::sequence, {algorithm, der::item(der::octet_string, Bytes(size, 1)),
                                   der::item(der::octet_string, Bytes(size, 2)), der::item(der::integer, serial)});
}
Bytes extension(View oid, View value) {
  return der::item(der::sequence, {der::item(der::object, oid), der::item(der::octet_string, value)});
}
Bytes request(View list, View extensions = {}) {
  Bytes more;
  if (!extensions.empty()) more = der::item(der::context(2), der::item(der::sequence, extensions));
  return der::item(der::sequence, der::item(der::sequence, {der::item(der::sequence, list), more}));
}
Bytes nonce_extension(std::size_t size) {
  return extension(*from_hex("2b0601050507300102"), der::item(der::octet_string, Bytes(size, 7)));
}

TEST(OcspRequest, BoundsAndMalformedOnes) {
  const Bytes one = der::item(der::sequence, cert_id(sha1_of_openssl, 20));
  const auto good = parse_request(request(one, nonce_extension(16)));
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_EQ(good->asked.size(), 1u);
  EXPECT_EQ(good->asked[0].hash, Hash::sha1);
  EXPECT_EQ(good->asked[0].encoded, cert_id(sha1_of_openssl, 20));
  EXPECT_EQ(good->nonce, Bytes(16, 7));

  Bytes many;
  for (std::size_t i = 0; i < budget::ocsp_requests; ++i) append(many, one);
  EXPECT_EQ(parse_request(request(many))->asked.size(), budget::ocsp_requests);
  append(many, one);
  EXPECT_EQ(parse_request(request(many)).error().code, Code::too_large);
  EXPECT_EQ(parse_request(Bytes(budget::ocsp_request_bytes + 1, 0x30)).error().code, Code::too_large);

  const Bytes other_hash = *from_hex("300c06082a864886f70d02050500");  // MD5
  const auto strange = parse_request(request(der::item(der::sequence, cert_id(other_hash, 16))));
  ASSERT_TRUE(strange) << strange.error().message;
  EXPECT_FALSE(strange->asked[0].hash);

  struct Case {
    const char* why;
    Bytes der;
  };
  const Bytes critical =
      der::item(der::sequence, {*from_hex("06032a0304"), *from_hex("0101ff"), der::item(der::octet_string, Bytes(3, 1))});
  const Case cases[] = {
      {"a hash algorithm that is no object identifier",
       request(der::item(der::sequence, cert_id(*from_hex("30060604290f8686"), 16)))},
      {"parameters of a hash", request(der::item(der::sequence, cert_id(*from_hex("300c06082a864886f70d02058600"), 16)))},
      {"nothing asked", request({})},
      {"nothing at all", {}},
      {"a nonce of no octets", request(one, nonce_extension(0))},
      {"a nonce beyond RFC 9654", request(one, nonce_extension(129))},
      {"a nonce that is no octet string", request(one, extension(*from_hex("2b0601050507300102"), Bytes(16, 7)))},
      {"a hash of another size", request(der::item(der::sequence, cert_id(sha1_of_openssl, 32)))},
      {"a serial number of 22 octets", request(der::item(der::sequence, cert_id(sha1_of_openssl, 20, Bytes(22, 1))))},
      {"an unknown critical extension", request(one, critical)},
      {"octets behind it",
       [&] {
         Bytes more = request(one);
         more.push_back(0);
         return more;
       }()},
      {"cut off",
       [&] {
         Bytes less = request(one);
         less.pop_back();
         return less;
       }()},
  };
  for (const auto& [why, bytes] : cases) {
    const auto refused = parse_request(bytes);
    ASSERT_FALSE(refused) << why;
    EXPECT_EQ(refused.error().code, Code::malformed) << why;
  }
  EXPECT_TRUE(parse_request(request(one, nonce_extension(128))));
}

TEST(OcspAnswer, RefusalsAreThoseOfTheRfc) {
  EXPECT_EQ(to_hex(refuse(Refusal::malformed_request)), "30030a0101");
  EXPECT_EQ(to_hex(refuse(Refusal::unauthorized)), "30030a0106");
}

class OpenSslOcsp : public testing::Test {
 protected:
  void SetUp() override {
    CM4IT_NEEDS(test::OpenSsl::there(), "openssl");
  }
  // Who answers by the CA's own key.
  Responder by_ca(const std::string& ca) {
    auto made = Responder::make(load_key_file(key_file(ca)).value(), openssl_.der(ca + ".cer"), {});
    EXPECT_TRUE(made) << made.error().message;
    return std::move(*made);
  }
  std::string key_file(const std::string& name) {
    std::filesystem::permissions(openssl_.path(name + ".key"), std::filesystem::perms::owner_read);
    return openssl_.path(name + ".key");
  }
  // Asks what `openssl ocsp ARGUMENTS` asks, answers each certificate by its serial number, and has it verified.
  bool converse(const Responder& responder, const std::string& arguments, const std::string& trust) {
    EXPECT_TRUE(openssl_.run("ocsp " + arguments + " -reqout request")) << openssl_.said();
    const auto request = parse_request(openssl_.der("request"));
    EXPECT_TRUE(request) << request.error().message;
    std::vector<Single> singles;
    for (const CertId& id : request->asked) {
      Single single{id.encoded, Single::Status::unknown, {}, openssl_now(), openssl_now() + 3600};
      if (responder.is_issuer(id) && id.serial == Bytes{1}) single.status = Single::Status::good;
      if (responder.is_issuer(id) && id.serial == Bytes{2}) {
        single.status = Single::Status::revoked;
        single.revocation = {Time{1'700'000'000}, RevocationReason::key_compromise};
      }
      singles.push_back(single);
    }
    const auto answer = responder.answer(singles, openssl_now(), request->nonce);
    EXPECT_TRUE(answer) << answer.error().message;
    openssl_.put("answer", View(*answer));
    return openssl_.run("ocsp " + arguments + " -reqin request -no_nonce -respin answer " + trust);
  }
  static Time openssl_now() { return system_time(); }  // the command knows no other clock

  test::OpenSsl openssl_;
};

TEST_F(OpenSslOcsp, VerifiesTheCasOwnAnswersOfEveryAlgorithm) {
  for (const char* key : {"ec -pkeyopt ec_paramgen_curve:P-256", "ec -pkeyopt ec_paramgen_curve:P-384", "ed25519", "rsa:2048"}) {
    openssl_.make_ca("ca", key);
    openssl_.issue("ca", "one", 1);
    openssl_.issue("ca", "two", 2);
    openssl_.issue("ca", "three", 3);
    const Responder responder = by_ca("ca");
    for (const char* hash : {"", "-sha256 ", "-sha384 ", "-sha512 "}) {
      for (const char* nonce : {"", "-no_nonce "}) {
        const bool took = converse(
            responder,
            std::string(nonce) + hash + "-issuer ca.pem -cert one.pem " + hash + "-cert two.pem " + hash + "-cert three.pem",
            "-CAfile ca.pem");
        EXPECT_TRUE(took) << openssl_.said();
        EXPECT_TRUE(openssl_.says("Response verify OK")) << key << hash << openssl_.said();
        EXPECT_FALSE(openssl_.says("WARNING")) << openssl_.said();
        EXPECT_TRUE(openssl_.says("one.pem: good")) << openssl_.said();
        EXPECT_TRUE(openssl_.says("two.pem: revoked")) << openssl_.said();
        EXPECT_TRUE(openssl_.says("Reason: keyCompromise")) << openssl_.said();
        EXPECT_TRUE(openssl_.says("Revocation Time: Nov 14 22:13:20 2023 GMT")) << openssl_.said();
        EXPECT_TRUE(openssl_.says("three.pem: unknown")) << openssl_.said();
      }
    }
    std::filesystem::remove(openssl_.path("ca.key"));
  }
}

TEST_F(OpenSslOcsp, VerifiesADelegateWhoseCertificateItsCsrAskedFor) {
  openssl_.make_ca("ca");
  openssl_.issue("ca", "one", 1);
  const auto key = generate(Algorithm::es256).value();
  const auto wanted = delegate_request(*key, "Acme OCSP");
  ASSERT_TRUE(wanted) << wanted.error().message;
  openssl_.put("delegate.der", View(*wanted));
  ASSERT_TRUE(openssl_.run("req -inform DER -in delegate.der -verify -noout -text -out request.txt")) << openssl_.said();
  EXPECT_NE(openssl_.get("request.txt").find("OCSP Signing"), std::string::npos);
  EXPECT_NE(openssl_.get("request.txt").find("OCSP No Check"), std::string::npos);
  openssl_.issue("ca", "delegate", 77, "delegate.der -inform DER");
  const auto responder = Responder::make(key, openssl_.der("ca.cer"), {openssl_.der("delegate.cer")});
  ASSERT_TRUE(responder) << responder.error().message;
  EXPECT_TRUE(converse(*responder, "-issuer ca.pem -cert one.pem", "-CAfile ca.pem"));
  EXPECT_TRUE(openssl_.says("Response verify OK")) << openssl_.said();
  EXPECT_TRUE(openssl_.says("one.pem: good")) << openssl_.said();

  // Without its certificate in the answer, by a client that trusts it by itself.
  const auto bare = Responder::make(key, openssl_.der("ca.cer"), {});
  ASSERT_TRUE(bare);
  EXPECT_TRUE(converse(*bare, "-issuer ca.pem -cert one.pem", "-VAfile delegate.pem"));
  EXPECT_TRUE(openssl_.says("Response verify OK")) << openssl_.said();
  EXPECT_FALSE(converse(*bare, "-issuer ca.pem -cert one.pem", "-CAfile ca.pem"));
  EXPECT_FALSE(openssl_.says("Response verify OK")) << openssl_.said();
}

TEST_F(OpenSslOcsp, CertificatesThatNobodyWouldBelieveAreRefused) {
  openssl_.make_ca("ca");
  openssl_.make_ca("other");
  openssl_.issue("ca", "plain", 1);
  const auto plain_key = load_key_file(key_file("plain")).value();
  const auto plain = Responder::make(plain_key, openssl_.der("ca.cer"), {openssl_.der("plain.cer")});
  ASSERT_FALSE(plain);
  EXPECT_EQ(plain.error().code, Code::not_permitted);
  EXPECT_NE(plain.error().message.find("OCSPSigning"), std::string::npos);
  EXPECT_EQ(Responder::make(plain_key, openssl_.der("ca.cer"), {openssl_.der("other.cer")}).error().code, Code::conflict);
  EXPECT_EQ(Responder::make(plain_key, view("no certificate"), {}).error().code, Code::malformed);
}

TEST_F(OpenSslOcsp, AnswersForItsOwnCaOnly) {
  openssl_.make_ca("ca");
  openssl_.make_ca("other");
  openssl_.issue("other", "one", 1);
  EXPECT_TRUE(converse(by_ca("ca"), "-issuer other.pem -cert one.pem", "-VAfile ca.pem"));
  EXPECT_TRUE(openssl_.says("one.pem: unknown")) << openssl_.said();
}

TEST(DelegateRequest, NeedsAName) {
  const auto key = generate(Algorithm::eddsa).value();
  EXPECT_EQ(delegate_request(*key, "").error().code, Code::malformed);
  EXPECT_EQ(delegate_request(*key, std::string(65, 'a')).error().code, Code::malformed);
}

}  // namespace
}  // namespace cm4it::crypto::ocsp
