// Copies: a selector, what comes into view, holders that change, a policy that changes.
#include "sync/node.h"

namespace cm4it::sync::test {
namespace {

struct Copy : TwoNodes {};

TEST_F(Copy, WhatTheSelectorChoosesAndWhatWasSaidBefore) {
  make("sold");
  make("kept");
  found_plant(plant_text());
  plant.follow();
  ASSERT_TRUE(caught_up());
  EXPECT_EQ(stored_of(plant, "sold"), 0u);  // acme's still
  sell("sold");
  ASSERT_TRUE(eventually([&] { return stored_of(plant, "sold") == 2 && plant.follows("acme.example"); }));
  EXPECT_EQ(stored_of(plant, "kept"), 0u);
  const auto verdict = plant.ics.verdict(subject_of("sold"));
  EXPECT_EQ(verdict.holder, "plant.example");
  ASSERT_TRUE(verdict.identity);
  for (const auto& judgement : verdict.judgements) {
    EXPECT_TRUE(judgement.counts) << judgement.why_not;
    EXPECT_FALSE(judgement.provisional);
  }
  EXPECT_TRUE(plant.follows("acme.example"));
  EXPECT_EQ(plant.link("acme.example")->url, acme.url());
}

// While there is more to come, a head of its home tells how much; at the end nothing is.
TEST_F(Copy, ItSaysHowFarItIsBehind) {
  for (const char* name : {"one", "two", "three"}) make(name);
  sell("two");
  const auto size = acme.ics.ledger().published()->own_heads.at("acme.example").size;
  acme.tamper([next = std::make_shared<std::uint64_t>(0)](service::FeedPage& page) {
    page.records.clear();
    page.heads.clear();
    page.more = true;
    page.next = ++*next;
  });
  found_plant(plant_text());
  plant.follow();
  const auto behind = [&] { return plant.link("acme.example") ? plant.link("acme.example")->behind : std::nullopt; };
  EXPECT_TRUE(eventually([&] { return behind().value_or(0) >= size; }));
  acme.tamper({});
  EXPECT_TRUE(eventually([&] { return behind() == 0u && plant.follows("acme.example"); })) << behind().value_or(99);
}

TEST_F(Copy, BothSidesComeToTheSameVerdict) {
  make("sensor");
  sell("sensor");
  found_plant(plant_text());
  plant.follow();
  ASSERT_TRUE(eventually([&] { return stored_of(plant, "sensor") == 2 && plant.follows("acme.example"); }));
  received(plant.ics.submit({plant.ics.say("volta", subject_of("sensor"), Endorse{"approved", ""}),
                             plant.ics.say("volta", subject_of("sensor"), StatusChange{Status::in_use, ""})}));
  ASSERT_TRUE(eventually([&] { return plant.ics.verdict(subject_of("sensor")).admitted == policy::Admitted::yes; }));
  const auto there = acme.ics.verdict(subject_of("sensor")), here = plant.ics.verdict(subject_of("sensor"), "acme.example");
  EXPECT_EQ(there.holder, here.holder);
  EXPECT_EQ(there.identity_statement, here.identity_statement);
  EXPECT_EQ(there.status, here.status);
}

TEST_F(Copy, AnAlarmArrivesAfterTheSubjectWasSoldOn) {
  make("sensor");
  sell("sensor");
  found_plant(plant_text());
  plant.follow();
  ASSERT_TRUE(eventually([&] { return stored_of(plant, "sensor") == 2 && plant.follows("acme.example"); }));
  // Sold on, in acme's log: it leaves the selector, and stays followed.
  ASSERT_TRUE(eventually([&] { return acme.ics.ledger().published()->policies->newest("plant.example") != nullptr; }));
  ++acme.ics.clock->seconds;
  received({acme.ics.submit_one(acme.ics.say("plant", subject_of("sensor"), Transfer{"other.example", id_of("other")}))});
  ASSERT_TRUE(eventually([&] { return plant.ics.verdict(subject_of("sensor"), "acme.example").holder == "other.example"; }));
  received({acme.ics.submit_one(acme.ics.say("acme", subject_of("sensor"), StatusChange{Status::compromised, "keys were read"}))});
  EXPECT_TRUE(eventually([&] { return plant.ics.verdict(subject_of("sensor"), "acme.example").status == Status::compromised; }));
}

TEST_F(Copy, ANewPolicyIsFollowedFromTheBeginning) {
  make("sensor");
  sell("sensor");
  found_plant(plant_text());
  plant.follow();
  ASSERT_TRUE(caught_up());
  ASSERT_TRUE(eventually([&] { return plant.follows("acme.example"); }));
  acme.forget_asked();
  received({acme.ics.submit_one(policy_evidence("acme", "acme.example", acme_text(2), *acme.ics.clock))});
  ASSERT_TRUE(eventually([&] { return plant.ics.ledger().published()->policies->newest("acme.example")->version == 2; }));
  EXPECT_TRUE(eventually([&] { return !acme.asked("/v1/feed?domain=acme.example&from=0&").empty(); }));
}

// What a [[copy]] rule did not choose at first is fetched when the rule does.
TEST_F(Copy, AWiderSelectorFetchesWhatWasPassedOver) {
  make("kept");
  found_plant(plant_text());
  plant.follow();
  ASSERT_TRUE(caught_up());
  EXPECT_EQ(stored_of(plant, "kept"), 0u);
  std::string wider = plant_text(2);
  const std::string rule = "select = { holder = [\"@self\"] }";
  wider.replace(wider.find(rule), rule.size(), "select = { type = [\"device\"] }");
  found_plant(wider);
  EXPECT_TRUE(eventually([&] { return stored_of(plant, "kept") == 1; }));
}

// A label, or an alarm, that a model was given holds for its subjects: they come into view without anything said of them.
TEST_F(Copy, WhatIsSaidOfAModelBringsItsSubjects) {
  make("sensor");
  Node field{"field.example", pin("acme.example", "acme"), false};
  field.follow({Follow{"acme.example", acme.url(), {}, policy::Selector{{{policy::Field::label, {"certified"}}}}}});
  ASSERT_TRUE(eventually([&] { return field.follows("acme.example"); }));
  EXPECT_EQ(stored_of(field, "sensor"), 0u);
  received({acme.ics.submit_one(acme.ics.say("acme", *SubjectId::model_of("acme.example", "thermo-2000"), Endorse{"certified", ""}))});
  EXPECT_TRUE(eventually([&] { return stored_of(field, "sensor") == 1; }));
}

TEST_F(Copy, OwnPoliciesReachWhomItCopiesFrom) {
  found_plant(plant_text());
  plant.follow();
  ASSERT_TRUE(caught_up());
  const auto records = acme.ics.service->feed().policy("plant.example", 0);
  ASSERT_TRUE(records);
  EXPECT_EQ(records->size(), 1u);
  found_plant(plant_text(2));
  EXPECT_TRUE(eventually([&] { return acme.ics.service->feed().policy("plant.example", 0)->size() == 2; }));
}

// A peer that would not have them is asked again.
TEST_F(Copy, OwnPoliciesThatAreRefusedAreSentAgain) {
  std::atomic<int> refused{0};
  const Silence at_the_end{*this};
  acme.script([&](const net::Request& request, net::Responder& respond) {
    if (request.path != "/v1/evidence" || refused >= 2) return false;
    ++refused;
    return answer_with(respond, 422, R"({"items":[{"result":"refused","error":{"title":"not-permitted","detail":"another owner is pinned"}}]})");
  });
  found_plant(plant_text());
  plant.follow();
  EXPECT_TRUE(eventually([&] { return plant.link("acme.example") && !plant.link("acme.example")->last_error.empty(); }));
  EXPECT_TRUE(eventually([&] {
    const auto records = acme.ics.service->feed().policy("plant.example", 0);
    return records && records->size() == 1;
  }));
  EXPECT_EQ(refused, 2);
  EXPECT_TRUE(eventually([&] { return plant.link("acme.example")->last_error.empty(); }));
}

// The buyer's policy comes along with the sale: another copy can judge what the buyer's agent says in acme's log.
TEST_F(Copy, AHoldersPolicyComesAlong) {
  make("sensor");
  sell("sensor");
  found_plant(plant_text());
  plant.follow();
  ASSERT_TRUE(eventually([&] { return acme.ics.ledger().published()->policies->newest("plant.example") != nullptr; }));
  Node field{"field.example", pin("acme.example", "acme"), false};
  field.follow({Follow{"acme.example", acme.url(), {}, policy::Selector{{{policy::Field::type, {"device"}}}}}});
  ASSERT_TRUE(eventually([&] { return field.follows("acme.example"); }));
  ASSERT_TRUE(eventually([&] { return stored_of(field, "sensor") == 2 && field.ics.ledger().published()->domains.contains("acme.example"); }));
  const auto status = [&] { return field.ics.verdict(subject_of("sensor"), "acme.example").status; };
  received({acme.ics.submit_one(acme.ics.say("volta", subject_of("sensor"), StatusChange{Status::lost, ""}))});
  EXPECT_TRUE(eventually([&] { return status() == Status::lost; }));
  // And when it is new: another agent.
  std::string text = plant_text(2);
  const std::string agent = R"(agent = ["volta"])";
  text.replace(text.find(agent), agent.size(), R"(agent = ["volta", "new"])");
  found_plant(text);
  ASSERT_TRUE(eventually([&] { return acme.ics.ledger().published()->policies->newest("plant.example")->version == 2; }));
  ++acme.ics.clock->seconds;
  received({acme.ics.submit_one(acme.ics.say("new integrator", subject_of("sensor"), StatusChange{Status::stolen, ""}))});
  EXPECT_TRUE(eventually([&] { return status() == Status::stolen; }));
}

// What could not be judged when it came is asked for again, though the position has moved on.
TEST_F(Copy, WhatWasNotYetIsAskedForAgain) {
  make("sensor");
  sell("sensor");
  found_plant(plant_text());
  plant.follow();
  ASSERT_TRUE(eventually([&] { return acme.ics.ledger().published()->policies->newest("plant.example") != nullptr; }));
  received({acme.ics.submit_one(acme.ics.say("volta", subject_of("sensor"), StatusChange{Status::stolen, ""}))});
  acme.tamper([](service::FeedPage& page) {  // the buyer's policy is held back
    std::erase_if(page.records, [](const service::FeedRecord& record) {
      const auto statements = evidence::statements_of_stored(record.format, record.evidence, record.issuer);
      return statements && statements->at(0).domains == std::vector<std::string>{"plant.example"};
    });
  });
  Node field{"field.example", pin("acme.example", "acme"), false};
  field.follow({Follow{"acme.example", acme.url(), {}, policy::Selector{{{policy::Field::type, {"device"}}}}}});
  ASSERT_TRUE(eventually([&] { return field.follows("acme.example") && stored_of(field, "sensor") == 2; }));
  ASSERT_TRUE(eventually([&] { return field.ics.ledger().published()->domains.contains("acme.example"); }));
  EXPECT_FALSE(field.ics.verdict(subject_of("sensor"), "acme.example").status);
  acme.tamper({});
  EXPECT_TRUE(eventually([&] { return field.ics.verdict(subject_of("sensor"), "acme.example").status == Status::stolen; }));
}

TEST_F(Copy, TheConfigurationMayNameACopyToo) {
  make("sensor");
  Node field{"field.example", pin("acme.example", "acme"), false};
  field.follow({Follow{"acme.example", acme.url(), {}, {}}});
  EXPECT_TRUE(eventually([&] { return stored_of(field, "sensor") == 1; }));
  EXPECT_TRUE(eventually([&] { return field.follows("acme.example"); }));
}

TEST_F(Copy, AnotherKeyThanTheConfiguredOneIsNotSpokenTo) {
  make("sensor");
  Node field{"field.example", pin("acme.example", "acme"), false};
  acme.forget_asked();
  field.follow({Follow{"acme.example", acme.url(), id_of("another server"), {}}});
  ASSERT_TRUE(eventually([&] { return field.link("acme.example") && !field.link("acme.example")->last_error.empty(); }));
  EXPECT_EQ(field.link("acme.example")->state, "backing-off");
  EXPECT_TRUE(acme.asked("/").empty());
  EXPECT_EQ(stored_of(field, "sensor"), 0u);
}

TEST_F(Copy, AnOwnerThatNobodyPinnedIsNotBelieved) {
  make("sensor");
  Node field{"field.example", pin("acme.example", "somebody else"), false};
  field.follow({Follow{"acme.example", acme.url(), {}, {}}});
  ASSERT_TRUE(eventually([&] { return field.link("acme.example") && !field.link("acme.example")->last_error.empty(); }));
  EXPECT_THAT(field.link("acme.example")->last_error, HasSubstr("signed by its pinned owner"));
  EXPECT_EQ(stored_of(field, "sensor"), 0u);
}

}  // namespace
}  // namespace cm4it::sync::test
