// A key that says of itself that it is compromised: what it says from then on counts in none of its roles.
#include "policy/fold_fixture.h"

namespace cm4it::policy {
namespace {

using namespace fixture;

const StatusChange compromised{Status::compromised, "laptop stolen"};

// What `key` says of itself, as the reader of facts finds it.
StatementId says_of_itself(World& world, const std::string& key, Time received, const How& how = {}, const Body& body = compromised) {
  auto& said = world.facts.compromises[id_of(key)];
  said.push_back(fact_of(SubjectId::key(id_of(key)), key, body, received, how));
  return said.back().statement.id;
}

TEST(Compromised, WhatWasReceivedBeforeCountsOn) {
  World world = deployed();
  const auto before = world.fold(both());
  ASSERT_EQ(before.admitted, Admitted::yes) << failures(before);
  says_of_itself(world, "line1", hour(6), {.domains = {acme}});
  says_of_itself(world, "volta", hour(6));
  const auto after = world.fold(both());
  EXPECT_EQ(after.admitted, Admitted::yes) << failures(after);
}

TEST(Compromised, WhatIsReceivedAfterDoesNotCount) {
  World world = deployed();
  const auto endorsement = world.facts.about[2].statement.id;
  const auto alarm = says_of_itself(world, "volta", hour(2));
  const auto verdict = world.fold(both());
  EXPECT_EQ(verdict.admitted, Admitted::no);
  EXPECT_THAT(why_not(verdict, endorsement), HasSubstr("compromised by its own word, received " + to_rfc3339(hour(2))));
  EXPECT_THAT(reason_text(verdict, "endorsed_by.integrator"), HasSubstr("compromised by its own word"));
  EXPECT_EQ(behind(verdict, "endorsed_by.integrator"), endorsement);
  const auto judged = std::find_if(verdict.judgements.begin(), verdict.judgements.end(),
                                   [&](const auto& judgement) { return judgement.fact->statement.id == endorsement; });
  ASSERT_NE(judged, verdict.judgements.end());
  EXPECT_EQ(judged->decided_by, alarm);
}

// By a role that another domain's policy gives: said there, it ends here as well.
TEST(Compromised, AnImportedRoleToo) {
  World world = deployed();
  says_of_itself(world, "line1", start, {.domains = {acme}});
  const auto verdict = world.fold(both());
  EXPECT_EQ(verdict.admitted, Admitted::no);
  EXPECT_FALSE(verdict.identity);
  EXPECT_THAT(reason_text(verdict, "identified_by"), HasSubstr("compromised by its own word"));
}

TEST(Compromised, WithinOneSecondThePlaceInTheLogDecides) {
  for (const std::uint64_t alarm_at : {4, 6}) {
    World world;
    const auto said = world.say("volta", Endorse{"approved", ""}, hour(3), {.index = 5});
    says_of_itself(world, "volta", hour(3), {.index = alarm_at});
    EXPECT_EQ(why_not(world.fold(both()), said).empty(), alarm_at == 6) << alarm_at;
  }
}

TEST(Compromised, NobodyBearsWitnessOfWhatNoHomeHasReceived) {
  World world;
  const auto said = world.say("volta", Endorse{"approved", ""}, hour(2), {.received_by = std::vector<std::string>{}});
  EXPECT_EQ(why_not(world.fold(both()), said), "");
  says_of_itself(world, "volta", hour(3));
  EXPECT_NE(why_not(world.fold(both()), said), "");
}

// What restricts stays, as at the end of a role: the thief of a key must not unsay its owner's alarms by calling the key compromised.
TEST(Compromised, AnAlarmThatWasSeenHereBeforeStands) {
  World world = deployed();
  const auto alarm = world.say("sparks", StatusChange{Status::stolen, ""}, hour(6), {.received_by = std::vector<std::string>{}});
  const auto idle = world.say("sparks", StatusChange{Status::in_stock, ""}, hour(5), {.received_by = std::vector<std::string>{}});
  says_of_itself(world, "sparks", hour(7));
  EXPECT_EQ(why_not(world.fold(both()), alarm), "");
  EXPECT_EQ(status_text(world.fold(both())), "stolen");
  EXPECT_NE(why_not(world.fold(both()), idle), "");
  const auto late = world.say("sparks", StatusChange{Status::lost, ""}, hour(8), {.received_by = std::vector<std::string>{}});
  EXPECT_NE(why_not(world.fold(both()), late), "");
  world.say("volta", StatusChange{Status::in_use, ""}, hour(9));
  EXPECT_EQ(status_text(world.fold(both())), "in-use") << "it yields to one who may still speak";
}

TEST(Compromised, NotYetAtAnEarlierTime) {
  World world;
  const auto said = world.say("volta", Endorse{"approved", ""}, hour(2), {.received_by = std::vector<std::string>{}});
  says_of_itself(world, "volta", hour(6));
  EXPECT_EQ(why_not(world.fold(both(), hour(5)), said), "");
  EXPECT_NE(why_not(world.fold(both(), hour(6)), said), "");
}

// Neither as a role, nor as the holder; an alarm that was raised before goes on, and yields to who may still speak.
TEST(Compromised, TheHoldersVoiceEnds) {
  World world = deployed();
  const auto sold = world.say("plant", Transfer{acme, id_of("acme")}, hour(7));
  EXPECT_EQ(why_not(world.fold(both()), sold), "");
  says_of_itself(world, "plant", hour(6));
  EXPECT_THAT(why_not(world.fold(both()), sold), HasSubstr("compromised by its own word"));
  EXPECT_EQ(world.fold(both()).holder, plant);
}

TEST(Compromised, AnAlarmFromBeforeCountsUntilAnotherLiftsIt) {
  World world = deployed();
  world.say("sparks", StatusChange{Status::stolen, ""}, hour(6));
  says_of_itself(world, "sparks", hour(7));
  EXPECT_EQ(status_text(world.fold(both())), "stolen");
  world.say("volta", StatusChange{Status::in_use, ""}, hour(8));
  EXPECT_EQ(status_text(world.fold(both())), "in-use");
}

TEST(Compromised, OfSeveralWordsTheEarliestTells) {
  World world = deployed();
  says_of_itself(world, "volta", hour(8));
  says_of_itself(world, "volta", hour(2));
  EXPECT_EQ(world.fold(both()).admitted, Admitted::no);
}

// Whoever has the key could write any date: only receipts tell, and those of homes that are trusted for time here.
TEST(Compromised, DatesAndStrangersReceiptsDoNotBackdateIt) {
  World world = deployed();
  says_of_itself(world, "volta", hour(6), {.domains = {"else.example"}, .issued = start});
  auto& fact = world.facts.compromises[id_of("volta")][0];
  fact.receipts.push_back({"else.example", log_of("else.example"), start, 0});
  EXPECT_EQ(world.fold(both()).admitted, Admitted::yes);
  fact.first_seen = hour(2);  // when this server saw it, where no home of ours received it
  EXPECT_EQ(world.fold(both()).admitted, Admitted::no);
}

TEST(Compromised, NeitherAnEndNorABeginningBoundsIt) {
  World world = deployed();
  says_of_itself(world, "volta", hour(2), {.not_before = hour(100), .expires = hour(101)});
  EXPECT_EQ(world.fold(both()).admitted, Admitted::no);
}

// What is taken back only lowers: that stays.
TEST(Compromised, ItMayStillTakeBackWhatItSaid) {
  World world = deployed();
  says_of_itself(world, "volta", hour(6));
  world.say("volta", Withdraw{world.facts.about[2].statement.id, ""}, hour(7));
  EXPECT_EQ(world.fold(both()).admitted, Admitted::no);
}

// A revocation in OpenPGP: for the reasons that put everything in doubt, and of a subkey what that subkey signed.
TEST(Compromised, OpenPgpsHardRevocations) {
  for (const bool hard : {false, true}) {
    World world = deployed();
    says_of_itself(world, "volta", hour(2), {.format = Format::openpgp}, StatusChange{Status::revoked, ""});
    auto& statement = world.facts.compromises[id_of("volta")][0].statement;
    statement.component.hard_revocation = hard;
    EXPECT_EQ(is_self_compromise(statement, statement.issuer), hard);
    if (!hard) world.facts.compromises.clear();  // as the reader leaves it out
    EXPECT_EQ(world.fold(both()).admitted, hard ? Admitted::no : Admitted::yes);
  }
}

TEST(Compromised, ASubkeysRevocationEndsWhatThatSubkeySigns) {
  const Digest component = crypto::sha256(view("subkey")), other = crypto::sha256(view("another subkey"));
  for (const bool same : {true, false}) {
    World world = deployed();
    world.facts.about[2].statement.signing_component = same ? component : other;
    auto& said = world.facts.compromises[id_of("volta")];
    said.push_back(fact_of(SubjectId::key(id_of("volta")), "volta", Withdraw{}, hour(2), {}));
    said[0].statement.component.digest = component;
    said[0].statement.component.hard_revocation = true;
    EXPECT_EQ(world.fold(both()).admitted, same ? Admitted::no : Admitted::yes);
  }
}

// A device's own alarm about itself counts whatever [write] says, and nothing that the key says lifts it.
TEST(Compromised, ADevicesOwnAlarmIsAlwaysTaken) {
  World world = deployed();
  world.say("sensor", compromised, hour(6), {.not_before = hour(100), .expires = hour(101)});
  const auto verdict = world.fold(both());
  EXPECT_EQ(status_text(verdict), "compromised");
  EXPECT_EQ(verdict.admitted, Admitted::no);
  world.say("sensor", StatusChange{Status::in_use, ""}, hour(7));
  world.say("volta", StatusChange{Status::in_use, ""}, hour(8));
  EXPECT_EQ(status_text(world.fold(both())), "compromised");
  const std::string self = edited(plant_policy(), "status = [\"maintainer\"", "status = [\"self\", \"maintainer\"");
  EXPECT_EQ(status_text(world.fold(both(self))), "compromised");
}

TEST(Compromised, OtherAlarmsOfADeviceNeedARight) {
  World world = deployed();
  world.say("sensor", StatusChange{Status::stolen, ""}, hour(6));
  EXPECT_EQ(status_text(world.fold(both())), "in-use");
}

}  // namespace
}  // namespace cm4it::policy
