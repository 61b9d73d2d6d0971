// Keys that say of themselves that they are compromised: by the door, in the log of every domain that listens, and in copies.
#include "service/network_fixture.h"

namespace cm4it::service {
namespace {

using namespace fixture;
using testing::HasSubstr;

const StatusChange compromised{Status::compromised, "laptop stolen"};

struct CompromisedKeys : Network {
  ItemResult says_of_itself(Ics& ics, const std::string& key, std::vector<std::string> domains = {}) {
    *ics.clock = *ics.clock + 10;
    const auto item = ics.submit_one(ics.say(key, subject_of(key), compromised, std::move(domains)));
    *ics.clock = *ics.clock + 10;
    return item;
  }
  policy::Admitted admitted(Ics& ics) { return ics.verdict(sensor_id).admitted; }

  Ics field{"plant.example", pin("plant.example", "plant"), false};
};

TEST_F(CompromisedKeys, ARolesKeyIsNotHeardAnyMore) {
  deploy();
  ASSERT_EQ(admitted(plant), policy::Admitted::yes);
  const auto alarm = says_of_itself(plant, "volta");  // [write] does not name self
  ASSERT_EQ(alarm.outcome, Outcome::received) << why(alarm);
  EXPECT_EQ(admitted(plant), policy::Admitted::yes) << "what it said before counts on";
  EXPECT_EQ(plant.verdict(subject_of("volta")).status, Status::compromised);
  const auto later = plant.submit_one(plant.say("volta", sensor_id, Endorse{"approved", "by the thief"}));
  EXPECT_EQ(later.outcome, Outcome::refused);
  EXPECT_THAT(why(later), HasSubstr("says of itself that it is compromised"));
  const auto again = plant.submit_one(plant.say("volta", subject_of("volta"), compromised));
  EXPECT_EQ(again.outcome, Outcome::received) << why(again);
}

// What it said before its alarm came, and was received elsewhere after it, comes with a feed; and the alarm reaches every copy.
TEST_F(CompromisedKeys, ACopyComesToTheSameVerdict) {
  deploy();
  const policy::Selector hall{{{policy::Field::cloud, {"hall-3"}}}};
  ASSERT_EQ(says_of_itself(plant, "volta").outcome, Outcome::received);
  carry(plant, field, "plant.example", hall);
  const auto said = field.ledger().reader()->compromises_of(id_of("volta"));
  ASSERT_TRUE(said);
  EXPECT_EQ(said->size(), 1u);
  EXPECT_EQ(admitted(field), policy::Admitted::yes);
  const auto late = field.submit_one(field.say("volta", sensor_id, StatusChange{Status::in_use, "by the thief"}));
  EXPECT_EQ(late.outcome, Outcome::refused);
}

TEST_F(CompromisedKeys, AMakersKeyInThePlantsEyes) {
  deploy();
  make("second");
  ASSERT_EQ(says_of_itself(acme, "acme").outcome, Outcome::received);
  const auto third = acme.submit_one(acme.say("acme", subject_of("third"), device_identity("third")));
  EXPECT_EQ(third.outcome, Outcome::refused);
  *plant.clock = Time(*acme.clock);
  carry(acme, plant, "acme.example");
  EXPECT_EQ(plant.verdict(subject_of("second")).type, Type::device);  // received before
  const auto there = plant.submit_one(plant.say("acme", subject_of("third"), device_identity("third")));
  EXPECT_EQ(there.outcome, Outcome::refused);
  // A home of an older make takes it all the same: it counts nowhere.
}

// The statement names another domain: it goes into the plant's own log too, for the plant's copies.
TEST_F(CompromisedKeys, SaidInAnotherDomainItIsHeardWhereverTheKeyPlaysARole) {
  deploy();
  const auto alarm = says_of_itself(plant, "volta", {"acme.example"});
  ASSERT_EQ(alarm.outcome, Outcome::received) << why(alarm);
  ASSERT_EQ(alarm.received.size(), 1u);
  EXPECT_EQ(alarm.received[0].domain, "plant.example");
  carry(plant, field, "plant.example");
  EXPECT_EQ(field.ledger().reader()->compromises_of(id_of("volta"))->size(), 1u);
  EXPECT_EQ(field.verdict(subject_of("volta")).status, Status::compromised);
}

TEST_F(CompromisedKeys, ADevicesOwnAlarmIsTaken) {
  deploy();
  carry(plant, field, "plant.example");
  ASSERT_EQ(admitted(field), policy::Admitted::yes);
  const auto alarm = plant.submit_one(plant.say("sensor", sensor_id, compromised));
  ASSERT_EQ(alarm.outcome, Outcome::received) << why(alarm);
  EXPECT_EQ(plant.verdict(sensor_id).status, Status::compromised);
  carry(plant, field, "plant.example");
  EXPECT_EQ(field.verdict(sensor_id).status, Status::compromised);
  EXPECT_EQ(admitted(field), policy::Admitted::no);
  // At a copy it counts at once.
  Ics other{"plant.example", pin("plant.example", "plant"), false};
  carry(plant, other, "plant.example");
}

TEST_F(CompromisedKeys, AStrangersIsNot) {
  EXPECT_NE(plant.submit_one(plant.say("nobody", subject_of("nobody"), compromised)).outcome, Outcome::received);
}

// It counts from its receipt, whatever dates it bears: a clock that is wrong must not keep it out.
TEST_F(CompromisedKeys, ItsDatesDoNotMatter) {
  deploy();
  const Time now = *plant.clock;
  const auto said = [&](const std::string& key, Time issued, std::optional<Time> not_before, std::optional<Time> expires, Status status = Status::compromised) {
    auto evidence = evidence::sign({subject_of(key), {"plant.example"}, StatusChange{status, ""}, issued, not_before, expires}, *key_of(key));
    EXPECT_TRUE(evidence) << (evidence ? "" : evidence.error().message);
    return plant.submit_one(*evidence);
  };
  const auto ahead = said("volta", now + 86'400, now + 90'000, {}), over = said("plant", now + -1000, {}, now + -500);
  EXPECT_EQ(ahead.outcome, Outcome::received) << why(ahead);
  EXPECT_EQ(over.outcome, Outcome::received) << why(over);
  for (const char* key : {"volta", "plant"}) EXPECT_EQ(plant.verdict(subject_of(key)).status, Status::compromised) << key;
  EXPECT_NE(said("sensor", now + -1000, {}, now + -500, Status::in_use).outcome, Outcome::received);
}

TEST_F(CompromisedKeys, TheLogSaysWhoseWordCountsNoMoreAndWhere) {
  testing::internal::CaptureStderr();
  const auto alarm = says_of_itself(plant, "volta");
  says_of_itself(plant, "volta");
  const std::string logged = testing::internal::GetCapturedStderr();
  ASSERT_EQ(alarm.outcome, Outcome::received) << why(alarm);
  EXPECT_THAT(logged, HasSubstr("key plant.example/volta (" + id_of("volta").text() + ") says of itself that it is compromised (statement " + alarm.statement->text() + ")"));
  EXPECT_THAT(logged, HasSubstr("counts in none of its roles, in plant.example"));
}

// The hand-over is the way back: the owner's versions stay a matter of the chain.
TEST_F(CompromisedKeys, AnOwnerMayStillHandOver) {
  ASSERT_EQ(says_of_itself(plant, "plant").outcome, Outcome::received);
  std::string next = plant_policy(2);
  next.replace(next.find("owner = \"plant\""), 15, "owner = \"new\"");
  auto evidence = evidence::sign({SubjectId::key(id_of("new integrator")), {"plant.example"}, PolicyText{next}, *plant.clock, {}, {}}, *key_of("plant"));
  ASSERT_TRUE(evidence);
  const auto item = plant.submit_one(*evidence);
  EXPECT_EQ(item.outcome, Outcome::received) << why(item);
  EXPECT_EQ(plant.ledger().published()->policies->newest("plant.example")->owner, id_of("new integrator"));
}

}  // namespace
}  // namespace cm4it::service
