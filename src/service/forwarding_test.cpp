// A statement that names several domains counts in one of them only if that domain's home has it, or may still receive it.
#include "ledger/forwarding.h"
#include "service/network_fixture.h"

namespace cm4it::service {
namespace {

using namespace fixture;
using testing::HasSubstr;

// acme refers to tuev as its certifier; the plant keeps both.
struct Forwarding : Network {
  Forwarding() {
    std::string acme_2 = acme_policy(2, "[[copy]]\ndomain = \"tuev.example\"\nowner = \"" + id_of("tuev").text() + "\"\nfrom = \"https://tuev.example\"\n");
    acme_2.replace(acme_2.find("[write]"), 7, "certifier = [{ domain = \"tuev.example\", role = \"certifier\" }]\n[write]");
    for (auto* ics : {&acme, &plant}) EXPECT_NE(ics->submit_one(policy_evidence("acme", "acme.example", acme_2, *acme.clock)).outcome, Outcome::refused);
    carry(acme, plant, "acme.example");
  }
  void tuev_policy(std::uint64_t version, const std::string& certifiers) {
    const std::string text = "domain = \"tuev.example\"\nversion = " + std::to_string(version) + "\nowner = \"tuev\"\n[keys]\ntuev = \"" +
                             base64_of(key_of("tuev")) + "\"\nacme = \"" + base64_of(key_of("acme")) + "\"\n" + server_line("tuev.example") +
                             "[roles]\ncertifier = [" + certifiers + "]\n[write]\nidentity = [\"certifier\"]\n";
    EXPECT_NE(plant.submit_one(policy_evidence("tuev", "tuev.example", text, *plant.clock)).outcome, Outcome::refused);
  }
  ItemResult identify() {
    return plant.submit_one(plant.say("acme", sensor_id, device_identity("sensor"), {"plant.example", "tuev.example"}));
  }
  policy::Judgement judged(const StatementId& id, const std::string& domain = "acme.example") {
    for (const auto& judgement : plant.verdict(sensor_id, domain).judgements)
      if (judgement.fact->statement.id == id) return judgement;
    ADD_FAILURE() << "no judgement of " << id.text();
    return {};
  }
};

TEST_F(Forwarding, WhatAHomeWouldRefuseIsNotSentAndDoesNotCountThere) {
  tuev_policy(1, "\"tuev\"");
  const auto item = identify();
  ASSERT_EQ(item.outcome, Outcome::received) << why(item);
  EXPECT_TRUE(item.forwarded_to.empty());
  ASSERT_EQ(item.not_taken.size(), 1u);
  EXPECT_EQ(item.not_taken[0].first, "tuev.example");
  EXPECT_FALSE(judged(*item.statement).counts);
  EXPECT_THAT(judged(*item.statement).why_not, HasSubstr("not forwarded to the home of tuev.example: kid: the issuer"));
  EXPECT_FALSE(plant.verdict(sensor_id, "acme.example").type);
  EXPECT_TRUE(judged(*item.statement, "plant.example").counts);

  // Said again under a policy that lets it in.
  tuev_policy(2, "\"tuev\", \"acme\"");
  EXPECT_FALSE(judged(*item.statement).counts);
  EXPECT_EQ(identify().forwarded_to, std::vector<std::string>{"tuev.example"});
  EXPECT_TRUE(judged(*item.statement).counts);
  EXPECT_TRUE(judged(*item.statement).provisional);
}

TEST_F(Forwarding, WhatMayYetBeTakenIsSentAndDoesNotCountMeanwhile) {
  const auto item = identify();  // tuev's owner is known, its policy is not
  ASSERT_EQ(item.outcome, Outcome::received) << why(item);
  EXPECT_EQ(item.forwarded_to, std::vector<std::string>{"tuev.example"});
  EXPECT_FALSE(judged(*item.statement).counts);
  EXPECT_THAT(judged(*item.statement).why_not, HasSubstr("not received by a home of tuev.example yet: domain: no policy of tuev.example counts here"));
}

TEST_F(Forwarding, WhoseHomeNothingTellsIsNotSent) {
  const auto item = plant.submit_one(plant.say("acme", sensor_id, device_identity("sensor"), {"acme.example", "nowhere.example", "plant.example"}));
  ASSERT_EQ(item.outcome, Outcome::received) << why(item);
  EXPECT_EQ(item.forwarded_to, std::vector<std::string>{"acme.example"});
  ASSERT_EQ(item.not_taken.size(), 1u);
  EXPECT_THAT(item.not_taken[0].second.message, HasSubstr("nothing here pins the owner of nowhere.example"));
  const auto reader = plant.ledger().reader();
  EXPECT_TRUE(reader->note(ledger::forward_note(*item.statement, "acme.example"))->has_value());
  EXPECT_FALSE(reader->note(ledger::forward_note(*item.statement, "nowhere.example"))->has_value());
}

// A home takes a withdrawal only where it keeps what is taken back.
TEST_F(Forwarding, AWithdrawalIsMadeWhereItsTargetWas) {
  const auto identity = plant.submit_one(plant.say("acme", sensor_id, device_identity("sensor")));
  ASSERT_EQ(identity.outcome, Outcome::received) << why(identity);
  const auto elsewhere = plant.submit_one(plant.say("acme", sensor_id, Withdraw{*identity.statement, ""}, {"acme.example"}));
  EXPECT_EQ(elsewhere.outcome, Outcome::refused);
  EXPECT_THAT(why(elsewhere), HasSubstr("was made in plant.example, not in acme.example"));
  EXPECT_EQ(acme.submit_one(acme.say("acme", sensor_id, Withdraw{*identity.statement, ""}, {"acme.example"})).outcome, Outcome::not_yet);
  EXPECT_TRUE(judged(*identity.statement, "plant.example").counts);
  const auto there = plant.submit_one(plant.say("acme", sensor_id, Withdraw{*identity.statement, ""}));
  EXPECT_EQ(there.outcome, Outcome::received) << why(there);
  EXPECT_FALSE(judged(*identity.statement, "plant.example").counts);
}

}  // namespace
}  // namespace cm4it::service
