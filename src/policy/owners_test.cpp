// Who owns a domain: forks whose rivals name different owners, what strangers can add to one, and what a former owner said.
#include "policy/eligible.h"
#include "policy/fold_fixture.h"

namespace cm4it::policy {
namespace {

using namespace fixture;
using Answer = Eligibility::Answer;

std::string acme_owned(std::uint64_t version, const std::string& owner, const std::string& more = {}) {
  return head(acme, version, owner, {"acme", "line1", "heir", "mallory"}) + acme_rules + more;
}
const std::string variant = "[tokens]\nttl = \"1m\"\n";
SignedDescriptor made() { return signed_by("acme", acme_owned(1, "acme")); }

// acme's chain as plant.example sees it: its [[copy]] pins acme.
Policies known(std::vector<SignedDescriptor> chain) {
  chain.push_back(signed_by("plant", plant_policy()));
  return assemble(chain, {pin(plant, "plant")});
}

// acme handed over to its heir in version 2, which signed version 3. The old key is stolen.
std::vector<SignedDescriptor> handed_over() {
  return {made(), signed_by("acme", acme_owned(2, "heir"), hour(5)), signed_by("heir", acme_owned(3, "heir"), hour(6))};
}
std::vector<SignedDescriptor> stolen(const std::string& to, std::uint64_t last) {
  auto chain = handed_over();
  chain.push_back(signed_by("acme", acme_owned(2, to, variant), hour(7)));
  for (std::uint64_t version = 3; version <= last; ++version) chain.push_back(signed_by(to, acme_owned(version, to, variant), hour(8)));
  return chain;
}

void expect_contested(const Policies& policies) {
  const Chain& chain = *policies.chain(acme);
  EXPECT_TRUE(policies.forked(acme));
  EXPECT_EQ(chain.versions.size(), 2u) << "no version after the contested one counts";
  EXPECT_EQ(chain.rivals.size(), 2u);
  EXPECT_EQ(deployed().fold(policies).admitted, Admitted::no);
  EXPECT_EQ(deployed().fold(policies, hour(10), acme).admitted, Admitted::no);
  EXPECT_THAT(reason_text(deployed().fold(policies), "policy-fork"), HasSubstr("failed policy-fork"));
}

TEST(Owners, ARetiredKeyDoesNotTakeTheDomainOver) {
  for (const std::string to : {"acme", "mallory"})
    for (const std::uint64_t last : {2u, 3u, 4u, 9u}) expect_contested(known(stolen(to, last)));
}

TEST(Owners, WhoeverOfTheRivalsGoesOnTheForkStays) {
  auto chain = stolen("acme", 2);
  for (std::uint64_t version = 4; version < 8; ++version) chain.push_back(signed_by("heir", acme_owned(version, "heir")));
  expect_contested(known(chain));
}

TEST(Owners, WhileItIsContestedNobodyIsTheOwner) {
  const auto policies = known(stolen("acme", 4));
  for (const char* name : {"acme", "heir", "mallory", "line1"}) {
    const auto voice = policies.speaks_for(acme, id_of(name));
    EXPECT_FALSE(voice.speaks) << name;
    EXPECT_NE(policies.newest(acme)->owner, id_of(name)) << "the owner reads everything";
    const auto memberships = policies.roles_of(acme, id_of(name), Format::cose);
    EXPECT_EQ(memberships.empty(), std::string_view(name) != "acme" && std::string_view(name) != "heir") << "those owned it once";
    for (const auto& membership : memberships) EXPECT_TRUE(membership.until) << name;
    EXPECT_TRUE(policies.roles_of(plant, id_of(name), Format::cose).empty()) << "nor is a role lent";
  }
  EXPECT_TRUE(policies.newest(acme)->readers(Kind::status).empty());
  EXPECT_TRUE(policies.is_home_log(acme, log_of(acme))) << "what the rivals agree on stays";
}

TEST(Owners, AContestedVersionLeavesNoServerThatOneRivalAloneLists) {
  const std::string theirs = base64_of("acme.example log"), own = base64_of("mallory log");
  const auto policies = known({made(), signed_by("acme", acme_owned(2, "heir")),
                               signed_by("acme", edited(acme_owned(2, "mallory"), theirs, own))});
  EXPECT_FALSE(policies.is_home_log(acme, id_of("mallory log")));
  EXPECT_FALSE(policies.is_home_log(acme, log_of(acme)));
}

TEST(Owners, RivalsOfOneNewOwnerAreHealedByIt) {
  const auto a = signed_by("acme", acme_owned(2, "heir")), b = signed_by("acme", acme_owned(2, "heir", variant));
  EXPECT_TRUE(known({made(), a, b}).forked(acme));
  EXPECT_TRUE(known({made(), a, b, signed_by("acme", acme_owned(3, "acme"))}).forked(acme)) << "not by the old one";
  const auto healed = known({made(), a, b, signed_by("heir", acme_owned(3, "heir"))});
  EXPECT_FALSE(healed.forked(acme));
  EXPECT_EQ(healed.newest(acme)->version, 3u);
  EXPECT_EQ(deployed().fold(healed).admitted, Admitted::yes);
}

TEST(Owners, ANewPinEndsWhatIsContested) {
  auto chain = stolen("acme", 4);
  chain.push_back(signed_by("heir", acme_owned(1, "heir")));
  chain.push_back(signed_by("heir", acme_owned(2, "heir")));
  chain.push_back(signed_by("plant", plant_policy()));
  const auto policies = assemble(chain, {pin(plant, "plant"), pin(acme, "heir")});
  EXPECT_FALSE(policies.forked(acme));
  EXPECT_EQ(policies.newest(acme)->version, 3u) << "what the heir signed";
}

// What intake asks before it takes a descriptor.
Answer enters(const std::string& signer, const std::string& text, const Policies& policies) {
  const auto descriptor = parse_descriptor(text);
  EXPECT_TRUE(descriptor);
  const auto evidence = evidence::sign({SubjectId::key(descriptor->owner), {acme}, PolicyText{text}, hour(1), {}, {}}, *key_of(signer));
  const auto decoded = evidence::decode(Format::cose, *evidence);
  EXPECT_TRUE(decoded);
  const auto result = eligible_policy(*decoded, *descriptor, policies);
  EXPECT_EQ(result.keys.size(), result.answer == Answer::yes ? 1u : 0u) << result.why;
  return result.answer;
}
std::string floods(std::uint64_t version) { return head(acme, version, "stranger", {"stranger"}) + "# " + std::to_string(version); }

TEST(Owners, StrangersCannotFloodAForkedPolicy) {
  const auto two = signed_by("acme", acme_owned(2, "acme")), rival = signed_by("acme", acme_owned(2, "acme", variant));
  const auto forked = known({made(), two, rival});
  const auto healed = known({made(), two, rival, signed_by("acme", acme_owned(3, "acme"))});
  for (const auto* policies : {&forked, &healed})
    for (std::uint64_t version = 1; version <= 3; ++version) {
      EXPECT_EQ(enters("stranger", floods(version), *policies), Answer::no) << version;
      EXPECT_EQ(enters("line1", acme_owned(version, "line1"), *policies), Answer::no) << version;
      EXPECT_EQ(enters("acme", acme_owned(version, "acme", "# a proof of a fork"), *policies), Answer::yes) << version;
    }
  EXPECT_EQ(enters("stranger", floods(4), healed), Answer::no);
  EXPECT_EQ(enters("stranger", floods(9), healed), Answer::not_yet) << "who may sign it is not known; nothing is kept";
  EXPECT_EQ(enters("acme", acme_owned(4, "acme"), healed), Answer::yes);
}

TEST(Owners, ARivalEntersByWhoCouldSignThatVersionAlone) {
  const auto policies = known(handed_over());
  EXPECT_EQ(enters("heir", acme_owned(2, "heir", variant), policies), Answer::no) << "it could not sign version 2";
  EXPECT_EQ(enters("acme", acme_owned(2, "heir", variant), policies), Answer::yes) << "the proof of a fork";
  EXPECT_EQ(enters("acme", acme_owned(3, "acme"), policies), Answer::no);
  EXPECT_EQ(enters("heir", acme_owned(3, "heir", variant), policies), Answer::yes);
}

TEST(Owners, OfAContestedVersionNoneComesAfter) {
  const auto policies = known(stolen("acme", 2));
  for (const char* name : {"acme", "heir", "stranger"})
    EXPECT_EQ(enters(name, head(acme, 3, name, {name}), policies), Answer::no) << name;
}

// deployed(): acme sold the thing at hour 2.
TEST(FormerOwner, ASaleOutlastsTheOwnerWhoMadeIt) {
  const auto policies = known(handed_over());
  const auto verdict = deployed().fold(policies);
  EXPECT_EQ(verdict.holder, plant);
  EXPECT_EQ(verdict.admitted, Admitted::yes) << failures(verdict);
  EXPECT_EQ(deployed().fold(policies, hour(10), acme).holder, plant);
}

World unsold() {
  World world;
  world.say("line1", identity_of("sensor"), hour(1), {.domains = {acme}});
  return world;
}

TEST(FormerOwner, SellsNothingAfterwards) {
  World world = unsold();
  const auto late = world.say("acme", Transfer{plant, id_of("plant")}, hour(5) + 1, {.domains = {acme}, .issued = hour(2)});
  EXPECT_EQ(world.fold(known(handed_over())).holder, acme);
  EXPECT_THAT(why_not(world.fold(known(handed_over())), late), HasSubstr("holder was acme.example"));
}

TEST(FormerOwner, SoldByWhatWasReceivedHereAlsoWithoutAReceiptOfItsOwnHome) {
  for (const bool before : {true, false}) {
    const Time when = before ? hour(4) : hour(6);
    World unseen = unsold(), elsewhere = unsold();
    const auto sale = unseen.say("acme", Transfer{plant, id_of("plant")}, when, {.domains = {acme}, .received_by = std::vector<std::string>{}});
    EXPECT_EQ(why_not(unseen.fold(known(handed_over())), sale) == "", before);
    const auto here = elsewhere.say("acme", Transfer{plant, id_of("plant")}, when);
    EXPECT_EQ(why_not(elsewhere.fold(known(handed_over())), here) == "", before);
  }
}

// A version signed at `claimed`, and received only at hour 6.
SignedDescriptor late(SignedDescriptor version) {
  version.first_seen = hour(6);
  return version;
}

TEST(FormerOwner, AHandOverThatIsDatedBackUnsaysNothing) {
  const auto policies = known({made(), late(signed_by("acme", acme_owned(2, "heir"), hour(1)))});
  EXPECT_EQ(deployed().fold(policies).holder, plant);
  EXPECT_EQ(deployed().fold(policies).admitted, Admitted::yes);
}

TEST(FormerOwner, NoHomeDatesAHandOverBackWhereTheSaleWasReceivedByAnother) {
  auto version = late(signed_by("acme", acme_owned(2, "heir"), hour(1)));
  version.receipts = {{acme, log_of(acme), hour(1), 0}, {plant, log_of(plant), hour(6), 0}};
  World world = unsold();
  world.say("acme", Transfer{plant, id_of("plant")}, hour(2));  // received in the plant, whose home saw the hand-over later
  EXPECT_EQ(world.fold(known({made(), version})).holder, plant);
}

TEST(FormerOwner, BothSpeakInTheSecondOfTheHandOver) {
  const auto policies = known(handed_over());
  for (const std::string owner : {"acme", "heir"}) {
    World world = unsold();
    world.say(owner, Transfer{plant, id_of("plant")}, hour(5), {.domains = {acme}});
    EXPECT_EQ(world.fold(policies).holder, plant) << owner;
  }
}

TEST(FormerOwner, SpeaksUntilTheVersionThatReplacedItWasReceived) {
  const auto policies = known(handed_over());
  const auto spoke = [&](const std::string& who, Time when) { return policies.spoke_for({acme}, id_of(who), {when, plant}, false); };
  EXPECT_TRUE(spoke("acme", hour(5) + -1));
  EXPECT_FALSE(spoke("acme", hour(5) + 1));
  EXPECT_FALSE(spoke("heir", hour(5) + -1)) << "nor did its successor before";
  EXPECT_TRUE(spoke("heir", hour(500)));
  EXPECT_EQ(policies.voice_ended({acme}, id_of("acme"), {hour(2), plant}), hour(5));
  EXPECT_FALSE(policies.voice_ended({acme}, id_of("heir"), {hour(6), plant}));
  EXPECT_FALSE(policies.speaks_for(acme, id_of("acme")).speaks);
  EXPECT_TRUE(policies.speaks_for(acme, id_of("heir")).speaks);
  EXPECT_FALSE(policies.speaks_for(acme, id_of("mallory")).speaks);
}

TEST(FormerOwner, ALateRivalProlongsNothing) {
  auto chain = handed_over();
  chain.push_back(signed_by("acme", acme_owned(2, "heir", variant), hour(4000)));
  EXPECT_FALSE(known(chain).forked(acme));
  EXPECT_EQ(known(chain).voice_ended({acme}, id_of("acme"), {hour(2), plant}), hour(5)) << "a stolen key does not prolong its life";
}

TEST(FormerOwner, WhoIsOwnerAgainSpeaksAgain) {
  auto chain = handed_over();
  chain.push_back(signed_by("heir", acme_owned(4, "acme"), hour(8)));
  const auto policies = known(chain);
  EXPECT_TRUE(policies.speaks_for(acme, id_of("acme")).speaks);
  EXPECT_EQ(policies.voice_ended({acme}, id_of("heir"), {hour(6), plant}), hour(8));
  EXPECT_FALSE(policies.spoke_for({acme}, id_of("acme"), {hour(7), plant}, false)) << "not in between";
  EXPECT_TRUE(policies.spoke_for({acme}, id_of("acme"), {hour(9), plant}, false));
}

// Whoever owned acme before its retired key contested it.
TEST(Owners, WhatWasReceivedBeforeTheContestStands) {
  for (const std::string to : {"acme", "mallory"}) {
    const auto policies = known(stolen(to, 3));  // handed over at hour 5, contested at hour 7
    EXPECT_TRUE(policies.spoke_for({acme}, id_of("heir"), {hour(6), plant}, false)) << to;
    EXPECT_FALSE(policies.spoke_for({acme}, id_of("heir"), {hour(9), plant}, false)) << to;
    EXPECT_TRUE(policies.spoke_for({acme}, id_of("heir"), {hour(9), plant}, true)) << "it still raises alarms";
    EXPECT_FALSE(policies.spoke_for({acme}, id_of(to), {hour(9), plant}, true)) << to;
  }
}

TEST(FormerOwner, AsAgentItGoesOn) {
  const std::string agent = "[roles]\nagent = [\"acme\"]\n";
  const auto policies = known({made(), signed_by("acme", edited(acme_owned(2, "heir"), "[roles]\n", agent), hour(5))});
  EXPECT_TRUE(policies.speaks_for(acme, id_of("acme")).speaks);
  EXPECT_FALSE(policies.speaks_for(acme, id_of("acme")).until);
}

TEST(FormerOwner, WhatItSaidAsOwnerStands) {
  const std::string rules = edited(plant_rules, "assign = [\"maintainer\"]", "assign = [\"owner\"]");
  const auto policies = assemble({signed_by("plant", plant_policy(1, rules)), signed_by("acme", acme_policy()),
                                  signed_by("plant", edited(plant_policy(2, rules), "owner = \"plant\"", "owner = \"nobody\""), hour(5))},
                                 {pin(plant, "plant")});
  World world = deployed();
  const auto before = world.say("plant", Assign{"hall-5"}, hour(4)), after = world.say("plant", Assign{"hall-6"}, hour(6));
  EXPECT_EQ(why_not(world.fold(policies), before), "");
  EXPECT_THAT(why_not(world.fold(policies), after), HasSubstr("role owner had ended"));
  EXPECT_EQ(world.fold(policies).cloud, "hall-5");
}

}  // namespace
}  // namespace cm4it::policy
