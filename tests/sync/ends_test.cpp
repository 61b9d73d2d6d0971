// Every way to a home has an end, and it is shown.
#include "base/budgets.h"
#include "sync/node.h"

namespace cm4it::sync::test {
namespace {

struct Ends : TwoNodes {
  void SetUp() override {
    follow_a_sale();
    ASSERT_TRUE(eventually([&] { return acme.ics.ledger().published()->policies->newest("plant.example") != nullptr; }));
  }
  policy::Judgement judged(const evidence::StatementId& id) {
    for (const auto& judgement : plant.ics.verdict(subject_of("sensor"), "acme.example").judgements)
      if (judgement.fact->statement.id == id) return judgement;
    return {};
  }
  // acme's rules without what lets a holder speak of status.
  std::string closed() const {
    std::string text = acme_text(2);
    const std::string status = "status = [\"manufacturer\", \"holder\"]";
    return text.replace(text.find(status), status.size(), "status = [\"manufacturer\"]");
  }
};

// The home is away, and the policy that would have it refused has come another way: nothing waits for what will be refused.
TEST_F(Ends, ByAPolicyThatComesWhileTheHomeIsAway) {
  acme.close();
  const auto item = say(Status::lost);
  ASSERT_EQ(item.outcome, Outcome::received) << why(item);
  EXPECT_TRUE(judged(*item.statement).counts);
  ASSERT_NE(plant.ics.submit_one(policy_evidence("acme", "acme.example", closed(), *acme.ics.clock)).outcome, Outcome::refused);
  EXPECT_TRUE(eventually([&] { return plant.ended("acme.example").first == 1; }));
  EXPECT_THAT(plant.ended("acme.example").second, HasSubstr("not forwarded to the home of acme.example: kid: "));
  EXPECT_TRUE(eventually([&] { return notes() == 1; })) << "the policy itself still waits";
  EXPECT_TRUE(eventually([&] { return judged(*item.statement).why_not == plant.ended("acme.example").second; }));
  // Also after a restart.
  plant.unfollow();
  plant.follow();
  EXPECT_TRUE(eventually([&] { return plant.ended("acme.example").first == 1; }));
}

TEST_F(Ends, WhatIsNotSentIsShownAtOnce) {
  const auto item = plant.ics.submit_one(plant.ics.say("volta", subject_of("sensor"), Assign{"hall-3"}, {"acme.example", "plant.example"}));
  ASSERT_EQ(item.outcome, Outcome::received) << why(item);
  ASSERT_EQ(item.not_taken.size(), 1u);
  EXPECT_TRUE(eventually([&] { return plant.ended("acme.example").first == 1; }));
  EXPECT_THAT(plant.ended("acme.example").second, HasSubstr("lets nobody make statements of kind assign"));
  EXPECT_EQ(notes(), 0u);
}

// A home that goes on saying "not yet" is not asked for ever.
TEST_F(Ends, AfterAWeekOfNotYet) {
  const Silence at_the_end{*this};
  std::atomic<int> asked{0};
  acme.script([&](const net::Request& request, net::Responder& respond) {
    if (request.path != "/v1/evidence") return false;
    ++asked;
    return answer_with(respond, 409, R"({"items":[{"result":"not-yet","error":{"title":"not-yet","detail":"its transfer has not come"}}]})");
  });
  const auto item = say(Status::lost);
  ASSERT_TRUE(eventually([&] { return asked > 0; }));
  EXPECT_EQ(notes(), 1u);
  *plant.ics.clock = *plant.ics.clock + budget::forwarding_seconds + 1;
  EXPECT_TRUE(eventually([&] { return notes() == 0; }));
  EXPECT_EQ(plant.ended("acme.example").second, "not forwarded to the home of acme.example: given up after 7d: its transfer has not come");
  EXPECT_EQ(judged(*item.statement).why_not, plant.ended("acme.example").second);
}

}  // namespace
}  // namespace cm4it::sync::test
