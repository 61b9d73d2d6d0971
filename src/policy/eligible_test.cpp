// Admission to a log is a look-up before any signature is checked: could this issuer have the right, and what is its key.
#include "policy/eligible.h"

#include "policy/fold_fixture.h"

namespace cm4it::policy {
namespace {

using namespace fixture;
using Answer = Eligibility::Answer;

evidence::Decoded said(const std::string& issuer, const Body& body, const std::string& domain = plant, const std::string& subject = "sensor") {
  const auto evidence = evidence::sign({SubjectId::key(id_of(subject)), {domain}, body, hour(1), {}, {}}, *key_of(issuer));
  EXPECT_TRUE(evidence) << (evidence ? "" : evidence.error().message);
  auto decoded = evidence::decode(Format::cose, *evidence);
  EXPECT_TRUE(decoded);
  return std::move(*decoded);
}

void expect(const Eligibility& result, Answer answer, const std::string& why, const std::string& key = {}) {
  EXPECT_EQ(static_cast<int>(result.answer), static_cast<int>(answer)) << result.why;
  EXPECT_THAT(result.why, HasSubstr(why));
  ASSERT_EQ(result.keys.size(), answer == Answer::yes ? 1u : 0u);
  if (answer == Answer::yes) { EXPECT_EQ(result.keys[0].id(), id_of(key)); }
}

// What is stored here of keys: the sensor's own identity, where a test has it.
struct StoredKeys final : KeyIndex {
  std::optional<crypto::PublicKey> own;

