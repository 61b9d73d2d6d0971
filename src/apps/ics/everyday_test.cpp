// What an operator asks and does from day to day, against a scripted server.
#include <gmock/gmock.h>

#include "apps/ics/json.h"
#include "apps/ics/scripted_server_for_test.h"

namespace cm4it::ics {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string first = "key:" + std::string(64, 'a'), second = "key:" + std::string(64, 'b');

TEST_F(CommandLine, WhatEndsSoonIsFoundByWhatCounts) {
  server_ = [&](const Sent& sent) {
    if (sent.target.starts_with("/v1/subjects?"))
      return reply(200, R"({"subjects": [{"subject": ")" + first + R"(", "identity": {"type": "device", "serial": "A-1", "statement": "s1"},
        "endorsements": [{"label": "approved", "statement": "s2"}]}, {"subject": ")" + second + R"(", "identity": {"type": "device", "serial": "A-2", "statement": "s3"}}]})");
    // s9 ends first, and is not in force.
    if (sent.target.find("aaaa") != std::string::npos)
      return reply(200, R"({"statements": [{"statement": "s1"}, {"statement": "s2", "expires": "2027-02-01T00:00:00Z"}, {"statement": "s9", "expires": "2027-01-16T00:00:00Z"}]})");
    return reply(200, R"({"statements": [{"statement": "s3", "expires": "2030-01-01T00:00:00Z"}]})");
  };
  const auto soon = ics({"find", "--expires-before", "30d"});
  EXPECT_THAT(soon.out, AllOf(HasSubstr("A-1"), HasSubstr("2027-02-01T00:00:00Z"), Not(HasSubstr("A-2"))));
  EXPECT_THAT(ics({"find", "--expires-before", "2031-01-01"}).out, AllOf(HasSubstr("A-1"), HasSubstr("A-2")));
  EXPECT_EQ(ics({"find", "--expires-before", "soon"}).code, exit_usage);
}

TEST_F(CommandLine, AKeysFileThatIsNotThereIsSaidToBeMissing) {
  server_ = [&](const Sent&) { return reply(404, R"({"title": "not-found", "detail": "none"})"); };
  EXPECT_THAT(ics({"show", "thermo.key"}).err, HasSubstr("and there is no such file"));
  EXPECT_THAT(ics({"show", "A-1"}).err, AllOf(HasSubstr("no subject \"A-1\""), Not(HasSubstr("no such file"))));
}

// Nor an owner of a domain whom nobody may identify here; and what was endorsed twice is shown once.
TEST_F(CommandLine, OwnersOfDomainsAreNoThings) {
  server_ = [&](const Sent& sent) {
    if (sent.target.starts_with("/v1/domains")) return reply(200, R"({"domains": [{"domain": "tuev.example", "owner": "key:1"}]})");
    return reply(200, R"({"subjects": [{"subject": "key:1"}, {"subject": "key:2"}]})");
  };
  EXPECT_THAT(ics({"find"}).out, AllOf(HasSubstr("key:2"), Not(HasSubstr("key:1"))));
  EXPECT_THAT(ics({"find", "--type", "any"}).out, HasSubstr("key:1"));
  server_ = [&](const Sent&) {
    return reply(200, R"({"subject": ")" + first + R"(", "endorsements": [{"label": "approved", "roles": ["integrator"], "issuer_name": "plant7.example/volta"},
      {"label": "approved", "roles": ["integrator"], "issuer_name": "plant7.example/volta"}]})");
  };
  const auto shown = ics({"show", first}).out;
  EXPECT_EQ(shown.find("approved"), shown.rfind("approved")) << shown;
}

TEST_F(CommandLine, ThingsAreFoundFirstAndVersionsExactly) {
  server_ = [&](const Sent&) {
    return reply(200, R"({"subjects": [{"subject": "key:1", "identity": {"type": "server", "name": "main"}}, {"subject": "key:2", "identity": {"type": "device", "version": "1.0.1"}},
      {"subject": "key:3", "identity": {"type": "device", "version": "1.1.0"}}, {"subject": "key:4", "identity": {"type": "party", "name": "volta"}}]})");
  };
  EXPECT_THAT(ics({"find"}).out, AllOf(HasSubstr("key:2"), HasSubstr("key:3"), Not(HasSubstr("main")), Not(HasSubstr("volta"))));
  EXPECT_THAT(ics({"find", "--type", "any"}).out, AllOf(HasSubstr("main"), HasSubstr("volta")));
  EXPECT_THAT(ics({"find", "1.1.0"}).out, AllOf(HasSubstr("key:3"), Not(HasSubstr("key:2"))));
}

