// CAs whose keys say of themselves that they are compromised.
#include "service/x509_fixture.h"

namespace cm4it::service {
namespace {

using namespace fixture;
using testing::HasSubstr;

ItemResult says_of_itself(Pki& ics, const std::string& key) {
  *ics.clock = *ics.clock + 10;
  const auto item = ics.submit_one(ics.say(key, subject_of(key), StatusChange{Status::compromised, "stolen"}));
  *ics.clock = *ics.clock + 10;
  return item;
}

TEST(CompromisedAuthority, IssuesNothingMore) {
  Pki ics;
  const auto below = authority("Acme Devices");
  for (const auto& result : ics.push({ics.root.certifies(below), device_by(below, "first"), device_by(ics.root, "direct")}))
    ASSERT_FALSE(result.error) << result.error->message;
  const auto alarm = says_of_itself(ics, "ca Acme Root");
  ASSERT_FALSE(alarm.error) << alarm.error->message;
  EXPECT_THAT(ics.outcome(device_by(ics.root, "late")), HasSubstr("says of itself that it is compromised"));
  EXPECT_THAT(ics.outcome(ics.root.certifies(authority("Another"))), HasSubstr("says of itself that it is compromised"));
  for (const char* device : {"first", "direct"}) EXPECT_EQ(ics.judged(device_of(device)), "counts") << device;
  // The one below it was certified before.
  EXPECT_EQ(ics.outcome(device_by(below, "second")), "received");
  EXPECT_EQ(ics.judged(device_of("second")), "counts");

  const auto below_too = says_of_itself(ics, "ca Acme Devices");
  ASSERT_FALSE(below_too.error) << below_too.error->message;
  EXPECT_THAT(ics.outcome(device_by(below, "third")), HasSubstr("says of itself that it is compromised"));
  for (const char* device : {"first", "second"}) EXPECT_EQ(ics.judged(device_of(device)), "counts") << device;
}

// What an inspector says whose certificates come with it (x5chain).
struct Inspected : testing::Test {
  Inspected() {
    std::string text = pki_policy(2);
    text.replace(text.find("formats = [\"x509\"]"), 18, "formats = [\"x509\", \"cose\"]");
    EXPECT_FALSE(ics.submit_one(policy_evidence("acme", "acme.example", text, *ics.clock)).error);
    ics.take(device_by(ics.root, "sensor"));
  }
  std::string endorse(const std::string& label) {
    auto draft = below.issues(signer->public_key(), evidence::x509::test::name("Inspector"));
    draft.extensions.push_back(evidence::x509::test::purposes({evidence::x509::test::document_signing_oid}));
    std::vector<crypto::Certificate> chain;
    for (const auto& one : {draft, ics.root.certifies(below)}) chain.push_back(crypto::Certificate::from_der(one.encode()).value());
    auto evidence = sign({device_of("sensor"), {"acme.example"}, Endorse{label, ""}, *ics.clock, {}, {}}, *signer, chain);
    EXPECT_TRUE(evidence) << (evidence ? "" : evidence.error().message);
    const auto result = ics.submit_one(*evidence);
    return result.error ? result.error->message : "received";
  }
  // The label that counts, and why another does not.
  std::map<std::string, std::string> judged() {
    std::map<std::string, std::string> all;
    for (const auto& judgement : ics.verdict(device_of("sensor")).judgements)
      if (const auto* endorsement = std::get_if<Endorse>(&judgement.fact->statement.body))
        all[endorsement->label] = judgement.counts ? "counts" : judgement.why_not;
    return all;
  }
  // What was said before goes on counting; what is said now is refused, or is stored and does not count.
  void expect_silent() {
    const std::string outcome = endorse("after");
    const auto all = judged();
    EXPECT_EQ(all.at("before"), "counts");
    EXPECT_THAT(all.contains("after") ? all.at("after") : outcome, HasSubstr("compromise"));
  }

  Pki ics;
  const Authority below = authority("Below");
  const crypto::SignerPtr signer = key_of("inspector");
};

TEST_F(Inspected, OverACompromisedAuthorityNothingMoreIsSaid) {
  ASSERT_EQ(endorse("before"), "received");
  ASSERT_FALSE(ics.push({ics.root.certifies(below)}).at(0).error);
  const auto alarm = says_of_itself(ics, "ca Below");
  ASSERT_FALSE(alarm.error) << alarm.error->message;
  expect_silent();
}

TEST_F(Inspected, OverACompromisedRootNothingMoreIsSaid) {
  ASSERT_EQ(endorse("before"), "received");
  const auto alarm = says_of_itself(ics, "ca Acme Root");
  ASSERT_FALSE(alarm.error) << alarm.error->message;
  expect_silent();
}

}  // namespace
}  // namespace cm4it::service
