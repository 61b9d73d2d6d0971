#include "service/fixture.h"

namespace cm4it::service {
namespace {

using namespace fixture;
using Outcome = ItemResult::Outcome;

std::vector<policy::Pin> pin(const std::string& domain, const std::string& owner) {
  return {{domain, id_of(owner), policy::Pin::Source::configuration}};
}

std::string why(const ItemResult& item) { return item.error ? item.error->message : ""; }

struct Network : testing::Test {
  Network() {
    EXPECT_EQ(acme.submit_one(policy_evidence("acme", "acme.example", acme_policy(), *acme.clock)).outcome, Outcome::received);
    auto policies = plant.submit({policy_evidence("acme", "acme.example", acme_policy(), *acme.clock),
                                  policy_evidence("plant", "plant.example", plant_policy(), *plant.clock)});
    EXPECT_EQ(policies[1].outcome, Outcome::received) << why(policies[1]);
    acme.submit_one(policy_evidence("plant", "plant.example", plant_policy(), *plant.clock));
    sensor_id = subject_of("sensor");
  }
  // Identified, transferred, carried over, approved, assigned, in use.
  void deploy() {
    auto made = acme.submit({acme.say("acme", sensor_id, device_identity("sensor")),
                             acme.say("acme", sensor_id, Transfer{"plant.example", id_of("plant")})});
    for (const auto& item : made) ASSERT_EQ(item.outcome, Outcome::received) << why(item);
    const auto report = carry(acme, plant, "acme.example", policy::Selector{{{policy::Field::holder, {"plant.example"}}}});
    ASSERT_EQ(report.refused + report.not_yet, 0u) << report.first_refusal;
    ASSERT_GE(report.taken, 2u);
    auto said = plant.submit({plant.say("volta", sensor_id, Endorse{"approved", ""}),
                              plant.say("volta", sensor_id, Assign{"hall-3"}),
                              plant.say("volta", sensor_id, StatusChange{Status::in_use, ""}, {"acme.example", "plant.example"})});
    for (const auto& item : said) ASSERT_EQ(item.outcome, Outcome::received) << why(item);
  }

  Ics acme{"acme.example", pin("acme.example", "acme")};
  Ics plant{"plant.example", pin("plant.example", "plant")};
  SubjectId sensor_id;
};

TEST_F(Network, ADeviceIsAdmittedOnceAllHaveSpoken) {
  deploy();
  const auto verdict = plant.verdict(sensor_id);
  EXPECT_EQ(verdict.admitted, policy::Admitted::yes) << verdict.reasons.at(0).text;
  for (const auto& judgement : verdict.judgements)
    EXPECT_TRUE(judgement.counts) << evidence::to_string(judgement.fact->statement.kind()) << ": " << judgement.why_not;
  EXPECT_EQ(verdict.holder, "plant.example");
  EXPECT_EQ(verdict.cloud, "hall-3");
  EXPECT_EQ(verdict.status, Status::in_use);
}

TEST_F(Network, AStrangerIsRefusedWithFieldAndRule) {
  const auto item = plant.submit_one(plant.say("stranger", sensor_id, Endorse{"approved", ""}));
  EXPECT_EQ(item.outcome, Outcome::refused);
  EXPECT_THAT(why(item), testing::HasSubstr("plays no role in plant.example"));
  EXPECT_FALSE(plant.service->look_up(sensor_id, "", {})->facts->about.size());
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
