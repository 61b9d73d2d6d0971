// What a person sees: exit codes, usage errors, tables, JSON, and nothing that could steer a terminal.
#include <gmock/gmock.h>
#include <unistd.h>

#include "apps/ics/json.h"
#include "apps/ics/scripted_server_for_test.h"

namespace cm4it::ics {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const std::string subject = "key:" + std::string(64, 'a');
const std::string other = "key:" + std::string(64, 'b');

std::string verdict(const std::string& admitted) {
  return R"({"subject": ")" + subject + R"(", "domain": "plant7.example", "admitted": ")" + admitted +
         R"(", "valid_until": "never", "reasons": [
           {"outcome": "met", "rule": "identified_by", "text": "identified by its manufacturer"},
           {"outcome": "failed", "rule": "status", "text": "stolen is no status that is admitted", "statement": "12345678901234567890"}]})";
}

struct ExitOf { std::string admitted; int code; const char* words; };

TEST_F(CommandLine, WhyExitsOneUnlessAdmitted) {
  for (const auto& [admitted, code, words] : {ExitOf{"yes", exit_yes, " is admitted in plant7.example"},
                                              ExitOf{"no", exit_no, " is not admitted in plant7.example"},
                                              ExitOf{"unknown", exit_no, " is unknown"}, ExitOf{"", exit_no, " is unknown"},
                                              ExitOf{"YES", exit_no, " is unknown"}}) {
    server_ = [&](const Sent&) { return reply(200, verdict(admitted)); };
    const auto outcome = ics({"why", subject});
    EXPECT_EQ(outcome.code, code) << admitted;
    EXPECT_THAT(outcome.out, HasSubstr(words));
    EXPECT_LT(outcome.out.find("stolen"), outcome.out.find("manufacturer")) << "what failed comes first";
    EXPECT_EQ(outcome.err, "");
  }
}

TEST_F(CommandLine, WhyAsksForTheTimeAndTheDomainGiven) {
  server_ = [&](const Sent&) { return reply(200, verdict("yes")); };
  ics({"why", subject, "--at", "2026-12-31", "--domain", "plant7.example,acme.example"});
  ASSERT_EQ(sent_.size(), 1u);
  EXPECT_EQ(sent_[0].target, "/v1/subjects/key%3A" + std::string(64, 'a') +
                                 "/verdict?at=2026-12-31T00%3A00%3A00Z&domain=plant7.example");
}

TEST_F(CommandLine, MayExitsOneUnlessAllowed) {
  for (const auto& [allowed, code, words] : {ExitOf{"yes", exit_yes, " may open"}, ExitOf{"no", exit_no, " may not open"},
                                             ExitOf{"unknown", exit_no, "is unknown"}}) {
    server_ = [&](const Sent&) { return reply(200, R"({"allowed": ")" + allowed + R"("})"); };
    const auto outcome = ics({"may", subject, other});
    EXPECT_EQ(outcome.code, code) << allowed;
    EXPECT_THAT(outcome.out, HasSubstr(words));
  }
}

TEST_F(CommandLine, WrongUsageExitsTwo) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"why"}, {"nonsense"}, {}, {"show", subject, "--nonsense"}, {"key"}, {"key", "new"}, {"token"},
           {"find", "--limit", "many"}, {"key", "new", "x.key", "--alg", "rot13"}, {"export", "--out", "-", "--format", "pdf"}}) {
    const auto outcome = ics(words);
    EXPECT_EQ(outcome.code, exit_usage) << ::testing::PrintToString(words);
    EXPECT_EQ(outcome.out, "");
    EXPECT_NE(outcome.err, "");
  }
}

TEST_F(CommandLine, HelpExitsZero) {
  const auto outcome = ics({"why", "--help"});
  EXPECT_EQ(outcome.code, exit_yes);
  EXPECT_THAT(outcome.out, HasSubstr("--at"));
}

TEST_F(CommandLine, AnErrorIsOneLineWithWhatToDoNext) {
  server_ = [](const Sent&) {
    return reply(409, R"({"title": "ambiguous", "status": 409, "detail": "several subjects", "candidates": [{"subject": "key:1"}, {"subject": "key:2"}]})");
  };
  const auto outcome = ics({"show", "key:aaaaaaaa"});
  EXPECT_EQ(outcome.code, exit_failed);
  EXPECT_EQ(outcome.err, "ics show: several subjects\n  → one of:\n    SUBJECT  STATUS\n    key:1    no identity that counts\n    key:2    no identity that counts\n");
}

