// Servers that are off: how long the others go on, and what they say then ([admit.TYPE] max_staleness).
#include "sync/node.h"

namespace cm4it::sync::test {
namespace {

constexpr Seconds one_day = 86'400;

struct Silent : TwoNodes {
  // The plant has put acme's sensor to use; an infield ICS copies the plant.
  Silent() {
    follow_a_sale();
    received(plant.ics.submit({plant.ics.say("volta", subject_of("sensor"), Endorse{"approved", ""}),
                               plant.ics.say("volta", subject_of("sensor"), StatusChange{Status::in_use, ""})}));
    field.follow({Follow{"plant.example", plant.url(), {}, {}}});
    EXPECT_TRUE(eventually([&] { return at(field).admitted == policy::Admitted::yes; })) << stale(field);
  }
  ~Silent() override { field.unfollow(); }

  policy::Verdict at(const Node& node) const { return node.told(subject_of("sensor"), "plant.example"); }
  // What is said of a domain that is silent.
  std::string stale(const Node& node) const {
    std::string text;
    for (const auto& reason : at(node).reasons)
      if (reason.rule == "max_staleness" && reason.outcome != policy::Reason::Outcome::met) text += reason.domain + ": " + reason.text;
    return text;
  }
  // Something happens at the plant, so that its home signs a head of this time.
  void go_on(Seconds later) {
    for (auto* node : {&plant, &field}) node->ics.clock->seconds += later;
    received({plant.ics.submit_one(plant.ics.say("volta", subject_of("sensor"), Endorse{"seen", ""}))});
  }

  Node field{"field.example", pin("plant.example", "plant"), false};
};

TEST_F(Silent, ASuppliersServerIsOffAndThePlantGoesOn) {
  const auto since = to_rfc3339(*acme.ics.clock);
  acme.close();
  go_on(3 * one_day);
  EXPECT_EQ(at(plant).admitted, policy::Admitted::yes) << stale(plant);
  EXPECT_TRUE(eventually([&] { return at(field).admitted == policy::Admitted::yes; })) << stale(field);

  go_on(4 * one_day + 1);
  EXPECT_EQ(at(plant).admitted, policy::Admitted::no);
  EXPECT_EQ(stale(plant), "acme.example: acme.example has not been heard of since " + since + ", more than 7d ago: " + acme.url());
}

TEST_F(Silent, TheOwnHomeIsOffAndIsNamed) {
  const auto since = to_rfc3339(*plant.ics.clock);
  plant.unfollow();
  plant.close();
  field.ics.clock->seconds += one_day;
  EXPECT_EQ(at(field).admitted, policy::Admitted::yes) << stale(field);
  ++field.ics.clock->seconds;
  EXPECT_EQ(at(field).admitted, policy::Admitted::no);
  EXPECT_EQ(stale(field), "plant.example: plant.example has not been heard of since " + since + ", more than 1d ago: " + plant.url());
}

}  // namespace
}  // namespace cm4it::sync::test
