// model.md "Time, and who may say what": which statements count, by whose receipts, and how they are taken back.
#include "policy/fold_fixture.h"

namespace cm4it::policy {
namespace {

using namespace fixture;

TEST(Counts, ATransferOrWithdrawalThatSleepsOrWearsOffForNothing) {
  for (const bool sleeps : {true, false}) {
    World world;
    const auto made = world.say("line1", identity_of("sensor"), hour(1), acme_only);
    world.say("acme", Transfer{plant, id_of("plant")}, hour(2), acme_only);
    world.say("line1", Withdraw{made, ""}, hour(3), acme_only);
    for (auto& fact : world.facts.about) (sleeps ? fact.statement.not_before : fact.statement.expires) = sleeps ? hour(0) : hour(9000);
    EXPECT_EQ(world.fold(both()).holder, acme);
    EXPECT_THAT(why_not(world.fold(both()), world.facts.about[1].statement.id), HasSubstr("a transfer bears neither nbf nor exp"));
    EXPECT_THAT(why_not(world.fold(both()), world.facts.about[2].statement.id), HasSubstr("a withdrawal bears neither nbf nor exp"));
  }
}

TEST(Counts, ReceiptsOfHomesAloneGiveTheTime) {
  World world = deployed();
  const auto said = world.say("volta", Endorse{"late", ""}, hour(6), {.received_by = std::vector{acme}});
  world.facts.about.back().receipts.push_back({plant, log_of("stranger"), hour(2), 0});
  const auto verdict = world.fold(both());
  const auto* judgement = judgement_of(verdict, said);
  ASSERT_TRUE(judgement);
  EXPECT_TRUE(judgement->provisional) << "acme's home has no say about what names plant.example alone";
  EXPECT_EQ(judgement->received, hour(6));
}

TEST(Counts, OfSeveralReceiptsTheEarliest) {
  World world = deployed();
  const auto said = world.say("volta", Endorse{"twice", ""}, hour(6));
  world.facts.about.back().receipts.push_back({plant, log_of(plant), hour(4), 9});
  world.facts.about.back().receipts.push_back({plant, log_of(plant), hour(8), 1});
  const auto verdict = world.fold(both());
  const auto* judgement = judgement_of(verdict, said);
  ASSERT_TRUE(judgement);
  EXPECT_EQ(judgement->received, hour(4));
}

TEST(Counts, WhereTheStatementNamesTheDomainItsHomesElseTheReferencedOnes) {
  World world = deployed();
  const auto two = world.say("line1", Endorse{"both", ""}, hour(8), {.domains = {acme, plant}, .received_by = std::vector{plant}});
  world.facts.about.back().receipts.push_back({acme, log_of(acme), hour(6), 0});
  const auto received = [&](const Verdict& verdict) {
    const auto* judgement = judgement_of(verdict, two);
    return judgement ? judgement->received : Time{};
  };
  EXPECT_EQ(received(world.fold(both())), hour(8));
  EXPECT_EQ(received(world.fold(both(), hour(10), acme)), hour(6));
}

TEST(Counts, IssuedAtMostFiveMinutesBeyondReceived) {
  World world = deployed();
  const auto within = world.say("volta", Endorse{"a", ""}, hour(6), {.issued = hour(6) + 300});
  const auto beyond = world.say("volta", Endorse{"b", ""}, hour(6), {.issued = hour(6) + 301});
  const auto verdict = world.fold(both());
  EXPECT_EQ(why_not(verdict, within), "");
  EXPECT_THAT(why_not(verdict, beyond), HasSubstr("iat is more than 5 minutes beyond"));
}

TEST(Counts, NotBeforeAndExpiresHoldAtTheTimeAsked) {
  World world = deployed();
  const auto said = world.say("volta", Endorse{"a", ""}, hour(6), {.not_before = hour(7), .expires = hour(9)});
  EXPECT_THAT(why_not(world.fold(both(), hour(7) + -1), said), HasSubstr("not valid before 2027-01-01T07:00:00Z"));
  EXPECT_EQ(why_not(world.fold(both(), hour(7)), said), "");
  EXPECT_EQ(why_not(world.fold(both(), hour(9) + -1), said), "");
  EXPECT_EQ(why_not(world.fold(both(), hour(9)), said), "expired at 2027-01-01T09:00:00Z");
  EXPECT_EQ(world.fold(both(), hour(6)).valid_until, hour(7));
  EXPECT_EQ(world.fold(both(), hour(7)).valid_until, hour(9));
}

TEST(Counts, UntilIsJudgedByTheTimeOfReceipt) {
  const Time june = *from_rfc3339("2027-06-01T00:00:00Z");
  World world = deployed();
  const auto before = world.say("tuev", Endorse{"a", ""}, june + -1);
  const auto after = world.say("tuev", Endorse{"b", ""}, june, {.issued = june + -100});
  const auto verdict = world.fold(both(), june + 1000);
  EXPECT_EQ(why_not(verdict, before), "");
  EXPECT_THAT(why_not(verdict, after), HasSubstr("role certifier had ended (2027-06-01T00:00:00Z)"));
}

TEST(Counts, WithoutAReceiptOnlyWhileUntilIsStillToCome) {
  const Time june = *from_rfc3339("2027-06-01T00:00:00Z");
  World world = deployed();
  const auto said = world.say("tuev", Endorse{"a", ""}, june + -100, {.received_by = std::vector<std::string>{}});
  EXPECT_EQ(why_not(world.fold(both(), june + -1), said), "");
  EXPECT_LE(world.fold(both(), june + -1).valid_until, june);
  EXPECT_THAT(why_not(world.fold(both(), june), said), HasSubstr("role certifier had ended")) << "nobody bears witness to its time";
}

TEST(Counts, AnAgentsWordWithoutAReceiptHereByWhenItWasSeenHere) {
  const Time june = *from_rfc3339("2027-06-01T00:00:00Z");
  const auto policies = both(plant_policy(), acme_policy(1, edited(acme_rules, "[roles]\n", "[roles]\nagent = [{ key = \"line2\", until = 2027-06-01T00:00:00Z }]\n")));
  World world;
  world.say("line1", identity_of("sensor"), hour(1), acme_only);
  const auto said = world.say("line2", Endorse{"a", ""}, june + -100, {.domains = {acme, plant}, .received_by = std::vector{acme}});
  const auto late = world.say("line2", Endorse{"b", ""}, june + 1, {.domains = {acme, plant}, .received_by = std::vector{acme}});
  EXPECT_EQ(why_not(world.fold(policies, june + -1), said), "");
  EXPECT_EQ(why_not(world.fold(policies, june + 2), said), "") << "seen before its end, and no clock unsays it";
  EXPECT_NE(why_not(world.fold(policies, june + 2), late), "");
}

TEST(Counts, MadeInADomainThatPolicyDoesNotReferTo) {
  World world = deployed();
  const auto said = world.say("volta", Endorse{"a", ""}, hour(6), in({"elsewhere.example"}));
  EXPECT_THAT(why_not(world.fold(both()), said), HasSubstr("a domain that the policy of plant.example does not refer to"));
}

TEST(Counts, MadeInAReferencedDomainByOneWhoPlaysARoleHere) {
  World world = deployed();
  const auto said = world.say("volta", Endorse{"a", ""}, hour(6), acme_only);
  EXPECT_EQ(why_not(world.fold(both()), said), "");
  EXPECT_THAT(why_not(world.fold(both(), hour(10), acme), said), HasSubstr("plays no role")) << "the asked domain decides";
}

TEST(Counts, InTheOrderOfReceiptThenOfTheLog) {
  World world;
  world.say("line1", identity_of("sensor"), hour(1), {.domains = {acme}, .index = 0});
  world.say("acme", Transfer{"first.example", id_of("first")}, hour(2), {.domains = {acme}, .index = 1});
  world.say("acme", Transfer{"second.example", id_of("second")}, hour(2), {.domains = {acme}, .index = 2});
  EXPECT_EQ(world.fold(both()).holder, "first.example");
  std::vector<std::uint64_t> indices;
  for (const Judgement& judgement : world.fold(both()).judgements) indices.push_back(judgement.index);
  EXPECT_EQ(indices, (std::vector<std::uint64_t>{0, 1, 2}));
}

TEST(Withdrawal, OfIdentityEndorsementAndAssignment) {
  World world = deployed();
  const std::vector<std::pair<std::string, Kind>> said = {{"volta", Kind::endorse}, {"volta", Kind::assign}, {"line1", Kind::identity}};
  for (const auto& [issuer, kind] : said)
    for (const Fact& fact : std::vector<Fact>(world.facts.about))
      if (fact.statement.kind() == kind) {
        const auto withdrawal = world.say(issuer, Withdraw{fact.statement.id, ""}, hour(6), {.domains = fact.domains});
        const auto verdict = world.fold(both());
        EXPECT_EQ(why_not(verdict, withdrawal), "");
        EXPECT_EQ(why_not(verdict, fact.statement.id), "taken back by its issuer");
      }
  const auto verdict = world.fold(both());
  EXPECT_TRUE(verdict.endorsements.empty());
  EXPECT_EQ(verdict.cloud, "");
  EXPECT_FALSE(verdict.identity);
}

// A home takes it only where it keeps the target: elsewhere it would count at one server, and be "not yet" at another for ever.
TEST(Withdrawal, MadeWhereItsTargetWas) {
  World world = deployed();
  const auto endorsement = world.facts.about[2].statement.id;
  const auto elsewhere = world.say("volta", Withdraw{endorsement, ""}, hour(6), acme_only);
  EXPECT_EQ(why_not(world.fold(both()), elsewhere), "made in another domain than what it takes back");
  EXPECT_EQ(world.fold(both()).admitted, Admitted::yes);
  const auto both_domains = world.say("volta", Withdraw{endorsement, ""}, hour(7), {.domains = {acme, plant}});
  EXPECT_EQ(why_not(world.fold(both()), both_domains), "");
  EXPECT_EQ(world.fold(both()).admitted, Admitted::no);
}

TEST(Withdrawal, OnlyByItsIssuerAndNotOfAStatusOrATransfer) {
  World world = deployed();
  const auto id_by_kind = [&](Kind kind) {
    for (const Fact& fact : world.facts.about)
      if (fact.statement.kind() == kind) return fact.statement.id;
    return StatementId{};
  };
  const auto others = world.say("sparks", Withdraw{id_by_kind(Kind::endorse), ""}, hour(6));
  const auto status = world.say("volta", Withdraw{id_by_kind(Kind::status), ""}, hour(6));
  const auto transfer = world.say("acme", Withdraw{id_by_kind(Kind::transfer), ""}, hour(6), acme_only);
  const auto unknown = world.say("volta", Withdraw{StatementId{}, ""}, hour(6));
  const auto verdict = world.fold(both());
  EXPECT_THAT(why_not(verdict, others), HasSubstr("only the issuer"));
  EXPECT_THAT(why_not(verdict, status), HasSubstr("only an identity, an endorsement or an assignment"));
  EXPECT_THAT(why_not(verdict, transfer), HasSubstr("only an identity, an endorsement or an assignment"));
  EXPECT_THAT(why_not(verdict, unknown), HasSubstr("not kept here"));
  EXPECT_EQ(verdict.admitted, Admitted::yes);
}

}  // namespace
}  // namespace cm4it::policy