TEST_F(CommandLine, AServerThatIsNotThereIsAFailure) {
  server_ = [](const Sent&) { return fail(Code::unavailable, "http://server.example: connection refused"); };
  EXPECT_EQ(ics({"why", subject}).code, exit_failed);
}

// A directory, so that the server is its own.
TEST_F(CommandLine, TheHintToStartAServerGoesWithAConnectionAlone) {
  ASSERT_EQ(ics({"init", file("acme"), "--role", "manufacturer", "--domain", "acme.example", "--listen", "127.0.0.1:0"}).code, exit_yes);
  std::string problem;
  const Connect connect = [&](const crypto::SignerPtr&, const std::optional<KeyId>&) {
    return [&](const net::ClientRequest&) -> Result<net::Reply> {
      if (problem.empty()) return fail(Code::unavailable, "connection refused");
      return reply(503, problem);
    };
  };
  const auto asked = [&](std::vector<const char*> words) {
    std::istringstream in;
    std::ostringstream out, err;
    Context context({in, out, err, false, false, false}, [] { return Time{1'800'000'000}; }, connect);
    words.insert(words.begin(), "ics");
    EXPECT_EQ(run(static_cast<int>(words.size()), words.data(), context), exit_failed);
    return err.str();
  };
  const std::string dir = file("acme");
  EXPECT_THAT(asked({"--dir", dir.c_str(), "find"}), HasSubstr("does its server run? icsd --config " + dir + "/icsd.toml"));
  EXPECT_THAT(asked({"--dir", dir.c_str(), "--server", "http://other.example", "find"}), Not(HasSubstr("does its server run?")));
  problem = R"({"title": "unavailable", "detail": "the disk is full"})";
  EXPECT_EQ(asked({"--dir", dir.c_str(), "find"}), "ics find: the disk is full\n");
}

// What std::filesystem throws, and whatever else, is an error like any other.
TEST_F(CommandLine, ExceptionsAreErrors) {
  server_ = [](const Sent&) -> Result<net::Reply> {
    throw std::filesystem::filesystem_error("cannot get file status", "/some/path", std::make_error_code(std::errc::filename_too_long));
  };
  EXPECT_EQ(ics({"why", subject}).err, "ics why: /some/path: File name too long\n");
  server_ = [](const Sent&) -> Result<net::Reply> { throw std::bad_alloc(); };
  const auto outcome = ics({"why", subject});
  EXPECT_EQ(outcome.err, "ics why: not enough memory\n");
  EXPECT_EQ(outcome.code, exit_failed);
}

TEST_F(CommandLine, InitRefusesNamesAndPlacesThatCannotBe) {
  const std::string label(63, 'a'), longest = label + "." + label + "." + label + "." + std::string(61, 'b');
  const auto init = [&](const std::string& domain, std::vector<std::string> more = {}) {
    std::vector<std::string> words{"init", file("made"), "--role", "developer", "--domain", domain};
    if (more.empty() || more[0] != "--listen") more.insert(more.begin(), {"--listen", "127.0.0.1:0"});
    words.insert(words.end(), more.begin(), more.end());
    const auto outcome = ics(words);
    std::filesystem::remove_all(file("made"));
    return outcome;
  };
  EXPECT_EQ(init(longest).code, exit_yes);
  struct Case { std::string domain, says; };
  for (const auto& [domain, says] : {Case{longest + "b", "254 octets; a domain name has 253 at most"}, Case{label + "a.example", "a label of 64 octets; 63 at most"},
                                     Case{"a..b", "is empty"}, Case{".a", "is empty"}, Case{"a.", "is empty"}, Case{"", "empty"}, Case{"A.example", "a to z"},
                                     Case{"a_b.c", "a to z"}, Case{"-a.b", "neither begins nor ends with -"}, Case{"a b", "a to z"}}) {
    const auto outcome = init(domain);
    EXPECT_NE(outcome.code, exit_yes) << domain;
    EXPECT_THAT(outcome.err, StartsWith("ics init: --domain: ")) << domain;
    EXPECT_THAT(outcome.err, HasSubstr(says)) << domain;
  }
  for (const std::vector<std::string>& more : std::vector<std::vector<std::string>>{
           {"--listen", "127.0.0.1"}, {"--listen", "127.0.0.1:65536"}, {"--listen", "nonsense:x"}, {"--hkp", "x"}, {"--url", "ftp://a"}, {"--url", "https://a:0"},
           {"--name", "a b"}, {"--name", std::string(65, 'a')}}) {
    const auto outcome = init("a.example", more);
    EXPECT_NE(outcome.code, exit_yes) << more[1];
    EXPECT_THAT(outcome.err, HasSubstr(more[0])) << more[1];
  }
}

TEST_F(CommandLine, OptionsStandBeforeOrAfterTheVerb) {
  server_ = [&](const Sent&) { return reply(200, verdict("yes")); };
  EXPECT_EQ(ics({"--domain", "plant7.example", "why", subject}).out, ics({"why", subject, "--domain", "plant7.example"}).out);
  EXPECT_EQ(sent_[0].target, sent_[1].target);
}

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
           {"history", subject}, {"find"}, {"peers"}, {"domains"}, {"why", subject}, {"may", subject, other}, {"show", subject}})
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
  const auto outcome = ics({"why", subject, "--json"});
  EXPECT_EQ(outcome.code, exit_no);
  EXPECT_EQ(json::parse(outcome.out), json::parse(R"({"admitted": "no", "later": {"version": [1, true, null]}})"));
  EXPECT_EQ(outcome.err, "");
}