// Written to standard output, so that a full disk is told of it too.
TEST_F(CommandLine, FindingNothingIsAnAnswer) {
  server_ = [](const Sent&) { return reply(200, R"({"subjects": []})"); };
  const auto found = ics({"find", "nowhere"});
  EXPECT_EQ(found.code, exit_yes);
  EXPECT_TRUE(found.out.starts_with("SUBJECT ")) << found.out;
  EXPECT_THAT(found.err, HasSubstr("nothing found"));
}

TEST_F(CommandLine, ANameLeadsToTheOnlyOneThatIsCalledSo) {
  std::string found = R"([{"subject": ")" + first + R"(", "identity": {"name": "gw-hall3"}}, {"subject": ")" + second + R"(", "identity": {"name": "gw-hall3 spare"}}])";
  server_ = [&](const Sent& sent) {
    if (sent.target.starts_with("/v1/subjects?")) return reply(200, R"({"subjects": )" + found + "}");
    if (sent.target.find("serial") != std::string::npos) return reply(404, R"({"title": "not-found", "detail": "no"})");
    return reply(200, R"({"subject": ")" + first + R"(", "identity": {"name": "gw-hall3"}})");
  };
  EXPECT_THAT(ics({"show", "gw-hall3"}).out, HasSubstr(first));
  found = R"([{"subject": ")" + first + R"(", "identity": {"name": "gw-hall3"}}, {"subject": ")" + second + R"(", "identity": {"name": "gw-hall3"}}])";
  EXPECT_THAT(ics({"show", "gw-hall3"}).err, AllOf(HasSubstr("several subjects are called \"gw-hall3\""), HasSubstr(second.substr(0, 20))));
}

