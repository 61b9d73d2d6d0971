// Whose CRLs speak of which certificates: names in other letters, keys that were changed, keys for CRLs alone.
#include "service/revoking_fixture.h"

namespace cm4it::service {
namespace {

using namespace fixture;
using namespace evidence::x509::test;
using testing::HasSubstr;

struct CrlSigner : Revoking {
  // By the CA's name and another key.
  Authority also(const std::string& key) const { return {key_of(key, crypto::Algorithm::es256), ca.subject}; }
  ItemResult take_made(const CertificateDraft& draft) { return a.submit({draft.encode()}, Format::x509)[0]; }
  bool admitted_name() { return a.verdict(device).identity.has_value(); }
};

// RFC 5280 section 7.1: the CRL says the CA's name in other letters, and as a PrintableString.
TEST_F(CrlSigner, IsKnownByItsNameInWhateverLetters) {
  expect_taken(take_certificate(a, 7));
  const Authority shouting{ca.key, name("  CA", "ACME", {}, printable_string)};
  expect_taken(take(a, {.by = shouting, .entries = {{{7}}}}));
  EXPECT_FALSE(admitted_name());
  // It is numbered along with the others.
  *a.clock = Time{1'800'000'100};
  expect_taken(take(a, crl(2, {}, 100)));
  EXPECT_TRUE(admitted_name());
}

TEST_F(CrlSigner, IsTheNewKeyThatTheOldOneCertified) {
  expect_taken(take_certificate(a, 7));
  const auto renewed = also("renewed"), once_more = also("renewed once more");
  EXPECT_EQ(take(a, {.by = renewed, .entries = {{{7}}}}).outcome, Outcome::not_yet);
  expect_taken(take_made(ca.certifies(renewed)));
  expect_taken(take_made(renewed.certifies(once_more)));
  expect_taken(take(a, {.by = once_more, .entries = {{{7}, RevocationReason::superseded}}}));
  EXPECT_FALSE(admitted_name());
  const auto verdict = a.verdict(device);
  ASSERT_FALSE(verdict.reasons.empty());
  EXPECT_THAT(verdict.reasons[0].text, HasSubstr("serial number 07 was taken back by CRL 1 of CN=ca,O=Acme: superseded, since 2026-"));
  EXPECT_EQ(verdict.reasons[0].statement, crl_in(verdict)->fact->statement.id);
}

// A device that has certificates by both keys: one CRL may name them all.
TEST_F(CrlSigner, SpeaksOfAllCertificatesInItsName) {
  const auto renewed = also("renewed");
  expect_taken(take_made(ca.certifies(renewed)));
  expect_taken(take_certificate(a, 7));
  auto second = renewed.issues(key_of("device")->public_key(), name("device", "Acme", "42"));
  second.serial = {8};
  expect_taken(take_made(second));
  expect_taken(take(a, {.by = renewed, .number = 1, .entries = {{{7}}}}));
  EXPECT_TRUE(admitted_name()) << "the other one stands";
  *a.clock = Time{1'800'000'100};
  expect_taken(take(a, {.by = renewed, .number = 2, .this_update = Time{1'800'000'100}, .entries = {{{7}}, {{8}}}}));
  EXPECT_FALSE(admitted_name());
}

// A CA that issues one CRL for each of its keys does not lift with one what it says in the other.
TEST_F(CrlSigner, DoesNotLiftWhatAnotherKeySays) {
  expect_taken(take_certificate(a, 7));
  const auto renewed = also("renewed");
  expect_taken(take_made(ca.certifies(renewed)));
  expect_taken(take(a, crl(1, {{{7}}})));
  expect_taken(take(a, {.by = renewed, .number = 9, .entries = {{{8}}}}));
  EXPECT_FALSE(admitted_name());
}

TEST_F(CrlSigner, IsTheOtherKeyThatWhoStandsAboveNamed) {
  const Authority below{key_of("below", crypto::Algorithm::es256), name("below", "Acme")}, lists{key_of("lists", crypto::Algorithm::es256), below.subject};
  expect_taken(take_made(ca.certifies(below)));
  auto for_lists = ca.issues(lists.key->public_key(), lists.subject);  // no CA
  for_lists.extensions.push_back(key_usage(0x02));
  for_lists.serial = {2};
  expect_taken(take_made(for_lists));
  auto draft = below.issues(key_of("device")->public_key(), name("device", "Acme", "42"));
  draft.serial = {7};
  expect_taken(take_made(draft));
  EXPECT_TRUE(admitted_name());
  expect_taken(take(a, {.by = lists, .entries = {{{7}}}}));
  EXPECT_FALSE(admitted_name());
}

// The policy knows the new key alone, and by it the old one (RFC 4210 section 4.4: OldWithNew).
TEST_F(CrlSigner, IsTheKeyByWhichTheOldOneIsKnown) {
  const auto old = also("old");
  expect_taken(take_made(ca.itself()));
  expect_taken(take_made(ca.certifies(old)));
  auto draft = old.issues(key_of("device")->public_key(), name("device", "Acme", "42"));
  draft.serial = {7};
  expect_taken(take_made(draft));
  EXPECT_TRUE(admitted_name());
  expect_taken(take(a, crl(1, {{{7}}})));
  EXPECT_FALSE(admitted_name());
}

TEST_F(CrlSigner, IsNobodyWhoOnlyHasTheName) {
  // Certified by another CA, and so by name alone; and what it certifies of the CA's own key changes nothing.
  const Authority between{key_of("between", crypto::Algorithm::es256), name("between", "Acme")};
  const auto namesake = also("namesake");
  expect_taken(take_certificate(a, 7));
  expect_taken(take_made(ca.certifies(between)));
  expect_taken(take_made(between.certifies(namesake)));
  take_made(namesake.certifies(ca));
  expect_taken(take(a, {.by = namesake, .entries = {{{7}}}}));
  EXPECT_TRUE(admitted_name());
}

TEST_F(CrlSigner, NeedsCrlSign) {
  expect_taken(take_certificate(a, 7));
  auto own = ca.issues(ca.key->public_key(), ca.subject);
  own.extensions.push_back(basic_constraints());
  own.extensions.push_back(key_usage(0x04));  // keyCertSign
  const auto before = take(a, crl(1, {{{7}}}));
  expect_taken(before);
  EXPECT_FALSE(admitted_name());
  expect_taken(take_made(own));
  EXPECT_TRUE(admitted_name()) << "what came before was no CRL either";
  const auto refused = take(a, crl(2, {{{7}}}));
  EXPECT_EQ(refused.error->code, Code::not_permitted);
  EXPECT_THAT(why(refused), HasSubstr("keyUsage"));
}

TEST_F(CrlSigner, OfAnotherNameThanItsCertificatesIsToldSo) {
  expect_taken(take_certificate(a, 7));
  expect_taken(take_made(ca.itself()));
  const Authority renamed{ca.key, name("another ca", "Acme")};
  const auto item = take(a, {.by = renamed, .entries = {{{7}}}});
  EXPECT_EQ(item.outcome, Outcome::not_yet);
  EXPECT_THAT(why(item), HasSubstr("it would end nothing"));
}

}  // namespace
}  // namespace cm4it::service
