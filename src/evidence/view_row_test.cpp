// What a ledger keeps beside a subject is what decoding said, field by field, and no codec is asked again.
#include "evidence/view_row.h"

#include <gmock/gmock.h>

#include "evidence/formats/x509/credential.h"
#include "evidence/formats/x509/crl_test_support.h"
#include "evidence/test_support.h"

namespace cm4it::evidence {
namespace {

using namespace test;
using x509::test::Authority;

Statement read_back(const Statement& said) {
  const Statement* const one = &said;
  const auto read = read_view(write_view({&one, 1}), said.subject);
  EXPECT_TRUE(read) << read.error().message;
  EXPECT_EQ(read ? read->size() : 0, 1u);
  return read && read->size() == 1 ? read->at(0) : Statement{};
}

Statement with_body(Body body) {
  Statement said;
  said.id.digest = crypto::sha256(view("statement"));
  said.format = Format::openpgp;
  said.issuer = key_of("issuer")->public_key().id();
  said.subject = SubjectId::model_of("acme.example", "thermo").value();
  said.issued_at = Time{-5};
  said.body = std::move(body);
  return said;
}

// All that few statements have.
Statement with_all_extras() {
  Statement said = with_body(Endorse{"label", "a note that is no \xff UTF-8"});
  said.not_before = Time{7};
  said.expires = Time{1'900'000'000};
  said.domains = {"a.example", "b.example"};
  said.aliases = {"fpr:AB", ""};
  said.other_keys = {{"key:1"}, true};
  said.component.user_id = "Acme <keys@acme.example>";
  said.component.digest = crypto::sha256(view("component"));
  said.signing_component = crypto::sha256(view("signed by"));
  said.component.hard_revocation = said.component.supporting = said.component.weak = true;
  return said;
}

TEST(ViewRow, EveryFieldComesBack) {
  const Statement said = with_all_extras();
  const Statement read = read_back(said);
  EXPECT_EQ(read.id, said.id);
  EXPECT_EQ(read.format, said.format);
  EXPECT_EQ(read.issuer, said.issuer);
  EXPECT_EQ(read.subject, said.subject);
  EXPECT_EQ(read.subject.model, said.subject.model);
  EXPECT_EQ(read.issued_at, said.issued_at);
  EXPECT_EQ(read.not_before, said.not_before);
  EXPECT_EQ(read.expires, said.expires);
  EXPECT_EQ(read.domains, said.domains);
  EXPECT_EQ(read.aliases, said.aliases);
  EXPECT_EQ(read.other_keys.names, said.other_keys.names);
  EXPECT_TRUE(read.other_keys.agreed && read.component.hard_revocation && read.component.supporting && read.component.weak);
  EXPECT_EQ(read.component.user_id, said.component.user_id);
  EXPECT_EQ(read.component.digest, said.component.digest);
  EXPECT_EQ(read.signing_component, said.signing_component);
  EXPECT_EQ(std::get<Endorse>(read.body).note, std::get<Endorse>(said.body).note);
  const Statement plain = read_back(with_body(Assign{"hall-3"}));
  EXPECT_FALSE(plain.not_before || plain.expires || plain.signing_component || plain.other_keys.agreed);
  EXPECT_FALSE(plain.component.digest || plain.component.hard_revocation || plain.component.supporting || plain.component.weak);
  EXPECT_TRUE(plain.domains.empty() && plain.aliases.empty() && plain.other_keys.names.empty() && plain.component.user_id.empty() && plain.credentials.empty());
}

// Rows that an earlier release wrote are read by this one: the numbers and their order are those of docs/formats/store.md.
TEST(ViewRow, ItsOctetsAreThoseOfTheDocument) {
  const Statement said = with_all_extras(), *const one = &said;
  CborWriter row;
  row.uint(2).bytes(said.issuer.digest).bytes(said.id.digest).integer(-5).uint(1).map(12);
  row.integer(1).integer(7).integer(2).integer(1'900'000'000);
  row.integer(3).array(2).bytes(view("a.example")).bytes(view("b.example"));
  row.integer(4).array(2).bytes(view("fpr:AB")).bytes(view(""));
  row.integer(5).array(1).bytes(view("key:1")).integer(6).boolean(true);
  row.integer(7).bytes(view("Acme <keys@acme.example>"));
  row.integer(8).bytes(crypto::sha256(view("component"))).integer(9).bytes(crypto::sha256(view("signed by")));
  for (int flag = 10; flag <= 12; ++flag) row.integer(flag).boolean(true);
  row.bytes(view("label")).bytes(view("a note that is no \xff UTF-8"));
  EXPECT_EQ(to_hex(write_view({&one, 1})), to_hex(row.take()));
}

TEST(ViewRow, EveryKindComesBack) {
  const Bytes spki = to_bytes(key_of("device")->public_key().spki());
  const Identity identity{Type::gateway, spki, "n", "m", "t", "s", "v", {"urn:a", "urn:b"}, {{"a", "1"}, {"b", ""}}};
  const auto read = std::get<Identity>(read_back(with_body(identity)).body);
  EXPECT_EQ(std::tie(read.type, read.spki, read.name, read.maker, read.model, read.serial, read.version, read.uris, read.attributes),
            std::tie(identity.type, identity.spki, identity.name, identity.maker, identity.model, identity.serial, identity.version, identity.uris,
                     identity.attributes));
  const auto change = std::get<StatusChange>(read_back(with_body(StatusChange{Status::stolen, "from the yard"})).body);
  EXPECT_EQ(change.status, Status::stolen);
  EXPECT_EQ(change.reason, "from the yard");
  const auto transfer = std::get<Transfer>(read_back(with_body(Transfer{"plant.example", key_of("owner")->public_key().id()})).body);
  EXPECT_EQ(transfer.domain, "plant.example");
  EXPECT_EQ(transfer.owner, key_of("owner")->public_key().id());
  EXPECT_EQ(std::get<Assign>(read_back(with_body(Assign{"hall-3"})).body).cloud, "hall-3");
  for (const std::optional<Digest>& component : {std::optional<Digest>{}, std::optional(crypto::sha256(view("component")))}) {
    const auto withdraw = std::get<Withdraw>(read_back(with_body(Withdraw{StatementId{crypto::sha256(view("x"))}, "why", component})).body);
    EXPECT_EQ(withdraw.statement, StatementId{crypto::sha256(view("x"))});
    EXPECT_EQ(withdraw.reason, "why");
    EXPECT_EQ(withdraw.component, component);
  }
  EXPECT_EQ(std::get<PolicyText>(read_back(with_body(PolicyText{"domain = \"a\""})).body).descriptor, "domain = \"a\"");
}

TEST(ViewRow, SeveralStatementsOfOnePieceShareItsHead) {
  const Statement first = with_body(Assign{"hall-1"}), second = with_body(Endorse{"checked", ""});
  const Statement* const both[] = {&first, &second};
  const Bytes row = write_view(both);
  EXPECT_EQ(read_view_head(row)->id, first.id);
  EXPECT_EQ(read_view_head(row)->issuer, first.issuer);
  EXPECT_EQ(read_view_head(row)->format, first.format);
  const auto read = read_view(row, first.subject).value();
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[0].kind(), Kind::assign);
  EXPECT_EQ(read[1].kind(), Kind::endorse);
}

TEST(ViewRow, WhatIsCutOffOrChangedIsRefused) {
  const Statement said = with_body(StatusChange{Status::stolen, "why"});
  const Statement* const one = &said;
  const Bytes row = write_view({&one, 1});
  for (std::size_t size = 0; size < row.size(); ++size) {
    const auto read = read_view(View(row).first(size), said.subject);
    EXPECT_TRUE(!read || read->empty()) << size;
  }
  Bytes unknown = row;
  unknown.push_back(0xff);
  EXPECT_FALSE(read_view(unknown, said.subject));
}

struct KnownCertificates : testing::Test {
  const Authority root{key_of("root"), x509::test::name("Root", "Acme")};
  crypto::Certificate device() const {
    auto draft = root.issues(key_of("device", crypto::Algorithm::es256)->public_key(), x509::test::name("sensor 1", "Acme", "0042"));
    draft.extensions.push_back(x509::test::key_usage(0x80));
    draft.extensions.push_back(x509::test::purposes({x509::test::client_auth_oid}));
    draft.extensions.push_back(x509::test::alternative_names({x509::test::dns("one.example"), x509::test::uri("urn:dev:1"),
                                                              x509::test::hardware_module("2b06010401823715", Bytes{1, 2, 3})}));
    draft.extensions.push_back(x509::test::crl_point(x509::test::uri("http://ca.example/crl")));
    return crypto::Certificate::from_der(draft.encode()).value();
  }
};

TEST_F(KnownCertificates, HaveAllTheirFieldsAndOpenSslReadsNothing) {
  for (const auto& certificate : {device(), crypto::Certificate::from_der(root.itself(3).encode()).value()}) {
    Statement said = with_body(Identity{});
    said.credentials = {x509::credential_of(certificate)};
    const auto before = crypto::Certificate::read_by_openssl();
    const Statement read = read_back(said);
    ASSERT_EQ(read.credentials.size(), 1u);
    const auto &known = *x509::certificate_in(*read.credentials[0]), &was = certificate;
    EXPECT_TRUE(equal(known.der(), was.der()));
    EXPECT_EQ(known.digest(), was.digest());
    EXPECT_EQ(known.key_id(), was.key().id());
    const auto &a = known.fields(), &b = was.fields();
    for (const auto& [one, other] : {std::pair{a.to_be_signed, b.to_be_signed}, {a.issuer_name, b.issuer_name}, {a.subject_name, b.subject_name},
                                     {a.serial, b.serial}})
      EXPECT_TRUE(equal(one, other));
    EXPECT_EQ(std::tie(a.signature, a.issuer_canonical, a.subject_canonical, a.issuer_text, a.subject_text, a.not_before, a.not_after, a.spki),
              std::tie(b.signature, b.issuer_canonical, b.subject_canonical, b.issuer_text, b.subject_text, b.not_before, b.not_after, b.spki));
    EXPECT_EQ(std::tie(a.common_name, a.organization, a.serial_number, a.dns, a.uris, a.mails, a.addresses, a.subject_key_id, a.authority_key_id),
              std::tie(b.common_name, b.organization, b.serial_number, b.dns, b.uris, b.mails, b.addresses, b.subject_key_id, b.authority_key_id));
    EXPECT_EQ(std::tie(a.authority, a.key_usage, a.purposes, a.crl_points, a.policy_constraints, a.policies, a.name_constraints, a.ordinary),
              std::tie(b.authority, b.key_usage, b.purposes, b.crl_points, b.policy_constraints, b.policies, b.name_constraints, b.ordinary));
    ASSERT_EQ(a.hardware.has_value(), b.hardware.has_value());
    if (a.hardware) EXPECT_EQ(std::tie(a.hardware->type, a.hardware->serial), std::tie(b.hardware->type, b.hardware->serial));
    EXPECT_EQ(crypto::Certificate::read_by_openssl(), before);
    // Asked for, it and its key are made.
    EXPECT_EQ(known.key(), was.key());
    EXPECT_TRUE(known.verify(root.key->public_key()));
    EXPECT_EQ(crypto::Certificate::read_by_openssl(), before + 1);
  }
}

TEST_F(KnownCertificates, AreTakenWithTheirOwnFindingsOnly) {
  const auto one = device();
  const auto other = crypto::Certificate::from_der(root.itself().encode()).value();
  EXPECT_TRUE(crypto::Certificate::from_known(one.der(), one.findings()));
  EXPECT_FALSE(crypto::Certificate::from_known(one.der(), other.findings()));
  EXPECT_FALSE(crypto::Certificate::from_known(one.der(), {}));
  Bytes changed = to_bytes(one.der());
  changed[changed.size() / 2] ^= 1;
  EXPECT_FALSE(crypto::Certificate::from_known(changed, one.findings()));
}

TEST(ViewRow, AListThatTakesCertificatesBackComesBackWithoutItsEntries) {
  const Authority root{key_of("root"), x509::test::name("Root", "Acme")};
  for (const std::optional<Time> next_update : {std::optional<Time>{}, std::optional(Time{1'800'086'400})}) {
    const x509::test::CrlDraft draft{.by = root, .number = 31, .next_update = next_update, .entries = {{{2}}}};
    const auto decoded = decode(Format::crl, draft.encode());
    ASSERT_TRUE(decoded) << decoded.error().message;
    const Statement said = verify(*decoded, root.key->public_key()).value().statements().at(0);
    const auto pieces = pieces_decoded();
    const Statement read = read_back(said);
    EXPECT_EQ(pieces_decoded(), pieces);
    ASSERT_TRUE(read.revocations);
    const auto &a = *read.revocations, &b = *said.revocations;
    EXPECT_EQ(std::tie(a.issuer_name, a.scope, a.number, a.this_update, a.next_update, a.name), std::tie(b.issuer_name, b.scope, b.number, b.this_update, b.next_update, b.name));
    EXPECT_TRUE(a.entries.empty());
    EXPECT_EQ(std::tie(read.id, read.issuer, read.subject, read.issued_at, read.not_before), std::tie(said.id, said.issuer, said.subject, said.issued_at, said.not_before));
    EXPECT_EQ(std::get<Withdraw>(read.body).component, std::get<Withdraw>(said.body).component);
  }
}

TEST(ViewRow, AListOfAFormatThatHasNoneIsRefused) {
  Statement said = with_body(Withdraw{});
  said.format = Format::openpgp;
  said.revocations = std::make_shared<RevocationList>();
  const Statement* one = &said;
  EXPECT_EQ(read_view(write_view({&one, 1}), said.subject).error().code, Code::malformed);
  said.format = Format::crl;  // and one of that format without its findings
  EXPECT_EQ(read_view(write_view({&one, 1}), said.subject).error().code, Code::malformed);
}

}  // namespace
}  // namespace cm4it::evidence