TEST_F(CommandLine, AFileThatIsNoKeyIsCode) {
  write("fw.bin", "firmware\n");
  write("broken.pem", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
  server_ = [&](const Sent& sent) { return sent.target.starts_with("/v1/subjects/code%3A179c23f41ee27a7474df0662f97023168ddcf837989573fcddd5941adca62a68") ? reply(200, R"({"admitted": "yes"})") : reply(404, "{}"); };
  EXPECT_EQ(ics({"why", file("fw.bin")}).code, exit_yes);
  EXPECT_EQ(ics({"why", file("broken.pem")}).code, exit_failed);
  ASSERT_EQ(sent_.size(), 1u) << "what means to be a key is not taken for code";
}

TEST_F(CommandLine, JsonIsPipedLikeATable) {
  server_ = [&](const Sent& sent) {
    if (sent.target.find("/history") != std::string::npos) return reply(200, R"({"statements": []})");
    return reply(200, "{}");
  };
  const std::string document = R"({"subjects": [{"subject": ")" + first + R"("}, {"subject": ")" + second + R"("}]})";
  const auto outcome = ics({"export", "-", "--out", file("x")}, document);
  EXPECT_EQ(sent_.size(), 2u);
  EXPECT_THAT(outcome.err, HasSubstr("nothing to export"));
  EXPECT_THAT(ics({"export", "-", "--out", file("x")}, "{").err, HasSubstr("begins like JSON"));
}

TEST_F(CommandLine, WatchTellsWhatChangedAndWhatItIsNow) {
  int polls = 0;
  server_ = [&](const Sent& sent) {
    if (sent.target.starts_with("/v1/changes"))
      return sent.target.find("from=") == std::string::npos ? reply(200, R"({"subjects": [], "all": false, "next": "7"})")
             : ++polls == 1 ? reply(200, R"({"subjects": [], "all": false, "next": "7"})")
                            : reply(200, R"({"subjects": [")" + first + R"("], "all": false, "next": "8"})");
    return reply(200, R"({"identity": {"type": "device", "serial": "42"}, "status": {"status": "stolen"}, "verdict": {"admitted": "no"}})");
  };
  const auto outcome = ics({"watch", "--once"});
  EXPECT_EQ(outcome.code, exit_yes) << outcome.err;
  EXPECT_EQ(outcome.out, "2027-01-15T08:00:00Z  key:aaaaaaaaaaaaaaaa  device serial 42  stolen  not admitted\n");
  EXPECT_THAT(sent_[1].target, AllOf(HasSubstr("from=7"), HasSubstr("wait=")));
  polls = 1;
  const auto line = json::parse(ics({"watch", first, "--once", "--json"}).out).as_object();
  EXPECT_EQ(text_at(line, "subject"), first);
}

TEST_F(CommandLine, StatusOfAnIcsOnOnePage) {
  std::string peer = R"({"domain": "acme.example", "url": "https://acme.example", "state": "following", "newest_head": "2027-01-15T07:59:30Z"})", ready = "ok\n";
  server_ = [&](const Sent& sent) {
    if (sent.target == "/v1/domains")
      return reply(200, R"({"server": {"name": "main", "key": "key:1", "domain": "plant7.example"}, "domains": [
        {"domain": "plant7.example", "home": true, "version": 3, "size": 1000, "newest_head": "2027-01-15T07:59:50Z"}, {"domain": "beta.example", "version": 0}]})");
    if (sent.target == "/v1/peers") return reply(200, R"({"peers": [)" + peer + "]}");
    return reply(200, ready, "text/plain");
  };
  const auto well = ics({"status"});
  EXPECT_EQ(well.code, exit_yes) << well.err;
  EXPECT_THAT(well.out, AllOf(HasSubstr("main of plant7.example"), HasSubstr("yes"), HasSubstr("1,000"), HasSubstr("10s"), HasSubstr("name only"), HasSubstr("following")));
  ready = "ok\nwarning: the clock is behind\n";
  EXPECT_THAT(ics({"status"}).out, HasSubstr("the clock is behind"));
  EXPECT_EQ(ics({"status"}).code, exit_no);
  ready = "ok\n";
  peer = R"({"domain": "acme.example", "url": "https://acme.example", "state": "backing-off",
    "last_error": "https://acme.example:8443/v1/feed?domain=acme.example&select=%7B%20holder%20%7D: Failed to connect"})";
  const auto off = ics({"status"});
  EXPECT_EQ(off.code, exit_no);
  EXPECT_THAT(off.out, AllOf(HasSubstr("https://acme.example:8443/v1/feed: Failed to connect"), Not(HasSubstr("%7B"))));
}

// What came nearest to meeting a rule, and the command that meets it.
TEST_F(CommandLine, WhyNotNamesTheNearestCandidate) {
  std::string reasons, statements;
  server_ = [&](const Sent& sent) {
    if (sent.target.find("/history") != std::string::npos) return reply(200, R"({"statements": [)" + statements + "]}");
    return reply(200, R"({"subject": ")" + first + R"(", "admitted": "no", "reasons": [)" + reasons + "]}");
  };
  const auto why = [&](const std::string& rule, const std::string& text, const std::string& said) {
    reasons = R"({"outcome": "failed", "rule": ")" + rule + R"(", "text": ")" + text + R"(", "statement": "s7"})";
    statements = said;
    const auto outcome = ics({"why", first});
    EXPECT_EQ(outcome.code, exit_no);
    return outcome.out;
  };
  const std::string wants = R"(not endorsed as \"approved\" by the role integrator)";
  EXPECT_THAT(why("identified_by", "no identity that counts", R"({"kind": "identity", "issuer_name": "beta.example/ca", "counts": false, "why_not": "expired at 2026-11-30T05:37:01Z"})"),
              AllOf(HasSubstr("its identity by beta.example/ca does not count: expired at 2026-11-30"), HasSubstr("→ ics push NEW.pem")));
  EXPECT_THAT(why("endorsed_by.integrator", wants, R"({"kind": "endorse", "issuer_name": "plant7.example/volta", "counts": true, "roles": ["integrator"], "body": {"label": "aproved"}})"),
              AllOf(HasSubstr("volta endorsed it as \"aproved\": not the same label"), HasSubstr("→ ics endorse " + first + " --label approved")));
  EXPECT_THAT(why("endorsed_by.integrator", wants, R"({"kind": "endorse", "issuer_name": "plant7.example/plant7", "counts": true, "roles": ["holder"], "body": {"label": "approved"}})"),
              HasSubstr("plant7 endorsed it as \"approved\" as holder, not as integrator"));
  EXPECT_THAT(why("status", "status is stolen, not in-use", R"({"kind": "status", "statement": "s7", "issuer_name": "acme.example/acme", "counts": true, "body": {"status": "stolen"}})"),
              HasSubstr("→ acme.example/acme can lift it: ics status " + first + " --lift"));
  EXPECT_THAT(why("status", "status is unset, not in-use", ""), HasSubstr("→ ics status " + first + " in-use"));
  EXPECT_THAT(why("max_staleness", "dev.example has not been heard of since 2027-01-14T00:00:00Z, more than 7d ago: https://dev.example, Failed to connect", ""),
              AllOf(HasSubstr("more than 7d ago: https://dev.example, Failed to connect"), HasSubstr("→ ics peers")));
}

