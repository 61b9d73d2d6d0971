// Policies signed by hand, as an owner does it.
#include <gmock/gmock.h>

#include "apps/ics/scripted_server_for_test.h"

namespace cm4it::ics {
namespace {

using ::testing::HasSubstr;

class PolicyVerbs : public CommandLine {
 protected:
  void SetUp() override {
    CommandLine::SetUp();
    server_ = [](const Sent&) -> Result<net::Reply> { return fail(Code::unavailable, "nobody is there"); };
    ASSERT_EQ(ics({"init", file("acme"), "--role", "manufacturer", "--domain", "acme.example"}).code, exit_yes);
  }

  // The newest text of a directory, as another version and with another rule.
  void rewrite(const std::string& directory, const std::string& from, const std::string& to, const std::string& rule) const {
    auto text = contents(directory + "/policy.toml");
    const auto at = text.find("version = " + from);
    ASSERT_NE(at, text.npos) << text;
    text.replace(at, 10 + from.size(), "version = " + to);
    write(directory + "/policy.toml", text + rule);
  }
  Outcome sign(const std::string& directory) {
    return ics({"--yes", "--dir", file(directory), "policy", "sign", file(directory + "/policy.toml")});
  }
};

TEST_F(PolicyVerbs, TheVersionAfterHealsAFork) {
  std::filesystem::copy(file("acme"), file("twin"), std::filesystem::copy_options::recursive);
  rewrite("acme", "1", "2", "");
  rewrite("twin", "1", "2", "\n# the twin\n");
  for (const char* directory : {"acme", "twin"}) {
    const auto outcome = sign(directory);
    ASSERT_EQ(outcome.code, exit_yes) << outcome.out << outcome.err;
  }
  for (const auto& entry : std::filesystem::directory_iterator(file("twin/evidence")))
    if (entry.path().filename().string().ends_with("-policy-2.cose")) std::filesystem::copy(entry.path(), file("acme/evidence/0900-rival.cose"));

  const auto refused = ics({"--yes", "--dir", file("acme"), "server", "add", file("acme"), "field", "--key", "key:" + std::string(64, 'a'),
                            "--url", "https://field.example"});
  EXPECT_NE(refused.code, exit_yes);
  EXPECT_THAT(refused.err, HasSubstr("two versions 2"));
  EXPECT_THAT(refused.err, HasSubstr("as version 3"));

  rewrite("acme", "2", "3", "");
  const auto healed = sign("acme");
  EXPECT_EQ(healed.code, exit_yes) << healed.out << healed.err;
  rewrite("acme", "3", "4", "");
  EXPECT_EQ(sign("acme").code, exit_yes);
}

// What a server knows of the keys that the text lists.
TEST_F(PolicyVerbs, CheckAsksWhichKeysAreCompromisedByTheirOwnWord) {
  const auto shown = ics({"--json", "key", "show", file("acme/owner.key")});
  ASSERT_EQ(shown.code, exit_yes) << shown.err;
  const auto at = shown.out.find("key:");
  ASSERT_NE(at, std::string::npos) << shown.out;
  const std::string owner = shown.out.substr(at, 68);
  const auto checked = [&](const std::string& statements) {
    server_ = [owner, statements](const Sent& sent) -> Result<net::Reply> {
      if (sent.target.find("/history") == std::string::npos) return reply(404, "{}");
      if (sent.target.find(owner.substr(4)) == std::string::npos) return reply(404, R"({"title": "not-found"})");
      return reply(200, R"({"statements": [)" + statements + "]}");
    };
    return ics({"policy", "check", file("acme/policy.toml")});
  };
  const auto found = checked(R"({"kind": "status", "counts": true, "silences_issuer": true, "received": "2027-01-02T00:00:00Z"},
                                {"kind": "status", "counts": true, "silences_issuer": true, "received": "2027-01-01T00:00:00Z"})");
  EXPECT_EQ(found.code, exit_yes) << found.err;
  EXPECT_THAT(found.out + found.err, HasSubstr("(" + owner + ") says of itself that it is compromised, received 2027-01-01T00:00:00Z: nothing it says since counts"));
  const auto none = checked(R"({"kind": "status", "counts": true, "received": "2027-01-01T00:00:00Z"})");
  EXPECT_THAT(none.out + none.err, testing::Not(HasSubstr("compromised")));
  server_ = [](const Sent&) -> Result<net::Reply> { return fail(Code::unavailable, "nobody is there"); };
  const auto alone = ics({"policy", "check", file("acme/policy.toml")});
  EXPECT_EQ(alone.code, exit_yes) << "the text is right all the same";
  EXPECT_THAT(alone.out + alone.err, HasSubstr("compromised by its own word is not known: nobody is there"));
}

}  // namespace
}  // namespace cm4it::ics
