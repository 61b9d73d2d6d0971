// What is signed comes back as it was said, under every algorithm and of every kind.
#include <gtest/gtest.h>
#include <openssl/bn.h>

#include "base/budgets.h"
#include "evidence/test_support.h"

namespace cm4it::evidence {
namespace {

using namespace test;
using crypto::Algorithm;

const std::vector<std::string> acme = {"acme.example"};

Draft draft_of(SubjectId subject, Body body, std::vector<std::string> domains = acme) {
  return {std::move(subject), std::move(domains), std::move(body), now, {}, {}};
}

SubjectId code_subject() { return SubjectId::code(crypto::sha256(view("firmware 1.2"))); }

Identity full_identity(const crypto::PublicKey& key) {
  Identity identity;
  identity.spki = to_bytes(key.spki());
  identity.name = "Thermometer 7";
  identity.maker = "Acme";
  identity.model = "thermo-2000";
  identity.serial = "T-0007";
  identity.version = "1.2";
  identity.uris = {"urn:dev:mac:0024befffe804ff1", "https://acme.example/t/7"};
  identity.attributes = {{"a", "x"}, {"bb", "y"}, {"colour", "grün"}, {"ab", "z"}};
  return identity;
}

TEST(Cose, EveryAlgorithmSignsAndVerifies) {
  const std::pair<Algorithm, int> cases[] = {
      {Algorithm::es256, -7}, {Algorithm::es384, -35}, {Algorithm::eddsa, -8}, {Algorithm::ps256, -37}};
  for (const auto& [algorithm, number] : cases) {
    const auto signer = crypto::generate(algorithm).value();
    const auto bytes = sign(draft_of(code_subject(), Endorse{"approved", ""}), *signer);
    ASSERT_TRUE(bytes) << number << ": " << bytes.error().message;
    const auto verified = accept(Format::cose, *bytes, signer->public_key());
    ASSERT_TRUE(verified) << number << ": " << verified.error().message;
    EXPECT_EQ(verified->issuer(), signer->public_key().id());
    EXPECT_EQ(to_hex(verified->bytes()), to_hex(*bytes));
    // Protected header { 1: alg, … }: the algorithm is the key's.
    CborReader reader(*bytes);
    ASSERT_EQ(reader.tag().value(), 18u);
    ASSERT_EQ(reader.array().value(), 4u);
    EXPECT_EQ(to_hex(reader.bytes().value().first(2)), "a401");
    EXPECT_NE(to_hex(*bytes).find("a401" + to_hex(CborWriter().integer(number).take()) + "03"), std::string::npos) << number;
    EXPECT_EQ(accept(Format::cose, *bytes, key_of("another")->public_key()).error().code, Code::not_permitted);
  }
}

TEST(Cose, IdentityComesBackWhole) {
  const auto signer = key_of("device", Algorithm::es256);
  const Identity said = full_identity(signer->public_key());
  Draft draft = draft_of(SubjectId::key(signer->public_key().id()), said, {"plant.example", "acme.example", "plant.example"});
  draft.not_before = Time{now.seconds - 5};
  draft.expires = Time{now.seconds + 5};
  const Bytes bytes = sign(draft, *signer).value();
  const auto decoded = decode(Format::cose, bytes);
  ASSERT_TRUE(decoded) << decoded.error().message;
  ASSERT_EQ(decoded->statements().size(), 1u);
  const Statement& statement = decoded->statements()[0];
  EXPECT_EQ(statement.kind(), Kind::identity);
  EXPECT_EQ(statement.subject, draft.subject);
  EXPECT_EQ(statement.issuer, signer->public_key().id());
  EXPECT_EQ(statement.issued_at, now);
  EXPECT_EQ(statement.not_before, draft.not_before);
  EXPECT_EQ(statement.expires, draft.expires);
  EXPECT_EQ(statement.domains, (std::vector<std::string>{"acme.example", "plant.example"}));  // sorted, once each
  const auto& read = std::get<Identity>(statement.body);
  EXPECT_EQ(read.type, Type::device);
  EXPECT_EQ(read.spki, said.spki);
  EXPECT_EQ(std::tie(read.name, read.maker, read.model, read.serial, read.version),
            std::tie(said.name, said.maker, said.model, said.serial, said.version));
  EXPECT_EQ(read.uris, said.uris);
  EXPECT_EQ(read.attributes, said.attributes);
  // Said of itself: the evidence carries the key that proves possession.
  ASSERT_TRUE(decoded->carried_key());
  EXPECT_EQ(*decoded->carried_key(), signer->public_key());
  const Bytes of_another = sign(draft, *key_of("maker")).value();
  EXPECT_FALSE(decode(Format::cose, of_another)->carried_key());
}

TEST(Cose, EveryKindComesBack) {
  const auto issuer = key_of("issuer");
  const SubjectId device = SubjectId::key(key_of("device")->public_key().id()), code = code_subject();
  const SubjectId model = SubjectId::model_of("acme.example", "thermo-2000").value();
  Identity code_identity, model_identity;
  code_identity.type = Type::code;
  code_identity.name = "firmware";
  model_identity.type = Type::model;
  const StatementId target{crypto::sha256(view("target"))};
  const KeyId owner = key_of("owner")->public_key().id();
  struct Case { SubjectId subject; Body body; Kind kind; };
  const Case cases[] = {{device, full_identity(key_of("device")->public_key()), Kind::identity},
                        {code, code_identity, Kind::identity},
                        {model, model_identity, Kind::identity},
                        {model, Endorse{"certified", "line one\n\tline two"}, Kind::endorse},
                        {device, StatusChange{Status::compromised, "key found\nin a shop"}, Kind::status},
                        {device, StatusChange{Status::in_use, ""}, Kind::status},
                        {code, Transfer{"plant.example", owner}, Kind::transfer},
                        {device, Assign{"hall-3"}, Kind::assign},
                        {device, Assign{""}, Kind::assign},
                        {device, Withdraw{target, "by mistake"}, Kind::withdraw},
                        {SubjectId::key(owner), PolicyText{"domain = \"acme.example\"\r\n\tversion = 1\n"}, Kind::policy}};
  for (const auto& [subject, body, kind] : cases) {
    const auto bytes = sign(draft_of(subject, body), *issuer);
    ASSERT_TRUE(bytes) << to_string(kind) << ": " << bytes.error().message;
    const auto verified = accept(Format::cose, *bytes, issuer->public_key());
    ASSERT_TRUE(verified) << to_string(kind) << ": " << verified.error().message;
    const Statement& statement = verified->statements().at(0);
    EXPECT_EQ(statement.kind(), kind);
    EXPECT_EQ(statement.subject, subject);
    EXPECT_EQ(to_hex(write_payload(acme, statement.body)), to_hex(write_payload(acme, body))) << to_string(kind);
    // What was stored is read again without its signature, and is the same statement.
    const auto stored = statements_of_stored(Format::cose, *bytes, issuer->public_key().id());
    ASSERT_TRUE(stored) << stored.error().message;
    EXPECT_EQ(stored->at(0).id, verified->id());
    EXPECT_EQ(to_hex(write_payload(acme, stored->at(0).body)), to_hex(write_payload(acme, body)));
    // The same again where its id is known.
    const auto known = statements_of_stored(Format::cose, *bytes, issuer->public_key().id(), verified->id());
    ASSERT_TRUE(known) << known.error().message;
    EXPECT_EQ(known->at(0).id, verified->id());
    EXPECT_EQ(known->at(0).issuer, issuer->public_key().id());
    EXPECT_EQ(known->at(0).subject, subject);
    EXPECT_EQ(known->at(0).issued_at, stored->at(0).issued_at);
    EXPECT_EQ(to_hex(write_payload(acme, known->at(0).body)), to_hex(write_payload(acme, body)));
  }
}

TEST(Cose, EveryStatusIsSaid) {
  for (const Status status : {Status::planned, Status::in_stock, Status::in_use, Status::retired, Status::deprecated, Status::suspended,
                              Status::lost, Status::destroyed, Status::stolen, Status::revoked, Status::compromised}) {
    const Bytes bytes = sign(draft_of(code_subject(), StatusChange{status, ""}), *key_of("issuer")).value();
    EXPECT_EQ(std::get<StatusChange>(decode(Format::cose, bytes)->statements()[0].body).status, status) << to_string(status);
  }
}

// The time is the fold's affair: decode() has no clock.
TEST(Cose, FutureAndPastDatesDecode) {
  for (const std::int64_t seconds : {std::int64_t{0}, std::int64_t{1} << 40, std::int64_t{1} << 53}) {
    Draft draft = draft_of(code_subject(), Endorse{"approved", ""});
    draft.issued_at = Time{seconds};
    const auto bytes = sign(draft, *key_of("issuer"));
    ASSERT_TRUE(bytes) << seconds << ": " << bytes.error().message;
    EXPECT_EQ(decode(Format::cose, *bytes)->statements()[0].issued_at, Time{seconds});
  }
}

// The (r, n − s) twin of an ECDSA signature holds as well; it makes no new statement.
TEST(Cose, EcdsaTwinIsTheSameStatement) {
  const auto signer = key_of("issuer", Algorithm::es256);
  const Bytes bytes = sign(draft_of(code_subject(), Endorse{"approved", ""}), *signer).value();
  BIGNUM* order = nullptr;
  BN_hex2bn(&order, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  BIGNUM* s = BN_bin2bn(bytes.data() + bytes.size() - 32, 32, nullptr);
  BN_sub(s, order, s);
  Bytes twin = bytes;
  BN_bn2binpad(s, twin.data() + twin.size() - 32, 32);
  BN_free(s);
  BN_free(order);
  ASSERT_NE(twin, bytes);
  const auto first = accept(Format::cose, bytes, signer->public_key()), second = accept(Format::cose, twin, signer->public_key());
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->id(), second->id());
}

TEST(Cose, StatementIdCoversFormatIssuerAndWhatIsSigned) {
  const auto issuer = key_of("issuer");
  Draft draft = draft_of(code_subject(), Endorse{"approved", ""});
  const Bytes bytes = sign(draft, *issuer).value();
  const auto decoded = decode(Format::cose, bytes);
  const StatementId id = decoded->statements()[0].id;
  const KeyId key = issuer->public_key().id();
  EXPECT_EQ(id.digest, crypto::sha256({Bytes{1}, key.digest, decoded->signed_bytes()}));
  EXPECT_NE(id, statement_id(Format::manifest, key, decoded->signed_bytes()));
  EXPECT_NE(id, statement_id(Format::cose, key_of("another")->public_key().id(), decoded->signed_bytes()));
  draft.issued_at.seconds += 1;
  EXPECT_NE(id, decode(Format::cose, sign(draft, *issuer).value())->statements()[0].id);
}

TEST(Cose, LeafIsTheEvidenceItself) {
  const Bytes bytes = sign(draft_of(code_subject(), Endorse{"approved", ""}), *key_of("issuer")).value();
  EXPECT_EQ(leaf_bytes(Format::cose, bytes), bytes);
  EXPECT_EQ(parse_leaf(bytes).value(), (std::pair{Format::cose, bytes}));
  for (const Format format : {Format::openpgp, Format::x509, Format::crl, Format::sums, Format::manifest})
    EXPECT_EQ(parse_leaf(leaf_bytes(format, bytes)).value(), (std::pair{format, bytes})) << to_string(format);
  const Bytes wrong[] = {{}, {0x82, 0x01, 0x40}, {0x82, 0x07, 0x40}, {0x82, 0x02}, {0x83, 0x02, 0x40, 0x00}, {0x82, 0x02, 0x40, 0x00}, {0xa0}};
  for (const Bytes& leaf : wrong) EXPECT_FALSE(parse_leaf(leaf)) << to_hex(leaf);
}

}  // namespace
}  // namespace cm4it::evidence
