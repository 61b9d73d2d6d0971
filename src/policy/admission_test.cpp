// model.md "The verdict": admission with its reasons, valid until, and who may open a conversation with whom.
#include "policy/fold_fixture.h"

namespace cm4it::policy {
namespace {

using namespace fixture;
const How in_acme{.domains = {"acme.example"}};

Policies with(const std::string& from, const std::string& to) { return both(plant_policy(1, edited(plant_rules, from, to))); }

void expect_refused(const Verdict& verdict, const std::string& reason) {
  EXPECT_EQ(verdict.admitted, Admitted::no) << reason;
  EXPECT_THAT(failures(verdict), HasSubstr(reason));
}

StatementId of_kind(const World& world, Kind kind) {
  for (const Fact& fact : world.facts.about)
    if (fact.statement.kind() == kind) return fact.statement.id;
  ADD_FAILURE() << "no such statement";
  return {};
}
World without(Kind kind) {
  World world = deployed();
  std::erase_if(world.facts.about, [&](const Fact& fact) { return fact.statement.kind() == kind; });
  return world;
}

TEST(Admission, AllRulesMetEachWithItsStatement) {
  const World world = deployed();
  const auto verdict = world.fold(both());
  EXPECT_EQ(verdict.admitted, Admitted::yes) << failures(verdict);
  EXPECT_EQ(behind(verdict, "identified_by"), of_kind(world, Kind::identity));
  EXPECT_EQ(behind(verdict, "endorsed_by.integrator"), of_kind(world, Kind::endorse));
  EXPECT_EQ(behind(verdict, "status"), of_kind(world, Kind::status));
  EXPECT_EQ(reason_text(verdict, "max_staleness"), "met max_staleness: the newest head is of 2027-01-01T10:00:00Z");
}

TEST(Admission, NotIdentified) {
  const auto verdict = without(Kind::identity).fold(both());
  expect_refused(verdict, "failed identified_by: no identity that counts, by a role that may identify (device: manufacturer; gateway: integrator)");
  EXPECT_EQ(behind(verdict, "identified_by"), std::nullopt);
}

TEST(Admission, ATypeWithoutRulesIsNotAdmitted) {
  World world("service");
  const auto identity = world.say("volta", identity_of("service", Type::service), hour(1));
  expect_refused(world.fold(both()), "the policy has no [admit.service]");
  EXPECT_EQ(behind(world.fold(both()), "admit"), identity);
}

TEST(Admission, EveryLabelOfEveryRoleIsNeeded) {
  expect_refused(without(Kind::endorse).fold(both()), "failed endorsed_by.integrator: not endorsed as \"approved\" by the role integrator");
  const auto policies = with("{ integrator = [\"approved\"] }", "{ integrator = [\"approved\", \"tested\"], certifier = [\"certified\"] }");
  World world = deployed();
  EXPECT_EQ(reason_text(world.fold(policies), "endorsed_by.certifier"), "failed endorsed_by.certifier: not endorsed as \"certified\" by the role certifier");
  world.say("tuev", Endorse{"certified", ""}, hour(6));
  world.say("tuev", Endorse{"tested", ""}, hour(6));
  EXPECT_EQ(failures(world.fold(policies)), "failed endorsed_by.integrator: not endorsed as \"tested\" by the role integrator")
      << "a certifier is no integrator" << world.fold(policies).reasons[0].text;
  world.say("volta", Endorse{"tested", ""}, hour(7));
  EXPECT_EQ(world.fold(policies).admitted, Admitted::yes);
}

TEST(Admission, AnEndorsementOfTheModelWillDo) {
  World world = without(Kind::endorse);
  const auto endorsement = world.say_of_model("volta", Endorse{"approved", ""}, hour(3));
  EXPECT_EQ(world.fold(both()).admitted, Admitted::yes);
  EXPECT_EQ(behind(world.fold(both()), "endorsed_by.integrator"), endorsement);
}

TEST(Admission, AStatusThatIsNotListed) {
  expect_refused(without(Kind::status).fold(both()), "failed status: status is unset, not in-use");
  World world = deployed();
  const auto lost = world.say("sparks", StatusChange{Status::lost, ""}, hour(6));
  expect_refused(world.fold(both()), "failed status: status is lost, not in-use");
  EXPECT_EQ(behind(world.fold(both()), "status"), lost);
}

TEST(Admission, WithoutAStatusRuleAlarmsRefuseAndNothingElse) {
  const auto unlisted = with("status = [\"in-use\"]\n", "");
  World world = without(Kind::status);
  EXPECT_EQ(world.fold(unlisted).admitted, Admitted::yes);
  world.say("volta", StatusChange{Status::deprecated, ""}, hour(6));
  expect_refused(world.fold(unlisted), "failed status: status is deprecated");
}

TEST(Admission, AnAlarmThatIsListedIsAccepted) {
  World world = deployed();
  world.say("volta", StatusChange{Status::deprecated, ""}, hour(6));
  EXPECT_EQ(world.fold(with("[\"in-use\"]", "[\"in-use\", \"deprecated\"]")).admitted, Admitted::yes);
}

TEST(Admission, AForkedPolicyHereOrReferredToAdmitsNothing) {
  const auto here = assemble({signed_by("plant", plant_policy()), signed_by("plant", plant_policy() + "[tokens]\nttl = \"1m\"\n"),
                              signed_by("acme", acme_policy())}, {pin(plant, "plant")});
  expect_refused(deployed().fold(here), "failed policy-fork: two descriptors of one version of plant.example's policy");
  const auto there = assemble({signed_by("plant", plant_policy()), signed_by("acme", acme_policy()),
                               signed_by("acme", acme_policy() + "[tokens]\nttl = \"1m\"\n")}, {pin(plant, "plant")});
  expect_refused(deployed().fold(there), "failed policy-fork: two descriptors of one version of acme.example's policy");
}

TEST(Admission, WhatIsNotHeldHereIsUnknown) {
  World nothing;
  EXPECT_EQ(nothing.fold(both()).admitted, Admitted::unknown);
  EXPECT_EQ(reason_text(nothing.fold(both()), "subject"), "unknown subject: nothing about this subject is kept here");
  for (const auto& domain : {plant, acme}) {
    World absent = deployed(), restricted = deployed();
    absent.facts.domains.erase(domain);
    restricted.facts.domains[domain].restricted = true;
    EXPECT_EQ(absent.fold(both()).admitted, Admitted::unknown) << domain;
    EXPECT_EQ(reason_text(absent.fold(both()), "domain"), "unknown domain: " + domain + " is not kept here");
    EXPECT_EQ(restricted.fold(both()).admitted, Admitted::unknown) << domain;
    EXPECT_THAT(reason_text(restricted.fold(both()), "domain"), HasSubstr("this copy of " + domain + " may not read every kind"));
  }
}

TEST(Admission, WhatDecidedComesFirst) {
  World world = deployed();
  world.say("volta", StatusChange{Status::lost, ""}, hour(6));
  EXPECT_EQ(world.fold(both()).reasons.at(0).rule, "status");
  EXPECT_EQ(deployed().fold(both()).reasons.at(0).outcome, Reason::Outcome::met);
}

constexpr Seconds day = 86'400;

TEST(ValidUntil, TheNextChangeByTheClockAlone) {
  World world = deployed();
  world.say("volta", Endorse{"a", ""}, hour(6), {.expires = hour(20)});
  world.say("volta", Endorse{"b", ""}, hour(6), {.not_before = hour(15)});
  EXPECT_EQ(world.fold(both()).valid_until, hour(15));
  EXPECT_EQ(world.fold(both(), hour(15)).valid_until, hour(20));
  EXPECT_EQ(world.fold(both(), hour(20)).valid_until, hour(10) + day + 1);
  EXPECT_EQ(world.fold(both(), hour(4)).valid_until, hour(5)) << "a statement received later than the time asked about";
}

TEST(ValidUntil, OfAModelsStatementsToo) {
  World world = deployed();
  world.say_of_model("volta", StatusChange{Status::suspended, ""}, hour(6), {.not_before = hour(12)});
  EXPECT_EQ(world.fold(both()).valid_until, hour(12));
  EXPECT_EQ(world.fold(both(), hour(12)).admitted, Admitted::no);
}

World gateway_in(const std::string& cloud) {
  World world("gateway");
  world.say("volta", identity_of("gateway", Type::gateway, "box"), hour(1));
  world.say("volta", Assign{cloud}, hour(2));
  return world;
}

TEST(MayOpen, WhenBothAreAdmittedAndAPermitMatches) {
  const auto policies = both();
  const auto sensor = deployed().fold(policies), gateway = gateway_in("hall-3").fold(policies);
  const May answer = may(sensor, gateway, policies);
  EXPECT_EQ(answer.allowed, Admitted::yes);
  EXPECT_EQ(answer.reasons.at(0).text, "permit 1 of plant.example: from { model = [\"thermo-*\"] } to { type = [\"gateway\"], cloud = [\"hall-3\"] }");
  EXPECT_EQ(answer.valid_until, std::min(sensor.valid_until, gateway.valid_until));
}

TEST(MayOpen, PermitsAreDirected) {
  const auto policies = both();
  const auto sensor = deployed().fold(policies), gateway = gateway_in("hall-3").fold(policies);
  EXPECT_EQ(may(gateway, sensor, policies).allowed, Admitted::no);
  EXPECT_EQ(may(gateway, sensor, policies).reasons.at(0).text, "no [[permit]] of plant.example lets them cooperate");
}

TEST(MayOpen, NotIntoAnotherCloud) {
  const auto policies = both();
  EXPECT_EQ(may(deployed().fold(policies), gateway_in("hall-4").fold(policies), policies).allowed, Admitted::no);
}

TEST(MayOpen, SelfInAPermitIsTheDomainOfTheDescriptor) {
  const auto policies = with("from = { model = [\"thermo-*\"] }", "from = { holder = [\"@self\"] }");
  EXPECT_EQ(may(deployed().fold(policies), gateway_in("hall-3").fold(policies), policies).allowed, Admitted::yes);
  const auto to_own = with("to = { type = [\"gateway\"], cloud = [\"hall-3\"] }", "to = { holder = [\"@self\"] }");
  EXPECT_EQ(may(deployed().fold(to_own), gateway_in("x").fold(to_own), to_own).allowed, Admitted::yes);
  World unsold = without(Kind::transfer);
  EXPECT_EQ(may(unsold.fold(policies), gateway_in("hall-3").fold(policies), policies).allowed, Admitted::no) << "acme holds it";
}

TEST(MayOpen, OneWhoIsNotAdmittedSpoilsItAndWhyIsSaid) {
  const auto policies = both();
  World lost = deployed();
  const auto alarm = lost.say("volta", StatusChange{Status::lost, ""}, hour(6));
  const May answer = may(lost.fold(policies), gateway_in("hall-3").fold(policies), policies);
  EXPECT_EQ(answer.allowed, Admitted::no);
  EXPECT_EQ(answer.reasons.at(0).rule, "from.status");
  EXPECT_EQ(answer.reasons.at(0).statement, alarm);
}

TEST(MayOpen, WithAnUnknownOneIsUnknown) {
  const auto policies = both();
  const May answer = may(deployed().fold(policies), World("gateway").fold(policies), policies);
  EXPECT_EQ(answer.allowed, Admitted::unknown);
  EXPECT_EQ(answer.reasons.at(0).rule, "to.subject");
}

TEST(MayOpen, WithoutPermitsNobodyAndWithAnEmptyOneEverybody) {
  const std::string permit = plant_rules.substr(plant_rules.find("[[permit]]"));
  const auto none = with(permit, ""), all = with(permit, "[[permit]]\nfrom = {}\nto = {}\n");
  EXPECT_EQ(may(deployed().fold(none), gateway_in("hall-3").fold(none), none).allowed, Admitted::no);
  EXPECT_EQ(may(gateway_in("x").fold(all), deployed().fold(all), all).allowed, Admitted::yes);
}

}  // namespace
}  // namespace cm4it::policy
