// CRLs that the real openssl makes, against a running icsd: fetched as its configuration says, pushed, and told by OCSP.
#include "base/needs_for_test.h"
#include "crypto/openssl_for_test.h"
#include "hkp/running.h"

namespace cm4it::x509::test {
namespace {

using testing::HasSubstr;

struct Revocation : hkp::test::Running {
  void SetUp() override {
    CM4IT_NEEDS(crypto::test::OpenSsl::there(), "openssl");
  }
  // A manufacturer whose CA "ca" identifies its devices, with this at the end of its configuration.
  void start_with(const std::string& configuration) {
    const auto made = demo::run({CM4IT_ICS, "init", (directory / "ics").string(), "--role", "manufacturer", "--domain", "acme.example",
                                 "--listen", "127.0.0.1:0", "--ca", openssl.path("ca.pem")});
    ASSERT_TRUE(made && made->exit == 0) << made->err;
    std::ofstream(directory / "ics" / "icsd.toml", std::ios::app) << "\n" << configuration;
    run();
  }
  demo::Output push(const std::string& file) const { return ics({"push", openssl.path(file)}); }
  // Until a fetched CRL is there.
  bool history_says(const std::string& subject, const std::string& text) const {
    for (int i = 0; i < 600; ++i) {
      if (ics({"history", subject}).out.find(text) != std::string::npos) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return false;
  }
  std::string ocsp(const std::string& certificates) const {
    std::string url = content_of(directory / "ics" / "address");
    url.erase(url.find_last_not_of('\n') + 1);
    openssl.run("ocsp -url " + url + "/ocsp -issuer ca.pem " + certificates + " -CAfile ca.pem");
    return openssl.said();
  }

  crypto::test::OpenSsl openssl;
};

TEST_F(Revocation, IsFetchedToldAndTakenBack) {
  openssl.make_ca("ca");
  openssl.issue("ca", "one", 2);
  openssl.issue("ca", "two", 3);
  openssl.make_crl("ca", "first", 1, {{"02", "keyCompromise"}, {"03", "certificateHold"}});
  start_with("[[crl]]\nfile = \"" + openssl.path("first.crl") + "\"\n[[ocsp]]\nca = \"" + openssl.path("ca.pem") + "\"\nkey = \"" +
             openssl.path("ca.key") + "\"\n");
  for (const char* name : {"one.pem", "two.pem"}) {
    const auto pushed = push(name);
    ASSERT_EQ(pushed.exit, 0) << pushed.out << pushed.err;
  }
  ASSERT_TRUE(history_says("no-one", "CRL 1")) << content_of(directory / "log.txt");
  EXPECT_EQ(ics({"why", "no-one"}).exit, 1);
  EXPECT_THAT(ics({"show", "no-one"}).out, HasSubstr("compromised"));
  EXPECT_EQ(ics({"why", "no-two"}).exit, 1);
  const std::string said = ocsp("-cert one.pem -sha256 -cert two.pem");
  EXPECT_THAT(said, HasSubstr("Response verify OK"));
  EXPECT_THAT(said, HasSubstr("one.pem: revoked"));
  EXPECT_THAT(said, HasSubstr("Reason: keyCompromise"));
  EXPECT_THAT(said, HasSubstr("two.pem: revoked"));
  EXPECT_THAT(said, HasSubstr("Reason: certificateHold"));

  // The next one ends the hold. It goes the other way: pushed, in PEM.
  openssl.make_crl("ca", "second", 2, {{"02", "keyCompromise"}});
  const auto pushed = push("second.pem");
  ASSERT_EQ(pushed.exit, 0) << pushed.out << pushed.err;
  EXPECT_EQ(ics({"why", "no-two"}).exit, 0) << ics({"why", "no-two"}).out;
  EXPECT_THAT(ocsp("-cert two.pem -no_nonce"), HasSubstr("two.pem: good"));
  EXPECT_THAT(ocsp("-cert one.pem -no_nonce"), HasSubstr("one.pem: revoked"));

  // What would count for nothing is refused, and says why; so is another CA's.
  openssl.make_crl("ca", "again", 2, {});
  const auto again = push("again.crl");
  EXPECT_NE(again.exit, 0);
  openssl.make_ca("stranger");
  openssl.make_crl("stranger", "foreign", 9, {{"03", ""}});
  const auto foreign = push("foreign.crl");
  EXPECT_NE(foreign.exit, 0);
  EXPECT_THAT(foreign.out + foreign.err, HasSubstr("stranger"));
  EXPECT_EQ(ics({"why", "no-two"}).exit, 0);

  // Rows made anew say the same.
  server->kill();
  const auto rebuilt = demo::run({CM4IT_ICS, "rebuild", (directory / "ics").string()});
  ASSERT_TRUE(rebuilt && rebuilt->exit == 0) << rebuilt->err;
  run();
  EXPECT_EQ(ics({"why", "no-two"}).exit, 0);
  EXPECT_EQ(ics({"why", "no-one"}).exit, 1);
}

}  // namespace
}  // namespace cm4it::x509::test
