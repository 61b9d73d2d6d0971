// OCSP and CRLs by the real openssl against a running icsd, set up as docs/x509.md says.
#include <csignal>

#include "base/needs_for_test.h"
#include "crypto/openssl_for_test.h"
#include "hkp/running.h"

namespace cm4it::x509::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

struct Ocsp : hkp::test::Running {
  void SetUp() override {
    CM4IT_NEEDS(crypto::test::OpenSsl::there(), "openssl");
    openssl.make_ca("ca");
    const auto made = demo::run({CM4IT_ICS, "init", ics_directory().string(), "--role", "manufacturer", "--domain", "acme.example", "--listen",
                                 "127.0.0.1:0", "--ca", openssl.path("ca.pem")});
    ASSERT_TRUE(made && made->exit == 0) << made->err;
    const auto asked = ics({"ocsp-cert", "--out", openssl.path("ocsp.csr")});
    ASSERT_EQ(asked.exit, 0) << asked.err;
    EXPECT_THAT(asked.err, HasSubstr("-copy_extensions copy"));
    openssl.issue("ca", "ocsp", 77, "ocsp.csr");
    fs::copy_file(openssl.path("ocsp.pem"), ics_directory() / "ocsp.pem");
    fs::copy_file(openssl.path("ca.pem"), ics_directory() / "ca.pem");
    std::ofstream(ics_directory() / "icsd.toml", std::ios::app) << "\n[[ocsp]]\nca = \"ca.pem\"\nkey = \"ocsp.key\"\ncertificates = \"ocsp.pem\"\n";
    run();
  }
  fs::path ics_directory() const { return directory / "ics"; }
  std::string ask(const std::string& question) const {
    const std::string url = content_of(ics_directory() / "address");
    (void)openssl.run("ocsp -url " + url.substr(0, url.find('\n')) + "/ocsp -CAfile ca.pem -issuer ca.pem " + question);
    return openssl.said();
  }
  std::string push(const std::string& name) const {
    const auto pushed = ics({"push", openssl.path(name)});
    EXPECT_EQ(pushed.exit, 0) << pushed.out << pushed.err;
    return pushed.out;
  }

  crypto::test::OpenSsl openssl;
};

TEST_F(Ocsp, TellsWhatPeopleSay) {
  openssl.issue("ca", "sensor", 1);
  EXPECT_THAT(ask("-cert sensor.pem"), HasSubstr("sensor.pem: unknown"));
  push("sensor.pem");
  const auto good = ask("-cert sensor.pem");
  EXPECT_THAT(good, HasSubstr("Response verify OK"));
  EXPECT_THAT(good, HasSubstr("sensor.pem: good"));
  const auto said = ics({"status", openssl.path("sensor.pem"), "stolen", "--reason", "van broken into"});
  ASSERT_EQ(said.exit, 0) << said.out << said.err;
  EXPECT_THAT(ask("-cert sensor.pem"), HasSubstr("sensor.pem: revoked"));
  // A restart changes nothing.
  server->kill();
  run();
  EXPECT_THAT(ask("-sha256 -no_nonce -cert sensor.pem"), HasSubstr("sensor.pem: revoked"));
}

TEST_F(Ocsp, ACrlRevokesAlsoWhatComesLater) {
  openssl.issue("ca", "early", 0x11);
  openssl.issue("ca", "late", 0x12);
  push("early.pem");
  openssl.make_crl("ca", "list", 5, {{"11", "keyCompromise"}, {"12", ""}});
  push("list.pem");
  push("late.pem");
  const auto said = ask("-cert early.pem -cert late.pem");
  EXPECT_THAT(said, HasSubstr("early.pem: revoked"));
  EXPECT_THAT(said, HasSubstr("late.pem: revoked"));
  EXPECT_THAT(said, HasSubstr("Reason: keyCompromise"));
  EXPECT_THAT(ics({"show", openssl.path("early.pem")}).out, HasSubstr("compromised"));
}

// The serial number of the certificate that came with the answer is its delegate's.
TEST_F(Ocsp, ANewDelegateSignsAfterSighup) {
  openssl.issue("ca", "sensor", 1);
  push("sensor.pem");
  const auto delegate = [&] {
    const auto said = ask("-resp_text -cert sensor.pem");
    EXPECT_THAT(said, HasSubstr("Response verify OK"));
    EXPECT_THAT(said, HasSubstr("sensor.pem: good"));
    const auto at = said.find("Serial Number: ", said.find("\nCertificate:"));
    return at == said.npos ? said : said.substr(at + 15, said.find(' ', at + 15) - at - 15);
  };
  const auto replace = [&](const std::string& key, const std::string& certificate) {
    fs::copy_file(key, ics_directory() / "ocsp.key", fs::copy_options::overwrite_existing);
    fs::copy_file(openssl.path(certificate), ics_directory() / "ocsp.pem", fs::copy_options::overwrite_existing);
    ::kill(server->pid(), SIGHUP);
  };
  const auto logged = [&](const std::string& text) {
    for (int i = 0; i < 6000; ++i, std::this_thread::sleep_for(std::chrono::milliseconds(10)))
      if (content_of(directory / "log.txt").find(text) != std::string::npos) return true;
    return false;
  };
  EXPECT_EQ(delegate(), "77");
  // A new key, and a certificate for it.
  const auto key = (directory / "new.key").string();
  ASSERT_EQ(ics({"ocsp-cert", "--key", key, "--out", openssl.path("new.csr")}).exit, 0);
  openssl.issue("ca", "new", 78, "new.csr");
  replace(key, "new.pem");
  for (int i = 0; i < 600 && delegate() != "78"; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(delegate(), "78");
  // What nobody would believe takes the place of nothing.
  replace(key, "sensor.pem");
  EXPECT_TRUE(logged("ca.pem"));
  EXPECT_EQ(delegate(), "78");
}

TEST_F(Ocsp, ADelegateThatNobodyWouldBelieveIsRefusedAtTheStart) {
  server->kill();
  openssl.issue("ca", "plain", 3);
  fs::copy_file(openssl.path("plain.pem"), ics_directory() / "ocsp.pem", fs::copy_options::overwrite_existing);
  const auto refused = demo::run({CM4IT_ICSD, "--config", (ics_directory() / "icsd.toml").string()});
  ASSERT_TRUE(refused);
  EXPECT_NE(refused->exit, 0);
  EXPECT_THAT(refused->out + refused->err, HasSubstr("ca.pem"));
}

}  // namespace
}  // namespace cm4it::x509::test
