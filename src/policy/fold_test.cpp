// model.md "The verdict" and "Time, and who may say what": identity, holder, cloud, endorsements, models, withdrawals, and
// which statements count.
#include "policy/fold_fixture.h"

namespace cm4it::policy {
namespace {

using namespace fixture;
const How acme_only{.domains = {"acme.example"}};

How in(const std::vector<std::string>& domains) { return {.domains = domains}; }

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

TEST(Holder, TheDomainInWhichTheSubjectWasIdentified) {
  World world;
  EXPECT_EQ(world.fold(both()).holder, "");
  world.say("line1", identity_of("sensor"), hour(1), acme_only);
  EXPECT_EQ(world.fold(both()).holder, acme);
  EXPECT_EQ(world.fold(both(), hour(10), acme).holder, acme);
}

TEST(Holder, ACountedTransferMovesIt) {
  const World world = deployed();
  EXPECT_EQ(world.fold(both()).holder, plant);
  EXPECT_EQ(world.fold(both(), hour(10), acme).holder, plant);
  EXPECT_EQ(holder_of(world.facts, both(), plant, hour(10)).domain, plant);
}

TEST(Holder, OnlyTheHolderTransfers) {
  World world;
  world.say("line1", identity_of("sensor"), hour(1), acme_only);
  const auto grab = world.say("plant", Transfer{plant, id_of("plant")}, hour(2), in({acme, plant}));
  const auto verdict = world.fold(both());
  EXPECT_EQ(verdict.holder, acme);
  EXPECT_THAT(why_not(verdict, grab), HasSubstr("transfer: holder); holder was acme.example"));
}

TEST(Holder, AgentsSpeakForTheirDomain) {
  World world = deployed();
  world.say("sparks", Transfer{"scrap.example", id_of("scrap")}, hour(6));
  EXPECT_EQ(world.fold(both()).holder, "scrap.example");
}

TEST(Holder, AfterASaleTheSellerSpeaksNoMore) {
  World world = deployed();
  const auto endorse = world.say("acme", Endorse{"as-new", ""}, hour(6), acme_only);
  EXPECT_THAT(why_not(world.fold(both()), endorse), HasSubstr("holder was plant.example"));
}

TEST(Holder, WhatTheSellerSaidAsHolderStillCounts) {
  World world;
  world.say("line1", identity_of("sensor"), hour(1), acme_only);
  const auto endorse = world.say("acme", Endorse{"tested", ""}, hour(2), acme_only);
  world.say("acme", Transfer{plant, id_of("plant")}, hour(3), acme_only);
  EXPECT_EQ(why_not(world.fold(both()), endorse), "");
}

// A second manufacturer, "rival", of another referenced domain.
Policies with_rival() {
  const std::string rules = edited(plant_rules, "role = \"manufacturer\" }]", "role = \"manufacturer\" }, { domain = \"rival.example\", role = \"manufacturer\" }]");
  return assemble({signed_by("plant", plant_policy(1, rules) + copy_of("rival.example", "rival")), signed_by("acme", acme_policy()),
                   signed_by("rival", head("rival.example", 1, "rival", {"rival"}) + edited(acme_rules, "line1", "rival"))},
                  {pin(plant, "plant")});
}
World contested() {
  World world;
  world.facts.domains["rival.example"].newest_head = hour(10);
  world.say("line1", identity_of("sensor"), hour(1), acme_only);
  return world;
}

TEST(Contradiction, IdentifiedInTwoDomainsNobodyHolds) {
  World world = contested();
  world.say("rival", identity_of("sensor"), hour(2), in({"rival.example"}));
  const auto transfer = world.say("acme", Transfer{plant, id_of("plant")}, hour(3), acme_only);
  const auto verdict = world.fold(with_rival());
  EXPECT_TRUE(verdict.contradiction);
  EXPECT_EQ(verdict.holder, "");
  EXPECT_EQ(verdict.admitted, Admitted::no);
  EXPECT_THAT(reason_text(verdict, "holder"), HasSubstr("contradiction"));
  EXPECT_THAT(why_not(verdict, transfer), HasSubstr("contradiction"));
}

TEST(Contradiction, EndsWhenOneIsTakenBack) {
  World world = contested();
  const auto rival = world.say("rival", identity_of("sensor"), hour(2), in({"rival.example"}));
  world.say("rival", Withdraw{rival, "mistaken"}, hour(3), in({"rival.example"}));
  EXPECT_EQ(world.fold(with_rival()).holder, acme);
  EXPECT_FALSE(world.fold(with_rival()).contradiction);
  world.say("acme", Transfer{plant, id_of("plant")}, hour(4), acme_only);
  EXPECT_EQ(world.fold(with_rival()).holder, plant);
}

TEST(Contradiction, NoneAfterASale) {
  World world = contested();
  world.say("acme", Transfer{plant, id_of("plant")}, hour(2), acme_only);
  world.say("rival", identity_of("sensor"), hour(3), in({"rival.example"}));
  world.say("line1", identity_of("sensor"), hour(4));  // the seller, once more, in the buyer's domain
  EXPECT_FALSE(world.fold(with_rival()).contradiction);
  EXPECT_EQ(world.fold(with_rival()).holder, plant);
  world.say("plant", Transfer{"rival.example", id_of("rival")}, hour(5));
  EXPECT_EQ(world.fold(with_rival()).holder, "rival.example");
}

TEST(Contradiction, IsNotBegunByWhatWasTakenBackBeforeItCame) {
  World world = contested();
  const Fact late = fact_of(world.facts.subject, "rival", identity_of("sensor"), hour(4), {.domains = {"rival.example"}, .issued = hour(2)});
  world.say("rival", Withdraw{late.statement.id, ""}, hour(3), in({"rival.example"}));
  world.facts.about.push_back(late);
  const auto verdict = world.fold(with_rival());
  EXPECT_EQ(why_not(verdict, late.statement.id), "taken back by its issuer");
  EXPECT_FALSE(verdict.contradiction);
  EXPECT_EQ(verdict.holder, acme);
}

TEST(Holder, ASaleWithinTheSecondOfTheWithdrawalStandsInTheOrderOfTheLog) {
  for (const std::uint64_t sold : {1u, 3u}) {
    World world;
    const auto made = world.say("line1", identity_of("sensor"), hour(1), {.domains = {acme}, .index = 0});
    world.say("acme", Transfer{plant, id_of("plant")}, hour(1), {.domains = {acme}, .index = sold});
    world.say("line1", Withdraw{made, ""}, hour(1), {.domains = {acme}, .index = 2});
    EXPECT_EQ(world.fold(both()).holder, sold == 1 ? plant : "");
  }
}

TEST(Contradiction, EndsWhenOneExpires) {
  World world = contested();
  world.say("rival", identity_of("sensor"), hour(3), {.domains = {"rival.example"}, .expires = hour(8)});
  const auto before = world.fold(with_rival(), hour(7));
  EXPECT_TRUE(before.contradiction);
  EXPECT_EQ(before.valid_until, hour(8));
  EXPECT_FALSE(world.fold(with_rival(), hour(8)).contradiction);
  EXPECT_EQ(world.fold(with_rival(), hour(8)).holder, acme);
}

TEST(Holder, NobodyTransfersOnAnIdentityThatHadExpired) {
  World world;
  world.say("line1", identity_of("sensor"), hour(1), {.domains = {acme}, .expires = hour(3)});
  const auto transfer = world.say("acme", Transfer{plant, id_of("plant")}, hour(4), acme_only);
  EXPECT_NE(why_not(world.fold(both()), transfer), "") << "nobody held it when the transfer was received";
  EXPECT_EQ(world.fold(both()).holder, "");
}

TEST(Holder, NobodyTransfersOnAnIdentityNotYetValid) {
  World world;
  world.say("line1", identity_of("sensor"), hour(1), {.domains = {acme}, .not_before = hour(5)});
  const auto transfer = world.say("acme", Transfer{plant, id_of("plant")}, hour(4), acme_only);
  EXPECT_NE(why_not(world.fold(both()), transfer), "");
  EXPECT_EQ(world.fold(both(), hour(4)).holder, "");
  EXPECT_EQ(world.fold(both(), hour(5)).holder, acme);
}

TEST(Holder, ASaleOutlastsTheIdentityItBeganWith) {
  World world;
  world.say("line1", identity_of("sensor"), hour(1), {.domains = {acme}, .expires = hour(5)});
  world.say("acme", Transfer{plant, id_of("plant")}, hour(2), acme_only);
  EXPECT_EQ(world.fold(both(), hour(6)).holder, plant);
  EXPECT_FALSE(world.fold(both(), hour(6)).identity);
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

TEST(Holder, OfAnIdentityInTwoReferencedDomainsTheOneInWhichItsIssuerMayIdentify) {
  for (const bool in_both : {false, true}) {
    const std::string rules = edited(plant_rules, "role = \"manufacturer\" }]", "role = \"manufacturer\" }, { domain = \"rival.example\", role = \"manufacturer\" }]");
    const auto policies = assemble({signed_by("plant", plant_policy(1, rules) + copy_of("rival.example", "rival")), signed_by("acme", acme_policy()),
                                    signed_by("rival", head("rival.example", 1, "rival", {"rival", "line1"}) + edited(acme_rules, "line1", in_both ? "line1" : "rival"))},
                                   {pin(plant, "plant")});
    World world;
    world.say("line1", identity_of("sensor"), hour(1), in({acme, "rival.example"}));
    EXPECT_EQ(world.fold(policies).holder, in_both ? "" : acme);
    EXPECT_EQ(world.fold(policies).contradiction, in_both);
  }
}

TEST(Holder, OnceHandedOverOnlyItsHolderHandsItOn) {
  const auto policies = both(plant_policy(1, edited(plant_rules, "transfer = [\"holder\"]", "transfer = [\"holder\", \"maintainer\"]")));
  World world;
  world.say("line1", identity_of("sensor"), hour(1), acme_only);
  world.say("volta", Transfer{plant, id_of("plant")}, hour(2));
  EXPECT_EQ(world.fold(policies).holder, plant) << "the first time whoever [write] lets";
  const auto again = world.say("volta", Transfer{acme, id_of("acme")}, hour(3));
  EXPECT_THAT(why_not(world.fold(policies), again), HasSubstr("only its holder, plant.example"));
  EXPECT_EQ(world.fold(policies).holder, plant);
}

TEST(Counts, ATransferOrWithdrawalThatSleepsOrWearsOffForNothing) {
  for (const bool sleeps : {true, false}) {
    World world;
    const auto made = world.say("line1", identity_of("sensor"), hour(1), acme_only);
    world.say("acme", Transfer{plant, id_of("plant")}, hour(2), acme_only);
    world.say("line1", Withdraw{made, ""}, hour(3), acme_only);
    for (auto& fact : world.facts.about) (sleeps ? fact.statement.not_before : fact.statement.expires) = sleeps ? hour(0) : hour(9000);
    EXPECT_EQ(world.fold(both()).holder, acme);
    EXPECT_THAT(why_not(world.fold(both()), world.facts.about[1].statement.id), HasSubstr("a transfer bears neither nbf nor exp"));
    EXPECT_THAT(why_not(world.fold(both()), world.facts.about[2].statement.id), HasSubstr("a withdrawal bears neither nbf nor exp"));
  }
}

TEST(Cloud, AnAssignmentDatedAheadDoesNotOutweighALaterOne) {
  World world = deployed();
  world.say("volta", Assign{"seller-hall"}, hour(6), {.issued = hour(6) + 290});
  world.say("sparks", Assign{"buyer-hall"}, hour(6) + 10);
  EXPECT_EQ(world.fold(both()).cloud, "buyer-hall");
}

TEST(Models, TheDomainOfAModelHoldsIt) {
  World world = deployed();
  world.say_of_model("acme", StatusChange{Status::suspended, ""}, hour(6), acme_only);  // acme's owner, as the model's holder
  world.say_of_model("plant", Endorse{"ours", ""}, hour(6));
  const auto verdict = world.fold(both());
  EXPECT_EQ(status_text(verdict), "suspended");
  EXPECT_EQ(verdict.endorsements.size(), 1u) << "the plant does not speak for acme's model";
}

TEST(Withdrawal, OfIdentityEndorsementAndAssignment) {
  World world = deployed();
  const std::vector<std::pair<std::string, Kind>> said = {{"volta", Kind::endorse}, {"volta", Kind::assign}, {"line1", Kind::identity}};
  for (const auto& [issuer, kind] : said)
    for (const Fact& fact : std::vector<Fact>(world.facts.about))
      if (fact.statement.kind() == kind) {
        const auto withdrawal = world.say(issuer, Withdraw{fact.statement.id, ""}, hour(6), {.domains = fact.domains});
        const auto verdict = world.fold(both());
        EXPECT_EQ(why_not(verdict, withdrawal), "");
        EXPECT_EQ(why_not(verdict, fact.statement.id), "taken back by its issuer");
      }
  const auto verdict = world.fold(both());
  EXPECT_TRUE(verdict.endorsements.empty());
  EXPECT_EQ(verdict.cloud, "");
  EXPECT_FALSE(verdict.identity);
}

// A home takes it only where it keeps the target: elsewhere it would count at one server, and be "not yet" at another for ever.
TEST(Withdrawal, MadeWhereItsTargetWas) {
  World world = deployed();
  const auto endorsement = world.facts.about[2].statement.id;
  const auto elsewhere = world.say("volta", Withdraw{endorsement, ""}, hour(6), acme_only);
  EXPECT_EQ(why_not(world.fold(both()), elsewhere), "made in another domain than what it takes back");
  EXPECT_EQ(world.fold(both()).admitted, Admitted::yes);
  const auto both_domains = world.say("volta", Withdraw{endorsement, ""}, hour(7), {.domains = {acme, plant}});
  EXPECT_EQ(why_not(world.fold(both()), both_domains), "");
  EXPECT_EQ(world.fold(both()).admitted, Admitted::no);
}

TEST(Withdrawal, OnlyByItsIssuerAndNotOfAStatusOrATransfer) {
  World world = deployed();
  const auto id_by_kind = [&](Kind kind) {
    for (const Fact& fact : world.facts.about)
      if (fact.statement.kind() == kind) return fact.statement.id;
    return StatementId{};
  };
  const auto others = world.say("sparks", Withdraw{id_by_kind(Kind::endorse), ""}, hour(6));
  const auto status = world.say("volta", Withdraw{id_by_kind(Kind::status), ""}, hour(6));
  const auto transfer = world.say("acme", Withdraw{id_by_kind(Kind::transfer), ""}, hour(6), acme_only);
  const auto unknown = world.say("volta", Withdraw{StatementId{}, ""}, hour(6));
  const auto verdict = world.fold(both());
  EXPECT_THAT(why_not(verdict, others), HasSubstr("only the issuer"));
  EXPECT_THAT(why_not(verdict, status), HasSubstr("only an identity, an endorsement or an assignment"));
  EXPECT_THAT(why_not(verdict, transfer), HasSubstr("only an identity, an endorsement or an assignment"));
  EXPECT_THAT(why_not(verdict, unknown), HasSubstr("not kept here"));
  EXPECT_EQ(verdict.admitted, Admitted::yes);
}

TEST(Counts, ReceiptsOfHomesAloneGiveTheTime) {
  World world = deployed();
  const auto said = world.say("volta", Endorse{"late", ""}, hour(6), {.received_by = std::vector{acme}});
  world.facts.about.back().receipts.push_back({plant, log_of("stranger"), hour(2), 0});
  const auto verdict = world.fold(both());
  const auto* judgement = judgement_of(verdict, said);
  ASSERT_TRUE(judgement);
  EXPECT_TRUE(judgement->provisional) << "acme's home has no say about what names plant.example alone";
  EXPECT_EQ(judgement->received, hour(6));
}

TEST(Counts, OfSeveralReceiptsTheEarliest) {
  World world = deployed();
  const auto said = world.say("volta", Endorse{"twice", ""}, hour(6));
  world.facts.about.back().receipts.push_back({plant, log_of(plant), hour(4), 9});
  world.facts.about.back().receipts.push_back({plant, log_of(plant), hour(8), 1});
  const auto verdict = world.fold(both());
  const auto* judgement = judgement_of(verdict, said);
  ASSERT_TRUE(judgement);
  EXPECT_EQ(judgement->received, hour(4));
}

TEST(Counts, WhereTheStatementNamesTheDomainItsHomesElseTheReferencedOnes) {
  World world = deployed();
  const auto two = world.say("line1", Endorse{"both", ""}, hour(8), {.domains = {acme, plant}, .received_by = std::vector{plant}});
  world.facts.about.back().receipts.push_back({acme, log_of(acme), hour(6), 0});
  const auto received = [&](const Verdict& verdict) {
    const auto* judgement = judgement_of(verdict, two);
    return judgement ? judgement->received : Time{};
  };
  EXPECT_EQ(received(world.fold(both())), hour(8));
  EXPECT_EQ(received(world.fold(both(), hour(10), acme)), hour(6));
}

TEST(Counts, IssuedAtMostFiveMinutesBeyondReceived) {
  World world = deployed();
  const auto within = world.say("volta", Endorse{"a", ""}, hour(6), {.issued = hour(6) + 300});
  const auto beyond = world.say("volta", Endorse{"b", ""}, hour(6), {.issued = hour(6) + 301});
  const auto verdict = world.fold(both());
  EXPECT_EQ(why_not(verdict, within), "");
  EXPECT_THAT(why_not(verdict, beyond), HasSubstr("iat is more than 5 minutes beyond"));
}

TEST(Counts, NotBeforeAndExpiresHoldAtTheTimeAsked) {
  World world = deployed();
  const auto said = world.say("volta", Endorse{"a", ""}, hour(6), {.not_before = hour(7), .expires = hour(9)});
  EXPECT_THAT(why_not(world.fold(both(), hour(7) + -1), said), HasSubstr("not valid before 2027-01-01T07:00:00Z"));
  EXPECT_EQ(why_not(world.fold(both(), hour(7)), said), "");
  EXPECT_EQ(why_not(world.fold(both(), hour(9) + -1), said), "");
  EXPECT_EQ(why_not(world.fold(both(), hour(9)), said), "expired at 2027-01-01T09:00:00Z");
  EXPECT_EQ(world.fold(both(), hour(6)).valid_until, hour(7));
  EXPECT_EQ(world.fold(both(), hour(7)).valid_until, hour(9));
}

TEST(Counts, UntilIsJudgedByTheTimeOfReceipt) {
  const Time june = *from_rfc3339("2027-06-01T00:00:00Z");
  World world = deployed();
  const auto before = world.say("tuev", Endorse{"a", ""}, june + -1);
  const auto after = world.say("tuev", Endorse{"b", ""}, june, {.issued = june + -100});
  const auto verdict = world.fold(both(), june + 1000);
  EXPECT_EQ(why_not(verdict, before), "");
  EXPECT_THAT(why_not(verdict, after), HasSubstr("role certifier had ended (2027-06-01T00:00:00Z)"));
}

TEST(Counts, WithoutAReceiptOnlyWhileUntilIsStillToCome) {
  const Time june = *from_rfc3339("2027-06-01T00:00:00Z");
  World world = deployed();
  const auto said = world.say("tuev", Endorse{"a", ""}, june + -100, {.received_by = std::vector<std::string>{}});
  EXPECT_EQ(why_not(world.fold(both(), june + -1), said), "");
  EXPECT_LE(world.fold(both(), june + -1).valid_until, june);
  EXPECT_THAT(why_not(world.fold(both(), june), said), HasSubstr("role certifier had ended")) << "nobody bears witness to its time";
}

TEST(Counts, AnAgentsWordWithoutAReceiptHereByWhenItWasSeenHere) {
  const Time june = *from_rfc3339("2027-06-01T00:00:00Z");
  const auto policies = both(plant_policy(), acme_policy(1, edited(acme_rules, "[roles]\n", "[roles]\nagent = [{ key = \"line2\", until = 2027-06-01T00:00:00Z }]\n")));
  World world;
  world.say("line1", identity_of("sensor"), hour(1), acme_only);
  const auto said = world.say("line2", Endorse{"a", ""}, june + -100, {.domains = {acme, plant}, .received_by = std::vector{acme}});
  const auto late = world.say("line2", Endorse{"b", ""}, june + 1, {.domains = {acme, plant}, .received_by = std::vector{acme}});
  EXPECT_EQ(why_not(world.fold(policies, june + -1), said), "");
  EXPECT_EQ(why_not(world.fold(policies, june + 2), said), "") << "seen before its end, and no clock unsays it";
  EXPECT_NE(why_not(world.fold(policies, june + 2), late), "");
}

TEST(Counts, MadeInADomainThatPolicyDoesNotReferTo) {
  World world = deployed();
  const auto said = world.say("volta", Endorse{"a", ""}, hour(6), in({"elsewhere.example"}));
  EXPECT_THAT(why_not(world.fold(both()), said), HasSubstr("a domain that the policy of plant.example does not refer to"));
}

TEST(Counts, MadeInAReferencedDomainByOneWhoPlaysARoleHere) {
  World world = deployed();
  const auto said = world.say("volta", Endorse{"a", ""}, hour(6), acme_only);
  EXPECT_EQ(why_not(world.fold(both()), said), "");
  EXPECT_THAT(why_not(world.fold(both(), hour(10), acme), said), HasSubstr("plays no role")) << "the asked domain decides";
}

TEST(Counts, InTheOrderOfReceiptThenOfTheLog) {
  World world;
  world.say("line1", identity_of("sensor"), hour(1), {.domains = {acme}, .index = 0});
  world.say("acme", Transfer{"first.example", id_of("first")}, hour(2), {.domains = {acme}, .index = 1});
  world.say("acme", Transfer{"second.example", id_of("second")}, hour(2), {.domains = {acme}, .index = 2});
  EXPECT_EQ(world.fold(both()).holder, "first.example");
  std::vector<std::uint64_t> indices;
  for (const Judgement& judgement : world.fold(both()).judgements) indices.push_back(judgement.index);
  EXPECT_EQ(indices, (std::vector<std::uint64_t>{0, 1, 2}));
}

}  // namespace
}  // namespace cm4it::policy
