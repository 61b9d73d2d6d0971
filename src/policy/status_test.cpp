// model.md "The verdict", status.
#include "policy/fold_fixture.h"

namespace cm4it::policy {
namespace {

using namespace fixture;

StatusChange status(Status status) { return {status, ""}; }

TEST(StatusRules, NoneSaid) {
  World world;
  world.say("line1", identity_of("sensor"), hour(1), {.domains = {acme}});
  EXPECT_EQ(status_text(world.fold(both())), "unset");
}

TEST(StatusRules, TheNewestLifeCycleStatusOfAll) {
  World world = deployed();
  EXPECT_EQ(status_text(world.fold(both())), "in-use");
  const auto newest = world.say("sparks", status(Status::retired), hour(6));
  world.say("volta", status(Status::planned), hour(7), {.issued = hour(2)});  // written before, received after
  const auto verdict = world.fold(both());
  EXPECT_EQ(status_text(verdict), "retired");
  EXPECT_EQ(verdict.status_statement, newest);
}

TEST(StatusRules, AnyAlarmBeatsAnyLifeCycleStatus) {
  World world = deployed();
  world.say("sparks", status(Status::deprecated), hour(3));
  EXPECT_EQ(status_text(world.fold(both())), "deprecated");
}

TEST(StatusRules, TheWorstAlarmWins) {
  const std::vector<Status> mildest_first = {Status::deprecated, Status::suspended, Status::lost, Status::destroyed,
                                             Status::stolen, Status::revoked, Status::compromised};
  for (std::size_t worse = 1; worse < mildest_first.size(); ++worse) {
    World world = deployed();
    const auto decisive = world.say("volta", status(mildest_first[worse]), hour(6));
    world.say("sparks", status(mildest_first[worse - 1]), hour(7));
    EXPECT_EQ(status_text(world.fold(both())), evidence::to_string(mildest_first[worse]));
    EXPECT_EQ(world.fold(both()).status_statement, decisive);
  }
}

TEST(StatusRules, TheNewestOfEachIssuerCountsAndEndsItsOwnAlarm) {
  World world = deployed();
  world.say("volta", status(Status::lost), hour(6));
  EXPECT_EQ(status_text(world.fold(both())), "lost");
  world.say("volta", status(Status::in_use), hour(7));
  EXPECT_EQ(status_text(world.fold(both())), "in-use");
}

TEST(StatusRules, NewestIsByIssuedAtNotByReceipt) {
  World world = deployed();
  world.say("volta", status(Status::lost), hour(6));
  world.say("volta", status(Status::in_use), hour(7), {.issued = hour(5)});
  EXPECT_EQ(status_text(world.fold(both())), "lost");
}

TEST(StatusRules, AtEqualIssuedAtTheWorseCounts) {
  for (const bool worse_first : {true, false}) {
    World world = deployed();
    world.say("volta", status(Status::suspended), hour(worse_first ? 7 : 8), {.issued = hour(6)});
    world.say("volta", status(Status::in_use), hour(worse_first ? 8 : 7), {.issued = hour(6)});
    EXPECT_EQ(status_text(world.fold(both())), "suspended");
  }
  World cycle = deployed();  // and of the life cycle the later stage, over issuers too
  cycle.say("volta", status(Status::retired), hour(6));
  cycle.say("sparks", status(Status::in_use), hour(6));
  EXPECT_EQ(status_text(cycle.fold(both())), "retired");
}

TEST(StatusRules, NobodyWithoutARoleHasASay) {
  World world = deployed();
  const auto said = world.say("nobody", status(Status::compromised), hour(6));
  const auto verdict = world.fold(both());
  EXPECT_EQ(status_text(verdict), "in-use");
  EXPECT_THAT(why_not(verdict, said), HasSubstr("plays no role that may say this in plant.example (status: maintainer, holder"));
}

// tuev certifies until 2027-06-01.
const Time june = *from_rfc3339("2027-06-01T00:00:00Z");

TEST(StatusRules, AStatusByADepartedRoleStandsUntilOneWhoStillMaySpeaksLater) {
  World world = deployed();
  world.say("tuev", status(Status::suspended), hour(6));
  world.heads(june + 10);
  EXPECT_EQ(status_text(world.fold(both(), june + 10)), "suspended") << "its end silences nobody";
  world.say("volta", status(Status::in_use), june + 20);
  EXPECT_EQ(status_text(world.fold(both(), june + 30)), "in-use");
}

TEST(StatusRules, TheEndOfARoleByItselfAdmitsNothing) {
  World world = deployed();
  world.say("tuev", status(Status::suspended), hour(6));
  world.say("volta", status(Status::in_use), hour(7));
  EXPECT_EQ(status_text(world.fold(both(), june + -1)), "suspended");
  EXPECT_EQ(status_text(world.fold(both(), june)), "suspended") << "what was said while the role lasted did not lift it";
  world.say("volta", status(Status::in_use), june);
  EXPECT_EQ(status_text(world.fold(both(), june)), "in-use");
}

TEST(StatusRules, ItDoesNotYieldToAMilderAlarm) {
  World world = deployed();
  world.say("tuev", status(Status::compromised), hour(6));
  world.say("volta", status(Status::deprecated), june + 1);
  EXPECT_EQ(status_text(world.fold(both(), june + 2)), "compromised");
}

TEST(StatusRules, ItDoesNotYieldToAWordThatIsDatedBack) {
  World world = deployed();
  world.say("tuev", status(Status::suspended), hour(6));
  world.say("volta", status(Status::in_use), june + 5, {.issued = june + -1});
  EXPECT_EQ(status_text(world.fold(both(), june + 6)), "suspended") << "said while the role lasted, whenever it came";
}

TEST(StatusRules, WithinOneSecondThePlaceInTheLogTells) {
  for (const std::uint64_t said : {4u, 6u}) {  // the sale is 5
    World world;
    world.say("line1", identity_of("sensor"), hour(1), {.domains = {acme}});
    world.say("acme", status(Status::lost), hour(2), {.domains = {acme}});
    world.say("acme", Transfer{plant, id_of("plant")}, hour(3), {.domains = {acme}, .index = 5});
    world.say("volta", status(Status::in_use), hour(3), {.index = said});
    EXPECT_EQ(status_text(world.fold(both())), said == 6 ? "in-use" : "lost");
  }
}

TEST(StatusRules, OfADomainThatIsStillTheHolderOnlyItsOwnNextKeyLiftsAnAlarm) {
  const auto policies = assemble({signed_by("plant", plant_policy()), signed_by("acme", acme_policy()),
                                  signed_by("acme", edited(acme_policy(2), "owner = \"acme\"", "owner = \"line2\""), hour(4))}, {pin(plant, "plant")});
  World world;
  world.say("line1", identity_of("sensor"), hour(1), {.domains = {acme}});
  world.say("acme", status(Status::stolen), hour(2), {.domains = {acme}});
  world.say("volta", status(Status::in_use), hour(5));
  EXPECT_EQ(status_text(world.fold(policies)), "stolen");
  world.say("line2", status(Status::in_stock), hour(6), {.domains = {acme}});
  EXPECT_EQ(status_text(world.fold(policies)), "in-stock");
}

// acme strikes the line that raised it: plant had asked nobody else.
TEST(StatusRules, AnAlarmOutlivesTheRoleThatAnotherDomainLent) {
  const auto struck = assemble({signed_by("plant", plant_policy()), signed_by("acme", acme_policy()),
                                signed_by("acme", acme_policy(2, edited(acme_rules, "line1", "line2")), hour(7))}, {pin(plant, "plant")});
  World world;
  world.say("line1", identity_of("sensor"), hour(1), {.domains = {acme}});
  const auto life = world.say("line1", status(Status::in_use), hour(2), {.domains = {acme}});
  const auto alarm = world.say("line1", status(Status::lost), hour(6), {.domains = {acme}});
  const auto verdict = world.fold(struck);
  EXPECT_EQ(verdict.status_statement, alarm);
  EXPECT_NE(why_not(verdict, life), "") << "what permits goes with the role";
  world.say("volta", status(Status::in_use), hour(6) + 1);
  EXPECT_EQ(status_text(world.fold(struck)), "lost");
  world.say("volta", status(Status::in_use), hour(8));
  EXPECT_EQ(status_text(world.fold(struck)), "in-use");
}

TEST(StatusRules, AnAlarmOfAClockThatIsAheadCountsFromItsReceipt) {
  for (const Seconds ahead : {200, 2000}) {
    World world = deployed();
    world.say("volta", status(Status::stolen), hour(6), {.issued = hour(6) + ahead});
    EXPECT_EQ(status_text(world.fold(both())), "stolen");
    world.say("volta", status(Status::in_use), hour(6) + 1);
    EXPECT_EQ(status_text(world.fold(both())), "in-use") << "and its author lifts it by the clock of the home";
  }
}

TEST(StatusRules, AStatusDatedAheadDoesNotOutweighALaterOne) {
  World world = deployed();
  world.say("volta", status(Status::in_stock), hour(6), {.issued = hour(6) + 290});
  world.say("sparks", status(Status::retired), hour(6) + 10);
  EXPECT_EQ(status_text(world.fold(both())), "retired");
}

TEST(StatusRules, SelfLiftsNobodysAlarm) {
  const auto policies = both(plant_policy(1, edited(plant_rules, "\"holder\", \"manufacturer\", \"certifier\"]\ntransfer", "\"holder\", \"manufacturer\", \"certifier\", \"self\"]\ntransfer")));
  World world = deployed();
  world.say("tuev", status(Status::suspended), hour(6));
  world.say("sensor", status(Status::in_use), june + 1);
  EXPECT_EQ(status_text(world.fold(policies, june + 2)), "suspended");
  world.say("sensor", status(Status::compromised), june + 3);
  EXPECT_EQ(status_text(world.fold(policies, june + 4)), "compromised") << "it can lower";
}

TEST(StatusRules, ItYieldsToNothingThatCameBefore) {
  World world = deployed();
  world.say("tuev", status(Status::suspended), hour(6), {.issued = hour(4)});  // received after volta's in-use
  EXPECT_EQ(status_text(world.fold(both(), june + 1)), "suspended");
}

TEST(StatusRules, ItDoesNotYieldToAnotherWhoMayNoMore) {
  const auto policies = both(plant_policy(1, edited(plant_rules, "[\"volta\", \"sparks\"]", "[{ key = \"volta\", until = 2027-06-01T00:00:00Z }]")));
  World world = deployed();
  world.say("tuev", status(Status::suspended), hour(6));
  world.say("volta", status(Status::in_use), hour(7));
  EXPECT_EQ(status_text(world.fold(policies, june + 1)), "suspended");
}

TEST(StatusRules, AFormerHoldersStatusYieldsToOneFromTheNewHolder) {
  World world;
  world.say("line1", identity_of("sensor"), hour(1), {.domains = {acme}});
  const auto lost = world.say("acme", status(Status::lost), hour(2), {.domains = {acme}});  // as holder, by acme's owner
  world.say("acme", Transfer{plant, id_of("plant")}, hour(3), {.domains = {acme}});
  EXPECT_EQ(world.fold(both()).status_statement, lost);
  world.say("plant", status(Status::in_use), hour(4));
  EXPECT_EQ(status_text(world.fold(both())), "in-use");
}

TEST(StatusRules, TheHoldersStatusStandsAgainstAnyOther) {
  World world = deployed();
  world.say("plant", status(Status::stolen), hour(6));
  world.say("volta", status(Status::in_use), hour(7));
  world.say("line1", status(Status::in_use), hour(8));
  EXPECT_EQ(status_text(world.fold(both())), "stolen");
}

TEST(StatusRules, WhoSpokeAsHolderBeforeBeingHolderDidNot) {
  World world;
  world.say("line1", identity_of("sensor"), hour(1), {.domains = {acme}});
  const auto early = world.say("plant", status(Status::stolen), hour(2));
  world.say("acme", Transfer{plant, id_of("plant")}, hour(3), {.domains = {acme}});
  const auto verdict = world.fold(both());
  EXPECT_EQ(status_text(verdict), "unset");
  EXPECT_THAT(why_not(verdict, early), HasSubstr("holder was acme.example"));
}

}  // namespace
}  // namespace cm4it::policy
