// A party whose keys are all in a token: nothing secret is in a file.
#include "base/needs_for_test.h"
#include "keys/running.h"

namespace cm4it::keys::test {
namespace {

class Token : public Running {
 protected:
  void SetUp() override {
    CM4IT_NEEDS(crypto::SoftHsm::installed(), "softhsm2");
    Running::SetUp();
    hsm_.add_token("plant");
  }
  std::string key(const std::string& name, const std::string& pin = "pin") const {
    return hsm_.uri("token=plant;object=" + name, pin);
  }

  const crypto::SoftHsm hsm_;
};

TEST_F(Token, AnIcsWithEveryKeyInIt) {
  const auto owner = ok({"key", "new", key("owner")});
  const auto server = ok({"key", "new", key("server"), "--alg", "p256"});
  ok({"key", "new", key("log")});
  EXPECT_EQ(ok({"key", "id", key("owner", "")}), owner) << "the public half needs no PIN";
  if (fs::exists("/usr/share/p11-kit/modules/softhsm2.module")) {
    EXPECT_EQ(ok({"key", "id", "pkcs11:token=plant;object=owner"}), owner) << "by the machine's own modules";
  }
  EXPECT_THAT(ics({"key", "show", key("server")}).out, HasSubstr("BEGIN PUBLIC KEY"));

  ok({"init", file("plant"), "--role", "manufacturer", "--domain", "plant.example", "--listen", "127.0.0.1:0", "--key",
      key("owner"), "--tls-key", key("server"), "--log-key", key("log")});
  for (const auto& entry : fs::directory_iterator(directory_ / "plant"))
    EXPECT_NE(entry.path().extension(), ".key") << entry.path();
  start("plant");

  const auto dir = file("plant");
  const auto element = ok({"key", "new", key("element"), "--alg", "p256"});
  const auto identified =
      ics({"--dir", dir, "identify", key("element"), "--type", "device", "--maker", "Acme", "--serial", "42"});
  EXPECT_EQ(identified.exit, 0) << identified.out << identified.err << log("plant");
  EXPECT_THAT(identified.out, HasSubstr("received by plant.example"));
  EXPECT_THAT(ok({"--dir", dir, "find", "Acme", "--json"}), HasSubstr(element));
  EXPECT_EQ(ics({"--dir", dir, "show", key("element", "")}).exit, 0);
  const auto verified = ics({"--dir", dir, "log", "verify"});
  EXPECT_EQ(verified.exit, 0) << verified.out << verified.err;
  EXPECT_THAT(ics({"--dir", dir, "domains", "--json"}).out, HasSubstr("plant.example"));
  EXPECT_EQ(log("plant").find("1234"), std::string::npos);
}

TEST_F(Token, WhatIsWrongIsSaid) {
  ok({"key", "new", key("owner")});
  const auto refused = [&](const std::string& uri) {
    const auto output = ics(
        {"init", file("none"), "--role", "maintenance", "--domain", "plant.example", "--listen", "127.0.0.1:0", "--key", uri});
    EXPECT_EQ(output.exit, 3);
    EXPECT_FALSE(fs::exists(file("none")));
    return output.err;
  };
  EXPECT_THAT(refused(key("owner", "wrong-pin")), HasSubstr("token \"plant\": the PIN is wrong"));
  EXPECT_THAT(refused(key("owner", "")), HasSubstr("PIN of token \"plant\": needed"));
  EXPECT_THAT(refused(key("other")), HasSubstr("no such private key"));
  EXPECT_THAT(refused(hsm_.uri("token=gone;object=owner")), HasSubstr("token \"gone\": it is not there"));
  EXPECT_THAT(refused("pkcs11:token=plant;object=owner?pin-value=1234"), HasSubstr("pin-value"));
  EXPECT_THAT(refused("pkcs11:token=plant;colour=red"), HasSubstr("colour"));
  EXPECT_EQ(ics({"key", "new", key("owner")}).exit, 3) << "never over an existing one";
}

}  // namespace
}  // namespace cm4it::keys::test
