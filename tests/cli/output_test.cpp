// `ics` as a shell runs it: what it says must arrive, or it fails.
#include "cli/running.h"

namespace cm4it::cli::test {
namespace {

TEST_F(Shell, AFullDiskIsAFailureOfEveryVerb) {
  ASSERT_EQ(sh("$ICS key new a.key && $ICS init acme --role manufacturer --domain acme.example --listen 127.0.0.1:0").exit, 0);
  for (const char* words : {"--help", "--version", "man", "completion bash", "key id a.key", "key show a.key", "key show a.key --json", "key new $RANDOM.key",
                            "policy check acme/policy.toml", "gpg-notations AA --label x", "--dir acme ocsp-cert --out -", "why --help",
                            "init other --role developer --domain b.example --listen 127.0.0.1:0"}) {
    const auto output = sh(std::string("$ICS ") + words + " > /dev/full");
    EXPECT_EQ(output.exit, 3) << words;
    EXPECT_THAT(output.err, HasSubstr("standard output: No space left on device")) << words;
  }
  for (const char* words : {"--help", "--version"}) EXPECT_EQ(sh(std::string("$ICSD ") + words + " > /dev/full").exit, 3) << words;
  EXPECT_EQ(sh("$ICSD --config acme/icsd.toml --check-config > /dev/full").exit, 3);
}

TEST_F(Shell, AReaderThatHasEnoughIsNoFailure) {
  const auto output = sh("$ICS man | head -n 1; exit ${PIPESTATUS[0]}");
  EXPECT_EQ(output.exit, 0);
  EXPECT_EQ(output.err, "");
}

TEST_F(Shell, StandardOutputThatIsClosedIsAFailure) {
  const auto output = sh("$ICS key new a.key >&-");
  EXPECT_EQ(output.exit, 3);
  EXPECT_THAT(output.err, HasSubstr("standard output: Bad file descriptor"));
  EXPECT_EQ(sh("$ICS key id a.key 2>&- <&-").exit, 0);
}

TEST_F(Shell, WrongUsageOfTheServerSaysWhatToType) {
  for (const char* words : {"", "--confg x", "--config"}) {
    const auto output = sh(std::string("$ICSD ") + words);
    EXPECT_EQ(output.exit, 2) << words;
    EXPECT_THAT(output.err, testing::StartsWith("icsd: ")) << words;
    EXPECT_THAT(output.err, HasSubstr("  → icsd --config DIR/icsd.toml")) << words;
  }
}

TEST_F(Shell, APathThatIsTooLongIsAnError) {
  const std::string name(300, 'x');
  for (const std::string& words : std::vector<std::string> {"init " + name + " --role manufacturer --domain a.example --listen 127.0.0.1:0", "--dir " + name + " find", "rebuild " + name,
                                  "key new " + name, "--server http://127.0.0.1:1 import " + name, "key id " + name,
                                  "--dir " + name + " ocsp-cert --out x", "policy check " + name, "trust " + name + " https://127.0.0.1:1 --as copy"}) {
    const auto output = sh("$ICS " + words);
    EXPECT_EQ(output.exit, 3) << words << output.err;
    EXPECT_THAT(output.err, testing::StartsWith("ics ")) << words;
  }
  const auto gone = sh("mkdir gone && cd gone && rmdir ../gone && $ICS key new a.key; $ICSD --config icsd.toml");
  EXPECT_EQ(gone.exit, 3);
  EXPECT_THAT(gone.err, testing::Not(HasSubstr("terminate")));
  EXPECT_EQ(sh("$ICSD --config " + name).exit, 3);
}

}  // namespace
}  // namespace cm4it::cli::test
