// What an issuer takes back by component, and what a key's newer self-signature stands for.
#include "policy/taken_back.h"

#include <list>

#include "policy/fold_fixture.h"

namespace cm4it::policy {
namespace {

using namespace fixture;

// As if OpenPGP signatures had said it.
struct Components : testing::Test {
  StatementId say(const std::string& issuer, Body body, int hours, const std::string& component, std::optional<Time> expires = {},
                  std::optional<Time> issued = {}) {
    const Digest digest = crypto::sha256(view(component));
    const bool withdraws = std::holds_alternative<Withdraw>(body);
    const auto id = world.say(issuer, body, hour(hours), {.issued = issued, .expires = expires});
    auto& statement = world.facts.about.back().statement;
    statement.component.digest = digest;
    if (withdraws) std::get<Withdraw>(statement.body).component = digest;
    return id;
  }
  std::string why(const StatementId& id) const { return why_not(verdict(), id); }
  Verdict verdict() const {
    // The order in which facts are given does not matter.
    World reversed = world;
    std::reverse(reversed.facts.about.begin(), reversed.facts.about.end());
    const auto a = world.fold(policies), b = reversed.fold(policies);
    EXPECT_EQ(a.judgements.size(), b.judgements.size());
    for (std::size_t i = 0; i < a.judgements.size(); ++i) {
      EXPECT_EQ(a.judgements[i].fact->statement.id, b.judgements[i].fact->statement.id);
      EXPECT_EQ(a.judgements[i].why_not, b.judgements[i].why_not);
    }
    judged_facts.push_back(world.facts);
    return fold(judged_facts.back(), policies, plant, hour(10));
  }

  World world;
  Policies policies = both(plant_policy(1, edited(plant_rules, "identity = [\"manufacturer\", \"integrator\"]", "identity = [\"manufacturer\", \"integrator\", \"self\"]")));
  mutable std::list<Facts> judged_facts;
};

TEST_F(Components, ARevocationTakesBackWhatItsIssuerCertifiedThereUntilThen) {
  const auto before = say("volta", Endorse{"approved", ""}, 1, "user id");
  const auto status = say("volta", StatusChange{Status::stolen, ""}, 2, "user id");
  const auto elsewhere = say("volta", Endorse{"approved", ""}, 3, "another user id");
  const auto others = say("tuev", Endorse{"certified", ""}, 3, "user id");
  const auto revocation = say("volta", Withdraw{{}, "a mistake", {}}, 4, "user id");
  const auto after = say("volta", Endorse{"approved", ""}, 5, "user id");
  EXPECT_EQ(why(before), "taken back by its issuer");
  EXPECT_EQ(why(status), "taken back by its issuer");  // whoever raised an alarm may lift it
  EXPECT_EQ(why(elsewhere), "");
  EXPECT_EQ(why(others), "");
  EXPECT_EQ(why(revocation), "");
  EXPECT_EQ(why(after), "");
  EXPECT_FALSE(verdict().status);
}

// Whatever its signer's clock said, what it restricts is restricted: from its receipt on, and until then. It lifts no alarm.
TEST_F(Components, ARevocationDatedAheadCountsFromItsReceipt) {
  const auto before = say("volta", Endorse{"approved", ""}, 1, "user id");
  const auto stolen = say("volta", StatusChange{Status::stolen, ""}, 2, "user id");
  const auto revocation = say("volta", Withdraw{{}, "", {}}, 4, "user id", {}, hour(1000));
  const auto after = say("volta", Endorse{"approved", ""}, 5, "user id");
  EXPECT_EQ(why(revocation), "");
  EXPECT_EQ(why(before), "taken back by its issuer");
  EXPECT_EQ(why(stolen), "");
  EXPECT_EQ(why(after), "") << "said after it was received";
  const auto alone = say("tuev", StatusChange{Status::lost, ""}, 3, "another");
  const auto lifting = say("tuev", Withdraw{{}, "", {}}, 4, "another", {}, hour(4) + 301);
  EXPECT_THAT(why(lifting), HasSubstr("lifts no alarm"));
  EXPECT_THAT(why(alone), Not(HasSubstr("taken back")));
  const auto in_step = say("volta", Withdraw{{}, "", {}}, 6, "user id", {}, hour(6) + 300);
  EXPECT_EQ(why(in_step), "");
  EXPECT_EQ(why(stolen), "taken back by its issuer");
}

TEST(Withdrawals, OneDatedAheadCountsFromItsReceipt) {
  World world;
  const auto policies = both(plant_policy(1, plant_rules));
  const auto approved = world.say("volta", Endorse{"approved", ""}, hour(2));
  const auto withdrawal = world.say("volta", Withdraw{approved, "", {}}, hour(3), {.issued = hour(1000)});
  const auto verdict = world.fold(policies);
  EXPECT_EQ(why_not(verdict, withdrawal), "");
  EXPECT_EQ(why_not(verdict, approved), "taken back by its issuer");
  EXPECT_EQ(why_not(world.fold(policies, hour(2)), approved), "");
}

TEST_F(Components, ARevocationOfNothingSaysSo) {
  const auto revocation = say("volta", Withdraw{{}, "", {}}, 2, "user id");
  const auto later = say("volta", Endorse{"approved", ""}, 3, "user id");
  EXPECT_THAT(why(revocation), HasSubstr("none is kept here"));
  EXPECT_EQ(why(later), "");
}

TEST_F(Components, TheNewestSelfSignatureStandsForTheOlderOnes) {
  const auto first = say("sensor", identity_of("sensor"), 1, "user id");
  const auto other = say("sensor", identity_of("sensor"), 1, "another user id", hour(20));
  const auto second = say("sensor", identity_of("sensor"), 2, "user id", hour(9));
  EXPECT_THAT(why(first), HasSubstr("a newer one"));
  EXPECT_THAT(why(second), HasSubstr("expired"));  // and what it replaced does not come back
  EXPECT_EQ(why(other), "");
  // Others' certifications do not replace each other.
  const auto one = say("volta", Endorse{"approved", ""}, 3, "user id"), two = say("volta", Endorse{"trust:high", ""}, 4, "user id");
  EXPECT_EQ(why(one), "");
  EXPECT_EQ(why(two), "");
}

// Over SHA-1, as old software signs to this day, and whoever finds a collision.
TEST_F(Components, WhatIsWeakTakesThePlaceOfNothing) {
  const auto good = say("sensor", identity_of("sensor"), 1, "user id");
  const auto weak = say("sensor", identity_of("sensor"), 2, "user id");
  world.facts.about.back().statement.component.weak = world.facts.about.back().statement.component.supporting = true;
  EXPECT_EQ(why(good), "");
  EXPECT_EQ(why(weak), "");
  const auto newest = say("sensor", identity_of("sensor"), 3, "user id");
  for (const auto& older : {good, weak}) EXPECT_THAT(why(older), HasSubstr("a newer one"));
  EXPECT_EQ(why(newest), "");
}

// A subkey's binding belongs to the certificate; who the subject is stands elsewhere.
TEST_F(Components, WhatSupportsIsNoIdentity) {
  world.say("line1", identity_of("sensor"), hour(1), {.domains = {acme}});
  auto binding = identity_of("sensor");
  binding.name = "not a name";
  say("line1", binding, 5, "subkey");
  world.facts.about.back().statement.component.supporting = true;
  EXPECT_EQ(verdict().identity->name, "sensor");
  EXPECT_EQ(verdict().holder, acme);
}

}  // namespace
}  // namespace cm4it::policy