TEST_F(CommandLine, WrongUsageOfSelectorsAndOwnersExitsTwo) {
  EXPECT_EQ(ics({"status", "--lift"}).code, exit_usage);
  EXPECT_EQ(ics({"status", "A-1"}).code, exit_usage);
  EXPECT_THAT(ics({"status", "A-1", "stolne"}).err, HasSubstr("did you mean stolen?"));
  ASSERT_EQ(ics({"init", file("plant"), "--role", "maintenance", "--domain", "plant7.example", "--listen", "127.0.0.1:8441"}).code, exit_yes);
  server_ = [](const Sent&) { return fail(Code::unavailable, "connection refused"); };
  EXPECT_EQ(ics({"permit", "add", file("plant"), "--from", "colour=red", "--to", "all"}).code, exit_usage);
  EXPECT_EQ(ics({"permit", file("plant"), "--from", "all"}).code, exit_usage);
}

// Without a server: the next version waits in the directory.
class OwnDirectory : public CommandLine {
 protected:
  void SetUp() override {
    CommandLine::SetUp();
    server_ = [](const Sent&) { return fail(Code::unavailable, "connection refused"); };
    ASSERT_EQ(ics({"init", plant, "--role", "maintenance", "--domain", "plant7.example", "--listen", "127.0.0.1:8441"}).code, exit_yes);
    for (const char* name : {"volta.key", "ohm.key"}) ASSERT_EQ(ics({"key", "new", file(name)}).code, exit_yes);
  }
  void TearDown() override {
    ::unsetenv("VISUAL");
    ::unsetenv("EDITOR");
    CommandLine::TearDown();
  }
  const std::string plant = (std::filesystem::path(::testing::TempDir()) / ("cm4it-plant-" + std::to_string(::getpid()))).string();
  ~OwnDirectory() override { std::filesystem::remove_all(plant); }
};

TEST_F(OwnDirectory, ARoleIsReplacedInOneVersion) {
  for (const char* role : {"integrator", "maintainer"}) ASSERT_EQ(ics({"role", "add", plant, role, "volta", "--key", file("volta.key"), "--yes"}).code, exit_yes);
  const auto replaced = ics({"role", "replace", plant, "volta", "ohm", "--key", file("ohm.key"), "--yes"});
  EXPECT_EQ(replaced.code, exit_yes) << replaced.err;
  EXPECT_THAT(replaced.out, HasSubstr("v4"));
  const auto list = json::parse(ics({"role", "list", plant, "--json"}).out).as_object();
  int ends = 0, begins = 0;
  for (const auto& entry : array_at(list, "roles")) {
    if (text_at(entry.get_object(), "who") == "volta") ends += !text_at(entry.get_object(), "until").empty();
    if (text_at(entry.get_object(), "who") == "ohm") begins += text_at(entry.get_object(), "until").empty();
  }
  EXPECT_EQ(ends, 2);
  EXPECT_EQ(begins, 2);
  EXPECT_THAT(ics({"role", "replace", plant, "volta", "ohm", "--key", file("ohm.key"), "--yes"}).err, HasSubstr("volta plays no role now"));
  EXPECT_THAT(ics({"role", "add", plant, "integratr", "volta", "--key", file("volta.key"), "--yes"}).err, HasSubstr("did you mean integrator?"));
}

