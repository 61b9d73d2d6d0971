// What a feed's selector chooses: who was in view once stays followed, and what was passed over comes along.
#include "base/budgets.h"
#include "service/network_fixture.h"

namespace cm4it::service::fixture {
namespace {

using testing::ElementsAre;
using testing::IsSupersetOf;
using testing::UnorderedElementsAre;

struct Chosen : Network {
  static policy::Selector in_hall_3() { return {{{policy::Field::cloud, {"hall-3"}}}}; }
  Bytes assign(const std::string& cloud, std::optional<Time> not_before, std::optional<Time> expires) {
    const Draft draft{sensor_id, {"plant.example"}, Assign{cloud}, *plant.clock, not_before, expires};
    return evidence::sign(draft, *key_of("volta")).value();
  }
  void received(Bytes evidence) {
    const auto item = plant.submit_one(std::move(evidence));
    ASSERT_EQ(item.outcome, Outcome::received) << why(item);
  }
  void bring_sensor() {
    make("sensor");
    carry(acme, plant, "acme.example");
  }
  // Kinds of what was sent of the sensor since the last call.
  std::vector<Kind> sent(const policy::Selector& select) {
    std::vector<Kind> kinds;
    for (;;) {
      const auto page = plant.service->feed().page({"plant.example", from_, select}, {});
      EXPECT_TRUE(page);
      if (!page) return kinds;
      from_ = page->next;
      for (const auto& record : page->records) {
        const auto statements = evidence::statements_of_stored(record.format, record.evidence, record.issuer).value();
        for (const auto& statement : statements)
          if (statement.subject == sensor_id) kinds.push_back(statement.kind());
      }
      if (!page->more) return kinds;
    }
  }
  std::uint64_t from_ = 0;
};

// An assignment runs out; what is said of the subject later still arrives.
TEST_F(Chosen, AnAssignmentThatExpired) {
  bring_sensor();
  ++plant.clock->seconds;
  received(assign("hall-3", {}, *plant.clock + 100));
  EXPECT_THAT(sent(in_hall_3()), UnorderedElementsAre(Kind::identity, Kind::transfer, Kind::assign));
  *plant.clock = *plant.clock + 1000;
  received(plant.say("volta", sensor_id, StatusChange{Status::stolen, ""}));
  EXPECT_THAT(sent(in_hall_3()), ElementsAre(Kind::status));
  from_ = 0;  // also to one who begins now
  EXPECT_THAT(sent(in_hall_3()), IsSupersetOf({Kind::identity, Kind::assign, Kind::status}));
}

// A role is struck, and with it all it said.
TEST_F(Chosen, ARoleThatWasStruck) {
  bring_sensor();
  received(assign("hall-3", {}, {}));
  EXPECT_THAT(sent(in_hall_3()), IsSupersetOf({Kind::identity, Kind::assign}));
  std::string text = plant_policy(2);
  const std::string maintainer = "maintainer = [\"volta\", \"new\"]";
  text.replace(text.find(maintainer), maintainer.size(), "maintainer = [\"new\"]");
  received(policy_evidence("plant", "plant.example", text, *plant.clock));
  EXPECT_EQ(plant.verdict(sensor_id).cloud, "");
  sent(in_hall_3());
  received(plant.say("new integrator", sensor_id, StatusChange{Status::stolen, ""}));
  EXPECT_THAT(sent(in_hall_3()), ElementsAre(Kind::status));
}

// Passed over while it did not hold yet: what was said before comes along with what is said next.
TEST_F(Chosen, AnAssignmentThatHoldsLater) {
  bring_sensor();
  received(assign("hall-3", *plant.clock + 100, {}));
  EXPECT_THAT(sent(in_hall_3()), ElementsAre());
  *plant.clock = *plant.clock + 200;
  received(plant.say("volta", sensor_id, StatusChange{Status::in_use, ""}));
  EXPECT_THAT(sent(in_hall_3()), UnorderedElementsAre(Kind::identity, Kind::transfer, Kind::assign, Kind::status));
  received(plant.say("volta", sensor_id, StatusChange{Status::stolen, ""}));
  EXPECT_THAT(sent(in_hall_3()), ElementsAre(Kind::status));
}

// It came into view by the clock between two answers, and the second one begins behind what was said first.
TEST_F(Chosen, AnAssignmentThatCameIntoForceBeforeItWasAskedFor) {
  bring_sensor();
  sent(in_hall_3());
  received(assign("hall-3", *plant.clock + 100, {}));
  *plant.clock = *plant.clock + 200;
  EXPECT_THAT(sent(in_hall_3()), UnorderedElementsAre(Kind::identity, Kind::transfer, Kind::assign));
}

// For an hour only, and nobody asked meanwhile.
TEST_F(Chosen, AnAssignmentThatCameAndWent) {
  bring_sensor();
  received(assign("hall-3", *plant.clock + 100, *plant.clock + 200));
  *plant.clock = *plant.clock + 1000;
  received(plant.say("volta", sensor_id, StatusChange{Status::in_use, ""}));
  EXPECT_THAT(sent(in_hall_3()), IsSupersetOf({Kind::identity, Kind::assign, Kind::status}));
}

TEST_F(Chosen, WhatNeverMatchedIsNotSent) {
  bring_sensor();
  received(assign("hall-4", {}, {}));
  received(plant.say("volta", sensor_id, StatusChange{Status::stolen, ""}));
  EXPECT_THAT(sent(in_hall_3()), ElementsAre());
}

// Two values that were never there at once: a history too long to go through is sent, rather than passed over.
TEST_F(Chosen, ALongHistoryOfChangesIsNotGoneThroughInFull) {
  bring_sensor();
  received(assign("hall-3", {}, {}));
  received(assign("hall-4", {}, {}));
  std::vector<Bytes> pieces;
  for (int i = 0; i < 1000; ++i) {
    ++plant.clock->seconds;
    pieces.push_back(plant.say("volta", sensor_id, StatusChange{i % 2 ? Status::in_use : Status::in_stock, ""}));
  }
  for (const auto& item : plant.submit(std::move(pieces))) ASSERT_EQ(item.outcome, Outcome::received) << why(item);
  auto both = in_hall_3();
  both.globs[policy::Field::status] = {"in-use"};
  EXPECT_GT(sent(both).size(), 1000u);
}

}  // namespace
}  // namespace cm4it::service::fixture
