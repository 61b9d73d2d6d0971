// Holders are domains under an owner; what other domains' policies said when something was received.
#include "policy/eligible.h"
#include "policy/fold_fixture.h"

namespace cm4it::policy {
namespace {

using namespace fixture;

const std::string bank = "bank.example";

// A stranger's sale pinned bank.example first.
Policies two_banks(std::vector<SignedDescriptor> more = {}) {
  more.push_back(signed_by("plant", plant_policy()));
  more.push_back(signed_by("acme", acme_policy()));
  more.push_back(signed_by("evil", head(bank, 1, "evil", {"evil"})));
  more.push_back(signed_by("banker", head(bank, 1, "banker", {"banker"})));
  return assemble(more, {pin(plant, "plant"), pin(bank, "evil", Pin::Source::transfer), pin(bank, "banker", Pin::Source::transfer)});
}

TEST(Holders, AreTheDomainUnderTheOwnerThatTheTransferNames) {
  for (const std::string owner : {"banker", "evil"}) {
    World world = deployed();
    world.say("plant", Transfer{bank, id_of(owner)}, hour(6));
    const auto by_evil = world.say("evil", StatusChange{Status::lost, ""}, hour(7)), by_banker = world.say("banker", StatusChange{Status::stolen, ""}, hour(7));
    const auto verdict = world.fold(two_banks());
    EXPECT_EQ(why_not(verdict, by_evil) == "", owner == "evil");
    EXPECT_EQ(why_not(verdict, by_banker) == "", owner == "banker");
    EXPECT_EQ(verdict.holder, bank);
    EXPECT_EQ(verdict.holder_owner, id_of(owner));
    const KeyId first = two_banks().chain(bank)->pinned_owner;
    EXPECT_EQ(verdict.values.contains(Field::holder), first == id_of(owner)) << "selectors mean the one that is pinned here";
  }
}

TEST(Holders, APolicyEntersUnderEveryOwnerThatIsPinned) {
  const auto policies = two_banks();
  for (const std::string owner : {"banker", "evil", "nobody"}) {
    const std::string text = head(bank, 2, owner, {owner}) + "[tokens]\nttl = \"1m\"\n";
    const auto evidence = evidence::sign({SubjectId::key(id_of(owner)), {bank}, PolicyText{text}, hour(1), {}, {}}, *key_of(owner));
    const auto decoded = evidence::decode(Format::cose, *evidence);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(eligible_policy(*decoded, *parse_descriptor(text), policies).answer == Eligibility::Answer::yes, owner != "nobody") << owner;
  }
}

TEST(Holders, ALaterOwnerOfAKnownDomainIsThatDomain) {
  const auto policies = assemble({signed_by("plant", plant_policy()), signed_by("acme", acme_policy()), signed_by("owner1", head(bank, 1, "owner1", {"owner1"})),
                                  signed_by("owner1", head(bank, 2, "owner2", {"owner1", "owner2"}), hour(4)),
                                  signed_by("owner2", head(bank, 3, "owner3", {"owner2", "owner3"}), hour(8))},
                                 {pin(plant, "plant"), pin(bank, "owner1")});
  World world = deployed();
  world.say("plant", Transfer{bank, id_of("owner2")}, hour(6));
  const auto retired = world.say("owner1", StatusChange{Status::lost, ""}, hour(7)), now = world.say("owner2", StatusChange{Status::lost, ""}, hour(7)),
             next = world.say("owner3", StatusChange{Status::lost, ""}, hour(9));
  EXPECT_NE(why_not(world.fold(policies), retired), "");
  EXPECT_EQ(why_not(world.fold(policies), now), "");
  EXPECT_EQ(why_not(world.fold(policies), next), "");
}

// acme's agent sold; acme strikes it, or lists it only later.
TEST(Voices, AnAgentByTheListThatHadBeenReceived) {
  const auto listing = [](std::uint64_t version, bool listed, Time received) {
    return signed_by("acme", acme_policy(version, listed ? edited(acme_rules, "[roles]\n", "[roles]\nagent = [\"line2\"]\n") : acme_rules), received);
  };
  for (const bool listed : {true, false}) {
    const auto policies = assemble({signed_by("plant", plant_policy()), listing(1, listed, {}), listing(2, !listed, hour(5))}, {pin(plant, "plant")});
    World world;
    world.say("line1", identity_of("sensor"), hour(1), {.domains = {acme}});
    world.say("line2", Transfer{plant, id_of("plant")}, hour(2), {.domains = {acme}});
    EXPECT_EQ(world.fold(policies).holder, listed ? plant : acme);
  }
}

TEST(Voices, AnAgentsEndUnsaysNothingByTheClock) {
  const auto policies = both(plant_policy(), acme_policy(1, edited(acme_rules, "[roles]\n", "[roles]\nagent = [{ key = \"line2\", until = " + to_rfc3339(hour(3)) + " }]\n")));
  World world;
  world.say("line1", identity_of("sensor"), hour(1), {.domains = {acme}});
  world.say("line2", Transfer{plant, id_of("plant")}, hour(2));  // received in the plant; acme's home never saw it
  EXPECT_EQ(world.fold(policies, hour(2)).holder, plant);
  EXPECT_EQ(world.fold(policies, hour(4000)).holder, plant);
}

// The homes that received a statement tell what they knew by then; a copy that came late believes their receipts.
TEST(Voices, AreJudgedByTheReceiptsOfTheHomesThatReceivedTheStatement) {
  auto handed_over = signed_by("acme", edited(acme_policy(2), "owner = \"acme\"", "owner = \"line2\""), hour(1));
  handed_over.first_seen = hour(5000);  // a copy that began late
  handed_over.receipts = {{plant, log_of(plant), hour(4), 3}};
  const auto policies = assemble({signed_by("plant", plant_policy()), signed_by("acme", acme_policy()), handed_over}, {pin(plant, "plant")});
  for (const bool before : {true, false}) {
    World world;
    world.say("line1", identity_of("sensor"), hour(1), {.domains = {acme}});
    const auto by_old = world.say("acme", StatusChange{Status::lost, ""}, hour(before ? 3 : 5)), by_new = world.say("line2", StatusChange{Status::lost, ""}, hour(before ? 3 : 5));
    EXPECT_EQ(why_not(world.fold(policies), by_old) == "", before);
    EXPECT_EQ(why_not(world.fold(policies), by_new) == "", !before);
  }
}

// Another referenced domain that lists a maker later does not contest what was sold before.
TEST(Lent, LaterChangesNothingOfWhoseItWas) {
  const std::string rules = edited(plant_rules, "role = \"manufacturer\" }]", "role = \"manufacturer\" }, { domain = \"rival.example\", role = \"manufacturer\" }]");
  const auto rival = [](std::uint64_t version, const std::string& maker, Time when) {
    return signed_by("rival", head("rival.example", version, "rival", {"rival", "line1", "line2"}) + edited(acme_rules, "line1", maker), when);
  };
  const auto policies = assemble({signed_by("plant", plant_policy(1, rules) + copy_of("rival.example", "rival")), signed_by("acme", acme_policy()),
                                  rival(1, "rival", {}), rival(2, "line2", hour(6))}, {pin(plant, "plant")});
  World world;
  world.facts.domains["rival.example"].newest_head = hour(10);
  world.say("line1", identity_of("sensor"), hour(1), {.domains = {acme}});
  world.say("line2", identity_of("sensor"), hour(2), {.domains = {"rival.example"}});  // no maker then
  EXPECT_TRUE(world.fold(policies).contradiction) << "from when it was listed on";
  world.say("acme", Transfer{plant, id_of("plant")}, hour(3), {.domains = {acme}});
  EXPECT_EQ(world.fold(policies).holder, plant);
  EXPECT_FALSE(world.fold(policies).contradiction);
}

TEST(Lent, TheSellerThatStrikesItsMakerUnsellsNothing) {
  const auto policies = assemble({signed_by("plant", plant_policy()), signed_by("acme", acme_policy()),
                                  signed_by("acme", acme_policy(2, edited(acme_rules, "line1", "line2")), hour(6))}, {pin(plant, "plant")});
  World world = deployed();
  const auto alarm = world.say("plant", StatusChange{Status::stolen, ""}, hour(5));
  EXPECT_EQ(world.fold(policies).holder, plant);
  EXPECT_EQ(world.fold(policies).status_statement, alarm);
  EXPECT_FALSE(world.fold(policies).type) << "who it is goes with the maker";
  world.say("line2", identity_of("sensor"), hour(7), {.domains = {acme}});
  EXPECT_EQ(world.fold(policies).holder, plant);
  EXPECT_EQ(status_text(world.fold(policies)), "stolen");
}

// Acme strikes its line, the plant identifies the thing and sells it, and acme lists its line once more: the sale stands.
TEST(Holders, ARoleThatIsLentAgainWasNotLentMeanwhile) {
  World world;
  world.say("line1", identity_of("sensor"), hour(1), {.domains = {acme}});
  world.say("volta", identity_of("sensor"), hour(3));
  const auto sold = world.say("plant", Transfer{"shop.example", id_of("shop")}, hour(4));
  const std::string text = edited(plant_policy(), "identified_by = [\"manufacturer\"]", "identified_by = [\"manufacturer\", \"integrator\"]");
  const auto struck = signed_by("acme", acme_policy(2, edited(acme_rules, "[\"line1\"]", "[\"line2\"]")), hour(2));
  const auto listed = signed_by("acme", acme_policy(3), hour(6));
  const std::vector<Pin> pins = {pin(plant, "plant")};
  const auto until_then = assemble({signed_by("plant", text), signed_by("acme", acme_policy()), struck}, pins);
  ASSERT_EQ(why_not(world.fold(until_then), sold), "");
  const auto since = assemble({signed_by("plant", text), signed_by("acme", acme_policy()), struck, listed}, pins);
  EXPECT_EQ(why_not(world.fold(since), sold), "");
  EXPECT_EQ(world.fold(since).holder, "shop.example");
  // Without the sale it is identified in two domains again, from then on.
  world.facts.about.pop_back();
  EXPECT_FALSE(world.fold(since, hour(5)).contradiction);
  EXPECT_TRUE(world.fold(since, hour(7)).contradiction);
}

}  // namespace
}  // namespace cm4it::policy
