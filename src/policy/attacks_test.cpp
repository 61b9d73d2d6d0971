// What an attacker, a former partner or a lying mirror may try, one test each.
#include <openssl/bn.h>

#include "policy/fold_fixture.h"

namespace cm4it::policy {
namespace {

using namespace fixture;
const How told_acme{.domains = {"acme.example"}};
const Time june = *from_rfc3339("2027-06-01T00:00:00Z");

Policies plant_with(const std::string& from, const std::string& to) { return both(plant_policy(1, edited(plant_rules, from, to))); }

StatementId only_of_kind(const World& world, Kind kind) {
  for (const Fact& fact : world.facts.about)
    if (fact.statement.kind() == kind) return fact.statement.id;
  ADD_FAILURE() << "no such statement";
  return {};
}

TEST(Attack, ASecondSaleThatIsDatedBeforeTheFirst) {
  World world = deployed();
  const auto second = world.say("acme", Transfer{"fence.example", id_of("fence")}, hour(6), {.domains = {acme}, .issued = hour(1)});
  const auto verdict = world.fold(both());
  EXPECT_EQ(verdict.holder, plant);
  EXPECT_THAT(why_not(verdict, second), HasSubstr("holder was plant.example"));
  EXPECT_EQ(world.fold(both(), hour(10), acme).holder, plant);
  EXPECT_EQ(verdict.admitted, Admitted::yes);
}

TEST(Attack, ASellerTakesBackTheIdentityOfWhatItSold) {
  World world = deployed();
  world.say("line1", Withdraw{only_of_kind(world, Kind::identity), "no refund"}, hour(6), told_acme);
  const auto verdict = world.fold(both());
  EXPECT_EQ(verdict.holder, plant) << "what is sold stays sold";
  EXPECT_EQ(verdict.admitted, Admitted::no) << "the manufacturer's word is needed here, and it was taken back";
  const auto again = world.say("acme", Transfer{"fence.example", id_of("fence")}, hour(7), told_acme);
  EXPECT_NE(why_not(world.fold(both()), again), "");
}

TEST(Attack, AnEndorsementAfterTheRoleHasEndedDatedBefore) {
  World world = deployed();
  const auto late = world.say("tuev", Endorse{"certified", ""}, june + 60, {.issued = june + -60});
  const auto needs = plant_with("{ integrator = [\"approved\"] }", "{ certifier = [\"certified\"] }");
  world.heads(june + 100);
  const auto verdict = world.fold(needs, june + 100);
  EXPECT_EQ(verdict.admitted, Admitted::no);
  EXPECT_THAT(why_not(verdict, late), HasSubstr("role certifier had ended"));
}

TEST(Attack, AnAlarmByADepartedMaintainer) {
  const auto policies = plant_with("[\"volta\", \"sparks\"]", "[\"volta\", { key = \"nobody\", until = 2027-06-01T00:00:00Z }]");
  World world = deployed();
  world.heads(june + 100);
  const auto alarm = world.say("nobody", StatusChange{Status::compromised, "revenge"}, june + 60, {.issued = june + -60});
  const auto verdict = world.fold(policies, june + 100);
  EXPECT_THAT(why_not(verdict, alarm), HasSubstr("role maintainer had ended"));
  EXPECT_EQ(verdict.admitted, Admitted::yes);
}

TEST(Attack, AnEndorsementIsReplayedIntoAnotherDomain) {
  World world = deployed();
  std::erase_if(world.facts.about, [](const Fact& fact) { return fact.statement.kind() == Kind::endorse; });
  const auto elsewhere = world.say("volta", Endorse{"approved", ""}, hour(6),
                                   {.domains = {"other.example"}, .received_by = std::vector<std::string>{"other.example", plant}});
  const auto verdict = world.fold(both());
  EXPECT_THAT(why_not(verdict, elsewhere), HasSubstr("does not refer to"));
  EXPECT_EQ(verdict.admitted, Admitted::no);
}

TEST(Attack, AnOlderPolicyIsPlayedBack) {
  const auto without_volta = edited(edited(plant_rules, "integrator = [\"volta\"]", "integrator = []"), "[\"volta\", \"sparks\"]", "[\"sparks\"]");
  const auto one = signed_by("plant", plant_policy(1)), two = signed_by("plant", plant_policy(2, without_volta)), made = signed_by("acme", acme_policy());
  EXPECT_EQ(deployed().fold(assemble({one, made}, {pin(plant, "plant")})).admitted, Admitted::yes);
  for (const auto& order : {std::vector{one, two, one, made}, std::vector{two, one, made, one}})
    EXPECT_EQ(deployed().fold(assemble(order, {pin(plant, "plant")})).admitted, Admitted::no) << "version 2 stands";
}

TEST(Attack, AnOwnerShowsDifferentPoliciesToDifferentServers) {
  const auto one = signed_by("plant", plant_policy(1)), made = signed_by("acme", acme_policy());
  const auto a = signed_by("plant", plant_policy(2)), b = signed_by("plant", plant_policy(2, plant_rules + "[tokens]\nttl = \"1m\"\n"));
  const auto alone = assemble({one, a, made}, {pin(plant, "plant")}), met = assemble({one, a, b, made}, {pin(plant, "plant")});
  EXPECT_EQ(deployed().fold(alone).admitted, Admitted::yes);
  EXPECT_EQ(deployed().fold(met).admitted, Admitted::no);
  EXPECT_THAT(reason_text(deployed().fold(met), "policy-fork"), HasSubstr("nothing is admitted until a higher version"));
  const auto healed = assemble({one, a, b, made, signed_by("plant", plant_policy(3))}, {pin(plant, "plant")});
  EXPECT_EQ(deployed().fold(healed).admitted, Admitted::yes);
}

// The other signature that is as good: (r, n − s), RFC 6979's n of P-256.
Bytes twin(Bytes evidence) {
  BIGNUM *n = nullptr, *s = BN_bin2bn(evidence.data() + evidence.size() - 32, 32, nullptr);
  BN_hex2bn(&n, "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");
  BN_sub(s, n, s);
  BN_bn2binpad(s, evidence.data() + evidence.size() - 32, 32);
  BN_free(n);
  BN_free(s);
  return evidence;
}

TEST(Attack, ATakenBackEndorsementReturnsWithItsTwinSignature) {
  const auto signer = key_of("volta", crypto::Algorithm::es256);
  const auto policies = both(edited(plant_policy(), base64_of("volta"), base64_of("volta", crypto::Algorithm::es256)));
  World world("sensor");
  const auto add = [&](const Bytes& evidence, Time received) {
    auto decoded = evidence::decode(Format::cose, evidence);
    ASSERT_TRUE(decoded);
    auto verified = evidence::verify(std::move(*decoded), signer->public_key());
    ASSERT_TRUE(verified) << verified.error().message;
    world.facts.about.push_back({verified->statements().at(0), {plant}, {{plant, log_of(plant), received, 0}}, received});
  };
  const auto say = [&](const Body& body, Time time) { return *evidence::sign({world.facts.subject, {plant}, body, time, {}, {}}, *signer); };
  const Bytes original = say(Endorse{"approved", ""}, hour(1));
  add(original, hour(1));
  const auto endorsement = world.facts.about[0].statement.id;
  ASSERT_EQ(why_not(world.fold(policies), endorsement), "");
  add(say(Withdraw{endorsement, ""}, hour(2)), hour(2));
  ASSERT_NE(twin(original), original);
  add(twin(original), hour(3));
  EXPECT_EQ(world.facts.about[2].statement.id, endorsement) << "what is not signed makes no new statement";
  const auto verdict = world.fold(policies);
  EXPECT_EQ(verdict.judgements.size(), 2u);
  EXPECT_EQ(why_not(verdict, endorsement), "taken back by its issuer");
  EXPECT_TRUE(verdict.endorsements.empty());
}

TEST(Attack, ATakenBackEndorsementIsSubmittedAgain) {
  World world = deployed();
  const auto endorsement = only_of_kind(world, Kind::endorse);
  world.say("volta", Withdraw{endorsement, ""}, hour(6));
  Fact again = world.facts.about[2];
  ASSERT_EQ(again.statement.id, endorsement);
  again.receipts = {{plant, log_of(plant), hour(7), 0}};
  world.facts.about.push_back(again);
  EXPECT_EQ(why_not(world.fold(both()), endorsement), "taken back by its issuer");
}

TEST(Attack, AThingInUseIsPutBackIntoStockByALateOldStatement) {
  World world = deployed();
  world.say("sparks", StatusChange{Status::in_stock, ""}, hour(6), {.issued = hour(1)});
  EXPECT_EQ(status_text(world.fold(both())), "in-use") << "what was said before does not count by coming late";
  world.say("sparks", StatusChange{Status::in_stock, ""}, hour(7));
  EXPECT_EQ(world.fold(both()).admitted, Admitted::no) << "said now, it does";
}

// A selected copy cannot see what a mirror leaves out, but only a home's own head keeps it fresh.
TEST(Attack, AMirrorLeavesOutAnAlarm) {
  World honest = deployed(), misled = deployed();
  honest.heads(hour(6));
  misled.heads(hour(6));
  honest.say("volta", StatusChange{Status::stolen, ""}, hour(7));
  honest.heads(hour(8));
  EXPECT_EQ(honest.fold(both(), hour(8)).admitted, Admitted::no);
  EXPECT_EQ(misled.fold(both(), hour(8)).admitted, Admitted::yes) << "it is behind, and cannot know";
  EXPECT_EQ(misled.fold(both(), hour(8)).newest_head, hour(6)) << "it can say how far";
  EXPECT_EQ(misled.fold(both(), hour(6) + 86'401).admitted, Admitted::no) << "max_staleness ends it";
}

TEST(Attack, AClockThatBootsIn1970) {
  const World world = deployed();
  EXPECT_EQ(world.fold(both(), Time{0}).admitted, Admitted::no);
  EXPECT_EQ(world.fold(both(), Time{0}).valid_until, hour(1)) << "until something is received by that clock";
  EXPECT_EQ(world.fold(both(), *world.facts.domains.at(plant).newest_head).admitted, Admitted::yes) << "at the newest head's time";
  World expired = deployed();
  expired.say("line1", identity_of("sensor"), hour(6), {.domains = {acme}, .expires = hour(8)});
  EXPECT_EQ(expired.fold(both(), hour(8)).identity_statement, only_of_kind(world, Kind::identity)) << "nothing that has expired comes back";
}

TEST(Attack, RemovingAKeyFromARoleUnsaysAllItSaidInThatRole) {
  World world = deployed();
  world.say("volta", Endorse{"approved", ""}, hour(6), told_acme);
  const auto policies = plant_with("integrator = [\"volta\"]", "integrator = [\"nobody\"]");
  const auto verdict = world.fold(policies);
  EXPECT_TRUE(verdict.endorsements.empty());
  EXPECT_EQ(verdict.admitted, Admitted::no);
  EXPECT_EQ(verdict.cloud, "hall-3") << "what it said as maintainer stands";
}

// acme lists line1 until June; what counts is when acme's own homes received what line1 said.
TEST(Attack, AnEndedRoleOfAReferencedDomainIsNotProlongedByOtherHomes) {
  const auto policies = both(plant_policy(), acme_policy(1, edited(acme_rules, "[\"line1\"]", "[{ key = \"line1\", until = 2027-06-01T00:00:00Z }]")));
  const auto say = [](World& world, const std::vector<std::string>& received_by) {
    world.heads(june + 100);
    return world.say("line1", Endorse{"tested", ""}, june + -100, {.domains = {acme, plant}, .received_by = received_by});
  };
  World by_acme = deployed(), by_plant = deployed(), late = deployed();
  const auto timely = say(by_acme, {acme, plant}), unseen = say(by_plant, {plant}), backdated = say(late, {plant});
  late.facts.about.back().receipts.push_back({acme, log_of(acme), june + 1, 0});
  EXPECT_EQ(why_not(by_acme.fold(policies, june + 100), timely), "");
  EXPECT_THAT(why_not(by_plant.fold(policies, june + 100), unseen), HasSubstr("role manufacturer had ended"));
  EXPECT_THAT(why_not(late.fold(policies, june + 100), backdated), HasSubstr("role manufacturer had ended"));
  EXPECT_EQ(why_not(by_plant.fold(policies, june + -1), unseen), "") << "while it lasts there is nothing to doubt";
  EXPECT_LE(by_plant.fold(policies, june + -1).valid_until, june);
}

TEST(Attack, AnAgentsEndIsByTheClockOfTheDomainSpokenIn) {
  const auto policies = plant_with("agent = [\"sparks\"]", "agent = [{ key = \"nobody\", until = 2027-06-01T00:00:00Z }]");
  World world = deployed();
  world.heads(june + 100);
  const How in_both{.domains = {acme, plant}, .issued = june + -100, .received_by = std::vector<std::string>{}};
  const auto with_receipts = [&](Time at_acme, Time at_plant) {
    const auto id = world.say("nobody", Endorse{"ours" + std::to_string(world.facts.about.size()), ""}, june + -100, in_both);
    world.facts.about.back().receipts = {{acme, log_of(acme), at_acme, 0}, {plant, log_of(plant), at_plant, 0}};
    return id;
  };
  const auto timely = with_receipts(june + -50, june + -40), late_here = with_receipts(june + -50, june + 40),
             late_there = with_receipts(june + 50, june + -40);
  EXPECT_EQ(why_not(world.fold(policies, june + 100), timely), "");
  EXPECT_NE(why_not(world.fold(policies, june + 100), late_here), "");
  EXPECT_EQ(why_not(world.fold(policies, june + 100), late_there), "") << "acme has no say about the plant's agent in the plant";
  const auto asked_at_acme = world.fold(policies, june + 100, acme);
  EXPECT_EQ(why_not(asked_at_acme, timely), "");
  EXPECT_EQ(why_not(asked_at_acme, late_here), "") << "the seller's own home cannot unsay it by being late";
  EXPECT_NE(why_not(asked_at_acme, late_there), "") << "spoken in acme: its homes' clock";
}

TEST(Attack, SilencingAnothersAlarm) {
  World world = deployed();
  const auto alarm = world.say("sparks", StatusChange{Status::stolen, ""}, hour(6));
  for (const char* issuer : {"volta", "tuev", "line1", "plant"}) world.say(issuer, StatusChange{Status::in_use, ""}, hour(7));
  world.say("volta", StatusChange{Status::deprecated, "milder"}, hour(8));
  world.say("volta", Withdraw{alarm, ""}, hour(8));
  EXPECT_EQ(status_text(world.fold(both())), "stolen");
  EXPECT_EQ(world.fold(both()).status_statement, alarm);
}

TEST(Attack, AStrayCertificationOfAnotherStandardIsCarriedIn) {
  World world = deployed();
  std::erase_if(world.facts.about, [](const Fact& fact) { return fact.statement.kind() == Kind::endorse; });
  const auto stray = world.say("volta", Endorse{"approved", ""}, hour(6), {.format = Format::openpgp});
  EXPECT_THAT(why_not(world.fold(both()), stray), HasSubstr("plays no role"));
  EXPECT_EQ(world.fold(both()).admitted, Admitted::no);
  const auto open = plant_with("integrator = [\"volta\"]", "integrator = [{ key = \"volta\", formats = [\"openpgp\"] }]");
  EXPECT_EQ(world.fold(open).admitted, Admitted::yes) << "where the entry says so it counts";
}

TEST(Attack, AnOwnersStrayCertificationDoesNotSpeakForTheHolder) {
  World world = deployed();
  const auto stray = world.say("plant", Transfer{"fence.example", id_of("fence")}, hour(6), {.format = Format::openpgp});
  EXPECT_NE(why_not(world.fold(both()), stray), "");
  EXPECT_EQ(world.fold(both()).holder, plant);
}

TEST(Attack, AStrangerContestsWhoseAThingIs) {
  World world = deployed();
  world.say("nobody", identity_of("sensor"), hour(6));
  world.say("volta", identity_of("sensor"), hour(6));  // may write identities, but not of devices
  const auto verdict = world.fold(both());
  EXPECT_FALSE(verdict.contradiction);
  EXPECT_EQ(verdict.admitted, Admitted::yes);
}

}  // namespace
}  // namespace cm4it::policy
