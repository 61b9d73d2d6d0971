// What is typed wrong is told with what was probably meant, and exits 2.
#include "apps/ics/misread.h"

#include <gmock/gmock.h>

#include "apps/ics/scripted_server_for_test.h"

namespace cm4it::ics {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST(Nearest, LettersThatChangedPlacesAndWordsThatWereNotFinished) {
  const std::vector<std::string> names{"status", "show", "history", "serial"};
  EXPECT_THAT(nearest("statsu", names), ElementsAre("status"));
  EXPECT_THAT(nearest("serail", names), ElementsAre("serial"));
  EXPECT_THAT(nearest("hist", names), ElementsAre("history"));
  EXPECT_THAT(nearest("revoke", names), IsEmpty());
  EXPECT_THAT(nearest("", names), IsEmpty());
}

TEST_F(CommandLine, WhatIsMistypedIsToldWithWhatWasMeant) {
  struct Case { std::vector<std::string> words; const char* says; const char* next; };
  for (const auto& [words, says, next] : {
           Case{{"statsu", "A-1", "stolen"}, "ics: unknown verb \"statsu\"\n", "did you mean status?"},
           Case{{"revoke", "A-1"}, "ics: unknown verb \"revoke\"\n", "ics status SUBJECT revoked"},
           Case{{"identify", "a.key", "--serail", "1"}, "ics identify: unknown option --serail\n", "did you mean --serial?"},
           Case{{"show"}, "ics show: SUBJECT: missing\n", "ics show SUBJECT"},
           Case{{"key"}, "ics key: which of new, pub, id or show?\n", "ics help key"},
           Case{{"help", "histroy"}, "ics help: no verb or topic \"histroy\"\n", "ics help history"},
           Case{{"help", "statusses"}, "ics help: no verb or topic \"statusses\"\n", "ics help statuses"},
           Case{{"endorse", "A-1"}, "ics endorse: --label: missing\n", "ics endorse SUBJECT… --label approved"},
           Case{{"status", "A-1", "found"}, "ics status: status: \"found\" is none of", "ics status SUBJECT"},
           Case{{"find", "--type", "devise"}, "ics find: --type: \"devise\" is none of", ""},
           Case{{"why", "A-1", "--at", "yesterday"}, "ics why: --at: \"yesterday\" is no time\n", "2026-12-31"},
           Case{{"trust", "x", "y", "--as", "maker"}, "ics trust: --as: \"maker\" is none\n", "manufacturer"},
           Case{{"init", "x", "--role", "maker", "--domain", "a.example"}, "ics init: --role: \"maker\" is none\n", "manufacturer"}}) {
    const auto outcome = ics(words);
    EXPECT_EQ(outcome.code, exit_usage) << words[0];
    EXPECT_THAT(outcome.err, StartsWith(says));
    EXPECT_THAT(outcome.err, HasSubstr(next));
    EXPECT_EQ(outcome.out, "");
  }
}

TEST_F(CommandLine, TimesMayBePast) {
  server_ = [](const Sent&) { return reply(200, R"({"admitted": "yes"})"); };
  ics({"why", "key:" + std::string(64, 'a'), "--at", "-1h"});
  ASSERT_EQ(sent_.size(), 1u);
  EXPECT_THAT(sent_[0].target, HasSubstr("at=2027-01-15T07%3A00%3A00Z"));
}

TEST_F(CommandLine, CandidatesAreDescribed) {
  const std::string first = "key:" + std::string(64, 'a'), second = "key:" + std::string(64, 'b');
  server_ = [&](const Sent& sent) {
    if (sent.target.find("serial") != std::string::npos)
      return reply(409, R"({"title": "ambiguous", "detail": "several subjects", "candidates": [{"subject": ")" + first +
                            R"(", "identity": {"type": "device", "maker": "Acme", "model": "thermo", "serial": "A-9"}, "status": {"status": "in-use"}},
                            {"subject": ")" + second + R"("}]})");
    return reply(200, "{}");
  };
  EXPECT_EQ(ics({"show", "A-9"}).err,
            "ics show: several subjects\n  → one of:\n"
            "    SUBJECT               MAKER  MODEL   SERIAL  STATUS\n"
            "    key:aaaaaaaaaaaaaaaa  Acme   thermo  A-9     in-use\n"
            "    key:bbbbbbbbbbbbbbbb                         no identity that counts\n");
}

}  // namespace
}  // namespace cm4it::ics
