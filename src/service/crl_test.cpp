// CRLs from intake to verdict: what they take back, from when, and until the next one.
#include "evidence/credential.h"
#include "service/revoking_fixture.h"

namespace cm4it::service {
namespace {

using namespace fixture;
using namespace evidence::x509::test;
using testing::HasSubstr;

TEST_F(Revoking, TakesTheIdentityBackWhicheverComesFirst) {
  expect_taken(take_certificate(a, 7));
  EXPECT_EQ(a.verdict(device).identity->name, "device");
  expect_taken(take(a, crl(1, {{{7}, RevocationReason::superseded}})));
  expect_taken(take(b, crl(1, {{{7}, RevocationReason::superseded}})));
  expect_taken(take_certificate(b, 7));
  for (Ics* ics : {&a, &b}) {
    const auto verdict = ics->verdict(device);
    EXPECT_FALSE(verdict.identity);
    EXPECT_FALSE(verdict.status);  // not the key is at fault
    const auto* said = crl_in(verdict);
    ASSERT_TRUE(said);
    EXPECT_TRUE(said->counts);
    EXPECT_THAT(std::get<Withdraw>(said->fact->statement.body).reason, HasSubstr("CRL 1 of CN=ca,O=Acme; serial number 07"));
    std::size_t taken_back = 0;
    for (const auto& judgement : verdict.judgements)
      taken_back += judgement.fact->statement.kind() == Kind::identity && judgement.decided_by == said->fact->statement.id;
    EXPECT_EQ(taken_back, 1u);
  }
  EXPECT_EQ(a.verdict(device).judgements.size(), b.verdict(device).judgements.size());
}

TEST_F(Revoking, OthersOfTheCaStay) {
  expect_taken(take_certificate(a, 7));
  expect_taken(take_certificate(a, 8, "neighbour"));
  expect_taken(take(a, crl(1, {{{7}}, {{6}}, {{0, 0x88}}})));
  EXPECT_FALSE(a.verdict(device).identity);
  const auto neighbour = a.verdict(SubjectId::key(id_of("neighbour")));
  EXPECT_TRUE(neighbour.identity);
  EXPECT_FALSE(crl_in(neighbour));
}

TEST_F(Revoking, AKeyCompromiseAlarmsTheKey) {
  expect_taken(take_certificate(a, 7));
  expect_taken(take(a, crl(1, {{{7}, RevocationReason::key_compromise}})));
  auto verdict = a.verdict(device);
  EXPECT_EQ(verdict.status, Status::compromised);
  EXPECT_EQ(verdict.status_statement, crl_in(verdict)->fact->statement.id);
  // What the CA's own party says later about the life cycle does not silence it.
  *a.clock = Time{1'800'000'100};
  EXPECT_EQ(a.submit_one(a.say("acme", device, StatusChange{Status::in_use, {}})).outcome, Outcome::received);
  EXPECT_EQ(a.verdict(device).status, Status::compromised);
}

TEST_F(Revoking, AHoldEndsWithTheNextCrl) {
  expect_taken(take_certificate(a, 7));
  expect_taken(take(a, crl(1, {{{7}, RevocationReason::certificate_hold}})));
  EXPECT_FALSE(a.verdict(device).identity);
  *a.clock = Time{1'800'000'100};
  expect_taken(take(a, crl(2, {}, 100)));
  const auto verdict = a.verdict(device);
  EXPECT_TRUE(verdict.identity);
  const auto* older = crl_in(verdict);
  ASSERT_TRUE(older);
  EXPECT_FALSE(older->counts);
  EXPECT_THAT(older->why_not, HasSubstr("CRL 2 of CN=ca,O=Acme, of a higher number"));
}

TEST_F(Revoking, TheHighestNumberCountsInWhateverOrderTheyCome) {
  expect_taken(take_certificate(a, 7));
  *a.clock = Time{1'800'000'300};
  expect_taken(take(a, crl(255, {}, 200)));
  expect_taken(take(a, crl(254, {{{7}}}, 100)));  // older, and later here
  EXPECT_TRUE(a.verdict(device).identity);
  expect_taken(take(a, crl(256, {{{7}}}, 300)));
  EXPECT_FALSE(a.verdict(device).identity);
}

TEST_F(Revoking, NumbersThatGoBackAreRefusedWithTheReason) {
  expect_taken(take_certificate(a, 7));
  expect_taken(take(a, crl(5, {})));
  *a.clock = Time{1'800'000'100};
  const auto back = take(a, crl(4, {{{7}}}, 100));
  EXPECT_EQ(back.outcome, Outcome::refused);
  EXPECT_EQ(back.error->code, Code::conflict);
  EXPECT_THAT(why(back), HasSubstr("CRL 4 of CN=ca,O=Acme is newer than CRL 5"));
  EXPECT_EQ(take(a, crl(5, {{{7}}}, 100)).error->code, Code::conflict);
  EXPECT_TRUE(a.verdict(device).identity);
  EXPECT_FALSE(take(a, crl(5, {})).is_new);  // the same again
}

TEST_F(Revoking, ByAnotherKeyOrInAnotherNameIsNothing) {
  expect_taken(take_certificate(a, 7));
  const Authority impostor{key_of("impostor", crypto::Algorithm::es256), ca.subject};
  const auto refused = take(a, {.by = impostor, .entries = {{{7}}}});
  EXPECT_EQ(refused.outcome, Outcome::not_yet);
  EXPECT_EQ(refused.error->code, Code::not_yet);
  // In the CA's name, but signed by another.
  auto forged = CrlDraft{.by = ca, .entries = {{{7}}}}.encode();
  forged.back() ^= 1;
  EXPECT_EQ(a.submit({forged}, Format::crl)[0].error->code, Code::bad_signature);
  const Authority renamed{ca.key, name("another ca", "Acme")};
  expect_taken(take(a, {.by = renamed, .entries = {{{7}}}}));
  EXPECT_TRUE(a.verdict(device).identity);
}

TEST_F(Revoking, OneOfTheFutureWaitsForItsTime) {
  expect_taken(take_certificate(a, 7));
  expect_taken(take(a, crl(1, {{{7}}}, 200)));
  const auto now = a.verdict(device);
  EXPECT_TRUE(now.identity);
  EXPECT_EQ(now.valid_until, Time{1'800'000'200});
  *a.clock = Time{1'800'000'200};
  EXPECT_FALSE(a.verdict(device).identity);
}

// Whoever speaks is known only when the signature was verified; its share of a subject is no larger for that.
TEST_F(Revoking, CertificatesAreWithinTheirIssuersShareOfASubject) {
  Ics small{"acme.example", pin("acme.example", "acme"), true, nullptr, Quotas{.subject_statements = 2}};
  expect_taken(small.submit_one(policy_evidence("acme", "acme.example", policy(), *small.clock)));
  expect_taken(take_certificate(small, 1));
  expect_taken(take_certificate(small, 2));
  const auto third = take_certificate(small, 3);
  EXPECT_EQ(third.outcome, Outcome::refused);
  EXPECT_EQ(third.error->code, Code::too_large);
  EXPECT_FALSE(take_certificate(small, 2).is_new);
  expect_taken(take(small, crl(1, {{{1}}})));
}

TEST_F(Revoking, ACaBelowAnotherTakesBackAndIsTakenBack) {
  const Authority below{key_of("below", crypto::Algorithm::es256), name("below", "Acme")};
  EXPECT_EQ(take(a, {.by = below, .entries = {{{7}}}}).outcome, Outcome::not_yet);  // nobody here knows whose it is
  auto certificate = ca.certifies(below);
  certificate.serial = {9};
  expect_taken(a.submit({certificate.encode()}, Format::x509)[0]);
  auto draft = below.issues(key_of("device")->public_key(), name("device", "Acme", "42"));
  draft.serial = {7};
  expect_taken(a.submit({draft.encode()}, Format::x509)[0]);
  EXPECT_TRUE(a.verdict(device).identity);
  expect_taken(take(a, {.by = below, .number = 1, .entries = {{{7}, RevocationReason::certificate_hold}}}));
  EXPECT_FALSE(a.verdict(device).identity);
  *a.clock = Time{1'800'000'100};
  expect_taken(take(a, {.by = below, .number = 2, .this_update = Time{1'800'000'100}}));
  EXPECT_TRUE(a.verdict(device).identity);
  expect_taken(take(a, crl(1, {{{9}, RevocationReason::ca_compromise}}, 100)));
  EXPECT_FALSE(a.verdict(device).identity);
}

TEST_F(Revoking, CrlsComeAlongToCopiesWhateverTheySelect) {
  expect_taken(take_certificate(a, 7));
  expect_taken(take_certificate(a, 8, "neighbour"));
  expect_taken(take(a, crl(1, {{{7}}})));
  for (const std::string& serial : {std::string("42"), std::string("none")}) {
    Ics copy{"acme.example", pin("acme.example", "acme"), false};
    const auto report = carry(a, copy, "acme.example", policy::Selector{{{policy::Field::serial, {serial}}}});
    EXPECT_EQ(report.refused + report.not_yet, 0u) << report.first_refusal;
    const auto verdict = copy.verdict(device);
    EXPECT_EQ(crl_in(verdict) != nullptr, serial == "42");
    EXPECT_FALSE(verdict.identity);
    const auto stored =
        copy.ledger().reader()->crl_before(ca.key->public_key().id(), *crl_in(a.verdict(device))->fact->statement.revocations);
    ASSERT_TRUE(stored && *stored) << serial;
    EXPECT_EQ((*stored)->revocations->name, "CRL 1 of CN=ca,O=Acme");
  }
}

struct StaleCrl : Revoking {
  StaleCrl() : Revoking("[admit.device]\nidentified_by = [\"manufacturer\"]\nstatus = []\nmax_staleness = \"2h\"\n") {}
};

TEST_F(StaleCrl, IsBelievedForAsLongAsHeadsAre) {
  expect_taken(take_certificate(a, 7));
  EXPECT_EQ(a.verdict(device).admitted, policy::Admitted::yes);
  expect_taken(take(a, crl(1, {{{9}}})));
  auto verdict = a.verdict(device);
  EXPECT_EQ(verdict.admitted, policy::Admitted::yes);
  const auto at = [&](Time time) { return a.service->verdicts().look_up(device, "", {}, time); };
  const auto reason = [](const policy::Verdict& of, const std::string& rule) {
    for (const auto& one : of.reasons)
      if (one.rule == rule && one.text.find("stale") != std::string::npos) return one.text;
    return std::string();
  };
  // Heads grow old too: a fresh one comes with the time asked about.
  *a.clock = Time{1'800'086'401};
  ASSERT_EQ(a.submit_one(a.say("acme", device, Endorse{"seen", {}})).outcome, Outcome::received);
  const auto late = at(*a.clock);
  EXPECT_EQ(late->verdict.admitted, policy::Admitted::yes);
  EXPECT_THAT(reason(late->verdict, "crl"), HasSubstr("CRL 1 of CN=ca,O=Acme"));
  *a.clock = Time{1'800'086'401 + 7200};
  ASSERT_EQ(a.submit_one(a.say("acme", device, Endorse{"seen again", {}})).outcome, Outcome::received);
  const auto too_late = at(*a.clock);
  EXPECT_EQ(too_late->verdict.admitted, policy::Admitted::no);
  EXPECT_THAT(reason(too_late->verdict, "max_staleness"), HasSubstr("stale"));
}

TEST_F(Revoking, AHundredThousandEntriesAreFoundOneByOne) {
  expect_taken(take_certificate(a, 7));
  CrlDraft large = crl(1, {});
  for (std::uint32_t i = 0; i < 100'000; ++i)
    large.entries.push_back(
        {{0x11, static_cast<std::uint8_t>(i >> 16), static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)}});
  large.entries.push_back({{7}, RevocationReason::superseded});
  large.entries.push_back({{0x01, 0x11}});
  const Bytes der = large.encode();
  const auto item = a.submit({der}, Format::crl)[0];
  expect_taken(item);
  EXPECT_FALSE(a.verdict(device).identity);
  expect_taken(a.submit({[&] {
                          auto draft = issued(1, "last");
                          draft.serial = {0x11, 0x01, 0x86, 0x9f};  // 99,999
                          return draft.encode();
                        }()},
                        Format::x509)[0]);
  EXPECT_FALSE(a.verdict(SubjectId::key(id_of("last"))).identity);
  expect_taken(a.submit({[&] {
                          auto draft = issued(1, "beyond");
                          draft.serial = {0x11, 0x01, 0x86, 0xa0};
                          return draft.encode();
                        }()},
                        Format::x509)[0]);
  EXPECT_TRUE(a.verdict(SubjectId::key(id_of("beyond"))).identity);
  // It is stored as it came.
  const auto record = a.service->feed().evidence(*item.statement, {});
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_TRUE(record->evidence == der);
}

}  // namespace
}  // namespace cm4it::service
