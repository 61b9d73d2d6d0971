// Submissions: order within one, repeats, quotas, time, and evidence that names no domain.
#include "crypto/signer.h"
#include "evidence/formats/manifest/manifest_writer.h"
#include "service/network_fixture.h"

namespace cm4it::service {
namespace {

using namespace fixture;
using testing::HasSubstr;

struct Submit : Network {
  Bytes signed_at(const std::string& issuer, Time issued_at, Body body, std::optional<Time> not_before = {}, std::optional<Time> expires = {}) {
    return *evidence::sign({sensor_id, {"plant.example"}, std::move(body), issued_at, not_before, expires}, *key_of(issuer));
  }
  // The judgement of a statement, in the default domain.
  policy::Judgement judged(Ics& at, const StatementId& id) {
    for (const auto& judgement : at.verdict(sensor_id).judgements)
      if (judgement.fact->statement.id == id) return judgement;
    ADD_FAILURE() << "no judgement of " << id.text();
    return {};
  }
};

// A transfer may stand before the identity it needs, and a status of the new holder before both: one submission is tried
// until nothing more enters.
TEST_F(Submit, TheOrderWithinOneSubmissionDoesNotMatter) {
  std::vector<Bytes> pieces{acme.say("acme", sensor_id, device_identity("sensor")),
                            acme.say("acme", sensor_id, Transfer{"plant.example", id_of("plant")}),
                            acme.say("plant", sensor_id, StatusChange{Status::in_use, ""})};
  std::reverse(pieces.begin(), pieces.end());
  const auto items = acme.submit(pieces);
  for (const auto& item : items) EXPECT_EQ(item.outcome, Outcome::received) << why(item);
  const auto verdict = acme.verdict(sensor_id);
  EXPECT_EQ(verdict.holder, "plant.example");
  EXPECT_EQ(verdict.status, Status::in_use);
}

TEST_F(Submit, ALongChainOfPolicyVersionsInOneSubmission) {
  std::vector<Bytes> versions;
  for (std::uint64_t version = 31; version > 1; --version) versions.push_back(policy_evidence("acme", "acme.example", acme_policy(version), *acme.clock));
  for (const auto& item : acme.submit(versions)) EXPECT_EQ(item.outcome, Outcome::received) << why(item);
  EXPECT_EQ(acme.ledger().published()->policies->newest("acme.example")->version, 31u);
}

TEST_F(Submit, WhatCanNeverCountIsRefused) {
  ASSERT_EQ(acme.submit_one(acme.say("acme", sensor_id, device_identity("sensor"))).outcome, Outcome::received);
  const Time now = *acme.clock;
  const auto signed_in_acme = [&](Body body, Time issued, std::optional<Time> expires = {}) {
    return *evidence::sign({sensor_id, {"acme.example"}, std::move(body), issued, {}, expires}, *key_of("acme"));
  };
  const auto ahead = acme.submit_one(signed_in_acme(StatusChange{Status::in_use, ""}, now + 330));
  EXPECT_EQ(ahead.outcome, Outcome::refused);
  EXPECT_THAT(why(ahead), HasSubstr("claims.6: iat"));
  const auto over = acme.submit_one(signed_in_acme(StatusChange{Status::in_use, ""}, now + -100, now + -50));
  EXPECT_EQ(over.outcome, Outcome::refused);
  EXPECT_THAT(why(over), HasSubstr("claims.4: exp"));
  // What restricts is taken, and counts from its receipt.
  EXPECT_EQ(acme.submit_one(signed_in_acme(StatusChange{Status::stolen, ""}, now + 330)).outcome, Outcome::received);
  EXPECT_EQ(acme.verdict(sensor_id).status, Status::stolen);
}

// Of `transfer` or `withdraw` as some other client would sign it: sign() itself refuses.
TEST_F(Submit, ATransferBearsNoTimesOfItsOwn) {
  const auto draft = [&](std::optional<Time> nbf, std::optional<Time> exp) {
    return evidence::sign({sensor_id, {"acme.example"}, Transfer{"plant.example", id_of("plant")}, *acme.clock, nbf, exp}, *key_of("acme"));
  };
  for (const bool sleeps : {true, false}) {
    const auto refused = sleeps ? draft(*acme.clock + 6, {}) : draft({}, *acme.clock + 6);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr(sleeps ? "claims.5: a transfer bears no nbf" : "claims.4: a transfer bears no exp"));
  }
}

TEST_F(Submit, WhatADeviceSaysOfItself) {
  std::string text = acme_policy(2);
  text.replace(text.find("status = [\"manufacturer\""), 24, "status = [\"self\", \"manufacturer\"");
  ASSERT_EQ(acme.submit_one(policy_evidence("acme", "acme.example", text, *acme.clock)).outcome, Outcome::received);
  const Bytes word = acme.say("sensor", sensor_id, StatusChange{Status::lost, ""}, {"acme.example"});
  EXPECT_EQ(acme.submit_one(word).outcome, Outcome::not_yet) << "nothing tells its key";
  ASSERT_EQ(acme.submit_one(acme.say("acme", sensor_id, device_identity("sensor"))).outcome, Outcome::received);
  const auto item = acme.submit_one(word);
  EXPECT_EQ(item.outcome, Outcome::received) << why(item);
  EXPECT_EQ(acme.verdict(sensor_id).status, Status::lost);
}

TEST_F(Submit, WhileThePolicyIsForkedAlarmsAreStored) {
  ASSERT_EQ(acme.submit_one(acme.say("acme", sensor_id, device_identity("sensor"))).outcome, Outcome::received);
  for (const char* ttl : {"1m", "2m"})
    ASSERT_EQ(acme.submit_one(policy_evidence("acme", "acme.example", acme_policy(2, std::string("[tokens]\nttl = \"") + ttl + "\"\n"), *acme.clock)).outcome, Outcome::received);
  EXPECT_EQ(acme.submit_one(acme.say("acme", sensor_id, StatusChange{Status::in_use, ""})).outcome, Outcome::not_yet);
  EXPECT_EQ(acme.submit_one(acme.say("acme", sensor_id, StatusChange{Status::stolen, ""})).outcome, Outcome::received);
  EXPECT_EQ(acme.verdict(sensor_id).status, Status::stolen);
}

TEST_F(Submit, NotYetIsNotStored) {
  const Bytes transfer = acme.say("acme", sensor_id, Transfer{"plant.example", id_of("plant")});
  const auto first = acme.submit_one(transfer);
  EXPECT_EQ(first.outcome, Outcome::not_yet) << why(first);
  EXPECT_EQ(first.error->code, Code::not_yet);
  EXPECT_NE(first.error->detail, "");
  EXPECT_FALSE(acme.service->verdicts().look_up(sensor_id, "", {})->known);
  ASSERT_EQ(acme.submit_one(acme.say("acme", sensor_id, device_identity("sensor"))).outcome, Outcome::received);
  EXPECT_EQ(acme.submit_one(transfer).outcome, Outcome::received);  // now it may
}

TEST_F(Submit, AWithdrawalWaitsForWhatItTakesBack) {
  const Bytes identity = acme.say("acme", sensor_id, device_identity("sensor"));
  const auto id = evidence::statement_id(Format::cose, id_of("acme"), evidence::decode(Format::cose, identity)->signed_bytes());
  const Bytes withdrawal = acme.say("acme", sensor_id, Withdraw{id, "a mistake"});
  EXPECT_EQ(acme.submit_one(withdrawal).outcome, Outcome::not_yet);
  ASSERT_EQ(acme.submit_one(identity).outcome, Outcome::received);
  const auto strangers = acme.submit_one(acme.say("plant", sensor_id, Withdraw{id, "not mine"}));
  const auto others = acme.submit_one(acme.say("acme", subject_of("another"), Withdraw{id, "of another thing"}));
  EXPECT_EQ(others.outcome, Outcome::refused);
  EXPECT_THAT(why(others), HasSubstr("about another subject"));
  EXPECT_EQ(strangers.outcome, Outcome::not_yet);  // whoever proves nothing is not told that it is stored
  EXPECT_THAT(why(strangers), HasSubstr("is not kept here"));
  EXPECT_EQ(acme.submit_one(withdrawal).outcome, Outcome::received);
  EXPECT_FALSE(acme.verdict(sensor_id).identity);
}

// What could count for nothing is not answered `received`.
TEST_F(Submit, WhatCannotBeTakenBackIsRefused) {
  ASSERT_EQ(acme.submit_one(acme.say("acme", sensor_id, device_identity("sensor"))).outcome, Outcome::received);
  for (const Body& body : {Body(StatusChange{Status::in_stock, ""}), Body(Transfer{"plant.example", id_of("plant")})}) {
    const auto said = acme.submit_one(acme.say("acme", sensor_id, body));
    ASSERT_EQ(said.outcome, Outcome::received) << why(said);
    const auto back = acme.submit_one(acme.say("acme", sensor_id, Withdraw{*said.statement, "a mistake"}));
    EXPECT_EQ(back.outcome, Outcome::refused);
    EXPECT_THAT(why(back), HasSubstr("cannot be taken back, only an identity, an endorsement or an assignment"));
  }
  EXPECT_EQ(acme.verdict(sensor_id).holder, "plant.example");
}

// ECDSA has two signatures for one: (r, n−s) proves the same statement, and makes no second one.
TEST_F(Submit, AnotherSignatureOfTheSameStatementIsARepeat) {
  const Bytes first = signed_at("volta", *plant.clock, Endorse{"approved", ""});
  const auto received = plant.submit_one(first);
  ASSERT_EQ(received.outcome, Outcome::received) << why(received);
  ++plant.clock->seconds;
  const auto again = plant.submit_one(first);
  EXPECT_FALSE(again.is_new);
  EXPECT_EQ(again.statement, received.statement);
  EXPECT_EQ(again.received.at(0).index, received.received.at(0).index);
  EXPECT_EQ(again.received.at(0).received, received.received.at(0).received);  // the first receipt's time
}

TEST_F(Submit, ARepeatWithinOneSubmissionIsOneStatement) {
  const Bytes piece = plant.say("volta", sensor_id, Endorse{"approved", ""});
  const auto items = plant.submit({piece, piece, piece});
  std::set<std::uint64_t> leaves;
  int fresh = 0;
  for (const auto& item : items) {
    ASSERT_EQ(item.outcome, Outcome::received);
    leaves.insert(item.received.at(0).index);
    fresh += item.is_new;
  }
  EXPECT_EQ(leaves.size(), 1u);
  EXPECT_EQ(fresh, 1);
  EXPECT_EQ(plant.verdict(sensor_id).judgements.size(), 1u);
}

// A statement recorded elsewhere cannot be replayed into a domain that it does not name.
TEST_F(Submit, AStatementSpeaksOnlyInTheDomainsItNames) {
  const Bytes elsewhere = acme.say("acme", sensor_id, Endorse{"approved", ""}, {"acme.example"});
  ASSERT_EQ(acme.submit({acme.say("acme", sensor_id, device_identity("sensor")), elsewhere})[1].outcome, Outcome::received);
  const auto own = plant.submit_one(plant.say("volta", sensor_id, Endorse{"approved", ""}));
  const auto item = plant.submit({elsewhere}, Format::cose, "plant.example").at(0);
  EXPECT_EQ(item.outcome, Outcome::refused);
  EXPECT_EQ(why(item), "domain: acme.example is not kept by this server");
  const auto endorsements = plant.verdict(sensor_id).endorsements;
  ASSERT_EQ(endorsements.size(), 1u);
  EXPECT_EQ(endorsements[0].statement, own.statement);
}

TEST_F(Submit, TimesAheadAndPast) {
  const Time now = *plant.clock;
  const auto in_time = plant.submit_one(signed_at("volta", now + 300, Endorse{"five minutes ahead", ""}));
  const auto ahead = plant.submit_one(signed_at("volta", now + 301, Endorse{"further ahead", ""}));
  const auto old = plant.submit_one(signed_at("volta", now + -365 * 86400, Endorse{"a year old", ""}));
  ASSERT_TRUE(in_time.statement && old.statement);
  EXPECT_TRUE(judged(plant, *in_time.statement).counts);
  EXPECT_TRUE(judged(plant, *old.statement).counts);
  EXPECT_EQ(ahead.outcome, Outcome::refused) << "it could never count";
}

TEST_F(Submit, ValidityIsJudgedByTheClock) {
  const Time now = *plant.clock;
  const auto item = plant.submit_one(signed_at("volta", now, Endorse{"approved", ""}, now + 60, now + 120));
  ASSERT_EQ(item.outcome, Outcome::received) << why(item);
  EXPECT_FALSE(judged(plant, *item.statement).counts);
  *plant.clock = now + 60;
  EXPECT_TRUE(judged(plant, *item.statement).counts);
  *plant.clock = now + 120;
  EXPECT_FALSE(judged(plant, *item.statement).counts);
}

// A clock that boots in 1970: time is what the newest head says, and a home signs nothing at it until it is set.
TEST_F(Submit, AClockThatStartsAnew) {
  deploy();
  const auto before = plant.service->now();
  const Bytes piece = plant.say("volta", sensor_id, Endorse{"certified", ""});
  *plant.clock = Time{0};
  EXPECT_EQ(plant.service->now(), before);
  const auto refused = plant.submit_one(piece);
  ASSERT_TRUE(refused.error);
  EXPECT_EQ(refused.error->code, Code::unavailable);
  EXPECT_THAT(refused.error->message, testing::HasSubstr("this server's clock says 1970-01-01T00:00:00Z"));
  EXPECT_EQ(plant.verdict(sensor_id).admitted, policy::Admitted::unknown);
  *plant.clock = before;
  const auto item = plant.submit_one(piece);
  ASSERT_EQ(item.outcome, Outcome::received) << why(item);
  EXPECT_EQ(plant.verdict(sensor_id).admitted, policy::Admitted::yes);
}

TEST(Quotas, OfAnIssuer) {
  Ics plant{"plant.example", pin("plant.example", "plant"), true, nullptr, Quotas{.issuer_per_minute = 3}};
  plant.submit_one(policy_evidence("plant", "plant.example", plant_policy(), *plant.clock));
  const auto say = [&](const std::string& issuer, const std::string& label) {
    return plant.submit_one(plant.say(issuer, subject_of("sensor"), Endorse{label, ""}));
  };
  for (const char* label : {"a", "b", "c"}) EXPECT_EQ(say("volta", label).outcome, Outcome::received);
  const auto fourth = say("volta", "d");
  EXPECT_EQ(fourth.outcome, Outcome::refused);
  EXPECT_EQ(fourth.error->code, Code::unavailable);
  EXPECT_THAT(why(fourth), HasSubstr("quota"));
  EXPECT_EQ(say("new integrator", "a").outcome, Outcome::received);  // another issuer has its own
  EXPECT_EQ(say("volta", "a").outcome, Outcome::received);          // a repeat costs nothing
  // Nobody uses up another's quota with what he did not sign.
  *plant.clock = *plant.clock + 60;
  Bytes forged = plant.say("volta", subject_of("sensor"), Endorse{"forged", ""});
  forged.back() ^= 1;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(plant.submit_one(forged).error->code, Code::bad_signature);
  for (const char* label : {"e", "f", "g"}) EXPECT_EQ(say("volta", label).outcome, Outcome::received) << label;
}

TEST(Quotas, OfASubject) {
  Ics plant{"plant.example", pin("plant.example", "plant"), true, nullptr, Quotas{.subject_statements = 5}};
  plant.submit_one(policy_evidence("plant", "plant.example", plant_policy(), *plant.clock));
  const auto say = [&](const std::string& subject, int number) {
    return plant.submit_one(plant.say("volta", subject_of(subject), Endorse{std::to_string(number), ""}));
  };
  for (int i = 0; i < 5; ++i) EXPECT_EQ(say("sensor", i).outcome, Outcome::received);
  const auto sixth = say("sensor", 5);
  EXPECT_EQ(sixth.outcome, Outcome::refused);
  EXPECT_EQ(sixth.error->code, Code::too_large);
  EXPECT_EQ(say("sensor", 0).outcome, Outcome::received);  // a repeat
  EXPECT_EQ(say("another", 5).outcome, Outcome::received);
}

// Nobody uses up what others may say of a subject, and an alarm has room beyond what its issuer said before.
TEST(Quotas, AreEachIssuersOwn) {
  Ics plant{"plant.example", pin("plant.example", "plant"), true, nullptr, Quotas{.subject_statements = 5}};
  plant.submit_one(policy_evidence("plant", "plant.example", plant_policy(), *plant.clock));
  const SubjectId sensor = subject_of("sensor");
  for (int i = 0; i < 6; ++i) plant.submit_one(plant.say("volta", sensor, Endorse{std::to_string(i), ""}));
  EXPECT_EQ(plant.verdict(sensor).judgements.size(), 5u);
  EXPECT_EQ(plant.submit_one(plant.say("new integrator", sensor, Endorse{"approved", ""})).outcome, Outcome::received);
  const auto others = plant.submit_one(plant.say("new integrator", sensor, StatusChange{Status::suspended, ""}));
  EXPECT_EQ(others.outcome, Outcome::received) << why(others);
  EXPECT_EQ(plant.submit_one(plant.say("volta", sensor, StatusChange{Status::in_use, ""})).error->code, Code::too_large);
  const auto own = plant.submit_one(plant.say("volta", sensor, StatusChange{Status::stolen, ""}));
  EXPECT_EQ(own.outcome, Outcome::received) << why(own);
  EXPECT_EQ(plant.verdict(sensor).status, Status::stolen);
}

// What names no domain is made in the submission's; a role takes it only where it says so.
struct Manifest : Network {
  Manifest() {
    std::string text = acme_policy(2);
    text.insert(text.find("[servers]"), "line = \"" + base64_of(line) + "\"\n");
    const std::string role = "manufacturer = [";
    text.insert(text.find(role) + role.size(), "{ key = \"line\", formats = [\"manifest\"] }, ");
    const auto item = acme.submit_one(policy_evidence("acme", "acme.example", text, *acme.clock));
    EXPECT_EQ(item.outcome, Outcome::received) << why(item);
  }
  Bytes element(const crypto::Signer& signer) const {
    return *evidence::make_manifest_element({"0123f1822c38dd7a01", "Microchip", "ATECC608B", "ATECC608B-TNGTLS",
                                             slot->public_key(), {other_slot->public_key()}, "2026-11-01T00:00:00.000Z"}, signer);
  }
  const crypto::SignerPtr line = key_of("production line", crypto::Algorithm::es256);
  const crypto::SignerPtr slot = key_of("slot 0", crypto::Algorithm::es256), other_slot = key_of("slot 1", crypto::Algorithm::es256);
  const SubjectId subject = SubjectId::key(slot->public_key().id());
};

TEST_F(Manifest, IdentifiesInTheDomainOfTheSubmission) {
  const auto item = acme.submit({element(*line)}, Format::manifest, "acme.example").at(0);
  ASSERT_EQ(item.outcome, Outcome::received) << why(item);
  const auto verdict = acme.verdict(subject);
  ASSERT_TRUE(verdict.identity);
  EXPECT_EQ(verdict.identity->model, "ATECC608B");
  EXPECT_EQ(verdict.holder, "acme.example");
  // Another key of the element leads to it.
  EXPECT_EQ(acme.service->verdicts().resolve(other_slot->public_key().id().text(), "", {})->text(), subject.text());
  const auto again = acme.submit({element(*line)}, Format::manifest, "acme.example").at(0);
  EXPECT_FALSE(again.is_new) << "another ECDSA signature of the same element is a repeat";
}

TEST_F(Manifest, OfAKeyThatNoRoleNames) {
  const auto item = acme.submit({element(*key_of("another line", crypto::Algorithm::es256))}, Format::manifest, "acme.example").at(0);
  EXPECT_NE(item.outcome, Outcome::received);
  EXPECT_FALSE(acme.verdict(subject).identity);
}

TEST_F(Manifest, ARoleThatTakesNativeStatementsOnly) {
  // "line" may say nothing natively, and acme's own key signs no manifests of the plant.
  const auto native = evidence::sign({subject, {"acme.example"}, Endorse{"approved", ""}, *acme.clock, {}, {}}, *line);
  ASSERT_TRUE(native);
  EXPECT_EQ(acme.submit_one(*native).outcome, Outcome::refused);
  const auto at_plant = plant.submit({element(*line)}, Format::manifest, "plant.example").at(0);
  EXPECT_NE(at_plant.outcome, Outcome::received);
}

TEST_F(Manifest, TheDefaultDomainIsTaken) {
  EXPECT_EQ(acme.submit({element(*line)}, Format::manifest).at(0).outcome, Outcome::received);
  EXPECT_EQ(acme.submit({element(*line)}, Format::manifest, "nowhere.example").at(0).error->code, Code::misdirected);
}

}  // namespace
}  // namespace cm4it::service
