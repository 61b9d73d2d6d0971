// model.md "The verdict", holder: whose a subject is, and when that is a contradiction.
#include "policy/fold_fixture.h"

namespace cm4it::policy {
namespace {

using namespace fixture;

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

TEST(Holder, ASaleWithinTheSecondOfTheWithdrawalStandsInTheOrderOfTheLog) {
  for (const std::uint64_t sold : {1u, 3u}) {
    World world;
    const auto made = world.say("line1", identity_of("sensor"), hour(1), {.domains = {acme}, .index = 0});
    world.say("acme", Transfer{plant, id_of("plant")}, hour(1), {.domains = {acme}, .index = sold});
    world.say("line1", Withdraw{made, ""}, hour(1), {.domains = {acme}, .index = 2});
    EXPECT_EQ(world.fold(both()).holder, sold == 1 ? plant : "");
  }
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

TEST(Contradiction, EndsWhenOneExpires) {
  World world = contested();
  world.say("rival", identity_of("sensor"), hour(3), {.domains = {"rival.example"}, .expires = hour(8)});
  const auto before = world.fold(with_rival(), hour(7));
  EXPECT_TRUE(before.contradiction);
  EXPECT_EQ(before.valid_until, hour(8));
  EXPECT_FALSE(world.fold(with_rival(), hour(8)).contradiction);
  EXPECT_EQ(world.fold(with_rival(), hour(8)).holder, acme);
}

}  // namespace
}  // namespace cm4it::policy
