// model.md "The verdict": identity, cloud, endorsements, models.
#include "policy/fold_fixture.h"

namespace cm4it::policy {
namespace {

using namespace fixture;

TEST(Fold, AnUnknownDomainIsUnknown) {
  const auto verdict = deployed().fold(both(), hour(10), "elsewhere.example");
  EXPECT_EQ(verdict.admitted, Admitted::unknown);
  EXPECT_THAT(reason_text(verdict, "domain"), HasSubstr("no policy of elsewhere.example counts here"));
}

TEST(Identity, TheNewestByARoleThatIdentifiesIsInForce) {
  World world;
  world.say("line1", identity_of("sensor", Type::device, "old"), hour(1), acme_only);
  const auto newest = world.say("line1", identity_of("sensor", Type::device, "new"), hour(3), acme_only);
  world.say("line1", identity_of("sensor", Type::device, "late"), hour(4), {.domains = {acme}, .issued = hour(2)});
  const auto verdict = world.fold(both());
  ASSERT_TRUE(verdict.identity);
  EXPECT_EQ(verdict.identity->model, "new");
  EXPECT_EQ(verdict.identity_statement, newest);
  EXPECT_EQ(verdict.type, Type::device);
}

TEST(Identity, OneByARoleThatMayWriteButNotIdentifyThisTypeGivesNoValues) {
  World world;
  const auto said = world.say("volta", identity_of("sensor"), hour(1));  // an integrator identifies gateways here
  const auto verdict = world.fold(both());
  EXPECT_EQ(why_not(verdict, said), "");
  EXPECT_FALSE(verdict.identity);
  EXPECT_EQ(verdict.values.count(Field::model), 0u);
  EXPECT_EQ(verdict.holder, "");
  World gateway("gateway");
  gateway.say("volta", identity_of("gateway", Type::gateway), hour(1));
  EXPECT_EQ(gateway.fold(both()).type, Type::gateway);
  EXPECT_EQ(gateway.fold(both()).holder, plant);
}

TEST(Identity, OfATypeWithoutAdmissionRulesGivesValues) {
  World world("service");
  world.say("volta", identity_of("service", Type::service), hour(1));
  EXPECT_EQ(world.fold(both()).type, Type::service);
}

TEST(Identity, GivesTheValuesThatSelectorsMatch) {
  World world = deployed();
  world.say("volta", Endorse{"trust:high", ""}, hour(6));
  const Values values = world.fold(both()).values;
  for (const auto& [field, value] : std::multimap<Field, std::string>{
           {Field::id, SubjectId::key(id_of("sensor")).text()}, {Field::type, "device"}, {Field::name, "sensor"}, {Field::maker, "Acme"},
           {Field::model, "thermo-2000"}, {Field::status, "in-use"}, {Field::holder, plant}, {Field::cloud, "hall-3"},
           {Field::label, "approved"}, {Field::label, "trust:high"}}) {
    const auto [begin, end] = values.equal_range(field);
    EXPECT_TRUE(std::any_of(begin, end, [&](const auto& one) { return one.second == value; })) << to_string(field) << " " << value;
  }
  EXPECT_EQ(values.count(Field::serial), 0u);
}

TEST(Cloud, TheNewestAssignment) {
  World world = deployed();
  EXPECT_EQ(world.fold(both()).cloud, "hall-3");
  const auto moved = world.say("sparks", Assign{"hall-4"}, hour(6));
  world.say("volta", Assign{"hall-9"}, hour(7), {.issued = hour(5)});
  EXPECT_EQ(world.fold(both()).cloud, "hall-4");
  EXPECT_EQ(world.fold(both()).cloud_statement, moved);
  world.say("volta", Assign{""}, hour(8));
  EXPECT_EQ(world.fold(both()).cloud, "");
  EXPECT_EQ(world.fold(both()).values.count(Field::cloud), 0u) << "in none";
}

TEST(Cloud, AnAssignmentDatedAheadDoesNotOutweighALaterOne) {
  World world = deployed();
  world.say("volta", Assign{"seller-hall"}, hour(6), {.issued = hour(6) + 290});
  world.say("sparks", Assign{"buyer-hall"}, hour(6) + 10);
  EXPECT_EQ(world.fold(both()).cloud, "buyer-hall");
}

TEST(Endorsements, ByRoleAndLabel) {
  World world = deployed();
  world.say("tuev", Endorse{"certified", ""}, hour(6));
  world.say("plant", Endorse{"ours", ""}, hour(6));
  world.say("nobody", Endorse{"approved", ""}, hour(6));
  std::vector<std::string> texts;
  for (const auto& endorsement : world.fold(both()).endorsements) texts.push_back(endorsement.roles.at(0) + " " + endorsement.label);
  EXPECT_THAT(texts, testing::UnorderedElementsAre("integrator approved", "certifier certified", "holder ours"));
}

TEST(Models, EndorsementsAndAlarmsHoldForEverySubjectOfTheModel) {
  World world = deployed();
  world.say_of_model("tuev", Endorse{"certified", ""}, hour(6));
  auto verdict = world.fold(both());
  ASSERT_EQ(verdict.endorsements.size(), 2u);
  EXPECT_TRUE(verdict.endorsements[0].of_model);
  EXPECT_EQ(status_text(verdict), "in-use");
  const auto alarm = world.say_of_model("line1", StatusChange{Status::compromised, "rng"}, hour(7), acme_only);
  verdict = world.fold(both());
  EXPECT_EQ(status_text(verdict), "compromised");
  EXPECT_EQ(verdict.status_statement, alarm);
  EXPECT_EQ(verdict.admitted, Admitted::no);
}

TEST(Models, NothingElseSaidOfAModelDoes) {
  World world = deployed();
  world.say_of_model("volta", StatusChange{Status::retired, ""}, hour(6));
  world.say_of_model("volta", StatusChange{Status::planned, ""}, hour(7));
  EXPECT_EQ(status_text(world.fold(both())), "in-use");
}

TEST(Models, OnlyTheModelOfACountedIdentityAndItsDomain) {
  World world = deployed();
  world.say_of_model("volta", StatusChange{Status::compromised, ""}, hour(6), {}, "model:acme.example/other");
  world.say_of_model("volta", StatusChange{Status::compromised, ""}, hour(6), {}, "model:plant.example/thermo-2000");
  world.say("volta", identity_of("sensor", Type::device, "other"), hour(6));  // gives no values
  EXPECT_EQ(status_text(world.fold(both())), "in-use");
  EXPECT_THAT(models_of(world.facts.about), testing::UnorderedElementsAre(
      *SubjectId::parse(thermo), *SubjectId::parse("model:plant.example/other"))) << "what facts must bring";
}

// Foreign evidence names no domain: each server knows the submissions that it saw.
TEST(Models, OfEveryDomainAnIdentityWasSubmittedInHoweverItCameInPieces) {
  const std::string rules = edited(acme_rules, "[\"line1\"]", "[{ key = \"line1\", formats = [\"openpgp\"] }]");
  const auto policies = both(plant_policy(), acme_policy(1, rules));
  World whole;
  whole.say("line1", identity_of("sensor"), hour(1), {.domains = {acme, plant}, .format = Format::openpgp});
  whole.say_of_model("volta", Endorse{"of acme's", ""}, hour(2));
  whole.say_of_model("volta", Endorse{"of plant's", ""}, hour(2), {}, "model:plant.example/thermo-2000");
  ASSERT_EQ(whole.fold(policies).endorsements.size(), 2u);
  for (const bool turned : {false, true}) {
    World pieces = whole;
    pieces.facts.about.push_back(pieces.facts.about[0]);
    pieces.facts.about[turned ? 1 : 0].domains = {acme};
    pieces.facts.about[turned ? 0 : 1].domains = {plant};
    EXPECT_EQ(pieces.fold(policies).endorsements.size(), 2u) << turned;
    EXPECT_EQ(*pieces.fold(policies).judgements.at(0).domains, (std::vector<std::string>{acme, plant}));
  }
}

// volta may identify in the plant, and not in acme.
TEST(Models, OfADomainInWhichItsIssuerMayIdentify) {
  const auto policies = both(plant_policy(1, edited(plant_rules, "identified_by = [\"manufacturer\"]", "identified_by = [\"manufacturer\", \"integrator\"]")));
  for (const std::string maker : {"line1", "volta"}) {
    World world;
    world.say(maker, identity_of("sensor"), hour(1), in({acme, plant}));
    world.say_of_model("line1", Endorse{"approved", ""}, hour(1), acme_only);
    world.say_of_model("line1", StatusChange{Status::deprecated, ""}, hour(2), acme_only);
    const auto verdict = world.fold(policies);
    EXPECT_EQ(verdict.endorsements.empty(), maker == "volta");
    EXPECT_EQ(status_text(verdict), maker == "volta" ? "unset" : "deprecated");
  }
}

TEST(Models, OfASupersededIdentityLendNothing) {
  World world;
  world.say("line1", identity_of("sensor"), hour(1), acme_only);
  world.say_of_model("line1", Endorse{"approved", ""}, hour(1), acme_only);
  world.say_of_model("line1", StatusChange{Status::deprecated, ""}, hour(2), acme_only);
  EXPECT_EQ(world.fold(both()).endorsements.size(), 1u);
  World anew = world, by_another = world;
  anew.say("line1", identity_of("sensor", Type::device, "hygro-1"), hour(3), acme_only);
  EXPECT_TRUE(anew.fold(both()).endorsements.empty());
  EXPECT_EQ(status_text(anew.fold(both())), "unset");
  const auto two = both(plant_policy(), acme_policy(1, edited(acme_rules, "\"line1\"", "\"line1\", \"line2\"")));
  by_another.say("line2", identity_of("sensor", Type::device, "hygro-1"), hour(3), acme_only);
  EXPECT_TRUE(by_another.fold(two).endorsements.empty());
  EXPECT_EQ(status_text(by_another.fold(two)), "deprecated") << "nobody lifts another's alarm by calling it something else";
}

TEST(Models, TheDomainOfAModelHoldsIt) {
  World world = deployed();
  world.say_of_model("acme", StatusChange{Status::suspended, ""}, hour(6), acme_only);  // acme's owner, as the model's holder
  world.say_of_model("plant", Endorse{"ours", ""}, hour(6));
  const auto verdict = world.fold(both());
  EXPECT_EQ(status_text(verdict), "suspended");
  EXPECT_EQ(verdict.endorsements.size(), 1u) << "the plant does not speak for acme's model";
}

}  // namespace
}  // namespace cm4it::policy
