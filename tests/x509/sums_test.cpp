// Lists of files signed with `openssl cms` by keys of a PKI, against a running icsd.
#include "base/needs_for_test.h"
#include "crypto/openssl_for_test.h"
#include "hkp/running.h"

namespace cm4it::x509::test {
namespace {

using testing::HasSubstr;

struct CmsSums : hkp::test::Running {
  void SetUp() override {
    CM4IT_NEEDS(crypto::test::OpenSsl::there(), "openssl");
    openssl.make_ca("ca");
    start("developer", "dev.example");
    const auto role = ics({"role", "add", (directory / "ics").string(), "developer", "pki", "--key", openssl.path("ca.pem"), "--formats", "x509,sums", "--yes"});
    ASSERT_EQ(role.exit, 0) << role.err;
    openssl.put("SHA256SUMS", std::string(64, 'a') + "  fw-1.2.bin\n");
  }
  void issue(const std::string& name, unsigned serial, const std::string& purpose) const {
    ASSERT_TRUE(openssl.run("req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout " + name + ".key -out " + name + ".csr -subj /O=Acme/CN=" + name +
                            " -addext keyUsage=critical,digitalSignature -addext extendedKeyUsage=" + purpose))
        << openssl.said();
    openssl.issue("ca", name, serial, name + ".csr");
  }
  demo::Output import_signed_by(const std::string& name) const {
    EXPECT_TRUE(openssl.run("cms -sign -binary -in SHA256SUMS -signer " + name + ".pem -inkey " + name + ".key -outform PEM -out " + name + ".cms")) << openssl.said();
    return ics({"import", openssl.path("SHA256SUMS"), openssl.path(name + ".cms")});
  }

  crypto::test::OpenSsl openssl;
};

TEST_F(CmsSums, ASignerOfTheRolesCaIdentifiesCode) {
  issue("release", 5, "codeSigning");
  const auto imported = import_signed_by("release");
  ASSERT_EQ(imported.exit, 0) << imported.out << imported.err;
  const auto shown = ics({"show", "code:" + std::string(64, 'a')});
  EXPECT_THAT(shown.out, HasSubstr("fw-1.2.bin"));
  EXPECT_THAT(shown.out, HasSubstr("admitted in dev.example"));
}

TEST_F(CmsSums, ADeviceOfThatCaSpeaksForNobody) {
  issue("sensor", 6, "clientAuth");
  const auto refused = import_signed_by("sensor");
  EXPECT_EQ(refused.exit, 3);
  EXPECT_THAT(refused.out + refused.err, HasSubstr("extKeyUsage"));
  EXPECT_NE(ics({"show", "code:" + std::string(64, 'a')}).exit, 0);
}

TEST_F(CmsSums, AStrangersPkiIsRefused) {
  openssl.make_ca("other");
  issue("release", 5, "codeSigning");
  openssl.issue("other", "impostor", 7, "release.csr");
  ASSERT_TRUE(openssl.run("cms -sign -binary -in SHA256SUMS -signer impostor.pem -inkey release.key -certfile other.pem -outform PEM -out impostor.cms"));
  const auto refused = ics({"import", openssl.path("SHA256SUMS"), openssl.path("impostor.cms")});
  EXPECT_EQ(refused.exit, 3);
  EXPECT_THAT(refused.out + refused.err, HasSubstr("plays no role"));
}

}  // namespace
}  // namespace cm4it::x509::test
