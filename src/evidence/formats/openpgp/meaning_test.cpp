// What one signature says: the table of docs/openpgp.md, row by row.
#include <gtest/gtest.h>

#include "base/budgets.h"
#include "evidence/formats/openpgp/meaning.h"
#include "evidence/formats/openpgp/test_support.h"

namespace cm4it::evidence::openpgp {
namespace {

using namespace test;

const PgpKey& device() { static const PgpKey key = pgp_key("device"); return key; }
const PgpKey& maker() { static const PgpKey key = pgp_key("maker"); return key; }
KeyId id_of(const PgpKey& key) { return key.signer->public_key().id(); }

Statement said(const Bytes& piece) {
  const auto decoded = decode(Format::openpgp, piece);
  EXPECT_TRUE(decoded) << decoded.error().message;
  EXPECT_TRUE(!decoded || decoded->statements().size() == 1);
  return decoded ? decoded->statements()[0] : Statement{};
}
Statement certified(std::vector<Bytes> notations, std::string_view name = "boiler room") {
  return said(piece_over_user_id(maker(), device(), name, {.hashed = std::move(notations)}));
}
Statement self_certified(std::vector<Bytes> notations, std::string_view name = "Acme <keys@acme.example>") {
  return said(piece_over_user_id(device(), device(), name, {.hashed = std::move(notations)}));
}

template <class T>
const T& body(const Statement& statement) {
  static const T none{};
  const auto* found = std::get_if<T>(&statement.body);
  EXPECT_TRUE(found) << "of kind " << to_string(statement.kind());
  return found ? *found : none;
}

TEST(OpenPgpMeaning, DeviceNotationsAreAnIdentity) {
  for (const std::string at : {"", "@cm4it.org"}) {
    const Statement statement = certified({notation("manu" + at, "Acme"), notation("make" + at, "Thermo"), notation("model" + at, "thermo-2000"),
                                           notation("prodid" + at, "T2"), notation("pvers" + at, "1.2"), notation("lot" + at, "7"),
                                           notation("qty" + at, "10"), notation("loc" + at, "hall 3"), notation("dest" + at, "plant 7"),
                                           notation("hash" + at, Bytes{0xde, 0xad}, false, false), notation("serial@cm4it.org", "0042"),
                                           notation("colour@b.example", "red")});
    const auto& identity = body<Identity>(statement);
    EXPECT_EQ(identity.type, Type::device);
    EXPECT_EQ(std::tie(identity.name, identity.maker, identity.model, identity.version, identity.serial),
              std::make_tuple("boiler room", "Acme", "thermo-2000", "1.2", "0042"));
    EXPECT_EQ(identity.attributes, (std::map<std::string, std::string>{{"make", "Thermo"}, {"prodid", "T2"}, {"lot", "7"}, {"qty", "10"},
                                                                       {"loc", "hall 3"}, {"dest", "plant 7"}, {"hash", "dead"}}));
    EXPECT_EQ(to_hex(identity.spki), to_hex(device().signer->public_key().spki()));
    EXPECT_EQ(statement.subject, SubjectId::key(id_of(device())));
    EXPECT_EQ(statement.format, Format::openpgp);
    EXPECT_EQ(statement.issued_at.seconds, key_time + 1000);
    EXPECT_FALSE(statement.component.supporting);
    EXPECT_TRUE(statement.domains.empty());
  }
  EXPECT_EQ(body<Identity>(certified({notation("type@cm4it.org", "gateway")})).type, Type::gateway);
}

TEST(OpenPgpMeaning, AKeySaysWhoItIs) {
  const Statement statement = self_certified({});
  EXPECT_EQ(body<Identity>(statement).type, Type::party);
  EXPECT_EQ(body<Identity>(statement).name, "Acme <keys@acme.example>");
  EXPECT_EQ(statement.issuer, id_of(device()));
  EXPECT_FALSE(statement.component.supporting);
  EXPECT_EQ(body<Identity>(self_certified({notation("model", "T")})).type, Type::device);
  EXPECT_EQ(body<Identity>(self_certified({notation("type@cm4it.org", "service")})).type, Type::service);
  EXPECT_EQ(body<StatusChange>(self_certified({notation("status@cm4it.org", "retired")})).status, Status::retired);
}

TEST(OpenPgpMeaning, OthersVouch) {
  EXPECT_EQ(body<Endorse>(certified({})).label, "");
  EXPECT_EQ(body<Endorse>(certified({notation("colour@b.example", "red")})).label, "");
  EXPECT_EQ(body<Endorse>(certified({notation("label@cm4it.org", "trust:high")})).label, "trust:high");
  EXPECT_EQ(body<Endorse>(said(piece_over_key(maker(), device(), {.type = 0x1f}))).label, "");
  for (const std::uint8_t type : {std::uint8_t{0x10}, std::uint8_t{0x11}, std::uint8_t{0x12}})
    EXPECT_EQ(body<Endorse>(said(piece_over_user_id(maker(), device(), "a", {.type = type}))).label, "");
}

TEST(OpenPgpMeaning, StatusAndCloud) {
  const Statement stolen = certified({notation("status@cm4it.org", "stolen"), notation("reason@cm4it.org", "gone\nsince Monday")});
  EXPECT_EQ(body<StatusChange>(stolen).status, Status::stolen);
  EXPECT_EQ(body<StatusChange>(stolen).reason, "gone\nsince Monday");
  EXPECT_EQ(body<Assign>(certified({notation("cloud@cm4it.org", "hall-3")})).cloud, "hall-3");
  EXPECT_EQ(body<Assign>(certified({notation("cloud@cm4it.org", "")})).cloud, "");
}

TEST(OpenPgpMeaning, DomainsAreSorted) {
  const Statement statement = certified({notation("domain@cm4it.org", "b.example"), notation("domain@cm4it.org", "a.example")});
  EXPECT_EQ(statement.domains, (std::vector<std::string>{"a.example", "b.example"}));
  EXPECT_EQ(body<Endorse>(statement).label, "");
  EXPECT_EQ(said(piece_over_key(device(), device(), {.type = 0x20, .hashed = {notation("domain@cm4it.org", "a.example")}})).domains,
            std::vector<std::string>{"a.example"});
}

TEST(OpenPgpMeaning, RevocationsOfTheKey) {
  struct Case { std::vector<Bytes> hashed; Status status; const char* why; };
  const Case cases[] = {{{reason(2, "lost the card")}, Status::compromised, "lost the card"},
                        {{reason(0)}, Status::revoked, ""},
                        {{reason(1, "a new one")}, Status::revoked, "a new one"},
                        {{reason(3, "r\x1b[2J")}, Status::revoked, "r\\x1b[2J"},
                        {{reason(100)}, Status::revoked, ""},
                        {{}, Status::revoked, ""},
                        {{reason(2), subpacket(3, u32(60))}, Status::compromised, ""}};
  for (const auto& [hashed, status, why] : cases) {
    const Statement statement = said(piece_over_key(device(), device(), {.type = 0x20, .hashed = hashed}));
    EXPECT_EQ(body<StatusChange>(statement).status, status);
    EXPECT_EQ(body<StatusChange>(statement).reason, why);
    EXPECT_EQ(statement.issuer, id_of(device()));
    EXPECT_FALSE(statement.expires) << "a revocation stays";
    EXPECT_FALSE(statement.component.supporting);
  }
}

TEST(OpenPgpMeaning, CertificationRevocationsTakeBackByPart) {
  const Bytes certification = piece_over_user_id(maker(), device(), "a");
  const Statement earlier = said(certification), taken_back = said(piece_over_user_id(maker(), device(), "a", {.type = 0x30, .hashed = {reason(32, "moved")}}));
  const auto& withdraw = body<Withdraw>(taken_back);
  ASSERT_TRUE(earlier.component.digest && withdraw.component);
  EXPECT_EQ(*withdraw.component, *earlier.component.digest);
  EXPECT_EQ(*withdraw.component, crypto::sha256({device().body, Bytes{13}, view("a")}));
  EXPECT_EQ(withdraw.statement, StatementId{});
  EXPECT_EQ(withdraw.reason, "moved");
  EXPECT_EQ(taken_back.subject, earlier.subject);
  EXPECT_FALSE(taken_back.component.supporting);
  EXPECT_NE(said(piece_over_user_id(maker(), device(), "b")).component.digest, earlier.component.digest);
  EXPECT_NE(said(piece_over_user_id(maker(), pgp_key(signer_of("device"), 4, key_time + 1), "a")).component.digest, earlier.component.digest) << "another certificate";
  const Statement of_key = said(piece_over_key(maker(), device(), {.type = 0x30}));
  EXPECT_EQ(body<Withdraw>(of_key).component, said(piece_over_key(maker(), device(), {.type = 0x1f})).component.digest);
}

TEST(OpenPgpMeaning, WhatOnlySupportsACertificate) {
  const PgpKey subkey = encryption_key("e");
  const Statement binding = said(piece_over_subkey(device(), device(), subkey, {.type = 0x18, .hashed = {subpacket(9, u32(5000))}}));
  EXPECT_TRUE(binding.component.supporting);
  EXPECT_EQ(body<Identity>(binding).name, "");
  EXPECT_EQ(binding.subject, SubjectId::key(id_of(device())));
  EXPECT_EQ(binding.expires->seconds, key_time + 5000);
  const Statement revoked = said(piece_over_subkey(device(), device(), subkey, {.type = 0x28}));
  EXPECT_TRUE(revoked.component.supporting);
  EXPECT_EQ(body<Withdraw>(revoked).component, binding.component.digest);
  const Statement direct = said(piece_over_key(device(), device(), {.type = 0x1f}));
  EXPECT_TRUE(direct.component.supporting);
  EXPECT_EQ(body<Identity>(direct).type, Type::party);
  // A key without user ids can still say what it is.
  const Statement described = said(piece_over_key(device(), device(), {.type = 0x1f, .hashed = {notation("model", "T")}}));
  EXPECT_FALSE(described.component.supporting);
  EXPECT_EQ(body<Identity>(described).model, "T");
  const Bytes image(100, 1);
  const Statement picture = said(write_piece(device().body, tag::user_attribute, image, sign_over(device(), device(), tag::user_attribute, image, {})));
  EXPECT_TRUE(picture.component.supporting);
  EXPECT_EQ(body<Identity>(picture).name, "");
  EXPECT_EQ(body<Endorse>(said(write_piece(device().body, tag::user_attribute, image,
                                           sign_over(maker(), device(), tag::user_attribute, image, {})))).label, "");
}

TEST(OpenPgpMeaning, Ends) {
  const auto end = [](const PgpKey& by, std::vector<Bytes> hashed) {
    const auto expires = said(piece_over_user_id(by, device(), "a", {.created = key_time + 1000, .hashed = std::move(hashed)})).expires;
    return expires ? expires->seconds - key_time : -1;
  };
  EXPECT_EQ(end(maker(), {}), -1);
  EXPECT_EQ(end(maker(), {subpacket(3, u32(60))}), 1060);
  EXPECT_EQ(end(maker(), {subpacket(3, u32(0))}), -1);
  EXPECT_EQ(end(maker(), {subpacket(9, u32(60))}), -1) << "how long a key lasts is its own to say";
  EXPECT_EQ(end(device(), {subpacket(9, u32(5000))}), 5000);
  EXPECT_EQ(end(device(), {subpacket(9, u32(5000)), subpacket(3, u32(60))}), 1060);
  EXPECT_EQ(end(device(), {subpacket(9, u32(1001)), subpacket(3, u32(60))}), 1001);
  EXPECT_EQ(end(device(), {subpacket(9, u32(0))}), -1);
  EXPECT_EQ(end(device(), {subpacket(9, u32(0xffffffff))}), 0xffffffff);
}

TEST(OpenPgpMeaning, Aliases) {
  const std::string fpr = to_hex(device().fingerprint().octets);
  const std::vector<std::string> own = {"fpr:" + fpr, "keyid:" + fpr.substr(24), "keyid:" + fpr.substr(32)};
  EXPECT_EQ(certified({}).aliases, own);
  EXPECT_EQ(self_certified({}).aliases, own);
  const PgpKey subkey = encryption_key("e");
  const std::string sub = to_hex(subkey.fingerprint().octets);
  const std::vector<std::string> others = {"fpr:" + sub, "keyid:" + sub.substr(24), "keyid:" + sub.substr(32), subject_of(subkey.key(), true)->id.text()};
  const Statement binding = said(piece_over_subkey(device(), device(), subkey, {.type = 0x18}));
  EXPECT_EQ(binding.aliases, own);
  EXPECT_EQ(binding.other_keys.names, others);
  EXPECT_FALSE(binding.other_keys.agreed) << "nobody asked the subkey";
  EXPECT_EQ(said(piece_over_subkey(device(), device(), subkey, {.type = 0x28})).aliases, own);
  const PgpKey v6 = pgp_key("six", 6);
  const std::string long_fpr = to_hex(v6.fingerprint().octets);
  EXPECT_EQ(said(piece_over_user_id(maker(), v6, "a")).aliases, (std::vector<std::string>{"fpr:" + long_fpr, "keyid:" + long_fpr.substr(0, 16)}));
  const Bytes opaque = key_body(4, 17, Bytes(90, 1), key_time);
  const Statement bound = said(piece_over_subkey(device(), device(), {nullptr, opaque}, {.type = 0x18, .hashed = {subpacket(27, Bytes{4})}}));
  EXPECT_EQ(bound.other_keys.names.size(), 3u) << "no key id, for it is no key here";
}

TEST(OpenPgpMeaning, NamesAreShownAsTheyCanBe) {
  EXPECT_EQ(body<Identity>(self_certified({}, "J\xc3\xb6rg \xf0\x9f\x94\x91")).name, "J\xc3\xb6rg \xf0\x9f\x94\x91");
  EXPECT_EQ(body<Identity>(self_certified({}, "J\xf6rg\n\x7f")).name, "J\\xf6rg\\x0a\\x7f");
  EXPECT_EQ(body<Identity>(self_certified({}, "")).name, "");
  const std::string name = body<Identity>(self_certified({}, std::string(budget::text_field - 1, 'a') + "\xc3\xb6 and more")).name;
  EXPECT_EQ(name, std::string(budget::text_field - 1, 'a')) << "cut between characters";
  for (std::size_t i = 0; i < 3000; ++i) {
    const Digest octets = crypto::sha256(view(std::to_string(i)));
    const std::string shown = shown_text(octets, 50);
    EXPECT_TRUE(is_clean_text(shown) && shown.size() <= 50);
  }
  EXPECT_EQ(shown_text(from_hex("c2").value(), 9), "\\xc2");
  EXPECT_EQ(shown_text(from_hex("c280").value(), 9), "\\xc2\\x80");
  EXPECT_EQ(shown_text(from_hex("eda080").value(), 99), "\\xed\\xa0\\x80");
}

// What is given twice counts as it was given last; but a slip takes no alarm away.
TEST(OpenPgpMeaning, TheLastOfTwoCounts) {
  EXPECT_EQ(body<Identity>(certified({notation("model", "a"), notation("model@cm4it.org", "b")})).model, "b");
  EXPECT_EQ(body<StatusChange>(certified({notation("status@cm4it.org", "planned"), notation("status@cm4it.org", "in-use")})).status, Status::in_use);
  EXPECT_EQ(body<StatusChange>(certified({notation("status@cm4it.org", "lost"), notation("status@cm4it.org", "in-use")})).status, Status::lost);
  EXPECT_EQ(body<StatusChange>(certified({notation("status@cm4it.org", "lost"), notation("status@cm4it.org", "stolen")})).status, Status::stolen);
  const auto end = [](std::vector<Bytes> hashed) { return self_certified(std::move(hashed)).expires; };
  EXPECT_EQ(end({subpacket(9, u32(5000)), subpacket(9, u32(0))}), std::nullopt);
  EXPECT_EQ(end({subpacket(9, u32(0)), subpacket(9, u32(5000))})->seconds, key_time + 5000);
}

TEST(OpenPgpMeaning, RefusesWhatIsNotOneThing) {
  const std::string most(budget::text_field, 'a'), note(budget::note_field, 'a');
  struct Case { const char* what; SignatureDraft draft; Code code; const char* rule; };
  const auto with = [](std::vector<Bytes> hashed) { return SignatureDraft{.hashed = std::move(hashed)}; };
  const Case cases[] = {
      {"a status and a label", with({notation("status@cm4it.org", "lost"), notation("label@cm4it.org", "a")}), Code::malformed, "a status and a label at once"},
      {"a status and an identity", with({notation("status@cm4it.org", "lost"), notation("model", "a")}), Code::malformed, "at once"},
      {"a label and an identity", with({notation("label@cm4it.org", "a"), notation("serial@cm4it.org", "a")}), Code::malformed, "at once"},
      {"a cloud and a status", with({notation("cloud@cm4it.org", "a"), notation("status@cm4it.org", "lost")}), Code::malformed, "at once"},
      {"a cloud and a type", with({notation("cloud@cm4it.org", "a"), notation("type@cm4it.org", "device")}), Code::malformed, "at once"},
      {"no status", with({notation("status@cm4it.org", "asleep")}), Code::malformed, "none of"},
      {"a status in octets", with({notation("status@cm4it.org", view("lost"), false, false)}), Code::malformed, "text expected"},
      {"an empty status", with({notation("status@cm4it.org", "")}), Code::malformed, "empty"},
      {"no type", with({notation("type@cm4it.org", "toaster")}), Code::malformed, "none of"},
      {"a key that is code", with({notation("type@cm4it.org", "code")}), Code::malformed, "a key is no code"},
      {"a key that is a model", with({notation("type@cm4it.org", "model")}), Code::malformed, "a key is no model"},
      {"a reason alone", with({notation("reason@cm4it.org", "a")}), Code::malformed, "goes with a status"},
      {"a slip of the pen", with({notation("statsu@cm4it.org", "lost")}), Code::malformed, "no such name"},
      {"a name of ours alone", with({notation("@cm4it.org", "lost")}), Code::malformed, "no such name"},
      {"no domain", with({notation("domain@cm4it.org", "Acme")}), Code::malformed, "no domain name"},
      {"five domains", with({notation("domain@cm4it.org", "a"), notation("domain@cm4it.org", "b"), notation("domain@cm4it.org", "c"),
                             notation("domain@cm4it.org", "d"), notation("domain@cm4it.org", "e")}), Code::too_large, "domain"},
      {"a long label", with({notation("label@cm4it.org", most + "a")}), Code::too_large, "label"},
      {"a long maker", with({notation("manu", most + "a")}), Code::too_large, "manu"},
      {"a long attribute", with({notation("loc", note + "a")}), Code::too_large, "loc"},
      {"a long hash", with({notation("hash", Bytes(budget::note_field / 2 + 1, 1), false, false)}), Code::too_large, "hash"},
      {"an empty model", with({notation("model", "")}), Code::malformed, "empty"},
      {"controls in a model", with({notation("model", "a\nb")}), Code::malformed, "control"},
      {"a model that is no text", with({notation("model", "\xff")}), Code::malformed, "UTF-8"},
      {"a revocation with a status", {.type = 0x30, .hashed = {notation("status@cm4it.org", "lost")}}, Code::malformed, "says what its type says"}};
  for (const auto& [what, draft, code, rule] : cases) {
    const auto decoded = decode(Format::openpgp, piece_over_user_id(maker(), device(), "thing", draft));
    ASSERT_FALSE(decoded) << what;
    EXPECT_EQ(decoded.error().code, code) << what << ": " << decoded.error().message;
    EXPECT_NE(decoded.error().message.find(rule), std::string::npos) << what << ": " << decoded.error().message;
  }
  EXPECT_EQ(decode(Format::openpgp, piece_over_user_id(device(), device(), "me", with({notation("label@cm4it.org", "good")}))).error().code, Code::malformed);
  EXPECT_EQ(decode(Format::openpgp, piece_over_subkey(device(), device(), encryption_key("e"), {.type = 0x18, .hashed = {notation("model", "a")}})).error().code,
            Code::malformed);
  EXPECT_TRUE(decode(Format::openpgp, piece_over_user_id(maker(), device(), "thing", with({notation("label@cm4it.org", most, true), notation("domain@cm4it.org", "a", true)}))));
}

TEST(OpenPgpMeaning, OfStoredEvidenceIsTheSame) {
  const Bytes pieces[] = {piece_over_user_id(maker(), device(), "a", {.hashed = {notation("model", "T")}}), piece_over_user_id(device(), device(), "a"),
                          piece_over_subkey(device(), device(), encryption_key("e"), {.type = 0x18}), piece_over_key(device(), device(), {.type = 0x20})};
  for (const Bytes& piece : pieces) {
    auto decoded = decode(Format::openpgp, piece).value();
    const PgpKey& issuer = decoded.carried_key() ? device() : maker();
    const auto verified = verify(decoded, issuer.signer->public_key());
    ASSERT_TRUE(verified) << verified.error().message;
    for (const bool known : {false, true}) {
      const auto stored = statements_of_stored(Format::openpgp, piece, id_of(issuer), known ? std::optional(verified->id()) : std::nullopt);
      ASSERT_TRUE(stored) << stored.error().message;
      const Statement &now = stored->at(0), &then = verified->statements()[0];
      EXPECT_EQ(now.id, then.id);
      EXPECT_EQ(now.issuer, id_of(issuer));
      EXPECT_EQ(now.subject, then.subject);
      EXPECT_EQ(now.aliases, then.aliases);
      EXPECT_EQ(now.component.digest, then.component.digest);
      EXPECT_EQ(now.component.supporting, then.component.supporting);
      EXPECT_EQ(now.body.index(), then.body.index());
    }
    EXPECT_EQ(verified->id(), statement_id(Format::openpgp, id_of(issuer), decoded.signed_bytes()));
    const auto leaf = parse_leaf(leaf_bytes(Format::openpgp, piece)).value();
    EXPECT_EQ(leaf.first, Format::openpgp);
    EXPECT_EQ(leaf.second, piece);
  }
}

TEST(OpenPgpMeaning, NativeWithdrawalsNameAStatement) {
  const Draft draft{SubjectId::key(id_of(device())), {"acme.example"}, Withdraw{{}, "", crypto::sha256(view("part"))}, Time{1}, {}, {}};
  EXPECT_EQ(sign(draft, *maker().signer).error().code, Code::malformed);
}

}  // namespace
}  // namespace cm4it::evidence::openpgp
