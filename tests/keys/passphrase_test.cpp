// Keys in encrypted files: their passphrases come from files, or from a terminal on which they are not seen.
#include "keys/running.h"
#include "terminal.h"

namespace cm4it::keys::test {
namespace {

using Passphrase = Running;
using demo::test::Terminal;

TEST_F(Passphrase, IsTypedUnseen) {
  Terminal making({CM4IT_ICS, "key", "new", file("owner.key"), "--encrypt"});
  making.await("passphrase for ");
  making.type("corect\x7f\x7f\x7frect horse\n");  // corrected while typed
  making.await("again: ");
  making.type("correct horse\n");
  EXPECT_EQ(making.end(), 0) << making.shown();
  EXPECT_THAT(making.shown(), testing::Not(HasSubstr("horse")));
  EXPECT_THAT(content_of(file("owner.key")), testing::StartsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----"));

  Terminal asking({CM4IT_ICS, "key", "id", file("owner.key")});
  asking.await("passphrase of ");
  asking.type("correct horse\n");
  EXPECT_EQ(asking.end(), 0) << asking.shown();
  EXPECT_THAT(asking.shown(), HasSubstr("key:"));
  EXPECT_THAT(asking.shown(), HasSubstr(ok({"key", "id", file("owner.key"), "--key-pass", secret("pass", "correct horse")})));

  Terminal wrong({CM4IT_ICS, "key", "id", file("owner.key")});
  wrong.await("passphrase of ");
  wrong.type("battery staple\n");
  EXPECT_EQ(wrong.end(), 3);
  EXPECT_THAT(wrong.shown(), HasSubstr("does not open it"));

  Terminal leaving({CM4IT_ICS, "key", "id", file("owner.key")});
  leaving.await("passphrase of ");
  leaving.type("\x03");
  EXPECT_EQ(leaving.end(), 3);
}

TEST_F(Passphrase, OfTwoThatDifferNoKeyIsMade) {
  Terminal making({CM4IT_ICS, "key", "new", file("owner.key"), "--encrypt"});
  making.await("passphrase for ");
  making.type("one\n");
  making.await("again: ");
  making.type("other\n");
  EXPECT_EQ(making.end(), 3);
  EXPECT_FALSE(fs::exists(file("owner.key")));
}

TEST_F(Passphrase, WithoutATerminalItIsInAFile) {
  const auto pass = secret("pass", "correct horse");
  ok({"key", "new", file("owner.key"), "--key-pass", pass});
  const auto none = ics({"key", "id", file("owner.key")});
  EXPECT_EQ(none.exit, 3);
  EXPECT_THAT(none.err, HasSubstr("passphrase of key file"));
  fs::permissions(pass, fs::perms::others_read, fs::perm_options::add);
  EXPECT_THAT(ics({"key", "id", file("owner.key"), "--key-pass", pass}).err, HasSubstr("chmod 600"));
}

TEST_F(Passphrase, OfAServersKeysIsNamedInItsConfiguration) {
  const auto pass = secret("pass", "correct horse");
  ok({"key", "new", file("server.key"), "--alg", "p256", "--key-pass", pass});
  ok({"key", "new", file("log.key"), "--key-pass", pass});
  ok({"init", file("plant"), "--role", "maintenance", "--domain", "plant.example", "--listen", "127.0.0.1:0", "--tls-key",
      file("server.key"), "--log-key", file("log.key"), "--key-pass", pass});
  const auto config = file("plant/icsd.toml");
  const auto without = demo::run({CM4IT_ICSD, "--config", config});
  ASSERT_TRUE(without);
  EXPECT_EQ(without->exit, 3);
  EXPECT_THAT(without->err, HasSubstr("passphrase of key file " + file("server.key")));
  auto text = content_of(config);
  std::ofstream(config) << "key_pass = \"../pass\"\nlog_pass = \"../pass\"\n" << text;
  start("plant");
  EXPECT_EQ(ics({"--dir", file("plant"), "domains"}).exit, 0) << log("plant");
}

}  // namespace
}  // namespace cm4it::keys::test
