// A home that dates a receipt back: before heads of its log that are known here, and did not hold what was received.
#include "service/network_fixture.h"

namespace cm4it::service {
namespace {

using namespace fixture;

// Two servers with the keys of one home, one of which knows what the other has said: what a home is that writes its log anew.
struct DatedBack : testing::Test {
  static constexpr Seconds role_ends = 80, head_known = 100;

  DatedBack() {
    const Time begin = *acme.clock;
    const std::string maker = "old = \"" + base64_of(key_of("old")) + "\"\n";
    std::string text = acme_policy(1, "[admit.device]\nidentified_by = [\"manufacturer\"]\n");
    text.insert(text.find("[servers]"), maker);
    text.insert(text.find("manufacturer = [") + 16, "{ key = \"old\", until = " + to_rfc3339(begin + role_ends) + " }, ");
    first = {policy_evidence("acme", "acme.example", text, begin), acme.say("acme", subject_of("marker"), device_identity("marker"))};
    for (Ics* one : {&acme, &twin})
      for (const auto& item : one->submit(first)) EXPECT_EQ(item.outcome, Outcome::received) << why(item);
    *acme.clock = begin + head_known;
    *field.clock = begin + head_known;
    const auto later = acme.submit_one(acme.say("acme", subject_of("marker"), StatusChange{Status::in_use, ""}));
    EXPECT_EQ(later.outcome, Outcome::received) << why(later);
    // The first at the place that the other gave to what it received later, the second behind all that it knows.
    *twin.clock = begin + role_ends / 2;
    EXPECT_EQ(twin.submit_one(twin.say("old", subject_of("sensor"), device_identity("sensor"))).outcome, Outcome::received);
    EXPECT_EQ(twin.submit_one(twin.say("old", subject_of("late"), device_identity("late"))).outcome, Outcome::received);
  }
  // The records of the twin's feed alone: of its heads a copy would see that two histories were written.
  IngestReport take_records_of_twin(Ics& copy) {
    const auto page = twin.service->feed().page({"acme.example", 0, {}}, {});
    EXPECT_TRUE(page);
    const auto report = copy.service->intake().ingest("acme.example", peer_records(*page));
    EXPECT_TRUE(report);
    return report ? *report : IngestReport{};
  }

  Ics acme{"acme.example", pin("acme.example", "acme")}, twin{"acme.example", pin("acme.example", "acme")};
  Ics field{"acme.example", pin("acme.example", "acme"), false};
  std::vector<Bytes> first;
};

// Whose role has ended says no more by having it dated back.
TEST_F(DatedBack, BeforeAKnownHeadIsPassedOver) {
  carry(acme, field, "acme.example");
  EXPECT_EQ(take_records_of_twin(field).missed, 2u);  // so nothing is fresh before somebody explained it
  EXPECT_EQ(field.verdict(subject_of("marker")).admitted, policy::Admitted::yes);
  for (const char* name : {"sensor", "late"}) EXPECT_NE(field.verdict(subject_of(name)).admitted, policy::Admitted::yes) << name;
}

// Who knows of no such head cannot tell, and no more is passed over than what a head did not hold.
TEST_F(DatedBack, WhatAHeadHeldMayBeOlderThanIt) {
  *field.clock = Time(*twin.clock);
  EXPECT_EQ(carry(twin, field, "acme.example").refused, 0u);
  for (const char* name : {"marker", "sensor", "late"}) EXPECT_EQ(field.verdict(subject_of(name)).admitted, policy::Admitted::yes) << name;

  Ics other("acme.example", pin("acme.example", "acme"), false);
  *other.clock = Time(*acme.clock);
  carry(acme, other, "acme.example");
  EXPECT_EQ(carry(acme, other, "acme.example").refused, 0u);  // all of it is older than the head, which holds it
  EXPECT_EQ(other.verdict(subject_of("marker")).admitted, policy::Admitted::yes);
}

// A home whose clock was ahead signs at earlier times than before once it was put right, and means no harm: its alarms arrive.
TEST(ClockPutRight, WhatComesThenIsNotDatedBack) {
  constexpr Seconds ahead = 30 * 86'400;
  Ics wrong{"acme.example", pin("acme.example", "acme")}, right{"acme.example", pin("acme.example", "acme")};  // before, and after
  Ics field{"acme.example", pin("acme.example", "acme"), false};
  const std::vector<Bytes> first{policy_evidence("acme", "acme.example", acme_policy(), *right.clock),
                                 right.say("acme", subject_of("sensor"), device_identity("sensor"))};
  *wrong.clock = *wrong.clock + ahead;
  for (Ics* one : {&wrong, &right})
    for (const auto& item : one->submit(first)) EXPECT_EQ(item.outcome, Outcome::received) << why(item);
  carry(wrong, field, "acme.example");
  EXPECT_EQ(field.service->now(), Time(*wrong.clock));
  EXPECT_EQ(right.submit_one(right.say("acme", subject_of("sensor"), StatusChange{Status::stolen, ""})).outcome, Outcome::received);
  carry(right, field, "acme.example");  // its head tells that the clock was put right, at the latest
  carry(right, field, "acme.example");
  EXPECT_EQ(field.service->now(), Time(*right.clock));
  EXPECT_EQ(field.verdict(subject_of("sensor")).status, Status::stolen);
}

}  // namespace
}  // namespace cm4it::service