TEST_F(CommandLine, ColoursOnlyWhereTheyAreWanted) {
  server_ = [&](const Sent&) { return reply(200, verdict("no")); };
  EXPECT_THAT(ics({"why", subject}).out, Not(HasSubstr("\033")));
  colour_ = true;
  EXPECT_THAT(ics({"why", subject}).out, HasSubstr("\033[31m"));
}

// Fields that are missing or of another type: whatever is shown, nothing breaks.
TEST_F(CommandLine, AnswersOfAnyShapeAreSurvived) {
  const std::vector<std::vector<std::string>> questions{{"find"}, {"show", subject}, {"history", subject}, {"why", subject},
                                                        {"may", subject, other}, {"domains"}, {"peers"}, {"show", "42"},
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

TEST_F(CommandLine, TokensAreWrittenAsTheyCame) {
  const std::string cwt("\xd2\x84\x00token", 8);
  server_ = [&](const Sent& sent) {
    EXPECT_EQ(sent.accept, "application/cwt");
    return reply(200, cwt, "application/cwt");
  };
  EXPECT_EQ(ics({"token", subject, "--out", file("t.cwt")}).code, exit_yes);
  EXPECT_EQ(contents("t.cwt"), cwt);
  server_ = [&](const Sent&) { return reply(200, verdict("yes")); };
  EXPECT_EQ(ics({"token", subject, "--out", file("t2.cwt")}).code, exit_failed);
  EXPECT_FALSE(std::filesystem::exists(file("t2.cwt")));
}

TEST_F(CommandLine, KeysAreMadeOnceAndTellTheirId) {
  for (const char* algorithm : {"ed25519", "p256", "p384"}) {
    const auto name = std::string(algorithm) + ".key";
    const auto made = ics({"key", "new", file(name), "--alg", algorithm});
    EXPECT_EQ(made.code, exit_yes) << made.err;
    EXPECT_EQ(ics({"key", "id", file(name)}).out, made.out);
    const auto shown = ics({"key", "show", file(name), "--json"});
    const auto document = json::parse(shown.out).as_object();
    EXPECT_EQ(text_at(document, "algorithm"), algorithm);
    write("public.pem", text_at(document, "pem"));
    EXPECT_EQ(ics({"key", "id", file("public.pem")}).out, made.out);
    write("public.b64", text_at(document, "base64") + "\n");
    EXPECT_EQ(ics({"key", "id", file("public.b64")}).out, made.out);
    const auto before = contents(name);
    const auto again = ics({"key", "new", file(name)});
    EXPECT_EQ(again.code, exit_failed);
    EXPECT_EQ(contents(name), before);
    EXPECT_EQ(std::filesystem::status(file(name)).permissions(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
  EXPECT_EQ(ics({"key", "id", file("absent")}).code, exit_failed);
}

}  // namespace
}  // namespace cm4it::ics
