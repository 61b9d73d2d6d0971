// SHA256SUMS as projects publish them, signed with the real gpg: each file is code with an identity by the developer.
#include "base/needs_for_test.h"
#include "hkp/running.h"

namespace cm4it::hkp::test {
namespace {

struct Sums : Running {
  void SetUp() override {
    CM4IT_NEEDS(installed("gpg"), "gpg");
    developer = std::make_unique<Keyring>(directory / "developer");
    start("developer", "dev.example");
    fingerprint = developer->make("Dev <release@dev.example>", "ed25519");
  }
  void give_role() const {
    const fs::path certificate = export_key();
    const auto role = ics({"role", "add", (directory / "ics").string(), "developer", "gpg", "--key", certificate.string(), "--formats", "openpgp,sums", "--yes"});
    ASSERT_EQ(role.exit, 0) << role.err;
  }
  fs::path export_key() const {
    const fs::path file = directory / "dev.pgp";
    std::ofstream(file) << developer->gpg({"--armor", "--export", fingerprint}).out;
    return file;
  }
  std::string write(const std::string& name, const std::string& content) const {
    std::ofstream(directory / name, std::ios::binary) << content;
    return (directory / name).string();
  }
  // What `sha256sum` would print of a file with that digest.
  static std::string line(char digit, const std::string& name) { return std::string(64, digit) + "  " + name + "\n"; }
  std::string sign(const std::string& file, demo::Arguments how) const {
    how.insert(how.end(), {"--output", file + ".asc", file});
    const auto made = developer->gpg(how);
    EXPECT_EQ(made.exit, 0) << made.err;
    return file + ".asc";
  }

  std::unique_ptr<Keyring> developer;
  std::string fingerprint;
};

TEST_F(Sums, ADetachedSignatureMakesCodeIdentities) {
  give_role();
  const std::string list = write("SHA256SUMS", line('1', "thermo-fw-1.4.2.bin") + line('2', "thermo-fw-1.4.3.bin"));
  const std::string signature = sign(list, {"--armor", "--detach-sign"});
  EXPECT_THAT(ics({"import", list, signature}).err, HasSubstr("has no certificate of its maker"));
  ASSERT_EQ(ics({"import", export_key().string()}).exit, 0);
  const auto imported = ics({"import", list, signature});
  ASSERT_EQ(imported.exit, 0) << imported.out << imported.err;
  const std::string code = "code:" + std::string(64, '1');
  const auto shown = ics({"show", code}).out;
  EXPECT_THAT(shown, HasSubstr("thermo-fw-1.4.2.bin"));
  EXPECT_THAT(shown, HasSubstr("1.4.2"));
  // What is kept of it is judged as native evidence is.
  ASSERT_EQ(ics({"status", code, "deprecated", "--reason", "CVE-2026-1"}).exit, 0);
  EXPECT_THAT(ics({"show", code}).out, HasSubstr("deprecated"));
  EXPECT_THAT(ics({"show", "code:" + std::string(64, '2')}).out, testing::Not(HasSubstr("deprecated")));
  // It is given out as it came, and is known when it comes again.
  const std::string exported = (directory / "exported").string();
  ASSERT_EQ(ics({"export", code, "--format", "sums", "--out", exported}).exit, 0);
  EXPECT_THAT(ics({"import", exported}).out, HasSubstr("already known"));
  EXPECT_THAT(ics({"import", list, signature}).out, HasSubstr("received"));
}

TEST_F(Sums, ASigningSubkeyAndAnInlineSignatureWork) {
  ASSERT_EQ(developer->gpg({"--passphrase", "", "--quick-add-key", fingerprint, "rsa2048", "sign", "never"}).exit, 0);
  give_role();
  const std::string list = write("CHECKSUM", "# thermo: 100 bytes\nSHA256 (thermo-2.0.img) = " + std::string(64, '3') + "\n");
  const std::string message = sign(list, {"--clearsign"});
  const auto imported = ics({"import", message, "--cert", export_key().string()});
  ASSERT_EQ(imported.exit, 0) << imported.out << imported.err;
  EXPECT_THAT(ics({"show", "code:" + std::string(64, '3')}).out, HasSubstr("thermo-2.0.img"));
}

TEST_F(Sums, AChangedListAndAStrangersSignatureAreRefused) {
  give_role();
  const std::string list = write("SHA256SUMS", line('4', "a-1.0.bin"));
  const std::string signature = sign(list, {"--armor", "--detach-sign"});
  write("SHA256SUMS", line('5', "a-1.0.bin"));
  const auto changed = ics({"import", list, signature, "--cert", export_key().string()});
  EXPECT_EQ(changed.exit, 3);
  EXPECT_THAT(changed.out + changed.err, HasSubstr("signature"));

  const Keyring stranger(directory / "stranger");
  const std::string other = stranger.make("Eve <eve@evil.example>", "ed25519");
  write("eve.pgp", stranger.gpg({"--armor", "--export", other}).out);
  ASSERT_EQ(stranger.gpg({"--armor", "--detach-sign", "--output", (directory / "eve.asc").string(), list}).exit, 0);
  const auto strange = ics({"import", list, (directory / "eve.asc").string(), "--cert", (directory / "eve.pgp").string()});
  EXPECT_EQ(strange.exit, 3);
  EXPECT_THAT(strange.out + strange.err, HasSubstr("plays no role"));
  EXPECT_NE(ics({"show", "code:" + std::string(64, '5')}).exit, 0);
}

// The HTTP API takes the same as a form.
TEST_F(Sums, CurlSubmitsAForm) {
  CM4IT_NEEDS(installed("curl"), "curl");
  give_role();
  const std::string list = write("SHA256SUMS", line('6', "c-3.1.bin"));
  const std::string signature = sign(list, {"--detach-sign"});  // binary
  std::string url = content_of(directory / "ics" / "address");
  url = url.substr(0, url.find_first_of(" \n"));
  const auto post = [&](demo::Arguments parts) {
    demo::Arguments arguments{"/usr/bin/env", "curl", "-sk", url + "/v1/evidence"};
    arguments.insert(arguments.end(), parts.begin(), parts.end());
    return demo::run(arguments)->out;
  };
  EXPECT_THAT(post({"-F", "sums=@" + list, "-F", "signature=@" + signature}), HasSubstr("certificate"));
  EXPECT_THAT(post({"-F", "sums=@" + list, "-F", "signature=@" + signature, "-F", "certificate=@" + export_key().string()}), HasSubstr("received"));
  EXPECT_THAT(ics({"show", "code:" + std::string(64, '6')}).out, HasSubstr("c-3.1.bin"));
  EXPECT_THAT(post({"-F", "signature=@" + signature}), HasSubstr("sums"));
}

}  // namespace
}  // namespace cm4it::hkp::test