  Result<void> visit_named(std::string_view, const std::function<bool(const KeyId&)>&) const override { return {}; }
  Result<void> add_authorities(std::vector<KeyId>, Authorities&) const override { return {}; }
  Result<std::optional<crypto::PublicKey>> find_own_key(const KeyId& id) const override { return own && own->id() == id ? own : std::nullopt; }
};

Eligibility eligible(const evidence::Decoded& decoded, const Policies& policies, const Context& context, const StoredKeys& stored = {}) {
  const auto issuer = candidate_keys(decoded, {std::string(context.domain)}, policies, stored);
  EXPECT_TRUE(issuer);
  return policy::eligible(decoded, *issuer, policies, context);
}

const Endorse approved{"approved", ""};
const Context held_by_acme{.domain = "plant.example", .holder = "acme.example", .contradiction = false, .target_issuer = {}};
const Context held_by_plant{.domain = "plant.example", .holder = "plant.example", .contradiction = false, .target_issuer = {}};
Transfer transfer() { return {plant, id_of("plant")}; }

TEST(Eligible, ByALiteralAndByAnImportedRole) {
  expect(eligible(said("volta", approved), both(), held_by_acme), Answer::yes, "", "volta");
  expect(eligible(said("line1", identity_of("sensor")), both(), held_by_acme), Answer::yes, "", "line1");
}

TEST(Eligible, ARoleThatHasEndedMayStillHaveSpokenInTime) {
  const auto policies = both(plant_policy(1, edited(plant_rules, "2027-06-01", "2001-01-01")));
  expect(eligible(said("tuev", approved), policies, held_by_acme), Answer::yes, "", "tuev");
}

TEST(Eligible, AStrangerIsRefusedWithFieldRuleAndRoles) {
  expect(eligible(said("nobody", approved), both(), held_by_acme), Answer::no,
         "plays no role in plant.example that [write] endorse allows (integrator, certifier, holder, manufacturer) for evidence of format cose");
  expect(eligible(said("stranger", Assign{"hall-3"}), both(), held_by_acme), Answer::no, "kid: the issuer key:");
}

// The dealer's transfer may be on its way, and the dealer's policy with it.
TEST(Eligible, AStrangerWhoMayBeTheNextHolderComesTooEarly) {
  for (const Context& context : {held_by_acme, Context{.domain = plant, .holder = "", .contradiction = false, .target_issuer = {}}}) {
    expect(eligible(said("dealer", transfer()), both(), context), Answer::not_yet, "kid: no policy that is known here lists the key " + id_of("dealer").text().substr(0, 20));
    expect(eligible(said("dealer", approved), both(), context), Answer::not_yet, "");
  }
}

TEST(Eligible, WaitsForThePolicyOfTheHolder) {
  const auto pinned = assemble({signed_by("plant", plant_policy()), signed_by("acme", acme_policy())},
                               {pin(plant, "plant"), pin("dealer.example", "dealer", Pin::Source::transfer)});
  for (const char* holder : {"dealer.example", "unheard.example"})
    expect(eligible(said("nobody", transfer()), pinned, {.domain = plant, .holder = holder, .contradiction = false, .target_issuer = {}}),
           Answer::not_yet, std::string("the policy of ") + holder + ", which holds the subject, has not come");
}

TEST(Eligible, AKindThatNobodyMayWrite) {
  const auto policies = both(plant_policy(1, edited(plant_rules, "assign = [\"maintainer\"]\n", "")));
  expect(eligible(said("volta", Assign{"hall-3"}), policies, held_by_acme), Answer::no, "[write] of plant.example lets nobody make statements of kind assign");
}

TEST(Eligible, TheHolderAndItsAgents) {
  expect(eligible(said("acme", transfer()), both(), held_by_acme), Answer::yes, "", "acme");
  expect(eligible(said("sparks", transfer()), both(), held_by_plant), Answer::yes, "", "sparks");
}

TEST(Eligible, WhoMayBecomeHolderComesTooEarly) {
  expect(eligible(said("plant", transfer()), both(), held_by_acme), Answer::not_yet, "the subject belongs to acme.example; plant.example cannot transfer it");
  expect(eligible(said("acme", transfer()), both(), {.domain = plant, .holder = "", .contradiction = false, .target_issuer = {}}), Answer::not_yet,
         "nobody holds the subject: no identity of it that counts is kept here; acme.example cannot transfer it");
  expect(eligible(said("acme", transfer()), both(), {.domain = plant, .holder = "", .contradiction = true, .target_issuer = {}}), Answer::not_yet, "a contradiction");
  expect(eligible(said("nobody", transfer()), both(), held_by_acme), Answer::no, "plays no role");
}

// Each refusal is a sentence about what is, and says what has to happen; people are named, not keys.
TEST(Eligible, WhoseItIsAndSinceWhen) {
  Possession known{.subject = "A-1", .since = Time{1'800'000'000}, .before = {"acme.example"}, .unclaimed = {}};
  Context sold = held_by_plant;
  sold.possession = &known;
  auto answer = eligible(said("acme", transfer()), both(), sold);
  EXPECT_EQ(answer.why, "A-1 belongs to plant.example since 2027-01-15T08:00:00Z; acme.example can no longer transfer it");
  EXPECT_EQ(answer.next, "plant.example can give it back: ics transfer A-1 --to acme.example");
  known = {.subject = "B-3", .since = {}, .before = {}, .unclaimed = "its identity by beta.example/ca expired at 2026-11-30T05:37:01Z"};
  Context nobodys{.domain = plant, .holder = "", .contradiction = false, .target_issuer = {}};
  nobodys.possession = &known;
  answer = eligible(said("acme", transfer()), both(), nobodys);
  EXPECT_EQ(answer.why, "nobody holds B-3: its identity by beta.example/ca expired at 2026-11-30T05:37:01Z; acme.example cannot transfer it");
  EXPECT_THAT(answer.next, HasSubstr("ics push"));
  known.subject = "a name; rm -r";
  known.before = {};
  sold.holder = "acme.example";
  answer = eligible(said("plant", transfer()), both(), sold);
  EXPECT_EQ(answer.next, "acme.example can hand it on: ics transfer SUBJECT --to plant.example") << "nothing that cannot be typed as it is";
}

TEST(Eligible, WaitsForPoliciesThatMayStillCome) {
  const auto alone = assemble({signed_by("plant", plant_policy())}, {pin(plant, "plant")});
  expect(eligible(said("line1", identity_of("sensor")), alone, held_by_acme), Answer::not_yet, "the policy of acme.example, which plant.example refers to, has not come");
  expect(eligible(said("volta", approved), Policies(), held_by_acme), Answer::not_yet, "domain: no policy of plant.example counts here");
}

TEST(Eligible, NothingWhileThePolicyIsForked) {
  const auto forked = assemble({signed_by("plant", plant_policy()), signed_by("plant", plant_policy() + "[tokens]\nttl = \"1m\"\n"),
                                signed_by("acme", acme_policy())}, {pin(plant, "plant")});
  expect(eligible(said("volta", approved), forked, held_by_acme), Answer::not_yet, "was signed twice (a fork)");
}

// Rivals that name different owners end every voice; who spoke before still raises alarms, and they are stored.
TEST(Eligible, AContestedPolicyKeepsItsAlarms) {
  const auto handed_to = [](const std::string& owner) {
    return signed_by("plant", edited(plant_policy(2), "owner = \"plant\"", "owner = \"" + owner + "\""));
  };
  const auto contested = assemble({signed_by("plant", plant_policy()), handed_to("volta"), handed_to("nobody"), signed_by("acme", acme_policy())},
                                  {pin(plant, "plant")});
  ASSERT_TRUE(contested.chain(plant)->contested());
  expect(eligible(said("sparks", StatusChange{Status::stolen, ""}), contested, held_by_acme), Answer::yes, "", "sparks");
  EXPECT_NE(eligible(said("sparks", StatusChange{Status::in_use, ""}), contested, held_by_acme).answer, Answer::yes);
  EXPECT_NE(eligible(said("volta", approved), contested, held_by_acme).answer, Answer::yes);
  EXPECT_NE(eligible(said("stranger", StatusChange{Status::stolen, ""}), contested, held_by_acme).answer, Answer::yes);
}

TEST(Eligible, AWithdrawalIsItsIssuersAlone) {
  const auto withdrawal = said("volta", Withdraw{StatementId{}, ""});
  Context context = held_by_acme;
  expect(eligible(withdrawal, both(), context), Answer::not_yet, "payload.3.1: the statement to take back is not kept here");
  context.target_issuer = id_of("sparks");
  expect(eligible(withdrawal, both(), context), Answer::no, "only the issuer of a statement, plant.example/sparks");
  context.target_issuer = id_of("volta");
  context.target_domains = {acme};
  expect(eligible(withdrawal, both(), context), Answer::no, "was made in acme.example, not in plant.example");
  context.target_domains = {acme, plant};
  expect(eligible(withdrawal, both(), context), Answer::no, "claims.2: the statement to take back is about another subject");
  for (const Kind kind : {Kind::status, Kind::transfer, Kind::policy, Kind::withdraw}) {  // they could count for nothing
    context.target_kinds = {kind};
    expect(eligible(withdrawal, both(), context), Answer::no, std::string("payload.3.1: a statement of kind ") + to_string(kind) + " cannot be taken back");
  }
  context.target_kinds = {Kind::status, Kind::endorse};
  expect(eligible(withdrawal, both(), context), Answer::yes, "", "volta");
}

// Whatever [write] says, and while the policy is forked: it can only lower. Strangers' keys are nobody's business.
TEST(Eligible, AKeysOwnWordThatItIsCompromised) {
  const auto own = said("sensor", StatusChange{Status::compromised, ""});
  Context context = held_by_acme;
  StoredKeys stored;
  stored.own = key_of("sensor")->public_key();
  EXPECT_NE(eligible(own, both(), context, stored).answer, Answer::yes);
  context.subject_is_stored = true;
  expect(eligible(own, both(), context, stored), Answer::yes, "", "sensor");
  const auto forked = assemble({signed_by("plant", plant_policy()), signed_by("plant", plant_policy() + "[tokens]\nttl = \"1m\"\n"),
                                signed_by("acme", acme_policy())}, {pin(plant, "plant")});
  expect(eligible(own, forked, context, stored), Answer::yes, "", "sensor");
  expect(eligible(said("tuev", StatusChange{Status::compromised, ""}, plant, "tuev"), both(), held_by_acme), Answer::yes, "", "tuev");
  EXPECT_NE(eligible(said("sensor", StatusChange{Status::stolen, ""}), both(), context, stored).answer, Answer::yes);
  EXPECT_NE(eligible(said("sensor", StatusChange{Status::compromised, ""}, plant, "other"), both(), context, stored).answer, Answer::yes);
}

TEST(Eligible, SelfSpeaksOfItselfAlone) {
  const auto policies = both(plant_policy(1, edited(plant_rules, "identity = [\"manufacturer\"", "identity = [\"self\", \"manufacturer\"")));
  expect(eligible(said("sensor", identity_of("sensor")), policies, held_by_acme), Answer::yes, "", "sensor");
  expect(eligible(said("sensor", identity_of("other"), plant, "other"), policies, held_by_acme), Answer::no, "plays no role");
}

evidence::Decoded policy_said(const std::string& signer, const std::string& text, const std::string& owner, const std::string& domain = plant) {
  return said(signer, PolicyText{text}, domain, owner);
}
Eligibility judged(const std::string& signer, const std::string& text, const Policies& policies = both()) {
  const auto descriptor = parse_descriptor(text);
  EXPECT_TRUE(descriptor);
  std::string owner;
  for (const char* name : {"volta", "plant", "dev"})
    if (descriptor->owner == id_of(name)) owner = name;
  EXPECT_FALSE(owner.empty()) << "none of these owns it: " << text;
  return eligible_policy(policy_said(signer, text, owner, descriptor->domain), *descriptor, policies);
}

TEST(EligiblePolicy, TheNextVersionByTheOwnerNamedBefore) {
  expect(judged("plant", plant_policy(2)), Answer::yes, "", "plant");
  expect(judged("volta", plant_policy(2)), Answer::no, "version 2 must be signed by the owner named in version 1");
  expect(judged("plant", edited(plant_policy(2), "owner = \"plant\"", "owner = \"volta\"")), Answer::yes, "", "plant");
  expect(judged("plant", plant_policy(4)), Answer::not_yet, "version: 4 needs version 3 first; the newest here is 1");
}

TEST(EligiblePolicy, VersionOneByThePinnedOwner) {
  expect(judged("plant", plant_policy(1)), Answer::yes, "", "plant");
  expect(judged("volta", edited(plant_policy(1), "owner = \"plant\"", "owner = \"volta\"")), Answer::no, "must be signed by its pinned owner");
}

TEST(EligiblePolicy, ADomainThatNothingPinsIsStoredAsItsOwnersWord) {
  const std::string dev = head("dev.example", 1, "dev", {"dev", "volta"});
  expect(judged("dev", dev), Answer::yes, "", "dev");
  expect(judged("volta", dev), Answer::no, "version 1 is signed by the owner it names");
}

TEST(EligiblePolicy, TheStatementAgreesWithItsDescriptor) {
  const auto descriptor = parse_descriptor(plant_policy(2));
  expect(eligible_policy(policy_said("plant", plant_policy(2), "plant", acme), *descriptor, both()), Answer::no, "payload.1: the statement is made in another domain");
  expect(eligible_policy(policy_said("plant", plant_policy(2), "volta"), *descriptor, both()), Answer::no, "claims.2: the subject is not the owner");
}

}  // namespace
}  // namespace cm4it::policy
