// OpenPGP.js against a running icsd. The library comes from npm, once, into the build directory.
#include <boost/json.hpp>

#include "base/needs_for_test.h"
#include "base/text.h"
#include "hkp/running.h"

namespace cm4it::hkp::test {
namespace {

namespace json = boost::json;

struct OpenPgpJs : Running {
  static constexpr const char* library = "openpgp@6.3.2";  // needs node 18

  void SetUp() override {
    CM4IT_NEEDS(installed("gpg"), "gpg");
    if (!installed("node") || !installed("npm")) GTEST_SKIP() << "node and npm are not installed";
    if (fs::exists(fs::path(CM4IT_NPM) / "node_modules" / "openpgp")) return;
    const auto got = demo::run({"/usr/bin/env", "timeout", "120", "npm", "install", "--prefix", CM4IT_NPM, "--no-save", "--ignore-scripts", "--no-audit",
                                "--no-fund", library});
    if (!got || got->exit != 0) GTEST_SKIP() << library << " cannot be had from npm: " << (got ? got->err : got.error().message);
  }
  std::vector<json::object> read_by_library(demo::Arguments arguments) const {
    arguments.insert(arguments.begin(), {"/usr/bin/env", "timeout", "60", "node", CM4IT_TESTS "/hkp/openpgpjs.mjs", CM4IT_NPM, "http://" + address});
    const auto output = demo::run(arguments);
    EXPECT_TRUE(output && output->exit == 0) << (output ? output->err : output.error().message);
    std::vector<json::object> seen;
    std::istringstream lines(output ? output->out : "");
    for (std::string line; std::getline(lines, line);) seen.push_back(json::parse(line).as_object());
    EXPECT_EQ(seen.size(), 2u);
    return seen;
  }
};

TEST_F(OpenPgpJs, ReadsWhatIsGiven) {
  start("keyserver", "keys.example");
  Keyring alice(directory / "alice");
  for (const auto& [user_id, algorithm] : {std::pair{"Ed <ed@acme.example>", "ed25519"}, {"Rsa <rsa@acme.example>", "rsa2048"}, {"Nist <nist@acme.example>", "nistp256"}}) {
    SCOPED_TRACE(user_id);
    const std::string fingerprint = alice.make(user_id, algorithm);
    const auto send = [&] { return alice.gpg({"--keyserver", "hkp://" + address, "--send-keys", fingerprint}).exit; };
    ASSERT_EQ(send(), 0);
    for (const auto& seen : read_by_library({fingerprint})) {
      EXPECT_EQ(uppercase(seen.at("fingerprint").as_string()), fingerprint);
      EXPECT_FALSE(seen.at("revoked").as_bool());
      EXPECT_EQ(json::serialize(seen.at("users")), json::serialize(json::array{user_id + std::string(": true")}));
    }
    ASSERT_TRUE(alice.revoke(fingerprint));
    ASSERT_EQ(send(), 0);
    for (const auto& seen : read_by_library({fingerprint})) EXPECT_TRUE(seen.at("revoked").as_bool());
  }
}

TEST_F(OpenPgpJs, SendsAndReadsVersionSix) {
  start("keyserver", "keys.example");
  for (const auto& seen : read_by_library({})) {
    EXPECT_EQ(seen.at("version").as_int64(), 6);
    EXPECT_EQ(json::serialize(seen.at("users")), R"(["Six <six@acme.example>: true"])");
    EXPECT_EQ(seen.at("subkeys").as_int64(), 1);
  }
}

}  // namespace
}  // namespace cm4it::hkp::test
