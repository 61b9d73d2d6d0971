// The real gpg against a running icsd: certificates go and come, and what gpg certifies is a statement.
#include "base/needs_for_test.h"
#include "hkp/running.h"

namespace cm4it::hkp::test {
namespace {

struct Gpg : Running {
  void SetUp() override {
    CM4IT_NEEDS(installed("gpg"), "gpg");
    alice = std::make_unique<Keyring>(directory / "alice");
    bob = std::make_unique<Keyring>(directory / "bob");
  }
  demo::Output send(const Keyring& from, const std::string& fingerprint) const {
    return from.gpg({"--keyserver", "hkp://" + address, "--send-keys", fingerprint});
  }
  demo::Output receive(const Keyring& to, const std::string& name) const { return to.gpg({"--keyserver", "hkp://" + address, "--recv-keys", name}); }

  // An ICS whose manufacturer signs with gpg: with a key of alice's.
  void start_manufacturer() {
    start("manufacturer", "acme.example");
    fingerprint_of_acme = alice->make("Acme <keys@acme.example>", "ed25519");
    std::ofstream(directory / "acme.pgp") << alice->gpg({"--export", fingerprint_of_acme}).out;
    const auto role = ics({"role", "add", (directory / "ics").string(), "manufacturer", "gpg", "--key", (directory / "acme.pgp").string(), "--formats", "openpgp", "--yes"});
    ASSERT_EQ(role.exit, 0) << role.err;
    ASSERT_EQ(ics({"push", (directory / "acme.pgp").string()}).exit, 0);
  }

