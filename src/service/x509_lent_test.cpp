// A seller that strikes its CA from its policy changes nothing of what it sold before (docs/verdict.md, "What is settled").
#include "service/x509_fixture.h"

namespace cm4it::service {
namespace {

using namespace fixture;
using evidence::x509::test::document_signing_oid;
using evidence::x509::test::purposes;
using testing::HasSubstr;

struct StruckCa : testing::Test {
  StruckCa() {
    for (auto* ics : {static_cast<Ics*>(&acme), &plant}) {
      EXPECT_FALSE(ics->submit_one(policy_evidence("acme", "acme.example", text(2, true), *acme.clock)).error);
      EXPECT_FALSE(ics->submit_one(policy_evidence("plant", "plant.example", plant_policy(), *acme.clock)).error);
    }
    for (const auto& result : acme.push({acme.root.certifies(below), device_by(below, "sensor"), device_by(acme.root, "direct")}))
      EXPECT_FALSE(result.error) << result.error->message;
    for (const char* device : {"sensor", "direct"}) {
      const auto sold = acme.submit_one(acme.say("acme", device_of(device), Transfer{"plant.example", id_of("plant")}));
      EXPECT_FALSE(sold.error) << sold.error->message;
    }
  }
  // Acme's policy: its CA, which may also have signers, or the CA struck.
  static std::string text(std::uint64_t version, bool with_root) {
    std::string policy = pki_policy(version, with_root);
    if (const auto at = policy.find("formats = [\"x509\"]"); at != std::string::npos) policy.replace(at, 18, "formats = [\"x509\", \"cose\"]");
    return policy;
  }
  // By an inspector below the CA, whose certificates come with it.
  std::string inspector_says(const Body& body) {
    auto draft = below.issues(signer->public_key(), evidence::x509::test::name("Inspector"));
    draft.extensions.push_back(purposes({document_signing_oid}));
    std::vector<crypto::Certificate> chain;
    for (const auto& one : {draft, acme.root.certifies(below)}) chain.push_back(crypto::Certificate::from_der(one.encode()).value());
    auto evidence = sign({device_of("sensor"), {"acme.example"}, body, *acme.clock, {}, {}}, *signer, chain);
    EXPECT_TRUE(evidence) << (evidence ? "" : evidence.error().message);
    const auto result = acme.submit_one(*evidence);
    return result.error ? result.error->message : "received";
  }
  std::string judged_in_plant(const char* device) {
    for (const auto& judgement : plant.verdict(device_of(device), "plant.example").judgements)
      if (judgement.fact->statement.kind() == Kind::identity) return judgement.counts ? "counts" : judgement.why_not;
    return "no identity is kept";
  }
  void strike() {
    for (auto* ics : {static_cast<Ics*>(&acme), &plant}) *ics->clock = *ics->clock + 100;
    const auto result = acme.submit_one(policy_evidence("acme", "acme.example", text(3, false), *acme.clock));
    EXPECT_FALSE(result.error) << result.error->message;
    carry(acme, plant, "acme.example");  // whose receipts hold is known once its policy is here: a link reads a feed again for that
    const auto report = carry(acme, plant, "acme.example");
    EXPECT_EQ(report.refused + report.not_yet, 0u) << report.first_refusal;
    ASSERT_EQ(plant.ledger().published()->policies->newest("acme.example")->version, 3u);
  }

  Pki acme;
  Ics plant{"plant.example", {{"plant.example", id_of("plant"), policy::Pin::Source::configuration}}};
  const Authority below = authority("Below");
  const crypto::SignerPtr signer = key_of("inspector");
};

TEST_F(StruckCa, DoesNotUnsell) {
  carry(acme, plant, "acme.example");
  for (const char* device : {"sensor", "direct"}) {
    ASSERT_EQ(plant.verdict(device_of(device), "plant.example").holder, "plant.example") << device;
    ASSERT_TRUE(plant.verdict(device_of(device), "plant.example").identity) << device;
  }
  strike();
  for (const char* device : {"sensor", "direct"}) {
    const auto verdict = plant.verdict(device_of(device), "plant.example");
    EXPECT_EQ(verdict.holder, "plant.example") << device;
    EXPECT_FALSE(verdict.identity) << "what was permitted in the role is unsaid: " << device;
    EXPECT_THAT(judged_in_plant(device), HasSubstr("acme.example has taken back the role manufacturer")) << device;
  }
}

// The plant learns of it all afterwards.
TEST_F(StruckCa, NorForWhoHearsOfItLater) {
  strike();
  for (const char* device : {"sensor", "direct"}) EXPECT_EQ(plant.verdict(device_of(device), "plant.example").holder, "plant.example") << device << judged_in_plant(device);
}

TEST_F(StruckCa, LeavesTheAlarmsOfItsSigners) {
  ASSERT_EQ(inspector_says(StatusChange{Status::stolen, ""}), "received");
  carry(acme, plant, "acme.example");
  ASSERT_EQ(plant.verdict(device_of("sensor"), "plant.example").status, Status::stolen);
  strike();
  EXPECT_EQ(plant.verdict(device_of("sensor"), "plant.example").status, Status::stolen);
}

TEST_F(StruckCa, EndsWhatItsSignersPermitted) {
  ASSERT_EQ(inspector_says(Endorse{"inspected", ""}), "received");
  carry(acme, plant, "acme.example");
  strike();
  EXPECT_TRUE(plant.verdict(device_of("sensor"), "plant.example").endorsements.empty());
}

}  // namespace
}  // namespace cm4it::service