TEST_F(OwnDirectory, PermitsAreListedAndStruck) {
  EXPECT_EQ(ics({"permit", "add", plant, "--from", "model=thermo-*", "--to", "all", "--yes"}).code, exit_yes);
  EXPECT_EQ(ics({"permit", plant, "--from", "all", "--to", "type=gateway", "--yes"}).code, exit_yes) << "without the word";
  const auto list = ics({"permit", "list", plant});
  EXPECT_THAT(list.out, AllOf(HasSubstr("thermo-*"), HasSubstr("everybody"), HasSubstr("3  ")));
  EXPECT_EQ(ics({"permit", "remove", plant, "2", "--yes"}).code, exit_yes);
  EXPECT_THAT(ics({"permit", "list", plant}).out, Not(HasSubstr("thermo-*")));
  EXPECT_THAT(ics({"permit", "remove", plant, "9", "--yes"}).err, HasSubstr("there are 2"));
}

TEST_F(OwnDirectory, ThePolicyIsEditedInAnEditor) {
  ::setenv("EDITOR", "sed -i s/24h/12h/", 1);
  const auto edited = ics({"policy", "edit", "--dir", plant, "--yes"});
  EXPECT_EQ(edited.code, exit_yes) << edited.err;
  EXPECT_THAT(edited.out, AllOf(HasSubstr("12h"), HasSubstr("v2")));
  EXPECT_FALSE(std::filesystem::exists(plant + "/policy.draft.toml"));
  EXPECT_THAT(ics({"policy", "edit", "--dir", plant, "--yes"}).out, HasSubstr("nothing changes"));
  // What cannot be signed is kept, and gone on with.
  ::setenv("EDITOR", "sed -i s/12h/soon/", 1);
  const auto broken = ics({"policy", "edit", "--dir", plant, "--yes"});
  EXPECT_EQ(broken.code, exit_failed);
  EXPECT_THAT(broken.err, AllOf(HasSubstr("max_staleness"), HasSubstr("policy.draft.toml")));
  ::setenv("EDITOR", "sed -i s/soon/6h/", 1);
  const auto mended = ics({"policy", "edit", "--dir", plant, "--yes"});
  EXPECT_THAT(mended.out, HasSubstr("v3")) << mended.err;
  ::setenv("EDITOR", "false", 1);
  EXPECT_THAT(ics({"policy", "edit", "--dir", plant, "--yes"}).err, HasSubstr("the editor ended with an error"));
}

// A colour is ours, and nothing else that could steer a terminal.
TEST_F(OwnDirectory, ADiffIsShownInColour) {
  colour_ = true;
  const auto signed_ = ics({"role", "add", plant, "integrator", "volta", "--key", file("volta.key"), "--yes"});
  EXPECT_THAT(signed_.out, HasSubstr("\033[32m+ roles.integrator volta"));
  EXPECT_THAT(signed_.out, Not(HasSubstr("?[")));
}

TEST_F(OwnDirectory, ACheckTellsAVersionThatIsNotTheNext) {
  auto text = [&] { std::ifstream in(plant + "/policy.toml"); return std::string(std::istreambuf_iterator<char>(in), {}); }();
  std::ofstream(plant + "/policy.toml") << text << "# a remark\n";
  EXPECT_THAT(ics({"policy", "check", plant + "/policy.toml"}).out, HasSubstr("set version = 2"));
  const auto sign = ics({"policy", "sign", plant + "/policy.toml", "--yes"});
  EXPECT_THAT(sign.err, HasSubstr("set version = 2")) << "the directory is the file's";
}

TEST_F(OwnDirectory, ThePublicHalfOfAKey) {
  const auto pem = ics({"key", "pub", file("volta.key")});
  EXPECT_THAT(pem.out, ::testing::StartsWith("-----BEGIN PUBLIC KEY-----\n"));
  EXPECT_EQ(ics({"key", "pub", file("volta.key"), "--out", file("volta.pem")}).code, exit_yes);
  EXPECT_EQ(contents("volta.pem"), pem.out);
  EXPECT_EQ(ics({"key", "id", file("volta.pem")}).out, ics({"key", "id", file("volta.key")}).out);
  EXPECT_THAT(ics({"push", file("volta.key")}).err, HasSubstr("a private key; nothing of it was sent"));
}

}  // namespace
}  // namespace cm4it::ics
