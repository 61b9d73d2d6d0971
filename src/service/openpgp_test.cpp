// OpenPGP certificates from intake to verdict: in by pieces, out as certificates, judged like everything else.
#include <random>

#include "evidence/formats/openpgp/test_support.h"
#include "service/certificates.h"
#include "service/network_fixture.h"

namespace cm4it::service {
namespace {

using namespace fixture;
using namespace evidence::openpgp::test;
using evidence::openpgp::Fingerprint;
using testing::HasSubstr;

// acme's line signs with OpenPGP, the rest of the world has no role.
struct Certified : testing::Test {
  static std::string policy() {
    std::string text = acme_policy();
    const auto replace = [&](const std::string& from, const std::string& to) { text.replace(text.find(from), from.size(), to); };
    replace("[servers]", "line = \"" + line_signer()->public_key().base64() + "\"\n[servers]");
    replace("manufacturer = [", "manufacturer = [{ key = \"line\", formats = [\"cose\", \"openpgp\"] }, ");
    return text;
  }
  static crypto::SignerPtr line_signer() { return signer_of("line"); }
  Certified() {
    for (Ics* ics : {&a, &b}) {
      const auto item = ics->submit_one(policy_evidence("acme", "acme.example", policy(), *ics->clock));
      EXPECT_EQ(item.outcome, Outcome::received) << why(item);
    }
  }
  ItemResult take(Ics& ics, Bytes piece) { return ics.submit({std::move(piece)}, Format::openpgp)[0]; }
  Bytes certification(const std::vector<Bytes>& notations, std::uint32_t later = 0) const {
    return piece_over_user_id(line, device, "thermo 42", {.type = 0x10, .created = key_time + 2000 + later, .hashed = notations});
  }
  Bytes identity() const { return certification({notation("manu", "Acme"), notation("model", "thermo-2000"), notation("serial@cm4it.org", "42")}); }

