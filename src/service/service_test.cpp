#include "service/network_fixture.h"

namespace cm4it::service {
namespace {

using namespace fixture;

TEST_F(Network, ADeviceIsAdmittedOnceAllHaveSpoken) {
  deploy();
  const auto verdict = plant.verdict(sensor_id);
  EXPECT_EQ(verdict.admitted, policy::Admitted::yes) << verdict.reasons.at(0).text;
  EXPECT_EQ(verdict.judgements.size(), 5u);
  for (const auto& judgement : verdict.judgements)
    EXPECT_TRUE(judgement.counts) << evidence::to_string(judgement.fact->statement.kind()) << ": " << judgement.why_not;
  EXPECT_EQ(verdict.holder, "plant.example");
  EXPECT_EQ(verdict.cloud, "hall-3");
  EXPECT_EQ(verdict.status, Status::in_use);
}

TEST_F(Network, AStrangerIsRefusedWithFieldAndRule) {
  const auto item = plant.submit_one(plant.say("stranger", sensor_id, Assign{"hall-3"}));
  EXPECT_EQ(item.outcome, Outcome::refused);
  EXPECT_THAT(why(item), testing::HasSubstr("plays no role in plant.example"));
  EXPECT_FALSE(plant.service->verdicts().look_up(sensor_id, "", {})->facts->about.size());
}

// What cannot be taken now is told as what is: by names and times, and with what would change it.
TEST_F(Network, WhatIsNotTheirsAnyMoreIsToldWithNames) {
  deploy();
  *acme.clock = *acme.clock + 10;
  const auto again = acme.submit_one(acme.say("acme", sensor_id, Transfer{"plant.example", id_of("plant")}));
  ASSERT_EQ(again.outcome, Outcome::not_yet);
  EXPECT_THAT(why(again), testing::MatchesRegex(".*sensor belongs to plant.example since 20..-..-..T..:..:..Z; acme.example can no longer transfer it.*"));
  EXPECT_EQ(again.error->detail, "plant.example can give it back: ics transfer sensor --to acme.example");
}

// Whoever holds a thing may endorse it, and a dealer's transfer may be on its way: this one cannot be told from a dealer.
TEST_F(Network, AStrangerWhoMayBeAComingHolderLeavesNothingHere) {
  const auto item = plant.submit_one(plant.say("stranger", sensor_id, Endorse{"approved", ""}));
  EXPECT_EQ(item.outcome, Outcome::not_yet);
  EXPECT_THAT(why(item), testing::HasSubstr("no policy that is known here lists the key"));
  EXPECT_FALSE(plant.service->verdicts().look_up(sensor_id, "", {})->facts->about.size());
}

TEST_F(Network, AStolenDeviceIsRefused) {
  deploy();
  ASSERT_EQ(plant.submit_one(plant.say("volta", sensor_id, StatusChange{Status::stolen, "from hall 3"})).outcome, Outcome::received);
  const auto verdict = plant.verdict(sensor_id);
  EXPECT_EQ(verdict.admitted, policy::Admitted::no);
  EXPECT_EQ(verdict.reasons.at(0).rule, "status");
}

TEST_F(Network, TheSameStatementAgainGetsTheFirstReceipt) {
  const Bytes evidence = acme.say("acme", sensor_id, device_identity("sensor"));
  const auto first = acme.submit_one(evidence), again = acme.submit_one(evidence);
  EXPECT_TRUE(first.is_new);
  EXPECT_FALSE(again.is_new);
  ASSERT_EQ(again.received.size(), 1u);
  EXPECT_EQ(first.received.at(0).index, again.received.at(0).index);
}

}  // namespace
}  // namespace cm4it::service
