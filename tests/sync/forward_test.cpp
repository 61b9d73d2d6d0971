// Forwarding: what a server keeps provisionally reaches a home, however long that takes.
#include "sync/node.h"

namespace cm4it::sync::test {
namespace {

// The plant knows acme's sensor; acme's home does not answer, but where a test opens it.
struct Forward : TwoNodes {
  void SetUp() override {
    follow_a_sale();
    ASSERT_TRUE(eventually([&] { return acme.ics.ledger().published()->policies->newest("plant.example") != nullptr; }));
  }
  bool acme_has(const evidence::StatementId& id) {
    const auto reader = acme.ics.ledger().reader();
    const auto placements = reader->placements(id);
    return placements && !placements->empty();
  }
};

TEST_F(Forward, ToAHomeThatAnswers) {
  const auto item = say(Status::in_use);
  ASSERT_EQ(item.outcome, Outcome::received) << why(item);
  EXPECT_EQ(item.forwarded_to, std::vector<std::string>{"acme.example"});
  EXPECT_TRUE(eventually([&] { return acme_has(*item.statement); }));
  EXPECT_TRUE(eventually([&] { return notes() == 0 && !plant.link("acme.example", true); }));
  EXPECT_EQ(acme.ics.verdict(subject_of("sensor")).status, Status::in_use);
}

TEST_F(Forward, TheHomesReceiptEndsTheProvisionalTime) {
  *plant.ics.clock = *plant.ics.clock + 100;  // acme receives it at another time than the plant saw it
  const auto item = plant.ics.submit_one(plant.ics.say("volta", subject_of("sensor"), StatusChange{Status::in_use, ""}, {"acme.example"}));
  ASSERT_EQ(item.outcome, Outcome::provisional) << why(item);
  const auto judged = [&] {
    const auto verdict = plant.ics.verdict(subject_of("sensor"), "acme.example");
    for (const auto& judgement : verdict.judgements)
      if (judgement.fact->statement.id == *item.statement) return judgement;
    return policy::Judgement{};
  };
  ASSERT_TRUE(eventually([&] { return !judged().provisional; }));
  EXPECT_EQ(judged().received, acme.ics.service->now());
}

TEST_F(Forward, AHomeThatIsDownIsTriedUntilItAnswers) {
  acme.close();
  const auto item = say(Status::stolen);
  ASSERT_EQ(item.outcome, Outcome::received) << why(item);
  ASSERT_TRUE(eventually([&] {
    const auto state = plant.link("acme.example", true);
    return state && !state->last_error.empty();
  }));
  EXPECT_EQ(plant.link("acme.example", true)->pending, 1u);
  EXPECT_EQ(notes(), 1u);
  acme.open();
  EXPECT_TRUE(eventually([&] { return acme_has(*item.statement); }));
  EXPECT_TRUE(eventually([&] { return !plant.link("acme.example", true); }));
}

TEST_F(Forward, WhatWaitsSurvivesARestart) {
  acme.close();
  const auto item = say(Status::stolen);
  ASSERT_TRUE(eventually([&] { return plant.link("acme.example", true).has_value(); }));
  plant.unfollow();
  acme.open();
  plant.follow();
  EXPECT_TRUE(eventually([&] { return acme_has(*item.statement); }));
  EXPECT_TRUE(eventually([&] { return notes() == 0; }));
}

// While nobody forwards, its note in the ledger keeps it.
TEST_F(Forward, WhatCameWhileStoppedIsForwardedLater) {
  plant.unfollow();
  const auto item = say(Status::lost);
  ASSERT_EQ(item.outcome, Outcome::received);
  EXPECT_EQ(notes(), 1u);
  plant.follow();
  EXPECT_TRUE(eventually([&] { return acme_has(*item.statement); }));
}

TEST_F(Forward, WhatTheHomeRefusesIsNotSentForEver) {
  // acme takes volta's right away before it hears of the statement: the plant's copy still allows it.
  plant.unfollow();
  const auto item = say(Status::lost);
  std::string closed = acme_text(2);
  const std::string status = "status = [\"manufacturer\", \"holder\"]";
  closed.replace(closed.find(status), status.size(), "status = [\"manufacturer\"]");
  received({acme.ics.submit_one(policy_evidence("acme", "acme.example", closed, *acme.ics.clock))});
  plant.follow();
  EXPECT_TRUE(eventually([&] { return notes() == 0; }));
  EXPECT_FALSE(acme_has(*item.statement));
  EXPECT_TRUE(eventually([&] { return !plant.link("acme.example", true); }));
}

// What the home refused for good does not count here either, and its history says why; until the home thinks better of it.
TEST_F(Forward, WhatTheHomeRefusesDoesNotCountHere) {
  acme.script([&](const net::Request& request, net::Responder& respond) {
    if (request.path != "/v1/evidence") return false;
    return answer_with(respond, 422, R"({"items":[{"result":"refused","error":{"title":"not-permitted","detail":"not this one"}}]})");
  });
  const Bytes lost = plant.ics.say("volta", subject_of("sensor"), StatusChange{Status::lost, ""}, {"acme.example"});
  const auto before = plant.ics.service->feed().changes({}, "acme.example", {})->next;
  const auto item = plant.ics.submit_one(lost);
  ASSERT_EQ(item.outcome, Outcome::provisional) << why(item);
  const auto judged = [&] {
    const auto verdict = plant.ics.verdict(subject_of("sensor"), "acme.example");
    for (const auto& judgement : verdict.judgements)
      if (judgement.fact->statement.id == *item.statement) return judgement;
    return policy::Judgement{};
  };
  EXPECT_TRUE(eventually([&] { return notes() == 0; }));
  EXPECT_FALSE(judged().counts);
  EXPECT_EQ(judged().why_not, "refused by the home of acme.example: not this one");
  EXPECT_FALSE(plant.ics.verdict(subject_of("sensor"), "acme.example").status);
  EXPECT_GT(plant.ics.service->feed().changes(before, "acme.example", {})->next, before + 1);  // by the statement, and by the refusal
  // Also after a restart, and after it was said once more.
  plant.unfollow();
  acme.script({});
  plant.follow();
  EXPECT_FALSE(judged().counts);
  EXPECT_EQ(plant.ics.submit_one(lost).forwarded_to, std::vector<std::string>{"acme.example"});
  EXPECT_TRUE(eventually([&] { return acme_has(*item.statement) && notes() == 0; }));
  EXPECT_TRUE(eventually([&] { return judged().counts && !judged().provisional; }));
}

// Received there, and nobody can prove it here yet: the note stays until the receipt is in.
TEST_F(Forward, AReceiptThatCannotBeFetchedIsAskedForAgain) {
  plant.unfollow();
  const Silence at_the_end{*this};
  std::atomic<bool> silent{true};
  acme.script([&](const net::Request& request, net::Responder& respond) {
    if (!silent || (request.path != "/v1/feed" && !request.path.ends_with("/receipt"))) return false;
    return answer_with(respond, request.path == "/v1/feed" ? 503 : 404);
  });
  acme.forget_asked();
  plant.follow();
  const auto item = say(Status::lost);
  const auto asked = [&] {
    const auto all = acme.asked("/v1/evidence/" + item.statement->text());
    return all.size();
  };
  ASSERT_TRUE(eventually([&] { return asked() >= 2; }));
  EXPECT_TRUE(acme_has(*item.statement));
  EXPECT_EQ(notes(), 1u);
  EXPECT_TRUE(plant.link("acme.example", true));
  silent = false;
  EXPECT_TRUE(eventually([&] { return notes() == 0; }));
  const auto receipts = plant.ics.ledger().reader()->receipts(*item.statement);
  EXPECT_TRUE(std::any_of(receipts->begin(), receipts->end(), [](const auto& receipt) { return receipt.first == "acme.example"; }));
}

// A policy that is submitted at a copy reaches the home.
TEST_F(Forward, APolicyGoesToItsHome) {
  const auto item = plant.ics.submit_one(policy_evidence("acme", "acme.example", acme_text(2), *acme.ics.clock));
  ASSERT_EQ(item.outcome, Outcome::received) << why(item);  // the plant judges by it, so its log says when it came
  EXPECT_EQ(item.forwarded_to, std::vector<std::string>{"acme.example"});
  EXPECT_TRUE(eventually([&] { return acme.ics.ledger().published()->policies->newest("acme.example")->version == 2; }));
  EXPECT_TRUE(eventually([&] { return notes() == 0; }));
}

// Whoever nobody knows is not looked for.
TEST_F(Forward, APolicyOfStrangersStaysHere) {
  std::string stranger = acme_text();
  stranger.replace(stranger.find("acme.example"), 12, "else.example");
  const auto item = plant.ics.submit_one(policy_evidence("acme", "else.example", stranger, *acme.ics.clock));
  ASSERT_EQ(item.outcome, Outcome::provisional) << why(item);
  EXPECT_TRUE(item.forwarded_to.empty());
  EXPECT_EQ(notes(), 0u);
}

// "unavailable" is no judgement: a home without room is asked again.
TEST_F(Forward, AHomeWithoutRoomIsTriedAgain) {
  std::atomic<int> refused{0};
  const Silence at_the_end{*this};
  acme.script([&](const net::Request& request, net::Responder& respond) {
    if (request.path != "/v1/evidence" || refused >= 2) return false;
    ++refused;
    return answer_with(respond, 503, R"({"items":[{"result":"refused","error":{"title":"unavailable","detail":"the map is full"}}]})");
  });
  const auto item = say(Status::lost);
  EXPECT_TRUE(eventually([&] { return acme_has(*item.statement); }));
  EXPECT_EQ(refused, 2);
}

TEST_F(Forward, NotYetIsTriedAgain) {
  std::atomic<int> asked{0};
  const Silence at_the_end{*this};
  acme.script([&](const net::Request& request, net::Responder& respond) {
    if (request.path != "/v1/evidence" || asked++ >= 2) return false;
    return answer_with(respond, 422, R"({"items":[{"result":"not-yet","error":{"title":"not-yet","detail":"its transfer has not come"}}]})");
  });
  const auto item = say(Status::lost);
  EXPECT_TRUE(eventually([&] { return acme_has(*item.statement); }));
}

// Many at once, while the home comes and goes.
TEST_F(Forward, NothingIsLostWhileAHomeComesAndGoes) {
  std::vector<evidence::StatementId> all;
  for (int round = 0; round < 5; ++round) {
    acme.close();
    std::vector<Bytes> pieces;
    for (int i = 0; i < 20; ++i)
      pieces.push_back(plant.ics.say("volta", subject_of("sensor"), Endorse{"round " + std::to_string(round) + "/" + std::to_string(i), ""},
                                     {"acme.example", "plant.example"}));
    for (const auto& item : plant.ics.submit(std::move(pieces))) {
      ASSERT_EQ(item.outcome, Outcome::received) << why(item);
      all.push_back(*item.statement);
    }
    acme.open();
  }
  EXPECT_TRUE(eventually([&] { return notes() == 0; }));
  for (const auto& id : all) EXPECT_TRUE(acme_has(id)) << id.text();
}

}  // namespace
}  // namespace cm4it::sync::test
