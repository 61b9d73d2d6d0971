// [admit.TYPE] max_staleness: how old the news of a domain may be, and of which domains that matters.
#include "policy/fold_fixture.h"
#include "policy/news.h"

namespace cm4it::policy {
namespace {

using namespace fixture;
using testing::AllOf;
using testing::Contains;
using testing::IsEmpty;
using testing::Not;

constexpr Seconds one_day = 86'400;
const std::string plain_time = "max_staleness = \"24h\"", developers = "dev.example", certifiers = "tuev.example";

// The plant's policy with another max_staleness for devices.
std::string rules_with(const std::string& max_staleness) { return edited(plant_rules, plain_time, "max_staleness = " + max_staleness); }

// A plant that refers to a developer of code and to a certifier as well, and copies a former owner's domain.
std::string referring(const std::string& max_staleness) {
  std::string rules = rules_with(max_staleness);
  rules = edited(rules, "certifier = [{ key = \"tuev\", until = 2027-06-01T00:00:00Z }]", "certifier = [{ domain = \"tuev.example\", role = \"certifier\" }]");
  rules = edited(rules, "[write]\n", "developer = [{ domain = \"dev.example\", role = \"developer\" }]\n[write]\n");
  rules = edited(rules, "\"integrator\"]\nendorse", "\"integrator\", \"developer\"]\nendorse");
  rules = edited(rules, "\"manufacturer\", \"certifier\"]\ntransfer", "\"manufacturer\", \"certifier\", \"developer\"]\ntransfer");
  rules = edited(rules, "[[permit]]", "[admit.code]\nidentified_by = [\"developer\"]\nmax_staleness = \"24h\"\n[[permit]]");
  return plant_policy(1, rules) + copy_of("beta.example", "beta");
}

World heard_by_all() {
  World world = deployed();
  for (const auto& domain : {developers, certifiers, std::string("beta.example")}) world.facts.domains[domain].newest_head = hour(10);
  return world;
}

// The deployed sensor, when one domain has been silent since hour 5.
Verdict silent(const std::string& domain, const std::string& policy, Time at) {
  World world = heard_by_all();
  for (auto& [name, state] : world.facts.domains) state.newest_head = name == domain ? hour(5) : at;
  return world.fold(both(policy), at);
}
Admitted after(Seconds silence, const std::string& domain, const std::string& max_staleness) {
  return silent(domain, referring(max_staleness), hour(5) + silence).admitted;
}

TEST(Staleness, APlainTimeIsForTheOwnDomain) {
  EXPECT_EQ(after(one_day, plant, "\"24h\""), Admitted::yes);
  EXPECT_EQ(after(one_day + 1, plant, "\"24h\""), Admitted::no);
  const auto verdict = silent(plant, referring("\"24h\""), hour(5) + one_day + 1);
  EXPECT_EQ(failures(verdict), "failed max_staleness: plant.example has not been heard of since 2027-01-01T05:00:00Z, more than 1d ago: https://plant.example:8443");
  EXPECT_EQ(verdict.reasons.at(0).domain, plant);
  EXPECT_EQ(verdict.valid_until, verdict.at + 1) << "a head may come at any moment";
}

TEST(Staleness, OtherDomainsMayBeSilentForAWeek) {
  EXPECT_EQ(after(7 * one_day, acme, "\"24h\""), Admitted::yes) << "a supplier's server is off over a weekend";
  EXPECT_EQ(after(7 * one_day + 1, acme, "\"24h\""), Admitted::no);
  EXPECT_EQ(failures(silent(acme, referring("\"24h\""), hour(5) + 7 * one_day + 1)),
            "failed max_staleness: acme.example has not been heard of since 2027-01-01T05:00:00Z, more than 7d ago: https://acme.example:8443");
}

TEST(Staleness, WhoseUrlNoPolicyGivesIsNamedByTheCopy) {
  EXPECT_THAT(failures(silent(certifiers, plant_policy(1, rules_with("{ own = \"24h\", \"tuev.example\" = \"1h\" }")) + copy_of(certifiers, "tuev"), hour(8))),
              HasSubstr("tuev.example has not been heard of since 2027-01-01T05:00:00Z, more than 1h ago: https://tuev.example:8443"));
}

TEST(Staleness, OfDevicesADevelopersServerDoesNotCount) {
  EXPECT_EQ(after(1000 * one_day, developers, "\"24h\""), Admitted::yes);
  EXPECT_EQ(after(8 * one_day, certifiers, "\"24h\""), Admitted::no) << "a certifier may raise alarms about devices";
  World code(*SubjectId::parse("code:" + std::string(64, 'a')));
  const Time late = hour(1) + 7 * one_day + 1;
  for (const auto& domain : {plant, acme, certifiers, std::string("beta.example")}) code.facts.domains[domain].newest_head = late;
  code.facts.domains[developers].newest_head = hour(1);
  Identity identity;
  identity.type = Type::code;
  code.say("nobody", identity, hour(1));
  const auto policy = both(edited(referring("\"24h\""), "{ domain = \"dev.example\", role = \"developer\" }", "\"nobody\", { domain = \"dev.example\", role = \"developer\" }"));
  EXPECT_THAT(failures(code.fold(policy, late)), HasSubstr("dev.example has not been heard of since")) << "of code it does";
}

// As who is silent, so whose clock is wrong.
TEST(Staleness, ADevelopersWrongClockIsNoDoubtAboutDevices) {
  World world = heard_by_all();
  const auto policies = both(referring("\"24h\""));
  world.facts.domains[developers].doubt = DomainState::Doubt{"clock", "it is a year ahead"};
  EXPECT_EQ(world.fold(policies).admitted, Admitted::yes) << failures(world.fold(policies));
  world.facts.domains[developers].doubt->of_subject = true;
  EXPECT_EQ(failures(world.fold(policies)), "unknown clock: it is a year ahead") << "what it says of this very device is to come";
  world.facts.domains[developers].doubt.reset();
  world.facts.domains[acme].doubt = DomainState::Doubt{"clock", "it is a year ahead"};
  EXPECT_EQ(world.fold(policies).admitted, Admitted::unknown) << "its maker's";
}

TEST(Staleness, WhatIsOnlyCopiedCountsWhileItHoldsTheSubject) {
  const std::string beta = "beta.example";
  EXPECT_EQ(after(1000 * one_day, beta, "\"24h\""), Admitted::yes);
  World world = heard_by_all();
  world.say("plant", Transfer{beta, id_of("beta")}, hour(6));
  world.facts.domains[beta].newest_head = hour(6);
  const Time late = hour(6) + 7 * one_day + 1;
  for (const auto& domain : {plant, acme, certifiers}) world.facts.domains[domain].newest_head = late;
  const auto policies = assemble({signed_by("plant", referring("\"24h\"")), signed_by("acme", acme_policy()), signed_by("beta", head(beta, 1, "beta", {"beta"}))},
                                 {pin(plant, "plant")});
  ASSERT_EQ(world.fold(policies, late).holder, beta);
  EXPECT_THAT(failures(world.fold(policies, late)), HasSubstr("beta.example has not been heard of")) << "its holder speaks for it";
}

TEST(Staleness, ByDomainByRoleOrByDefault) {
  const std::string table = "{ own = \"2h\", manufacturer = \"30d\", \"tuev.example\" = \"9d\", default = \"3d\" }";
  EXPECT_EQ(after(2 * 3600, plant, table), Admitted::yes);
  EXPECT_EQ(after(2 * 3600 + 1, plant, table), Admitted::no);
  EXPECT_EQ(after(30 * one_day, acme, table), Admitted::yes);
  EXPECT_EQ(after(30 * one_day + 1, acme, table), Admitted::no);
  EXPECT_EQ(after(9 * one_day, certifiers, table), Admitted::yes);
  EXPECT_EQ(after(9 * one_day + 1, certifiers, table), Admitted::no);
  EXPECT_EQ(after(1000 * one_day, developers, table), Admitted::yes) << "nothing names it, and no rule listens to it";
  EXPECT_EQ(after(3 * one_day + 1, acme, "{ own = \"2h\", default = \"3d\" }"), Admitted::no);
  EXPECT_EQ(after(7 * one_day, plant, "{ manufacturer = \"1h\" }"), Admitted::yes) << "without own and default: a week";
}

TEST(Staleness, ADomainsNameWinsOverItsRole) {
  const std::string table = "{ own = \"24h\", \"acme.example\" = \"20d\", manufacturer = \"1h\" }";
  EXPECT_EQ(after(20 * one_day, acme, table), Admitted::yes);
  EXPECT_EQ(after(20 * one_day + 1, acme, table), Admitted::no);
  const std::string by_name = "{ own = \"9d\", \"plant.example\" = \"1h\" }";
  EXPECT_EQ(after(3601, plant, by_name), Admitted::no) << "the own domain's too";
}

TEST(Staleness, OfSeveralRolesTheStrictestThatIsNamed) {
  const auto twice = [](const std::string& table) { return edited(referring(table), "{ domain = \"tuev.example\", role = \"certifier\" }",
                                                                  "{ domain = \"tuev.example\", role = \"certifier\" }, { domain = \"acme.example\", role = \"manufacturer\" }"); };
  const std::string both_named = "{ own = \"24h\", manufacturer = \"30d\", certifier = \"4d\", default = \"1d\" }", one_named = "{ own = \"24h\", manufacturer = \"30d\", default = \"1d\" }";
  EXPECT_EQ(silent(acme, twice(both_named), hour(5) + 4 * one_day).admitted, Admitted::yes);
  EXPECT_EQ(silent(acme, twice(both_named), hour(5) + 4 * one_day + 1).admitted, Admitted::no);
  EXPECT_EQ(silent(acme, twice(one_named), hour(5) + 30 * one_day).admitted, Admitted::yes) << "a role that is not named does not ask for the default";
}

TEST(Staleness, WhatTheTableNamesIsListenedTo) {
  EXPECT_EQ(after(7201, developers, "{ own = \"24h\", developer = \"2h\" }"), Admitted::no);
  EXPECT_EQ(after(7201, developers, "{ own = \"24h\", \"dev.example\" = \"2h\" }"), Admitted::no);
}

TEST(Staleness, IsTheAgeOfTheOldestOfTheNewestHeads) {
  World world = deployed();
  world.facts.domains[acme].newest_head = hour(7);
  EXPECT_EQ(world.fold(both()).newest_head, hour(7));
  EXPECT_EQ(reason_text(world.fold(both()), "max_staleness"), "met max_staleness: the newest head is of 2027-01-01T07:00:00Z (acme.example)");
  EXPECT_EQ(world.fold(both()).valid_until, hour(10) + one_day + 1) << "the own domain's comes first";
  world.facts.domains[acme].newest_head = hour(9 - 6 * 24);
  EXPECT_EQ(world.fold(both()).valid_until, hour(9) + one_day + 1);
}

TEST(Staleness, WithoutAHeadNothingIsKnown) {
  World world = deployed();
  world.facts.domains[plant].newest_head.reset();
  const auto verdict = world.fold(both());
  EXPECT_EQ(verdict.admitted, Admitted::unknown);
  EXPECT_EQ(reason_text(verdict, "max_staleness"), "unknown max_staleness: no head of a home of plant.example has come yet: https://plant.example:8443");
  EXPECT_EQ(verdict.newest_head, std::nullopt);
}

TEST(Staleness, IsToldWhateverTheAnswer) {
  World unidentified = deployed();
  std::erase_if(unidentified.facts.about, [](const Fact& fact) { return fact.statement.kind() == Kind::identity; });
  EXPECT_EQ(unidentified.fold(both()).newest_head, hour(10));
  EXPECT_EQ(World().fold(both()).newest_head, hour(10));
}

TEST(Staleness, WithoutARuleItDoesNotMatter) {
  World gateway("gateway");
  gateway.say("volta", identity_of("gateway", Type::gateway), hour(1));
  EXPECT_EQ(gateway.fold(both(), hour(10) + 1000 * one_day).admitted, Admitted::yes);
  EXPECT_EQ(gateway.fold(both()).valid_until, Time::never());
}

TEST(Staleness, WhoMayOpenAConversationIsToldTheDomainToo) {
  World gateway("gateway"), world = deployed();
  gateway.say("volta", identity_of("gateway", Type::gateway), hour(1));
  const Time late = hour(10) + one_day + 1;
  const auto answer = may(world.fold(both(), late), gateway.fold(both(), late), both());
  EXPECT_EQ(answer.allowed, Admitted::no);
  EXPECT_EQ(answer.reasons.at(0).rule, "from.max_staleness");
  EXPECT_EQ(answer.reasons.at(0).domain, plant);
}

// decisions/0024, 0048
TEST(Staleness, ACrlIsNewsOfTheDomainThatTheCertificateCameFrom) {
  const auto descriptor = parse_descriptor(plant_policy(1, rules_with("{ own = \"2h\", manufacturer = \"30d\" }")));
  ASSERT_TRUE(descriptor) << descriptor.error().message;
  const auto most = [&](const std::vector<std::string>& domains) { return most_of_crl(*descriptor, descriptor->admit.at(Type::device), domains).value_or(0); };
  EXPECT_EQ(most({acme}), 30 * one_day);
  EXPECT_EQ(most({plant}), 7200);
  EXPECT_EQ(most({acme, plant}), 7200) << "the strictest";
  EXPECT_EQ(most({"elsewhere.example"}), 7200) << "no domain of ours";
  EXPECT_FALSE(most_of_crl(*descriptor, descriptor->admit.at(Type::gateway), {acme})) << "without a rule for ever";
}

void expect_bad(const std::string& max_staleness, const std::string& says) {
  const auto descriptor = parse_descriptor(plant_policy(1, rules_with(max_staleness)));
  ASSERT_FALSE(descriptor) << max_staleness;
  EXPECT_THAT(descriptor.error().message, HasSubstr("admit.device.max_staleness" + says));
}

TEST(MaxStaleness, WhatIsNoneNamesTheEntry) {
  expect_bad("24", ": a string like \"24h\", or a table of them expected");
  expect_bad("[\"24h\"]", ": a string like \"24h\", or a table of them expected");
  expect_bad("{}", ": an empty table");
  expect_bad("{ own = 24 }", ".own: a string expected");
  expect_bad("{ own = \"a one_day\" }", ".own: duration");
  expect_bad("{ manufactorer = \"7d\" }", ".manufactorer: neither \"own\", \"default\", a role of [roles] nor a domain");
  expect_bad("{ holder = \"7d\" }", ".holder: neither");
  expect_bad("{ \"not a domain\" = \"7d\" }", ".not a domain: neither");
  expect_bad("{ tuev.example = \"7d\" }", ".tuev: a string expected; a domain's name stands in quotes");
}

TEST(MaxStaleness, ReadsAsATableOfItsOwnToo) {
  const auto descriptor = parse_descriptor(plant_policy(1, edited(edited(plant_rules, plain_time + "\n", ""), "[admit.gateway]",
                                                                  "[admit.device.max_staleness]\nown = \"24h\"\n\"acme.example\" = \"30d\"\n[admit.gateway]")));
  ASSERT_TRUE(descriptor) << descriptor.error().message;
  EXPECT_EQ(descriptor->admit.at(Type::device).max_staleness->text(), "{ own = 1d, \"acme.example\" = 30d, default = 7d }");
}

std::vector<std::string> advised(const std::string& max_staleness) {
  std::vector<std::string> lines;
  for (auto& line : advice(*parse_descriptor(plant_policy(1, rules_with(max_staleness)))))
    if (line.find("max_staleness") != line.npos) lines.push_back(line);
  return lines;
}

TEST(MaxStaleness, BelowTwoMinutesIsWarnedOf) {
  EXPECT_THAT(advised("\"24h\""), IsEmpty());
  EXPECT_THAT(advised("\"119s\""), Contains(HasSubstr("admit.device.max_staleness is below 2m")));
  EXPECT_THAT(advised("\"2m\""), IsEmpty());
  EXPECT_THAT(advised("{ own = \"24h\", manufacturer = \"1m\", default = \"90s\" }"),
              AllOf(Contains(HasSubstr("max_staleness.manufacturer is below 2m")), Contains(HasSubstr("max_staleness.default is below 2m")), Not(Contains(HasSubstr(".own")))));
}

TEST(MaxStaleness, WhatIsProbablyNotMeantIsSaid) {
  EXPECT_THAT(advised("{ own = \"24h\", \"tuev.example\" = \"7d\" }"), Contains(HasSubstr("max_staleness.tuev.example: no role and no [[copy]] refers to this domain")));
  EXPECT_THAT(advised("{ manufacturer = \"30d\" }"), Contains(HasSubstr("names no \"own\": a copy that is cut off from plant.example goes on admitting for 7d")));
  EXPECT_THAT(advised("\"30d\""), Contains(HasSubstr("other domains may not be silent for more than 7d")));
}

TEST(MaxStaleness, AChangeIsOneLine) {
  const auto before = parse_descriptor(plant_policy()), after = parse_descriptor(plant_policy(1, rules_with("{ own = \"12h\", manufacturer = \"30d\" }")));
  EXPECT_THAT(diff(*before, *after), testing::ElementsAre("~ admit.device.max_staleness 1d → { own = 12h, manufacturer = 30d, default = 7d }"));
}

}  // namespace
}  // namespace cm4it::policy