  std::unique_ptr<Keyring> alice, bob;
  std::string fingerprint_of_acme;
};

TEST_F(Gpg, SendsReceivesAndSearches) {
  start("keyserver", "keys.example");
  for (const auto& [user_id, algorithm] : {std::pair{"Ed <ed@acme.example>", "ed25519"}, {"Rsa <rsa@acme.example>", "rsa2048"}, {"Nist <nist@acme.example>", "nistp256"}}) {
    SCOPED_TRACE(user_id);
    const std::string fingerprint = alice->make(user_id, algorithm);
    ASSERT_EQ(fingerprint.size(), 40u);
    auto sent = send(*alice, fingerprint);
    EXPECT_EQ(sent.exit, 0) << sent.err;
    EXPECT_EQ(send(*alice, fingerprint).exit, 0);  // again
    auto received = receive(*bob, fingerprint);
    EXPECT_EQ(received.exit, 0) << received.err;
    EXPECT_THAT(received.err, HasSubstr(user_id));
    EXPECT_EQ(bob->fingerprint(user_id), fingerprint);
    EXPECT_EQ(receive(*bob, "0x" + fingerprint.substr(24)).exit, 0);  // long id
    EXPECT_EQ(receive(*bob, "0x" + fingerprint.substr(32)).exit, 0);  // short id
  }
  const auto found = bob->gpg({"--keyserver", "hkp://" + address, "--with-colons", "--search-keys", "nist@acme.example"});
  EXPECT_THAT(found.out + found.err, HasSubstr("Nist"));
  EXPECT_NE(receive(*bob, std::string(40, 'A')).exit, 0);
}

TEST_F(Gpg, ARevocationArrives) {
  start("keyserver", "keys.example");
  const std::string fingerprint = alice->make("Short lived <s@acme.example>", "ed25519");
  ASSERT_EQ(send(*alice, fingerprint).exit, 0);
  ASSERT_EQ(receive(*bob, fingerprint).exit, 0);
  ASSERT_TRUE(alice->revoke(fingerprint));
  ASSERT_EQ(send(*alice, fingerprint).exit, 0);
  const auto refreshed = receive(*bob, fingerprint);
  EXPECT_EQ(refreshed.exit, 0) << refreshed.err;
  EXPECT_THAT(bob->gpg({"--with-colons", "--list-keys", fingerprint}).out, HasSubstr("pub:r:"));
  EXPECT_THAT(ics({"show", "fpr:" + fingerprint}).out, HasSubstr("revoked"));
}

// A manufacturer signs its devices with gpg; what it says of them is judged like all else.
TEST_F(Gpg, CertifiesADevice) {
  ASSERT_NO_FATAL_FAILURE(start_manufacturer());
  const std::string acme = fingerprint_of_acme, device = alice->make("thermo 42", "nistp256");
  // gpg's times count seconds, and of two statuses of one second the worse counts: each signature is made a little later.
  std::int64_t now = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  const auto later = [&]() -> demo::Arguments { return {"--faked-system-time", std::to_string(now += 5)}; };
  const auto certify = [&](const demo::Arguments& notations) {
    auto arguments = demo::Arguments{"gpg-notations", device, "--json"};
    arguments.insert(arguments.end(), notations.begin(), notations.end());
    EXPECT_THAT(ics(arguments).out, HasSubstr("--cert-notation"));
    demo::Arguments sign = later();
    sign.insert(sign.end(), {"--command-fd", "0", "--expert", "--no-ask-cert-level"});
    for (std::size_t i = 0; i < notations.size(); i += 2) {
      const std::string name = notations[i] == "--maker" ? "manu" : notations[i] == "--model" ? "model" : notations[i].substr(2) + "@cm4it.org";
      sign.insert(sign.end(), {"--cert-notation", name + "=" + notations[i + 1]});
    }
    sign.insert(sign.end(), {"--local-user", acme, "--sign-key", device});
    const auto signed_ = alice->gpg(sign, "y\ny\n");
    EXPECT_EQ(signed_.exit, 0) << signed_.err;
    return ics({"push", "-"}, alice->gpg({"--export", device}).out);
  };
  const auto pushed = certify({"--maker", "Acme", "--model", "thermo-2000", "--serial", "42"});
  EXPECT_THAT(pushed.out, HasSubstr("received by acme.example"));
  EXPECT_THAT(pushed.out, HasSubstr("refused"));  // what the device says of itself has no role here
  const auto shown = ics({"show", "42"});
  EXPECT_THAT(shown.out, HasSubstr("thermo-2000"));
  EXPECT_THAT(shown.out, HasSubstr("admitted in acme.example"));
  EXPECT_EQ(ics({"why", "fpr:" + device}).exit, 0);
  certify({"--status", "stolen"});
  EXPECT_EQ(ics({"why", "42"}).exit, 1);
  EXPECT_THAT(ics({"why", "42"}).out, HasSubstr("stolen"));
  // What is dated ahead counts as said when it was received: not in the second of the theft.
  const auto stolen_at = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  EXPECT_TRUE(eventually([&] { return std::chrono::system_clock::now() >= stolen_at + std::chrono::seconds(1); }));
  certify({"--status", "in-stock"});
  EXPECT_EQ(ics({"why", "42"}).exit, 0);
  // A certification revoked is an identity taken back.
  auto revoke = later();
  revoke.insert(revoke.end(), {"--quick-revoke-sig", device, acme});
  const auto revoked = alice->gpg(revoke);
  ASSERT_EQ(revoked.exit, 0) << revoked.err;
  ics({"push", "-"}, alice->gpg({"--export", device}).out);
  EXPECT_EQ(ics({"why", "fpr:" + device}).exit, 1);
}

// `--run` signs, and submits what gpg made of it: not what else is in the certificate, which has no role here.
TEST_F(Gpg, SignsAndSubmits) {
  ASSERT_NO_FATAL_FAILURE(start_manufacturer());
  const std::string acme = fingerprint_of_acme, device = alice->make("thermo 42", "nistp256");
  const auto run = [&](const demo::Arguments& what) {
    demo::Arguments arguments{"/usr/bin/env", "GNUPGHOME=" + (directory / "alice").string(), "LC_ALL=C", CM4IT_ICS, "gpg-notations", device, "--run", "--local-user", acme,
                              "--dir", (directory / "ics").string()};
    arguments.insert(arguments.end(), what.begin(), what.end());
    return demo::run(arguments).value();
  };
  const auto signed_ = run({"--maker", "Acme", "--model", "thermo-2000", "--serial", "42"});
  EXPECT_EQ(signed_.exit, 0) << signed_.out << signed_.err;
  EXPECT_THAT(signed_.out, HasSubstr("received by acme.example"));
  EXPECT_THAT(signed_.out, testing::Not(HasSubstr("refused")));
  EXPECT_THAT(ics({"show", "42"}).out, HasSubstr("thermo-2000"));
  EXPECT_EQ(ics({"why", "fpr:" + device}).exit, 0);
  const auto unknown = demo::run({"/usr/bin/env", "GNUPGHOME=" + (directory / "alice").string(), CM4IT_ICS, "gpg-notations", std::string(40, 'A'), "--run", "--maker", "Acme",
                                  "--dir", (directory / "ics").string()});
  EXPECT_NE(unknown->exit, 0);
  EXPECT_THAT(unknown->err, HasSubstr("gpg has no such certificate"));
}

}  // namespace
}  // namespace cm4it::hkp::test