  Ics a{"acme.example", pin("acme.example", "acme")}, b{"acme.example", pin("acme.example", "acme")};
  PgpKey line = pgp_key(line_signer()), device = pgp_key("device");
  Bytes line_certificate = piece_over_user_id(line, line, "Acme, line 1");
  SubjectId subject = SubjectId::key(device.signer->public_key().id());
};

// What packets say was written down when they were taken in (decisions/0054).
TEST_F(Certified, IsLookedUpWithoutReadingPackets) {
  ASSERT_EQ(take(a, line_certificate).outcome, Outcome::received);
  ASSERT_EQ(take(a, identity()).outcome, Outcome::received);
  const auto before = evidence::pieces_decoded();
  EXPECT_EQ(a.verdict(subject).identity->model, "thermo-2000");
  EXPECT_EQ(evidence::pieces_decoded(), before);
}

TEST_F(Certified, WaitsForTheIssuersCertificate) {
  const auto early = take(a, identity());
  EXPECT_EQ(early.outcome, Outcome::not_yet);
  EXPECT_THAT(why(early), HasSubstr("no certificate of the issuer with OpenPGP fingerprint"));
  EXPECT_EQ(take(a, line_certificate).outcome, Outcome::received);
  const auto item = take(a, identity());
  EXPECT_EQ(item.outcome, Outcome::received) << why(item);
  EXPECT_FALSE(take(a, identity()).is_new);
  const auto verdict = a.verdict(subject);
  EXPECT_EQ(verdict.identity->maker, "Acme");
  EXPECT_EQ(verdict.identity->name, "thermo 42");
  EXPECT_EQ(verdict.holder, "acme.example");
  EXPECT_EQ(a.service->verdicts().resolve("serial:42", "", {})->text(), subject.text());
}

TEST_F(Certified, StatusAndRevocationFollow) {
  ASSERT_EQ(take(a, line_certificate).outcome, Outcome::received);
  ASSERT_EQ(take(a, identity()).outcome, Outcome::received);
  ASSERT_EQ(take(a, certification({notation("status@cm4it.org", "stolen"), notation("reason@cm4it.org", "a van")}, 1)).outcome, Outcome::received);
  EXPECT_EQ(a.verdict(subject).status, Status::stolen);
  const auto revoked = take(a, piece_over_user_id(line, device, "thermo 42", {.type = 0x30, .created = key_time + 3000}));
  EXPECT_EQ(revoked.outcome, Outcome::received) << why(revoked);
  EXPECT_FALSE(a.verdict(subject).identity);
  EXPECT_FALSE(a.verdict(subject).status);
}

// One key is one subject, however it is met.
TEST_F(Certified, OneHistoryInEveryFormat) {
  ASSERT_EQ(take(a, line_certificate).outcome, Outcome::received);
  ASSERT_EQ(take(a, identity()).outcome, Outcome::received);
  const auto native = a.submit_one(a.say("acme", subject, StatusChange{Status::in_stock, ""}));
  ASSERT_EQ(native.outcome, Outcome::received) << why(native);
  const auto verdict = a.verdict(subject);
  EXPECT_EQ(verdict.judgements.size(), 2u);
  EXPECT_EQ(verdict.identity->model, "thermo-2000");
  EXPECT_EQ(verdict.status, Status::in_stock);
}

TEST_F(Certified, StrangersAndTheKeyItselfHaveNoSayHere) {
  ASSERT_EQ(take(a, line_certificate).outcome, Outcome::received);
  const auto self = take(a, piece_over_user_id(device, device, "thermo 42"));
  EXPECT_EQ(self.outcome, Outcome::refused);
  EXPECT_THAT(why(self), HasSubstr("plays no role in acme.example"));
  const PgpKey stranger = pgp_key("stranger");
  const auto foreign = take(a, piece_over_user_id(stranger, device, "thermo 42", {.type = 0x10}));
  EXPECT_NE(foreign.outcome, Outcome::received);
  Bytes forged = identity();
  forged.back() ^= 1;
  const auto bad = take(a, forged);
  EXPECT_EQ(bad.outcome, Outcome::refused);
  EXPECT_FALSE(a.service->verdicts().look_up(subject, "", {})->known);
}

// A native role is none for certifications: one that strayed in from elsewhere says nothing here.
TEST_F(Certified, ARoleThatTakesNativeStatementsOnly) {
  const PgpKey owner = pgp_key(key_of("acme"));
  const auto item = take(a, piece_over_user_id(owner, owner, "Acme"));
  EXPECT_EQ(item.outcome, Outcome::refused);
  EXPECT_THAT(why(item), HasSubstr("format openpgp"));
}

TEST_F(Certified, PiecesInAnyOrderThroughTwoServersMakeOneCertificate) {
  std::vector<Bytes> pieces{identity(), certification({notation("label@cm4it.org", "approved")}, 1), certification({notation("status@cm4it.org", "in-stock")}, 2),
                            piece_over_user_id(line, device, "second name", {.type = 0x10, .hashed = {notation("manu", "Acme")}}), piece_over_key(line, device, {.type = 0x1f})};
  std::mt19937 random(7);
  for (Ics* ics : {&a, &b}) {
    ASSERT_EQ(take(*ics, line_certificate).outcome, Outcome::received);
    std::shuffle(pieces.begin(), pieces.end(), random);
    for (const auto& piece : pieces) {
      const auto item = take(*ics, piece);
      EXPECT_EQ(item.outcome, Outcome::received) << why(item);
    }
    take(*ics, pieces[0]);
  }
  const auto whole = [&](Ics& ics) {
    const auto found = ics.service->certificates().of_subject(subject, {});
    EXPECT_TRUE(found);
    EXPECT_EQ(found->size(), 1u);
    return *evidence::openpgp::assemble(found->at(0).pieces, found->at(0).fingerprint);
  };
  EXPECT_EQ(whole(a), whole(b));
}

// A key with two creation times: one subject, two certificates.
TEST_F(Certified, TwoCreationTimesAreTwoCertificates) {
  ASSERT_EQ(take(a, line_certificate).outcome, Outcome::received);
  const PgpKey again = pgp_key(signer_of("device"), 4, key_time + 5);
  ASSERT_EQ(take(a, identity()).outcome, Outcome::received);
  ASSERT_EQ(take(a, piece_over_user_id(line, again, "thermo 42", {.type = 0x10, .created = key_time + 4000, .hashed = {notation("manu", "Acme")}})).outcome, Outcome::received);
  const auto found = a.service->certificates().of_subject(subject, {});
  ASSERT_EQ(found->size(), 2u);
  EXPECT_NE(found->at(0).fingerprint, found->at(1).fingerprint);
  for (const auto& one : *found) {
    const auto named = a.service->certificates().named("fpr:" + to_hex(one.fingerprint.octets), {});
    ASSERT_EQ(named->certificates.size(), 1u);
    EXPECT_EQ(named->certificates.at(0).fingerprint, one.fingerprint);
  }
  EXPECT_EQ(a.verdict(subject).judgements.size(), 2u);
}

}  // namespace
}  // namespace cm4it::service
