// X.509 certificates: what they say, and what is refused.
#include "evidence/credential.h"
#include "evidence/formats/x509/x509.h"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "base/budgets.h"
#include "crypto/name.h"
#include "crypto/pem.h"
#include "evidence/test_support.h"
#include "evidence/formats/x509/x509_test_support.h"

namespace cm4it::evidence {
namespace {

using namespace evidence::test;
using namespace x509::test;
using crypto::Algorithm;
using testing::Contains;
using testing::HasSubstr;

Authority root() { return {key_of("x509 root", Algorithm::es256), x509::test::name("Acme Root CA", "Acme")}; }

crypto::PublicKey device_key() { return key_of("x509 device", Algorithm::es256)->public_key(); }

CertificateDraft device() { return root().issues(device_key(), x509::test::name("sensor 1", "Acme", "0042")); }

Error refusal(const CertificateDraft& draft) {
  auto decoded = decode(Format::x509, draft.encode());
  return decoded ? Error{Code::internal, "it was read", ""} : decoded.error();
}

Statement read(const CertificateDraft& draft) {
  auto verified = accept(Format::x509, draft.encode(), draft.signer->public_key());
  EXPECT_TRUE(verified) << verified.error().message;
  return verified.value().statements().at(0);
}

Bytes canonical(const Bytes& name) { return crypto::canonical_name(name, "name").value(); }

TEST(Certificate, IsTheIdentityOfItsKeyByItsIssuer) {
  auto draft = device();
  draft.serial = {0x0a, 0x1b};
  draft.extensions.push_back(alternative_names({uri("urn:dev:os:32473-0042"), dns("sensor-1.acme.example"),
                                                hardware_module("2b0601040181fd5901", from_hex("00c0ffee").value())}));
  const Bytes certificate = draft.encode();
  const auto verified = accept(Format::x509, certificate, draft.signer->public_key());
  ASSERT_TRUE(verified) << verified.error().message;
  const Statement& statement = verified->statements()[0];
  EXPECT_EQ(statement.issuer, root().key->public_key().id());
  EXPECT_EQ(statement.subject, SubjectId::key(device_key().id()));
  EXPECT_EQ(statement.issued_at, Time{1'700'000'000});
  EXPECT_EQ(statement.not_before, Time{1'700'000'000});
  EXPECT_EQ(statement.expires, Time{2'000'000'001}) << "it holds in the second of notAfter";
  EXPECT_TRUE(statement.domains.empty());
  const auto& identity = std::get<Identity>(statement.body);
  EXPECT_EQ(identity.type, Type::device);
  EXPECT_EQ(identity.spki, to_bytes(device_key().spki()));
  EXPECT_EQ(identity.name, "sensor 1");
  EXPECT_EQ(identity.maker, "Acme");
  EXPECT_EQ(identity.serial, "0042");
  EXPECT_EQ(identity.uris, std::vector<std::string>{"urn:dev:os:32473-0042"});
  EXPECT_EQ(identity.attributes.at("x509.issuer"), "CN=Acme Root CA,O=Acme");
  EXPECT_EQ(identity.attributes.at("x509.serial"), "0a1b");
  EXPECT_EQ(identity.attributes.at("dns"), "sensor-1.acme.example");
  EXPECT_EQ(identity.attributes.at("hwType"), "1.3.6.1.4.1.32473.1");
  for (const std::string& expected :
       {"x509:" + to_hex(crypto::sha256(certificate)), "x509:" + to_hex(crypto::digest(crypto::Hash::sha1, certificate)),
        x509::issued_name(canonical(root().subject), Bytes{0x0a, 0x1b}), std::string("x509-issued:CN=Acme Root CA,O=Acme#0a1b"),
        std::string("hw:1.3.6.1.4.1.32473.1:00c0ffee"), std::string("dns:sensor-1.acme.example")})
    EXPECT_THAT(statement.aliases, Contains(expected));
}

TEST(Certificate, WithoutASerialNumberHasThatOfItsHardware) {
  auto draft = root().issues(device_key(), x509::test::name("sensor 1"));
  draft.extensions.push_back(alternative_names({hardware_module("2b0601040181fd5901", from_hex("00c0ffee").value())}));
  EXPECT_EQ(std::get<Identity>(read(draft).body).serial, "00c0ffee");
}

TEST(Certificate, OfTheYear9999HasNoEnd) {
  auto draft = device();
  draft.not_after = der::item(der::generalized_time, view("99991231235959Z"));
  EXPECT_FALSE(read(draft).expires);
}

TEST(Certificate, SaysWhatItsSubjectIs) {
  const auto type_with = [](const std::vector<std::string>& purpose_oids) {
    auto draft = device();
    if (!purpose_oids.empty()) draft.extensions.push_back(purposes(purpose_oids));
    return std::get<Identity>(read(draft).body).type;
  };
  EXPECT_EQ(type_with({}), Type::device);
  EXPECT_EQ(type_with({client_auth_oid}), Type::device);
  EXPECT_EQ(type_with({client_auth_oid, server_auth_oid}), Type::device);
  EXPECT_EQ(type_with({server_auth_oid}), Type::service);
  EXPECT_EQ(type_with({document_signing_oid}), Type::party);
  EXPECT_EQ(type_with({code_signing_oid, client_auth_oid}), Type::device);
  const Statement authority = read(root().itself());
  EXPECT_EQ(std::get<Identity>(authority.body).type, Type::party);
  EXPECT_EQ(authority.issuer, root().key->public_key().id());
  EXPECT_THAT(authority.aliases, Contains(x509::authority_name(canonical(root().subject))));
}

TEST(Certificate, NamesItsIssuerAsTheIssuerDoes) {
  const auto decoded = decode(Format::x509, device().encode());
  ASSERT_TRUE(decoded);
  const IssuerHint& issuer = decoded->issuer();
  EXPECT_FALSE(issuer.key);
  const crypto::PublicKey key = root().key->public_key();
  const View identifier = key.method1_id();
  EXPECT_THAT(issuer.names, testing::ElementsAre(method1_name(identifier), x509::identifier_name(identifier), x509::authority_name(canonical(root().subject))));
  EXPECT_EQ(issuer.text, "named CN=Acme Root CA,O=Acme");
  EXPECT_TRUE(is_named(root().key->public_key(), issuer.names[0]));
  EXPECT_FALSE(issuer.by_hash_alone());
  EXPECT_FALSE(decoded->carried_key());
  const auto own = decode(Format::x509, root().itself().encode());
  ASSERT_TRUE(own && own->carried_key());
  EXPECT_EQ(*own->carried_key(), root().key->public_key());
}

TEST(Certificate, IsVerifiedUnderItsIssuersKeyAlone) {
  for (const auto algorithm : {Algorithm::es256, Algorithm::eddsa}) {
    const Authority authority{key_of("another root", algorithm), root().subject};
    const Bytes good = authority.issues(device_key(), x509::test::name("sensor 1")).encode();
    EXPECT_TRUE(accept(Format::x509, good, authority.key->public_key()));
    EXPECT_EQ(accept(Format::x509, good, root().key->public_key()).error().code, Code::bad_signature);
    // Each octet, changed: never another statement under the same key.
    for (std::size_t i = 0; i < good.size(); ++i) {
      Bytes changed = good;
      changed[i] ^= 0x01;
      EXPECT_FALSE(accept(Format::x509, changed, authority.key->public_key())) << "octet " << i;
    }
  }
}

TEST(Certificate, TwinsOfOneSignatureAreOneStatement) {
  const auto draft = device();
  const Bytes one = draft.encode(), other = draft.encode();
  ASSERT_NE(one, other) << "ECDSA signs with a new number each time";
  const auto first = accept(Format::x509, one, root().key->public_key());
  const auto again = accept(Format::x509, other, root().key->public_key());
  ASSERT_TRUE(first && again);
  EXPECT_EQ(first->id(), again->id());
}

TEST(Refused, WhatBreaksDer) {
  const Bytes good = device().encode();
  for (std::size_t size = 0; size < good.size(); ++size) {
    const auto decoded = decode(Format::x509, View(good).first(size));
    ASSERT_FALSE(decoded) << size;
    EXPECT_EQ(decoded.error().code, Code::malformed) << size;
  }
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_THAT(decode(Format::x509, longer).error().message, HasSubstr("octets after its end"));
  // A length in more octets than it needs.
  auto draft = device();
  draft.subject = Bytes{0x30, 0x81, static_cast<std::uint8_t>(draft.subject.size() - 2)};
  append(draft.subject, View(device().subject).subspan(2));
  EXPECT_THAT(refusal(draft).message, HasSubstr("shortest form"));
}

TEST(Refused, VersionsSerialsAndDatesThatBreakTheirRules) {
  auto draft = device();
  draft.version = {};
  EXPECT_EQ(refusal(draft).code, Code::unsupported);
  draft = device();
  draft.serial = Bytes(21, 1);
  EXPECT_THAT(refusal(draft).message, HasSubstr("more than 20 octets"));
  draft = device();
  draft.not_after = der::generalized(Time{1'600'000'000});
  EXPECT_THAT(refusal(draft).message, HasSubstr("ends before it begins"));
  draft = device();
  draft.not_before = der::item(der::utc_time, view("2601010000Z"));
  EXPECT_THAT(refusal(draft).message, HasSubstr("notBefore"));
}

TEST(Refused, AlgorithmsThatProveNothing) {
  auto draft = device();
  draft.algorithm = der::item(der::sequence, oid("2a8648ce3d0401"));  // ecdsa-with-SHA1
  EXPECT_EQ(refusal(draft).code, Code::unsupported);
  EXPECT_THAT(refusal(draft).message, HasSubstr("SHA1"));
  draft = device();
  draft.outer_algorithm = ed25519;
  EXPECT_THAT(refusal(draft).message, HasSubstr("another algorithm"));
}

TEST(Refused, ExtensionsThatAreNotUnderstoodAndMustBe) {
  auto draft = device();
  draft.extensions.push_back(extension("2b0601040181fd5963", Bytes{0x05, 0x00}, true));
  EXPECT_EQ(refusal(draft).code, Code::unsupported);
  EXPECT_THAT(refusal(draft).message, HasSubstr("1.3.6.1.4.1.32473.99 is critical"));
  draft.extensions.back() = extension("2b0601040181fd5963", Bytes{0x05, 0x00});
  EXPECT_TRUE(decode(Format::x509, draft.encode()));
  draft.extensions.push_back(draft.extensions.back());
  EXPECT_THAT(refusal(draft).message, HasSubstr("twice"));
  draft = device();
  draft.extensions.push_back(extension("551d13", Bytes{0x04, 0x00}, true));  // basicConstraints that are none
  EXPECT_EQ(refusal(draft).code, Code::malformed);
}

TEST(Refused, WhatIsTooLarge) {
  auto draft = device();
  draft.extensions.push_back(extension("2b0601040181fd5963", Bytes(budget::certificate_bytes, 0)));
  EXPECT_EQ(refusal(draft).code, Code::too_large);
  draft = device();
  for (std::size_t i = 0; i <= budget::certificate_extensions; ++i) {
    const auto last = static_cast<std::uint8_t>(i);
    draft.extensions.push_back(extension("2b0601040181fd59" + to_hex(View(&last, 1)), Bytes{0x05, 0x00}));
  }
  EXPECT_EQ(refusal(draft).code, Code::too_large);
  draft = device();
  draft.extensions.push_back(alternative_names(std::vector<Bytes>(budget::certificate_names + 1, dns("a.example"))));
  EXPECT_EQ(refusal(draft).code, Code::too_large);
  draft = device();
  Bytes nest;
  for (std::size_t i = 0; i < budget::certificate_depth; ++i) nest = der::item(der::sequence, nest);
  draft.subject = nest;
  EXPECT_EQ(refusal(draft).code, Code::too_large);
}

// The chain in a real manifest of Microchip's (../shared/data/microchip).
TEST(RealCertificates, OfAManifestAreEvidenceOfTheirOwn) {
  std::ifstream file(std::string(CM4IT_SHARED) + "/data/microchip/atecc608a-manifest.json");
  const std::string manifest{std::istreambuf_iterator<char>(file), {}};
  if (manifest.empty()) GTEST_SKIP() << "data/microchip is not there";
  const auto element = split("application/json", view(manifest)).value().at(0);
  const auto along = accompanying(element);
  ASSERT_EQ(along.size(), 2u);
  const auto device_certificate = decode(Format::x509, along[0].bytes), signer = decode(Format::x509, along[1].bytes);
  ASSERT_TRUE(device_certificate) << device_certificate.error().message;
  ASSERT_TRUE(signer) << signer.error().message;
  const auto& said = signer->statements()[0];
  EXPECT_EQ(std::get<Identity>(said.body).type, Type::party);
  EXPECT_EQ(std::get<Identity>(said.body).name, "Crypto Authentication Signer F600");
  const auto verified = verify(*device_certificate, said.credentials[0]->key());
  ASSERT_TRUE(verified) << verified.error().message;
  const Statement& statement = verified->statements()[0];
  EXPECT_EQ(std::get<Identity>(statement.body).type, Type::device);
  EXPECT_EQ(std::get<Identity>(statement.body).name, "0123F1822C38DD7A01 ATECC");
  EXPECT_EQ(std::get<Identity>(statement.body).maker, "Microchip Technology Inc");
  EXPECT_EQ(statement.expires, from_rfc3339("2047-01-24T16:00:01Z").value());
  EXPECT_THAT(
      statement.aliases,
      Contains("x509-issued:CN=Crypto Authentication Signer F600,O=Microchip Technology Inc#542bbc7ecbc0a77c9db279d2697c2081"));
  EXPECT_EQ(statement.subject, decode(Format::manifest, element.bytes)->statements()[0].subject) << "one key, one subject";
  // The signer is a CA of path length 0, as OpenSSL reads it.
  const std::vector<CredentialPtr> path{statement.credentials[0], said.credentials[0]};
  const auto root_key = key_of("somebody's root", Algorithm::es256)->public_key();
  EXPECT_TRUE(path[0]->check_path(path, root_key, nullptr)) << "signatures were verified before";
  EXPECT_FALSE(path[1]->check_path(std::vector{path[1], path[1]}, root_key, nullptr));
}

TEST(SplitCertificates, ByMediaTypeAndByLooks) {
  const Bytes one = device().encode(), two = root().itself().encode();
  const std::string pem = "subject=CN=sensor 1\n" + crypto::certificate_pem(one) + "text\n" + crypto::certificate_pem(two);
  for (const char* type : {"application/pem-certificate-chain", "application/x-pem-file", "application/octet-stream"}) {
    const auto pieces = split(type, view(pem));
    ASSERT_TRUE(pieces) << pieces.error().message;
    ASSERT_EQ(pieces->size(), 2u);
    EXPECT_EQ(pieces->at(0).format, Format::x509);
    EXPECT_EQ(pieces->at(0).bytes, one);
    EXPECT_EQ(pieces->at(1).bytes, two);
  }
  for (const char* type : {"application/pkix-cert", "application/octet-stream"}) {
    const auto pieces = split(type, one);
    ASSERT_TRUE(pieces) << pieces.error().message;
    ASSERT_EQ(pieces->size(), 1u);
    EXPECT_EQ(pieces->at(0).bytes, one);
  }
  EXPECT_EQ(split("application/x-pem-file", view("nothing")).error().code, Code::malformed);
  EXPECT_EQ(split("application/x-pem-file", view(pem.substr(0, pem.size() - 20))).error().code, Code::malformed);
  const auto secret =
      split("application/x-pem-file", view(pem + "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"));
  EXPECT_EQ(secret.error().code, Code::not_permitted);
}

}  // namespace
}  // namespace cm4it::evidence
