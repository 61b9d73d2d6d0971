// What openssl's client sees of a running icsd: protocols, suites, certificates, and their reload.
#include <signal.h>

#include "base/needs_for_test.h"
#include "keys/running.h"

namespace cm4it::keys::test {
namespace {

using testing::Not;

class Tls : public Running {
 protected:
  void SetUp() override {
    CM4IT_NEEDS(fs::exists("/usr/bin/openssl"), "openssl");
    Running::SetUp();
    ok({"init", file("plant"), "--role", "maintenance", "--domain", "plant.example", "--listen", "127.0.0.1:0"});
    openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=some CA", "-days",
             "2", "-keyout", file("ca.key"), "-out", file("ca.pem")});
  }
  std::string openssl(demo::Arguments words, const std::string& input = {}) const {
    words.insert(words.begin(), {"/usr/bin/timeout", "120", "/usr/bin/openssl"});
    const auto output = demo::run(words, input);
    EXPECT_TRUE(output) << output.error().message;
    return output ? output->out + output->err : "";
  }
  // The line that ends the input ends the connection.
  std::string client(demo::Arguments options, const std::string& input = "Q\n") const {
    options.insert(options.begin(), {"s_client", "-connect", url("plant").substr(8)});
    return openssl(options, input);
  }
  void issue(const std::string& serial) const {
    openssl({"req", "-new", "-key", file("plant/server.key"), "-subj", "/CN=ics.plant.example", "-out", file("request.pem")});
    std::ofstream(file("names")) << "subjectAltName=DNS:ics.plant.example\n";
    openssl({"x509", "-req", "-in", file("request.pem"), "-CA", file("ca.pem"), "-CAkey", file("ca.key"), "-set_serial", serial,
             "-days", "2", "-extfile", file("names"), "-out", file("leaf.pem")});
    std::ofstream(file("plant/chain.pem")) << content_of(file("leaf.pem")) << content_of(file("ca.pem"));
  }
  std::string serial_shown() const {
    const auto shown = client({"-showcerts"});
    const auto begin = shown.find("-----BEGIN CERTIFICATE-----");
    return begin == shown.npos ? shown : openssl({"x509", "-noout", "-serial"}, shown.substr(begin));
  }
  void use_chain() const {
    const auto text = content_of(file("plant/icsd.toml"));
    std::ofstream(file("plant/icsd.toml")) << "certificate = \"chain.pem\"\n" << text;
  }
};

TEST_F(Tls, OnlyWhatIsSaneIsSpoken) {
  start("plant");
  const auto modern = client({"-tls1_3"});
  EXPECT_THAT(modern, HasSubstr("New, TLSv1.3"));
  EXPECT_THAT(modern, Not(HasSubstr("Session Ticket")));
  for (const char* suite : {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"}) {
    const auto shown = client({"-tls1_2", "-cipher", suite});
    EXPECT_THAT(shown, HasSubstr(std::string("Cipher is ") + suite));
    EXPECT_THAT(shown, HasSubstr("Compression: NONE"));
    EXPECT_THAT(shown, Not(HasSubstr("TLS session ticket:")));
  }
  for (const char* suite : {"ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES128-SHA", "AES128-GCM-SHA256",
                            "DHE-RSA-AES128-GCM-SHA256", "aNULL@SECLEVEL=0", "ECDHE-ECDSA-AES128-CCM", "PSK-AES128-GCM-SHA256"})
    EXPECT_THAT(client({"-tls1_2", "-cipher", suite}), Not(HasSubstr("BEGIN CERTIFICATE"))) << suite;
  for (const char* version : {"-tls1_1", "-tls1"}) {
    const auto refused = client({version, "-cipher", "DEFAULT@SECLEVEL=0"});
    EXPECT_THAT(refused, HasSubstr("alert protocol version")) << version;
    EXPECT_THAT(refused, Not(HasSubstr("BEGIN CERTIFICATE"))) << version;
  }
}

TEST_F(Tls, NothingIsRenegotiated) {
  start("plant");
  const auto shown = client({"-tls1_2"}, "R\nGET /healthz HTTP/1.0\r\n\r\n");
  EXPECT_THAT(shown, HasSubstr("RENEGOTIATING"));
  EXPECT_THAT(shown, HasSubstr("no renegotiation"));
}

TEST_F(Tls, ACertificateOfACaIsShownAndReadAgain) {
  issue("0x1001");
  use_chain();
  start("plant");
  EXPECT_THAT(client({"-CAfile", file("ca.pem"), "-verify_return_error", "-verify_hostname", "ics.plant.example"}),
              HasSubstr("Verify return code: 0 (ok)"));
  EXPECT_THAT(serial_shown(), HasSubstr("serial=1001"));

  issue("0x1002");
  ASSERT_EQ(::kill(icsd_->pid(), SIGHUP), 0);
  EXPECT_TRUE(eventually([&] { return log("plant").find("were read again") != std::string::npos; })) << log("plant");
  EXPECT_THAT(serial_shown(), HasSubstr("serial=1002"));
  EXPECT_EQ(ics({"--dir", file("plant"), "domains"}).exit, 0) << "who knows its key goes by that";

  for (const std::string& bad : {std::string("no certificate\n"), content_of(file("ca.pem")), std::string()}) {
    const auto before = log("plant").size();
    std::ofstream(file("plant/chain.pem"), std::ios::trunc) << bad;
    ASSERT_EQ(::kill(icsd_->pid(), SIGHUP), 0);
    EXPECT_TRUE(eventually([&] { return log("plant").find("stay as they were: certificate", before) != std::string::npos; }))
        << log("plant");
    EXPECT_THAT(serial_shown(), HasSubstr("serial=1002"));
  }
}

TEST_F(Tls, AKeyIsReadAgainToo) {
  start("plant");
  const auto before = ok({"key", "id", file("plant/server.key")});
  fs::remove(file("plant/server.key"));
  const auto after = ok({"key", "new", file("plant/server.key"), "--alg", "p256"});
  ASSERT_EQ(::kill(icsd_->pid(), SIGHUP), 0);
  EXPECT_TRUE(eventually([&] { return log("plant").find("were read again") != std::string::npos; })) << log("plant");
  EXPECT_THAT(log("plant"), HasSubstr("TLS has a new key, " + after)) << before;
  EXPECT_EQ(ics({"--server", url("plant"), "--server-key", after, "domains"}).exit, 0);
  EXPECT_EQ(ics({"--server", url("plant"), "--server-key", before, "domains"}).exit, 3);
}

TEST_F(Tls, ACertificateOfAnotherKeyIsRefusedAtTheStart) {
  fs::copy_file(file("ca.pem"), file("plant/chain.pem"));
  use_chain();
  const auto refused = demo::run({"/usr/bin/timeout", "60", CM4IT_ICSD, "--config", file("plant/icsd.toml")});
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->exit, 3);
  EXPECT_THAT(refused->err, HasSubstr("certificate: its key is key:"));
}

}  // namespace
}  // namespace cm4it::keys::test
