// What is shown of a server's answers, whatever they are: tables, JSON, pages, and nothing that could steer a terminal.
#include <gmock/gmock.h>

#include "apps/ics/json.h"
#include "apps/ics/scripted_server_for_test.h"

namespace cm4it::ics {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string first_device = "key:" + std::string(64, 'a'), second_device = "key:" + std::string(64, 'b');

// What a server or a statement brings may not steer the terminal: ESC, CSI as C1, BEL, a new line, DEL.
TEST_F(CommandLine, ControlCharactersAreNeverShown) {
  const std::string hostile = R"(\u001b[2J\u009b31m\u0007\u007f\n\r)";
  server_ = [&](const Sent& sent) {
    if (sent.target.find("history") != std::string::npos)
      return reply(200, R"({"subject": "x)" + hostile + R"(", "statements": [{"statement": ")" + hostile + R"(", "kind": "status",
        "body": {"status": ")" + hostile + R"(", "reason": ")" + hostile + R"("}, "issuer_name": ")" + hostile + R"(", "why_not": ")" + hostile + R"("}]})");
    if (sent.target.starts_with("/v1/subjects?"))
      return reply(200, R"({"subjects": [{"subject": "key:1)" + hostile + R"(", "identity": {"name": ")" + hostile + R"("}}]})");
    if (sent.target.starts_with("/v1/peers")) return reply(200, R"({"peers": [{"domain": "d", "last_error": ")" + hostile + R"("}]})");
    if (sent.target.starts_with("/v1/domains")) return reply(200, R"({"server": {"name": ")" + hostile + R"("}, "domains": []})");
    if (sent.target.find("verdict") != std::string::npos)
      return reply(200, R"({"subject": ")" + hostile + R"(", "reasons": [{"rule": ")" + hostile + R"(", "text": ")" + hostile + R"("}]})");
    if (sent.target.starts_with("/v1/may")) return reply(404, R"({"title": "not-found", "detail": ")" + hostile + R"(", "hint": ")" + hostile + R"("})");
    return reply(200, R"({"subject": "key:1", "identity": {"name": ")" + hostile + R"(", "attributes": {")" + hostile + R"(": ")" + hostile +
                      R"("}}, "holder": ")" + hostile + R"(", "endorsements": [{"label": ")" + hostile + R"("}]})");
  };
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"history", first_device}, {"find"}, {"peers"}, {"domains"}, {"why", first_device}, {"may", first_device, second_device}, {"show", first_device}})
    for (const bool as_json : {false, true}) {
      auto all = words;
      if (as_json) all.push_back("--json");
      const auto outcome = ics(all);
      const std::string shown = outcome.out + outcome.err;
      for (const char* bad : {"\033", "\007", "\x7f", "\r", "\xc2\x9b"})
        EXPECT_EQ(shown.find(bad), std::string::npos) << words[0] << (as_json ? " --json" : "");
      EXPECT_FALSE(shown.empty());
      EXPECT_TRUE(as_json || shown.find("?") != std::string::npos) << words[0];
    }
}

TEST_F(CommandLine, JsonIsOneDocumentWithEveryFieldOfTheServer) {
  server_ = [&](const Sent&) { return reply(200, R"({"admitted": "no", "later": {"version": [1, true, null]}})"); };
  const auto outcome = ics({"why", first_device, "--json"});
  EXPECT_EQ(outcome.code, exit_no);
  EXPECT_EQ(json::parse(outcome.out), json::parse(R"({"admitted": "no", "later": {"version": [1, true, null]}})"));
  EXPECT_EQ(outcome.err, "");
}

// Fields that are missing or of another type: whatever is shown, nothing breaks.
TEST_F(CommandLine, AnswersOfAnyShapeAreSurvived) {
  const std::vector<std::vector<std::string>> questions{{"find"}, {"show", first_device}, {"history", first_device}, {"why", first_device},
                                                        {"may", first_device, second_device}, {"domains"}, {"peers"}, {"show", "42"},
                                                        {"export", "--out", "-"}, {"log", "verify"}, {"log", "audit"}};
  const std::vector<std::string> bodies{
      "", "null", "[]", "\"x\"", "{", "{}", "\xff\xfe", std::string(100, '[') + std::string(100, ']'),
      R"({"subjects": {"a": 1}, "statements": 7, "reasons": "x", "domains": null, "peers": [1, null, [], "x", {}]})",
      R"({"subjects": [1, null, {"subject": 5, "identity": [], "status": "x", "verdict": 3}], "cursor": 9})",
      R"({"statements": [3, {"body": [], "roles": "x", "counts": "yes", "decided_by": 4}], "subject": []})",
      R"({"reasons": [null, {"outcome": 1, "text": {}}], "admitted": true, "valid_until": [], "endorsements": [[], {}]})",
      R"({"domains": [{"version": -1, "size": 1e300, "home": "x", "domain": 5}, 4], "server": []})",
      R"({"identity": {"attributes": {"a": {}, "": null}, "uris": [1, {}]}, "status": {"status": 5}})"};
  for (const auto& words : questions)
    for (const auto& body : bodies)
      for (const unsigned status : {200u, 204u, 301u, 404u, 500u}) {
        server_ = [&](const Sent&) { return reply(status, body); };
        const auto outcome = ics(words);
        EXPECT_TRUE(outcome.code >= exit_yes && outcome.code <= exit_failed) << words[0] << " " << body;
        EXPECT_TRUE(status < 300 || outcome.code == exit_failed) << words[0] << " " << body;
      }
}

