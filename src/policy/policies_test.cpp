// Chains of policy versions: which one applies (model.md "Domains and their policy").
#include "policy/policy_fixture.h"

namespace cm4it::policy {
namespace {

using namespace fixture;

std::string acme_at(std::uint64_t version, const std::string& owner = "acme", const std::string& more = {}) {
  return head("acme.example", version, owner, {"acme", "line1", "heir"}) + more;
}
const std::string other_roles = "[roles]\nx = [\"line1\"]\n";
std::vector<Pin> pinned() { return {pin("acme.example", "acme")}; }

std::uint64_t newest(const Policies& policies, const std::string& domain = "acme.example") {
  const auto* descriptor = policies.newest(domain);
  return descriptor ? descriptor->version : 0;
}

TEST(Chain, HighestUnbrokenVersionApplies) {
  const auto policies = assemble({signed_by("acme", acme_at(3)), signed_by("acme", acme_at(1)), signed_by("acme", acme_at(2))}, pinned());
  EXPECT_EQ(newest(policies), 3u);
  EXPECT_EQ(policies.chain("acme.example")->versions.size(), 3u);
  EXPECT_FALSE(policies.forked("acme.example"));
}

TEST(Chain, AGapKeepsWhatIsBeyondItFromCounting) {
  const auto policies = assemble({signed_by("acme", acme_at(1)), signed_by("acme", acme_at(3)), signed_by("acme", acme_at(4))}, pinned());
  EXPECT_EQ(newest(policies), 1u);
  EXPECT_EQ(policies.chain("acme.example")->beyond_gap, (std::vector<std::uint64_t>{3, 4}));
  const auto closed = assemble({signed_by("acme", acme_at(1)), signed_by("acme", acme_at(3)), signed_by("acme", acme_at(2))}, pinned());
  EXPECT_EQ(newest(closed), 3u);
  EXPECT_TRUE(closed.chain("acme.example")->beyond_gap.empty());
}

TEST(Chain, WithoutVersionOneNothingApplies) {
  EXPECT_EQ(newest(assemble({signed_by("acme", acme_at(2))}, pinned())), 0u);
}

TEST(Chain, NoPinNoPolicy) {
  const auto policies = assemble({signed_by("acme", acme_at(1))}, {});
  EXPECT_EQ(policies.chain("acme.example"), nullptr);
  EXPECT_EQ(policies.newest("acme.example"), nullptr);
  EXPECT_TRUE(policies.roles_of("acme.example", id_of("acme"), Format::cose).empty());
}

TEST(Chain, VersionOneCountsOnlyFromThePinnedOwner) {
  EXPECT_EQ(newest(assemble({signed_by("heir", acme_at(1, "heir"))}, pinned())), 0u);
  EXPECT_EQ(newest(assemble({signed_by("line1", acme_at(1))}, pinned())), 0u);
}

TEST(Chain, AWrongSignerMakesNeitherVersionNorFork) {
  const auto policies = assemble({signed_by("acme", acme_at(1)), signed_by("line1", acme_at(2)), signed_by("line1", acme_at(1, "line1"))}, pinned());
  EXPECT_EQ(newest(policies), 1u);
  EXPECT_FALSE(policies.forked("acme.example"));
}

TEST(Chain, TheOwnerNamedBeforeSignsWhatComesNext) {
  const auto one = signed_by("acme", acme_at(1)), two = signed_by("acme", acme_at(2, "heir"));
  EXPECT_EQ(newest(assemble({one, two, signed_by("heir", acme_at(3, "heir"))}, pinned())), 3u);
  EXPECT_EQ(newest(assemble({one, two, signed_by("acme", acme_at(3, "acme"))}, pinned())), 2u) << "the former owner has no say";
  EXPECT_EQ(newest(assemble({one, signed_by("heir", acme_at(2, "heir"))}, pinned())), 1u) << "nobody makes himself owner";
}

TEST(Chain, AnOlderVersionDoesNotReplaceANewerOne) {
  const auto policies = assemble({signed_by("acme", acme_at(1)), signed_by("acme", acme_at(2)), signed_by("acme", acme_at(3, "acme", other_roles)),
                                  signed_by("acme", acme_at(2, "acme", other_roles))}, pinned());
  EXPECT_EQ(newest(policies), 3u);
  EXPECT_FALSE(policies.forked("acme.example"));
  EXPECT_EQ(policies.chain("acme.example")->past_forks, std::vector<std::uint64_t>{2});
}

TEST(Chain, TwoDescriptorsOfTheHighestVersionAreAForkWhateverTheirOrder) {
  const auto one = signed_by("acme", acme_at(1)), a = signed_by("acme", acme_at(2)), b = signed_by("acme", acme_at(2, "acme", other_roles));
  const auto ab = assemble({one, a, b}, pinned()), ba = assemble({b, a, one}, pinned());
  EXPECT_TRUE(ab.forked("acme.example"));
  EXPECT_TRUE(ba.forked("acme.example"));
  EXPECT_THAT(ab.chain("acme.example")->rivals, testing::UnorderedElementsAre(a.statement, b.statement));
  EXPECT_EQ(ab.chain("acme.example")->rivals, ba.chain("acme.example")->rivals);
  EXPECT_EQ(ab.newest("acme.example")->text, ba.newest("acme.example")->text);
}

TEST(Chain, TheSameDescriptorTwiceIsNoFork) {
  const auto one = signed_by("acme", acme_at(1));
  EXPECT_FALSE(assemble({one, one, one}, pinned()).forked("acme.example"));
}

TEST(Chain, AHigherVersionEndsAFork) {
  const auto policies = assemble({signed_by("acme", acme_at(1)), signed_by("acme", acme_at(1, "acme", other_roles)), signed_by("acme", acme_at(2))}, pinned());
  EXPECT_EQ(newest(policies), 2u);
  EXPECT_FALSE(policies.forked("acme.example"));
  EXPECT_TRUE(policies.chain("acme.example")->rivals.empty());
  EXPECT_EQ(policies.chain("acme.example")->past_forks, std::vector<std::uint64_t>{1});
}

TEST(Chain, AVersionBeyondAGapDoesNotEndAFork) {
  EXPECT_TRUE(assemble({signed_by("acme", acme_at(1)), signed_by("acme", acme_at(1, "acme", other_roles)), signed_by("acme", acme_at(3))}, pinned())
              .forked("acme.example"));
}

TEST(Pins, ACopyRulePinsAndSoDoTheCopiesOfWhatItPinned) {
  const auto plant = signed_by("plant", plant_policy());  // copies acme.example
  const auto made = signed_by("acme", acme_at(1, "acme", copy_of("dev.example", "dev")));
  const auto dev = signed_by("dev", head("dev.example", 1, "dev", {"dev"}));
  const auto policies = assemble({dev, made, plant}, {pin("plant.example", "plant")});
  EXPECT_EQ(newest(policies, "acme.example"), 1u);
  EXPECT_EQ(newest(policies, "dev.example"), 1u);
  EXPECT_EQ(policies.chain("dev.example")->pinned_by, Pin::Source::copy_rule);
}

TEST(Pins, ATransferPinsWhatNothingElseDoes) {
  const auto dev = signed_by("dev", head("dev.example", 1, "dev", {"dev"}));
  const auto policies = assemble({dev}, {pin("dev.example", "dev", Pin::Source::transfer)});
  EXPECT_EQ(newest(policies, "dev.example"), 1u);
  EXPECT_EQ(policies.chain("dev.example")->pinned_by, Pin::Source::transfer);
}

TEST(Pins, ConfigurationComesBeforeCopyRuleAndCopyRuleBeforeTransfer) {
  const auto plant = signed_by("plant", plant_policy());
  const auto configured = pin("plant.example", "plant"), thief = pin("acme.example", "thief", Pin::Source::transfer);
  EXPECT_EQ(assemble({plant}, {thief, configured}).chain("acme.example")->pinned_owner, id_of("acme"));
  EXPECT_EQ(assemble({plant}, {thief, pin("acme.example", "heir"), configured}).chain("acme.example")->pinned_owner, id_of("heir"));
}

TEST(Pins, TheOrderOfTheArgumentsDoesNotMatter) {
  std::vector<SignedDescriptor> descriptors = {
      signed_by("plant", plant_policy()), signed_by("acme", acme_at(1)), signed_by("acme", acme_at(2)),
      signed_by("dev", head("dev.example", 1, "dev", {"dev"})), signed_by("heir", head("dev.example", 1, "heir", {"heir"}))};
  std::vector<Pin> pins = {pin("plant.example", "plant"), pin("dev.example", "dev", Pin::Source::transfer),
                           pin("dev.example", "heir", Pin::Source::transfer), pin("acme.example", "heir", Pin::Source::transfer)};
  const auto by_id = [](const SignedDescriptor& a, const SignedDescriptor& b) { return a.statement < b.statement; };
  const auto by_pin = [](const Pin& a, const Pin& b) { return std::tie(a.domain, a.owner) < std::tie(b.domain, b.owner); };
  std::sort(descriptors.begin(), descriptors.end(), by_id);
  std::sort(pins.begin(), pins.end(), by_pin);
  const auto first = assemble(descriptors, pins);
  do {
    std::rotate(descriptors.begin(), descriptors.begin() + 1, descriptors.end());
    const auto again = assemble(descriptors, pins);
    ASSERT_EQ(again.chains().size(), first.chains().size());
    for (const auto& [domain, chain] : first.chains()) {
      EXPECT_EQ(again.chain(domain)->pinned_owner, chain.pinned_owner) << domain;
      EXPECT_EQ(newest(again, domain), newest(first, domain)) << domain;
    }
  } while (std::next_permutation(pins.begin(), pins.end(), by_pin));
  EXPECT_EQ(newest(first, "acme.example"), 2u);
}

// The roles an issuer plays, as text: "manufacturer by acme.example until 2027-01-01T00:00:00Z".
std::vector<std::string> roles(const Policies& policies, const std::string& domain, const std::string& issuer,
                               Format format = Format::cose) {
  std::vector<std::string> texts;
  for (const auto& membership : policies.roles_of(domain, id_of(issuer), format))
    texts.push_back(membership.role + " by " + membership.set_by +
                    (membership.until ? " until " + to_rfc3339(*membership.until) : ""));
  std::sort(texts.begin(), texts.end());
  return texts;
}
using Texts = std::vector<std::string>;

TEST(Roles, LiteralEntriesAreTheDomainsOwn) {
  const auto policies = both();
  EXPECT_EQ(roles(policies, "plant.example", "volta"), (Texts{"integrator by plant.example", "maintainer by plant.example"}));
  EXPECT_EQ(roles(policies, "plant.example", "tuev"), (Texts{"certifier by plant.example until 2027-06-01T00:00:00Z"}));
  EXPECT_EQ(roles(policies, "plant.example", "nobody"), Texts{}) << "being listed in [keys] is no role";
  EXPECT_EQ(roles(policies, "acme.example", "volta"), Texts{});
}

TEST(Roles, OwnerAndHomeAreBuiltIn) {
  const auto policies = both();
  EXPECT_EQ(roles(policies, "plant.example", "plant"), Texts{"owner by plant.example"});
  EXPECT_EQ(roles(policies, "plant.example", "plant.example log"), Texts{"home by plant.example"});
  EXPECT_EQ(roles(policies, "plant.example", "acme.example log"), Texts{});
}

TEST(Roles, AnImportedRoleBringsItsUntilAndFormats) {
  const auto acme_text = acme_policy(1, edited(acme_rules, "[\"line1\"]",
      "[{ key = \"line1\", until = 2027-01-01T00:00:00Z, formats = [\"manifest\"] }, \"line2\"]"));
  const auto policies = both(plant_policy(), acme_text);
  EXPECT_EQ(roles(policies, "plant.example", "line1", Format::manifest), Texts{"manufacturer by acme.example until 2027-01-01T00:00:00Z"});
  EXPECT_EQ(roles(policies, "plant.example", "line1", Format::cose), Texts{});
  EXPECT_EQ(roles(policies, "plant.example", "line2", Format::cose), Texts{"manufacturer by acme.example"});
}

TEST(Roles, AnImportIsOneStepOnly) {
  const auto acme_text = acme_policy(1, edited(acme_rules, "[\"line1\"]",
      "[\"line1\", { domain = \"dev.example\", role = \"manufacturer\" }]") + copy_of("dev.example", "dev"));
  const auto dev = signed_by("dev", head("dev.example", 1, "dev", {"dev"}) + "[roles]\nmanufacturer = [\"dev\"]\n");
  const auto policies = assemble({signed_by("plant", plant_policy()), signed_by("acme", acme_text), dev}, {pin("plant.example", "plant")});
  EXPECT_EQ(roles(policies, "acme.example", "dev"), Texts{"manufacturer by dev.example"});
  EXPECT_EQ(roles(policies, "plant.example", "dev"), Texts{});
  EXPECT_EQ(roles(policies, "plant.example", "line1"), Texts{"manufacturer by acme.example"});
}

TEST(Roles, AnImportFromAnUnknownPolicyOrRoleGivesNothing) {
  EXPECT_EQ(roles(assemble({signed_by("plant", plant_policy())}, {pin("plant.example", "plant")}), "plant.example", "line1"), Texts{});
  EXPECT_EQ(roles(both(plant_policy(), acme_policy(1, edited(acme_rules, "manufacturer = [", "maker = [\"line1\"]\nmanufacturer = [] # "))),
                  "plant.example", "line1"), Texts{});
}

TEST(Roles, AnEntryAcceptsNativeStatementsOnlyUnlessItSaysOtherwise) {
  const auto policies = both(plant_policy(1, edited(plant_rules, "maintainer = [\"volta\", ",
                                                    "maintainer = [{ key = \"volta\", formats = [\"openpgp\", \"x509\"] }, ")));
  EXPECT_EQ(roles(policies, "plant.example", "volta", Format::cose), Texts{"integrator by plant.example"});
  EXPECT_EQ(roles(policies, "plant.example", "volta", Format::openpgp), Texts{"maintainer by plant.example"});
  EXPECT_EQ(roles(policies, "plant.example", "volta", Format::x509), Texts{"maintainer by plant.example"});
  EXPECT_EQ(roles(policies, "plant.example", "volta", Format::crl), Texts{});
}

TEST(Roles, TheNewestVersionAloneDecides) {
  const auto policies = assemble({signed_by("plant", plant_policy(1)),
                                  signed_by("plant", plant_policy(2, edited(plant_rules, "integrator = [\"volta\"]", "integrator = [\"nobody\"]")))},
                                 {pin("plant.example", "plant")});
  EXPECT_EQ(roles(policies, "plant.example", "volta"), Texts{"maintainer by plant.example"});
  EXPECT_EQ(roles(policies, "plant.example", "nobody"), Texts{"integrator by plant.example"});
}

TEST(Roles, KeysOfFormerVersionsStillVerify) {
  const auto policies = assemble({signed_by("acme", acme_at(1)), signed_by("acme", head("acme.example", 2, "acme", {"acme"}))}, pinned());
  ASSERT_NE(policies.find_key(id_of("line1")), nullptr);
  EXPECT_EQ(policies.name_of(id_of("line1")), "acme.example/line1");
  EXPECT_EQ(policies.find_key(id_of("stranger")), nullptr);
}

TEST(Voice, OwnerAndAgentsSpeakForTheirDomain) {
  const auto policies = both();
  EXPECT_TRUE(policies.speaks_for("plant.example", id_of("plant")).speaks);
  EXPECT_TRUE(policies.speaks_for("plant.example", id_of("sparks")).speaks);
  EXPECT_FALSE(policies.speaks_for("plant.example", id_of("volta")).speaks);
  EXPECT_FALSE(policies.speaks_for("acme.example", id_of("plant")).speaks);
  EXPECT_FALSE(policies.speaks_for("unknown.example", id_of("plant")).speaks);
}

TEST(Voice, AnAgentsUntilIsTheLongestOfItsEntries) {
  const auto with = [](const std::string& agents) {
    return both(plant_policy(1, edited(plant_rules, "agent = [\"sparks\"]", "agent = [" + agents + "]")));
  };
  const std::string early = "{ key = \"sparks\", until = 2027-01-01T00:00:00Z }", late = "{ key = \"sparks\", until = 2028-01-01T00:00:00Z }";
  EXPECT_EQ(with(early).speaks_for("plant.example", id_of("sparks")).until, *from_rfc3339("2027-01-01T00:00:00Z"));
  EXPECT_EQ(with(late + ", " + early).speaks_for("plant.example", id_of("sparks")).until, *from_rfc3339("2028-01-01T00:00:00Z"));
  const auto forever = with(early + ", \"sparks\"").speaks_for("plant.example", id_of("sparks"));
  EXPECT_TRUE(forever.speaks);
  EXPECT_FALSE(forever.until);
}

TEST(Voice, AnAgentWhoseEntryListsOtherFormatsDoesNotSpeakNatively) {
  const auto policies = both(plant_policy(1, edited(plant_rules, "agent = [\"sparks\"]", "agent = [{ key = \"sparks\", formats = [\"openpgp\"] }]")));
  EXPECT_FALSE(policies.speaks_for("plant.example", id_of("sparks")).speaks);
}

TEST(Homes, LogsAndServersOfTheNewestPolicy) {
  const auto policies = both();
  EXPECT_TRUE(policies.is_home_log("plant.example", log_of("plant.example")));
  EXPECT_FALSE(policies.is_home_log("plant.example", log_of("acme.example")));
  const auto servers = policies.servers_with_key(key_of("acme.example server", crypto::Algorithm::es256)->public_key().id());
  ASSERT_EQ(servers.size(), 1u);
  EXPECT_EQ(servers[0].domain, "acme.example");
  EXPECT_EQ(servers[0].server->name, "main");
}

}  // namespace
}  // namespace cm4it::policy
