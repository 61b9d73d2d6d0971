// May these certificates follow one another? A table of what CAs may and may not do (RFC 5280 section 6.1), as OpenSSL judges it.
#include <gmock/gmock.h>

#include "crypto/path.h"
#include "evidence/test_support.h"
#include "evidence/formats/x509/x509_test_support.h"

namespace cm4it::evidence {
namespace {

using namespace evidence::test;
using namespace x509::test;
using testing::HasSubstr;

struct Paths : testing::Test {
  Authority root{key_of("path root"), x509::test::name("Root")}, a{key_of("path a"), x509::test::name("A")},
      b{key_of("path b"), x509::test::name("B")};

  CertificateDraft device_by(const Authority& issuer, std::vector<Bytes> more = {}) const {
    auto draft = issuer.issues(key_of("path device")->public_key(), x509::test::name("device"));
    for (auto& extension : more) draft.extensions.push_back(std::move(extension));
    return draft;
  }
  static CertificateDraft with(CertificateDraft draft, Bytes extension) {
    draft.extensions.push_back(std::move(extension));
    return draft;
  }
  static crypto::Certificate certificate(const CertificateDraft& draft) {
    return crypto::Certificate::from_der(draft.encode()).value();
  }
  // "" when it holds, or why not.
  std::string check(const std::vector<CertificateDraft>& drafts, const CertificateDraft* own = nullptr) const {
    std::vector<crypto::Certificate> path;
    for (const auto& draft : drafts) path.push_back(certificate(draft));
    const auto of_root = own ? std::optional(certificate(*own)) : std::nullopt;
    const auto holds = crypto::check_path(path, root.key->public_key(), of_root ? &*of_root : nullptr);
    return holds ? "" : holds.error().message;
  }
};

TEST_F(Paths, LeadDownFromABareKey) {
  EXPECT_EQ(check({device_by(root)}), "");
  EXPECT_EQ(check({device_by(a), root.certifies(a)}), "");
  EXPECT_EQ(check({device_by(b), a.certifies(b), root.certifies(a)}), "");
  auto anonymous = device_by(root);
  anonymous.extensions.clear();
  EXPECT_EQ(check({anonymous}), "") << "without a key identifier";
}

// A plant has thousands of devices by one CA: what OpenSSL said of one of them holds for the others.
TEST_F(Paths, AreAskedAboutOnceForAllDevicesThatAreAlike) {
  const auto device = [&](const std::string& name, std::vector<Bytes> more) {
    auto draft = root.issues(key_of(name)->public_key(), x509::test::name(name));
    for (auto& extension : more) draft.extensions.push_back(std::move(extension));
    const auto made = certificate(draft);
    return crypto::Certificate::from_known(made.der(), made.findings()).value();
  };
  const auto openssl_reads_for = [&](const crypto::Certificate& one) {
    const auto before = crypto::Certificate::read_by_openssl();
    EXPECT_TRUE(crypto::check_path({&one, 1}, root.key->public_key()));
    return crypto::Certificate::read_by_openssl() - before;
  };
  const Bytes signs = key_usage(0x80), client = purposes({client_auth_oid}), server = purposes({server_auth_oid});
  EXPECT_EQ(openssl_reads_for(device("alike 1", {signs, client})), 1u);
  EXPECT_EQ(openssl_reads_for(device("alike 2", {signs, client})), 0u);
  EXPECT_EQ(openssl_reads_for(device("alike 3", {signs, client, alternative_names({dns("three.example")})})), 0u);
  EXPECT_EQ(openssl_reads_for(device("of another use", {signs, server})), 1u);
  EXPECT_EQ(openssl_reads_for(device("without any", {signs})), 1u);
  EXPECT_EQ(openssl_reads_for(device("another usage", {key_usage(0x88), client})), 1u);
}

TEST_F(Paths, AreAskedAboutEachWhereNamesAreConstrained) {
  const auto above = with(root.certifies(a), permitted_dns("a.example"));
  const auto named = [&](const std::string& name) { return device_by(a, {alternative_names({dns(name)})}); };
  for (int again = 0; again < 2; ++again) {
    EXPECT_EQ(check({named("one.a.example"), above}), "");
    EXPECT_THAT(check({named("one.b.example"), above}), HasSubstr("permitted subtree violation"));
    EXPECT_EQ(check({named("one.b.example"), root.certifies(a)}), "");
  }
}

// A refusal is of the rule; who breaks it is said of whoever was asked about.
TEST_F(Paths, RefuseEachInItsOwnName) {
  const auto named = [&](const std::string& name) {
    auto draft = a.issues(key_of(name)->public_key(), x509::test::name(name));
    draft.extensions.push_back(purposes({server_auth_oid}));
    return draft;
  };
  const auto above = with(root.certifies(a), purposes({client_auth_oid}));
  EXPECT_THAT(check({named("one"), above}), testing::StartsWith("path: CN=A: "));
  auto authority = root.issues(key_of("path a")->public_key(), x509::test::name("no CA"));
  const auto below = [&](const std::string& name) { return Authority{key_of("path a"), x509::test::name("no CA")}.issues(key_of(name)->public_key(), x509::test::name(name)); };
  EXPECT_EQ(check({below("one"), authority}), check({below("two"), authority}));
}

TEST_F(Paths, ObeyPathLengths) {
  EXPECT_EQ(check({device_by(a), root.certifies(a, 0)}), "");
  EXPECT_THAT(check({device_by(b), a.certifies(b), root.certifies(a, 0)}), HasSubstr("CN=A: path length constraint exceeded"));
  EXPECT_EQ(check({device_by(b), a.certifies(b, 0), root.certifies(a, 1)}), "");
}

TEST_F(Paths, ObeyWhatTheRootSaysOfItself) {
  const auto own = root.itself(0);
  EXPECT_EQ(check({device_by(a)}, &own), "path: CN=device: unable to get local issuer certificate") << "a gap";
  EXPECT_EQ(check({device_by(a), root.certifies(a)}), "");
  EXPECT_THAT(check({device_by(a), root.certifies(a)}, &own), HasSubstr("path length constraint exceeded"));
  const auto narrow = with(root.itself(), permitted_dns("acme.example"));
  EXPECT_EQ(check({device_by(root, {alternative_names({dns("x.acme.example")})})}, &narrow), "");
  EXPECT_THAT(check({device_by(root, {alternative_names({dns("x.other.example")})})}, &narrow),
              HasSubstr("permitted subtree violation"));
}

TEST_F(Paths, GoOverCasOnly) {
  auto plain = root.issues(a.key->public_key(), a.subject);
  EXPECT_THAT(check({device_by(a), plain}), HasSubstr("CN=A: invalid CA certificate"));
  EXPECT_THAT(check({device_by(a), with(with(plain, basic_constraints()), key_usage(0x80))}), HasSubstr("CN=A: "));
  EXPECT_EQ(check({device_by(a), with(with(plain, basic_constraints()), key_usage(0x04))}), "");
}

TEST_F(Paths, ObeyUsesOfTlsOnly) {
  const auto servers = with(root.certifies(a), purposes({server_auth_oid}));
  EXPECT_EQ(check({device_by(a, {purposes({server_auth_oid})}), servers}), "");
  EXPECT_NE(check({device_by(a, {purposes({client_auth_oid})}), servers}), "");
  EXPECT_EQ(check({device_by(a, {purposes({client_auth_oid, server_auth_oid})}), servers}), "")
      << "one of its uses is open to it";
  EXPECT_EQ(check({device_by(a), servers}), "") << "it claims no use";
}

TEST_F(Paths, GoTheWayOfTheSignatures) {
  // A CA renewed its key under its name; the old one is the anchor's, and the names alone would leave the new one out.
  Authority old{root.key, x509::test::name("CA")}, renewed{key_of("path renewed"), x509::test::name("CA")};
  EXPECT_EQ(check({device_by(renewed), old.certifies(renewed)}), "");
  EXPECT_THAT(check({root.certifies(a), root.certifies(a)}), HasSubstr("path: CN=A"));
}

// easy-rsa names the issuer's certificate in each of its own: which is another one once that was renewed, and none for a bare key.
TEST_F(Paths, AreToldBySignaturesAndNotByIdentifiers) {
  auto device = root.issues(key_of("path device")->public_key(), x509::test::name("device"));
  device.extensions = {authority_key_id_and_serial(root.key->public_key().method1_id(), root.subject, Bytes{7})};
  EXPECT_EQ(check({device}), "");
  const auto own = root.itself();  // of serial number 1
  EXPECT_EQ(check({device}, &own), "");
  auto below = a.issues(key_of("path device")->public_key(), x509::test::name("device"));
  below.extensions = {authority_key_id_and_serial(a.key->public_key().method1_id(), root.subject, Bytes{7})};
  EXPECT_EQ(check({below, root.certifies(a)}), "");
  below.extensions = {authority_key_id(Bytes(20, 1))};
  EXPECT_EQ(check({below, root.certifies(a)}), "");
}

TEST_F(Paths, ObeyPoliciesThatARequired) {
  const auto strict = with(root.certifies(a), requires_policy());
  EXPECT_THAT(check({device_by(a), strict}), HasSubstr("no explicit policy"));
  EXPECT_EQ(check({device_by(a, {any_policy()}), with(strict, any_policy())}), "");
  EXPECT_THAT(check({device_by(a, {any_policy()}), strict}), HasSubstr("no explicit policy")) << "the CA has none";
  EXPECT_THAT(check({device_by(a), with(strict, any_policy())}), HasSubstr("no explicit policy")) << "the device has none";
  EXPECT_EQ(check({device_by(a, {any_policy()})}), "") << "nobody asked";
}

// Whether one is required is counted here where a certificate has none: OpenSSL 3.0 loses memory at it. Leaks show with
// AddressSanitizer.
TEST_F(Paths, CountFromWhereAPolicyIsRequired) {
  const auto from = [&](std::uint8_t below) { return with(root.certifies(a), requires_policy(below)); };
  EXPECT_THAT(check({device_by(a), from(1)}), HasSubstr("no explicit policy"));
  EXPECT_EQ(check({device_by(a), from(2)}), "");
  EXPECT_EQ(check({device_by(b), a.certifies(b), from(3)}), "");
  EXPECT_THAT(check({device_by(b), a.certifies(b), from(2)}), HasSubstr("no explicit policy"));
  EXPECT_THAT(check({device_by(b), with(a.certifies(b), requires_policy()), from(9)}), HasSubstr("no explicit policy"));
  EXPECT_THAT(check({device_by(a, {requires_policy()}), root.certifies(a)}), HasSubstr("no explicit policy"));
  EXPECT_EQ(check({device_by(a, {requires_policy(1)}), root.certifies(a)}), "") << "of those below it";
  EXPECT_EQ(check({device_by(a), with(root.certifies(a), inhibits_mapping())}), "");
  const auto empty = with(root.certifies(a), extension("551d24", der::item(der::sequence, View{}), true));
  EXPECT_THAT(check({device_by(a), empty}), HasSubstr("policyConstraints"));
  // A CA that renews its key under its name is not counted.
  Authority renewed{key_of("path renewed"), a.subject};
  EXPECT_EQ(check({device_by(renewed), a.certifies(renewed), from(2)}), "");
}

// RFC 5280 section 6.1.3 (b): a CA that renews its key under its own name stays outside its own constraints.
TEST_F(Paths, LetACaIssueToItselfUnderConstraints) {
  Authority old{root.key, x509::test::name("CA")}, renewed{key_of("path renewed"), x509::test::name("CA")};
  const auto own = with(old.itself(), permitted_directory(x509::test::name("Acme")));
  EXPECT_EQ(check({old.certifies(renewed)}, &own), "");
  const auto inside = renewed.issues(key_of("path device")->public_key(), x509::test::name("Acme"));
  EXPECT_EQ(check({inside, old.certifies(renewed)}, &own), "");
  EXPECT_THAT(check({device_by(renewed), old.certifies(renewed)}, &own), HasSubstr("permitted subtree violation"));
  // What is no CA's is the end of its path.
  auto plain = old.issues(key_of("path device")->public_key(), old.subject);
  EXPECT_NE(check({plain}, &own), "");
}

TEST_F(Paths, CompareNamesAsTheyMean) {
  Authority printed{root.key, x509::test::name("ROOT ", {}, {}, printable_string)};
  const auto own = root.itself(0);
  EXPECT_THAT(check({device_by(a), printed.certifies(a)}, &own), HasSubstr("path length constraint exceeded"));
  EXPECT_EQ(check({device_by(printed)}, &own), "");
}

}  // namespace
}  // namespace cm4it::evidence
