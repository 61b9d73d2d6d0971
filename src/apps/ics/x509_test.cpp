// X.509 certificates at the command line: pushed in any form, exported as they came, and a CA as manufacturer.
#include "base/needs_for_test.h"
#include "apps/ics/bulk_fixture.h"
#include "crypto/digest.h"
#include "crypto/openssl_for_test.h"
#include "crypto/pem.h"
#include "evidence/formats/x509/x509_test_support.h"

namespace cm4it::ics {
namespace {

using namespace evidence::x509::test;

crypto::SignerPtr key_of(const std::string& name) {
  return crypto::from_seed(crypto::Algorithm::eddsa, crypto::sha256(view("ics x509 test " + name))).value();
}
Authority root() { return {key_of("root"), evidence::x509::test::name("Acme Root", "Acme")}; }
Bytes device(const std::string& serial) {
  return root().issues(key_of(serial)->public_key(), evidence::x509::test::name("sensor", "Acme", serial)).encode();
}
std::string octets(const Bytes& bytes) { return std::string(text(bytes)); }

struct Certificates : Bulk {};

TEST_F(Certificates, ArePushedInPemAndInDer) {
  const Bytes one = device("1"), two = device("2"), three = device("3");
  write("chain.pem",
        "subject=sensor\n" + crypto::certificate_pem(one) + "\nmore text\n" + crypto::certificate_pem(two) + "the end\n");
  write("one.der", octets(three));
  for (const char* verb : {"push", "import"}) {
    const auto outcome = bulk({verb, file("chain.pem"), file("one.der")});
    EXPECT_EQ(outcome.code, exit_yes) << verb << outcome.err;
    EXPECT_THAT(keeper_.pieces, ElementsAre(octets(one), octets(two), octets(three))) << verb;
    forget();
  }
  // A file of many windows.
  std::string large;
  for (int i = 0; i < 2000; ++i) large += std::string(3000, '#') + "\n" + crypto::certificate_pem(one);
  write("large.pem", large);
  EXPECT_EQ(number_at(file_of(bulk({"import", file("large.pem"), "--json"})), "pieces"), 2000u);
}

TEST_F(Certificates, ArePushedOutOfBundles) {
  CM4IT_NEEDS(crypto::test::OpenSsl::there(), "openssl");
  const crypto::test::OpenSsl openssl;
  openssl.make_ca("ca");
  openssl.issue("ca", "leaf", 5);
  openssl.make_crl("ca", "list", 1, {{"02", ""}});
  ASSERT_TRUE(openssl.run("crl2pkcs7 -in list.pem -certfile ca.pem -certfile leaf.pem -out all.p7b")) << openssl.said();
  ASSERT_TRUE(openssl.run("pkcs7 -in all.p7b -outform DER -out all.der")) << openssl.said();
  write("est", to_base64(openssl.der("all.der")));
  const auto ca = octets(openssl.der("ca.cer")), leaf = octets(openssl.der("leaf.cer")), list = octets(openssl.der("list.crl"));
  for (const std::string& bundle : {openssl.path("all.p7b"), openssl.path("all.der"), file("est")})
    for (const char* verb : {"push", "import"}) {
      const auto outcome = bulk({verb, bundle});
      EXPECT_EQ(outcome.code, exit_yes) << verb << bundle << outcome.err;
      EXPECT_THAT(keeper_.pieces, ElementsAre(ca, leaf, list)) << verb << bundle;
      forget();
    }
  // The key of the one that issued none of the others; of what a CA is asked with.
  const auto id = [&](const std::string& path) { return ics({"key", "id", path}); };
  const auto expected = "key:" + to_hex(crypto::Certificate::from_der(openssl.der("leaf.cer")).value().key().id().digest);
  for (const std::string& path : {openssl.path("all.p7b"), openssl.path("all.der"), file("est"), openssl.path("leaf.csr"), openssl.path("leaf.pem"),
                                  openssl.path("leaf.cer")})
    EXPECT_THAT(id(path).out, HasSubstr(expected)) << path << id(path).err;
  write("two.pem", openssl.get("ca.pem") + crypto::certificate_pem(device("1")));
  EXPECT_THAT(id(file("two.pem")).err, HasSubstr("that of the subject alone is needed"));
}

TEST_F(Certificates, WithAPrivateKeyAreNotSent) {
  write("bundle.pem", crypto::certificate_pem(device("1")) + "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
  const auto outcome = bulk({"push", file("bundle.pem")});
  EXPECT_EQ(outcome.code, exit_failed);
  EXPECT_THAT(outcome.err, HasSubstr("a private key is in it"));
  EXPECT_EQ(keeper_.requests, 0u);
}

TEST_F(Certificates, ThatAreCutOffAreNamed) {
  const std::string pem = crypto::certificate_pem(device("1"));
  write("cut.pem", pem + pem.substr(0, 200));
  const auto outcome = bulk({"push", file("cut.pem")});
  EXPECT_EQ(outcome.code, exit_failed);
  EXPECT_THAT(outcome.err, HasSubstr("at octet " + std::to_string(pem.size())));
}

TEST_F(Certificates, AreExportedAsTheyCame) {
  const Bytes one = device("1"), two = device("2");
  server_ = [&](const Sent& sent) -> Result<net::Reply> {
    const auto at = [&](const char* prefix) { return sent.target.starts_with(prefix); };
    if (at("/v1/subjects?")) return reply(200, R"({"subjects": [{"subject": "key:1"}]})");
    if (at("/v1/subjects/key%3A1/history"))
      return reply(200, R"({"statements": [{"statement": "a1", "format": "x509"}, {"statement": "a2", "format": "x509"},
                                           {"statement": "b1", "format": "cose"}]})");
    if (at("/v1/evidence/a1")) return reply(200, octets(one), "application/pkix-cert");
    if (at("/v1/evidence/a2")) return reply(200, octets(two), "application/pkix-cert");
    return reply(404, R"({"title": "not-found", "detail": "no"})");
  };
  const auto pem = bulk({"export", "--pem"});
  EXPECT_EQ(pem.out, crypto::certificate_pem(one) + crypto::certificate_pem(two)) << pem.err;
  EXPECT_THAT(pem.err, HasSubstr("1 piece of another format"));
  EXPECT_EQ(bulk({"export", "--der"}).out, octets(one) + octets(two));
  EXPECT_EQ(bulk({"export", "--format", "x509", "--out", file("out")}).code, exit_yes);
  EXPECT_EQ(contents("out"), octets(one) + octets(two));
  EXPECT_EQ(bulk({"export", "--pem", "--format", "cose"}).code, exit_usage);
}

TEST_F(Certificates, OfACaMakeItAManufacturer) {
  server_ = [](const Sent&) -> Result<net::Reply> { return fail(Code::unavailable, "nobody is there"); };
  write("ca.pem", crypto::certificate_pem(root().itself().encode()));
  const auto init = [&](const std::string& directory, const std::string& role, const std::string& ca) {
    return ics({"init", file(directory), "--role", role, "--domain", "acme.example", "--ca", file(ca)});
  };
  const auto made = init("acme", "manufacturer", "ca.pem");
  ASSERT_EQ(made.code, exit_yes) << made.err;
  const std::string policy = contents("acme/policy.toml");
  EXPECT_THAT(policy, HasSubstr("ca = \"" + root().key->public_key().base64() + "\""));
  EXPECT_THAT(policy, HasSubstr("{ key = \"ca\", formats = [\"x509\"] }"));
  EXPECT_EQ(contents("acme/evidence/0004-ca.cose"),
            octets(evidence::leaf_bytes(evidence::Format::x509, root().itself().encode())));
  // What edits the policy goes on.
  const auto added = ics({"role", "add", file("acme"), "manufacturer", "signers", "--key", file("ca.pem"), "--formats", "x509,cose", "--yes"});
  EXPECT_EQ(added.code, exit_yes) << added.err;
  EXPECT_THAT(contents("acme/policy.toml"), HasSubstr("version = 2"));
  // Not a CA's, not one, not there, not for this role.
  write("device.pem", crypto::certificate_pem(device("1")));
  EXPECT_THAT(init("no", "manufacturer", "device.pem").err, HasSubstr("no CA"));
  write("two.pem", contents("ca.pem") + contents("ca.pem"));
  EXPECT_THAT(init("no", "manufacturer", "two.pem").err, HasSubstr("2 certificates"));
  EXPECT_EQ(init("no", "manufacturer", "absent.pem").code, exit_failed);
  EXPECT_THAT(init("no", "maintenance", "ca.pem").err, HasSubstr("--role manufacturer"));
  EXPECT_FALSE(std::filesystem::exists(file("no")));
}

}  // namespace
}  // namespace cm4it::ics
