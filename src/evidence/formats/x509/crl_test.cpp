// CRLs as evidence: what one says, and how it comes.
#include "base/needs_for_test.h"
#include "evidence/formats/x509/credential.h"

#include <gtest/gtest.h>

#include "base/budgets.h"
#include "crypto/name.h"
#include "crypto/openssl_for_test.h"
#include "evidence/formats/x509/crl_test_support.h"
#include "evidence/formats/x509/x509.h"
#include "evidence/view_row.h"

namespace cm4it::evidence {
namespace {

using namespace x509::test;
using crypto::RevocationReason;

Authority authority(const std::string& common_name, crypto::Algorithm algorithm = crypto::Algorithm::es256) {
  return {crypto::from_seed(algorithm, crypto::sha256(view(common_name))).value(), name(common_name, "Acme")};
}

TEST(CrlEvidence, IsAWithdrawalByItsIssuer) {
  const Authority ca = authority("ca"), other = authority("other");
  const Bytes der = CrlDraft{.by = ca, .number = 31, .next_update = Time{1'800'100'000}, .entries = {{{2}}, {{3}}}}.encode();
  const auto decoded = decode(Format::crl, der);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(decoded->issuer().names.back(), x509::authority_name(crypto::canonical_name(ca.subject, "issuer").value()));
  const auto verified = verify(*decoded, ca.key->public_key());
  ASSERT_TRUE(verified) << verified.error().message;
  ASSERT_EQ(verified->statements().size(), 1u);
  const Statement& statement = verified->statements()[0];
  EXPECT_EQ(statement.subject, SubjectId::key(ca.key->public_key().id()));
  EXPECT_EQ(statement.kind(), Kind::withdraw);
  EXPECT_EQ(statement.issued_at, Time{1'800'000'000});
  EXPECT_EQ(statement.revocations->name, "CRL 1f of CN=ca,O=Acme");
  EXPECT_EQ(*statement.revocations->next_update, Time{1'800'100'000});
  EXPECT_EQ(verify(*decoded, other.key->public_key()).error().code, Code::bad_signature);

  // What is stored says the same.
  const auto stored = statements_of_stored(Format::crl, der, ca.key->public_key().id(), verified->id());
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(stored->at(0).subject, statement.subject);
  EXPECT_EQ(stored->at(0).id, statement.id);
  EXPECT_EQ(stored->at(0).revocations->number, statement.revocations->number);
}

TEST(CrlEvidence, TellsOfTheCertificatesAskedFor) {
  const Authority ca = authority("ca");
  const Bytes der = CrlDraft{.by = ca, .entries = {{{2}, RevocationReason::key_compromise}, {{3}}}}.encode();
  std::vector<RevocationList::Entry> entries;
  const auto visited = visit_revocation_list(Format::crl, der, [&](const RevocationEntry& entry) {
    entries.push_back({to_bytes(entry.handle), entry.at, entry.reason});
    return entries.size() < 2;
  });
  ASSERT_TRUE(visited) << visited.error().message;
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].handle, Bytes{2});
  EXPECT_EQ(entries[1].handle, Bytes{3});
  const Statement list = decode(Format::crl, der).value().statements().at(0);
  const Statement statement = with_entries(list, {entries[0]}, false);
  EXPECT_TRUE(list.revocations->entries.empty());
  ASSERT_EQ(statement.revocations->entries.size(), 1u);
  EXPECT_EQ(statement.revocations->entries[0].reason, RevocationReason::key_compromise);
  EXPECT_FALSE(statement.revocations->cut);
  EXPECT_NE(std::get<Withdraw>(statement.body).reason.find("02 since 2026-09-21T14:13:20Z, keyCompromise"), std::string::npos)
      << std::get<Withdraw>(statement.body).reason;
  EXPECT_TRUE(with_entries(list, {}, true).revocations->cut);
}

TEST(CrlEvidence, ComesInDerAndInPemAmongCertificates) {
  CM4IT_NEEDS(crypto::test::OpenSsl::there(), "openssl");
  const crypto::test::OpenSsl openssl;
  openssl.make_ca("ca");
  openssl.make_crl("ca", "list", 1, {{"02", ""}});
  const Bytes der = openssl.der("list.crl");
  const std::string both = openssl.get("ca.pem") + openssl.get("list.pem");
  for (const char* type : {"application/pkix-crl", "application/octet-stream"}) {
    const auto one = split(type, der);
    ASSERT_TRUE(one) << one.error().message;
    ASSERT_EQ(one->size(), 1u);
    EXPECT_EQ(one->at(0).format, Format::crl);
    EXPECT_EQ(one->at(0).bytes, der);
  }
  for (const char* type : {"application/x-pem-file", "application/octet-stream"}) {
    const auto two = split(type, view(both));
    ASSERT_TRUE(two) << two.error().message;
    ASSERT_EQ(two->size(), 2u);
    EXPECT_EQ(two->at(0).format, Format::x509);
    EXPECT_EQ(two->at(1).bytes, der);
  }
  EXPECT_EQ(split("application/octet-stream", view(openssl.get("list.pem")))->at(0).format, Format::crl);
  const std::string cut = openssl.get("list.pem").substr(0, 100);
  EXPECT_EQ(split("application/x-pem-file", view(cut)).error().code, Code::malformed);
}

// GnuTLS and strongSwan write the list also where nothing is in it.
TEST(CrlEvidence, MayHaveAnEmptyList) {
  const Authority ca = authority("ca");
  const auto decoded = decode(Format::crl, CrlDraft{.by = ca, .empty_list = true}.encode());
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_TRUE(verify(*decoded, ca.key->public_key()));
}

// `openssl ca -gencrl` without crl_extensions makes such; a certificate of serial number 1 looks much like a CRL.
TEST(CrlEvidence, OfVersion1IsCalledACrl) {
  const Authority ca = authority("ca");
  const Bytes der = CrlDraft{.by = ca, .entries = {{{2}}}, .version = {}}.encode();
  for (const char* type : {"application/pkix-crl", "application/octet-stream", "application/pkix-cert"}) {
    const auto pieces = split(type, der);
    ASSERT_TRUE(pieces) << pieces.error().message;
    ASSERT_EQ(pieces->at(0).format, Format::crl) << type;
    const auto refused = decode(Format::crl, pieces->at(0).bytes);
    EXPECT_EQ(refused.error().code, Code::unsupported);
    EXPECT_NE(refused.error().message.find("crl.version: 1"), std::string::npos);
    EXPECT_NE(refused.error().detail.find("crlnumber"), std::string::npos);
  }
  auto first = ca.issues(ca.key->public_key(), name("device"));
  first.version.clear();
  first.extensions.clear();
  const auto pieces = split("application/pkix-cert", first.encode());
  ASSERT_TRUE(pieces);
  EXPECT_EQ(pieces->at(0).format, Format::x509);
}

TEST(CrlEvidence, IsAboutCertificatesOfItsScope) {
  const Authority ca = authority("ca");
  const Bytes here = uri("http://acme.example/1.crl"), there = uri("http://acme.example/2.crl");
  const auto certificate = [&](std::vector<Bytes> extensions) {
    auto draft = ca.issues(ca.key->public_key(), name("device"));
    for (auto& one : extensions) draft.extensions.push_back(std::move(one));
    return crypto::Certificate::from_der(draft.encode()).value();
  };
  const auto device = certificate({}), below = certificate({basic_constraints()}), pointing = certificate({crl_point(here)});
  const auto coverage = [&](const Bytes& scope, const crypto::Certificate& which) {
    const Bytes der = CrlDraft{.by = ca, .more = scope.empty() ? Bytes{} : extension("551d1c", der::item(der::sequence, scope), true)}.encode();
    const Statement said = decode(Format::crl, der).value().statements().at(0);
    const Statement* const one = &said;
    const auto stored = read_view(write_view({&one, 1}), said.subject);  // as look-ups know it
    EXPECT_TRUE(stored) << stored.error().message;
    const auto covered = said.revocations->coverage_of(*x509::credential_of(which));
    if (stored) EXPECT_EQ(stored->at(0).revocations->coverage_of(*x509::credential_of(which)), covered);
    return covered;
  };
  using Coverage = RevocationList::Coverage;
  const auto covers = [&](const Bytes& scope, const crypto::Certificate& which) { return coverage(scope, which) == Coverage::surely; };
  const Bytes users = der::item(der::context_primitive(1), Bytes{0xff}), authorities = der::item(der::context_primitive(2), Bytes{0xff});
  const auto point = [](const Bytes& where) { return der::item(der::context(0), der::item(der::context(0), where)); };
  EXPECT_TRUE(covers({}, device) && covers({}, below) && covers({}, pointing));
  EXPECT_TRUE(covers(users, device) && covers(authorities, below));
  EXPECT_EQ(coverage(users, below), Coverage::no);
  EXPECT_EQ(coverage(authorities, device), Coverage::no);
  EXPECT_TRUE(covers(point(here), pointing));
  EXPECT_EQ(coverage(point(there), pointing), Coverage::perhaps);
  EXPECT_EQ(coverage(point(here), device), Coverage::perhaps);
}

TEST(CrlEvidence, NumbersAreComparedAsNumbers) {
  EXPECT_TRUE(list_number_less(Bytes{9}, Bytes{0, 0xff}));
  EXPECT_TRUE(list_number_less(Bytes{0xff}, Bytes{1, 0}));
  EXPECT_FALSE(list_number_less(Bytes{0, 0x80}, Bytes{0, 0x80}));
  EXPECT_FALSE(list_number_less(Bytes{1, 0}, Bytes{0}));
  EXPECT_TRUE(list_number_less(Bytes{0}, Bytes{1}));
}

TEST(CrlEvidence, MayBeLargerThanAllOther) {
  const Authority ca = authority("ca");
  CrlDraft draft{.by = ca};
  for (std::uint32_t i = 0; i < 20'000; ++i)
    draft.entries.push_back({{1, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)}, RevocationReason::superseded});
  const Bytes der = draft.encode();
  ASSERT_GT(der.size(), budget::evidence_bytes);
  const auto decoded = decode(Format::crl, der);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_TRUE(verify(*decoded, ca.key->public_key()));
  EXPECT_EQ(decode(Format::x509, der).error().code, Code::too_large);
  EXPECT_EQ(decode(Format::crl, Bytes(budget::crl_bytes + 1)).error().code, Code::too_large);
}

}  // namespace
}  // namespace cm4it::evidence
