// What a person sees: exit codes, usage errors, words that say what to do next.
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

TEST_F(CommandLine, ColoursOnlyWhereTheyAreWanted) {
  server_ = [&](const Sent&) { return reply(200, verdict("no")); };
  EXPECT_THAT(ics({"why", subject}).out, Not(HasSubstr("\033")));
  colour_ = true;
  EXPECT_THAT(ics({"why", subject}).out, HasSubstr("\033[31m"));
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