TEST_F(CommandLine, AServerWhosePagesDoNotGoOnIsAFailure) {
  server_ = [](const Sent&) { return reply(200, R"({"subjects": [], "cursor": "key:1"})"); };
  const auto outcome = ics({"find", "--limit", "0"});
  EXPECT_EQ(outcome.code, exit_failed);
  EXPECT_THAT(outcome.err, StartsWith("ics find: "));
}

TEST_F(CommandLine, FindWalksPagesUpToItsLimit) {
  server_ = [](const Sent& sent) {
    const bool second = sent.target.find("cursor=c1") != std::string::npos;
    return reply(200, second ? R"({"subjects": [{"subject": "key:3"}], "cursor": "c2"})"
                             : R"({"subjects": [{"subject": "key:1"}, {"subject": "key:2"}], "cursor": "c1"})");
  };
  const auto outcome = ics({"find", "acme", "thermo", "--limit", "3", "--maker", "Acme & Sons"});
  EXPECT_EQ(outcome.code, exit_yes);
  EXPECT_THAT(outcome.out, HasSubstr("key:3"));
  EXPECT_THAT(outcome.err, HasSubstr("--limit 0"));
  ASSERT_EQ(sent_.size(), 2u);
  EXPECT_EQ(sent_[0].target, "/v1/subjects?q=acme%20thermo&maker=Acme%20%26%20Sons&limit=3");
  EXPECT_THAT(sent_[1].target, HasSubstr("limit=1&cursor=c1"));
}

TEST_F(CommandLine, SerialsAndPrefixesAreAskedFor) {
  const std::string prefix(20, 'd');
  server_ = [](const Sent& sent) {
    if (sent.target == "/v1/subjects/code%3A" + std::string(20, 'd')) return reply(200, R"({"subject": "code:)" + std::string(64, 'd') + R"("})");
    if (sent.target == "/v1/subjects/code%3A" + std::string(64, 'd')) return reply(200, R"({"subject": "found"})");
    return reply(404, R"({"title": "not-found", "detail": "no"})");
  };
  const auto outcome = ics({"show", prefix});
  EXPECT_EQ(outcome.code, exit_yes) << outcome.err;
  ASSERT_EQ(sent_.size(), 4u);
  EXPECT_EQ(sent_[0].target, "/v1/subjects/serial%3A" + prefix);
  EXPECT_EQ(sent_[1].target, "/v1/subjects/key%3A" + prefix);
}

// 8 to 15 digits: found by the order of the server's pages.
TEST_F(CommandLine, ShortPrefixesAreFoundAmongTheSubjects) {
  const std::string first = "key:aabbccdd1" + std::string(55, '0'), second = "key:aabbccdd2" + std::string(55, '0');
  std::string page = R"({"subjects": [{"subject": ")" + first + R"("}, {"subject": ")" + second + R"("}]})";
  server_ = [&](const Sent& sent) {
    if (sent.target == "/v1/subjects?limit=10&cursor=key%3Aaabbccdd1" + std::string(55, '0') ||
        sent.target == "/v1/subjects?limit=10&cursor=key%3Aaabbccdd" + std::string(56, '0'))
      return reply(200, page);
    if (sent.target.ends_with("/verdict")) return reply(200, R"({"subject": ")" + first + R"(", "admitted": "yes"})");
    return reply(404, R"({"title": "not-found", "detail": "no"})");
  };
  const auto both = ics({"why", "key:aabbccdd"});
  EXPECT_EQ(both.code, exit_failed);
  EXPECT_THAT(both.err, testing::AllOf(HasSubstr("one of:"), HasSubstr(first.substr(0, 20)), HasSubstr(second.substr(0, 20))));
  EXPECT_EQ(ics({"why", "key:aabbccdd1"}).code, exit_yes);
  EXPECT_EQ(ics({"why", "aabbccdd1"}).code, exit_yes);
  EXPECT_EQ(ics({"why", "key:aabbccde"}).code, exit_failed);
  EXPECT_EQ(ics({"why", "key:aabbccd"}).code, exit_failed) << "fewer than 8 digits";
}

TEST_F(CommandLine, ColumnsWithNothingInThemAreLeftOut) {
  server_ = [](const Sent&) {
    return reply(200, R"({"subjects": [{"subject": "key:1", "identity": {"serial": "42"}}, {"subject": "key:2", "identity": {"type": "device"}}]})");
  };
  EXPECT_EQ(ics({"find"}).out,
            "SUBJECT  TYPE    SERIAL  VERDICT\n"
            "key:1            42      unknown\n"
            "key:2    device          unknown\n");
}

}  // namespace
}  // namespace cm4it::ics
