// A look-up costs no decoding: what evidence says was written down when it was taken in (decisions/0054).
#include "base/guarded.h"
#include "evidence/credential.h"
#include "evidence/formats/x509/crl_test_support.h"
#include "service/x509_fixture.h"

namespace cm4it::service {
namespace {

using namespace fixture;

struct Cost {
  std::uint64_t pieces = evidence::pieces_decoded(), certificates = crypto::Certificate::read_by_openssl();
  Cost since() const {
    Cost now;
    return {now.pieces - pieces, now.certificates - certificates};
  }
};

struct LookUpCost : testing::Test, Pki {};

TEST_F(LookUpCost, OfNativeStatementsNoCodecIsAsked) {
  const SubjectId thing = SubjectId::key(id_of("thing"));
  for (const Body& body : {Body(Identity{evidence::Type::device, to_bytes(key_of("thing")->public_key().spki()), "thing", {}, {}, {}, {}, {}, {}}),
                           Body(StatusChange{evidence::Status::in_use, {}}), Body(evidence::Endorse{"checked", {}})})
    ASSERT_FALSE(submit_one(say("acme", thing, body)).error);
  const Cost before;
  EXPECT_EQ(verdict(thing).admitted, policy::Admitted::yes);
  EXPECT_EQ(before.since().pieces, 0u);
  EXPECT_EQ(before.since().certificates, 0u);
}

// Many threads look up at once: none of them waits for another.
TEST_F(LookUpCost, TakesNoLock) {
  take(root.itself());
  for (const char* name : {"one", "two"}) take(device_by(root, name));
  (void)verdict(device_of("one"));  // what a thread reads for the first time it may have to ask for
  std::uint64_t before = locks_taken;
  (void)LedgerForTest::ledger_of(*service).reader();
  const std::uint64_t of_snapshot = locks_taken - before;  // of a store in memory; LMDB's has none
  before = locks_taken;
  (void)service->verdicts().look_up(device_of("two"), {}, {});
  (void)service->verdicts().look_up(device_of("one"), {}, {});
  EXPECT_EQ(locks_taken - before, 2 * of_snapshot);
}

// The first device of a CA tells whether paths over it hold; the others are looked up without OpenSSL.
TEST_F(LookUpCost, OfCertificatesOpenSslReadsNone) {
  const Authority issuing = authority("Acme Issuing");
  take(root.itself());
  take(root.certifies(issuing));
  for (const char* name : {"one", "two", "three"}) take(device_by(issuing, name));
  EXPECT_EQ(verdict(device_of("one")).admitted, policy::Admitted::yes);
  const Cost before;
  for (const char* name : {"two", "three"}) {
    EXPECT_EQ(verdict(device_of(name)).admitted, policy::Admitted::yes);
    EXPECT_EQ(judged(device_of(name)), "counts");
  }
  EXPECT_EQ(before.since().pieces, 0u);
  EXPECT_EQ(before.since().certificates, 0u);
}

// Of a CRL, however long, the row of its head and one page of its entries are read: not the list itself.
TEST_F(LookUpCost, OfCrlsNoCodecIsAsked) {
  take(root.itself());
  for (const char* name : {"one", "two", "revoked"}) {
    auto draft = device_by(root, name);
    draft.serial = {2, static_cast<std::uint8_t>(name[0])};
    take(draft);
  }
  evidence::x509::test::CrlDraft crl{.by = root, .next_update = Time{1'800'086'400}, .entries = {{{2, 'r'}, crypto::RevocationReason::superseded}}};
  for (std::uint32_t i = 0; i < 500; ++i) crl.entries.push_back({{1, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)}});
  const auto taken = submit({crl.encode()}, Format::crl).at(0);
  ASSERT_FALSE(taken.error) << taken.error->message;
  EXPECT_TRUE(verdict(device_of("one")).identity);
  const Cost before;
  EXPECT_TRUE(verdict(device_of("two")).crl_due);
  const auto revoked = verdict(device_of("revoked"));
  EXPECT_FALSE(revoked.identity);
  ASSERT_TRUE(revoked.revoked);
  EXPECT_THAT(revoked.revoked->text, testing::HasSubstr("superseded"));
  EXPECT_EQ(before.since().pieces, 0u);
  EXPECT_EQ(before.since().certificates, 0u);
}

}  // namespace
}  // namespace cm4it::service
