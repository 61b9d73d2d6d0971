// Which signatures are read, which are refused and why, and that those that are read hold under their issuer's key alone.
#include <gtest/gtest.h>

#include <functional>

#include "base/budgets.h"
#include "evidence/formats/openpgp/test_support.h"
#include "evidence/test_support.h"

namespace cm4it::evidence::openpgp {
namespace {

using namespace test;
using crypto::Algorithm;

constexpr std::uint32_t in_2012 = 1'330'000'000;

const PgpKey& device_key() { static const PgpKey key = pgp_key("device"); return key; }
const PgpKey& maker_key() { static const PgpKey key = pgp_key("maker"); return key; }

Result<Verified> accept_by(View piece, const PgpKey& issuer) { return evidence::test::accept(Format::openpgp, piece, issuer.signer->public_key()); }

TEST(OpenPgpSignature, OfEveryAlgorithmVersionAndHashHolds) {
  for (const Algorithm algorithm : {Algorithm::eddsa, Algorithm::es256, Algorithm::es384, Algorithm::ps256})
    for (const std::uint8_t version : {std::uint8_t{4}, std::uint8_t{6}}) {
      const PgpKey issuer = pgp_key(crypto::generate(algorithm).value(), version);
      for (const auto& hash : std::initializer_list<std::uint8_t>{8, 9, 10, 11, 12, 14}) {
        if (hash == 11 && algorithm == Algorithm::eddsa) continue;  // refused: too short for it
        for (const PgpKey& about : {device_key(), pgp_key("another", 6)}) {
          const Bytes piece = piece_over_user_id(issuer, about, "thing", {.hash = hash});
          const auto verified = accept_by(piece, issuer);
          ASSERT_TRUE(verified) << verified.error().message << " hash " << int{hash} << " v" << int{version};
          EXPECT_EQ(verified->issuer(), issuer.signer->public_key().id());
          EXPECT_EQ(verified->statements()[0].subject, SubjectId::key(about.signer->public_key().id()));
          EXPECT_EQ(accept_by(piece, maker_key()).error().code, Code::bad_signature);
        }
      }
    }
}

TEST(OpenPgpSignature, NewFormOfEd25519InV4) {
  const auto signer = signer_of("new form");
  const PgpKey issuer{signer, key_body(4, algorithm::ed25519, numbers_of(signer->public_key(), algorithm::ed25519), key_time)};
  EXPECT_TRUE(accept_by(piece_over_user_id(issuer, device_key(), "thing"), issuer));
}

// Ed25519 numbers that begin with zeros lose them in their legacy form.
TEST(OpenPgpSignature, LegacyNumbersMayBeShort) {
  int shorter = 0;
  for (std::uint32_t i = 0; i < 600; ++i) {
    const Bytes piece = piece_over_user_id(maker_key(), device_key(), "thing", {.created = key_time + i});
    const View numbers = read_piece(piece)->signature.numbers;
    shorter += numbers.size() < 68;
    ASSERT_TRUE(accept_by(piece, maker_key())) << i;
  }
  EXPECT_GT(shorter, 0);
}

TEST(OpenPgpSignature, NothingThatIsCoveredCanBeChanged) {
  const Bytes piece = piece_over_user_id(maker_key(), device_key(), "thing");
  const View signature = read_piece(piece)->signature.body;
  const auto begin = static_cast<std::size_t>(signature.data() - piece.data());
  const std::size_t unhashed = begin + read_piece(piece)->signature.hashed.size();
  const auto hint = static_cast<std::size_t>(read_piece(piece)->signature.numbers.data() - piece.data()) - 2;  // the digest's first octets decide nothing
  for (std::size_t i = 0; i < piece.size(); ++i) {
    Bytes changed = piece;
    changed[i] ^= 1;
    EXPECT_EQ(accept_by(changed, maker_key()).has_value(), i == hint || i == hint + 1) << i << " of " << piece.size();
  }
  EXPECT_GT(piece.size(), unhashed + 12);
  for (std::size_t size = 0; size < piece.size(); ++size) EXPECT_FALSE(decode(Format::openpgp, View(piece).first(size))) << size;
}

TEST(OpenPgpSignature, IssuerIsNamedByFingerprintOrKeyId) {
  Bytes key_id;
  append_u64(key_id, maker_key().fingerprint().key_id());
  const Bytes created = subpacket(2, u32(key_time + 1));
  const SignatureIssuer full{maker_key().fingerprint().octets, maker_key().fingerprint().key_id()}, short_name{{}, maker_key().fingerprint().key_id()};
  const Bytes fingerprint = subpacket(33, prefixed(maker_key().fingerprint().octets, 4));
  struct Case { const char* what; std::vector<Bytes> hashed, unhashed; SignatureIssuer issuer; };
  const Case cases[] = {{"both", {created, fingerprint}, {subpacket(16, key_id)}, full},
                        {"both hashed", {created, fingerprint, subpacket(16, key_id)}, {}, full},
                        {"a key id", {created}, {subpacket(16, key_id)}, short_name},
                        {"a hashed key id", {created, subpacket(16, key_id)}, {}, short_name}};
  for (const auto& [what, hashed, unhashed, issuer] : cases) {
    const Bytes piece = piece_over_user_id(maker_key(), device_key(), "thing",
                                           {.hashed = hashed, .unhashed = unhashed, .usual_hashed = false, .usual_unhashed = false});
    const auto decoded = decode(Format::openpgp, piece);
    ASSERT_TRUE(decoded) << what << ": " << decoded.error().message;
    EXPECT_EQ(decoded->issuer(), issuer.hint()) << what;
    EXPECT_FALSE(decoded->carried_key());
    EXPECT_TRUE(verify(*decoded, maker_key().signer->public_key())) << what;
  }
}

TEST(OpenPgpSignature, ByTheKeyItselfCarriesItsKey) {
  const auto decoded = decode(Format::openpgp, piece_over_user_id(device_key(), device_key(), "me"));
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(decoded->issuer().key, device_key().signer->public_key().id());
  ASSERT_TRUE(decoded->carried_key());
  EXPECT_EQ(*decoded->carried_key(), device_key().signer->public_key());
  EXPECT_EQ(verify(*decoded, maker_key().signer->public_key()).error().code, Code::not_permitted);
  EXPECT_EQ(verify(*decoded, *decoded->carried_key())->id(), decoded->statements()[0].id);
}

TEST(OpenPgpSignature, EncryptionKeysSignNothingAndAreCertified) {
  const PgpKey sensor = encryption_key("sensor");
  const Bytes by_maker = piece_over_user_id(maker_key(), sensor, "sensor");
  ASSERT_TRUE(accept_by(by_maker, maker_key()));
  const auto own = decode(Format::openpgp, piece_over_user_id({nullptr, sensor.body}, sensor, "sensor", {.key_algorithm = 27}));
  ASSERT_TRUE(own) << own.error().message;
  const auto verified = verify(*own, *own->carried_key());
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().code, Code::bad_signature);
  EXPECT_NE(verified.error().message.find("signs nothing"), std::string::npos);
  // A P-256 key that is for ECDH does not verify as if it were for ECDSA.
  const auto p256 = signer_of("ecdh", Algorithm::es256);
  Bytes numbers = numbers_of(p256->public_key(), algorithm::ecdsa);
  append(numbers, kdf);
  const PgpKey ecdh{p256, key_body(4, algorithm::ecdh, numbers, key_time)};
  EXPECT_EQ(accept_by(piece_over_user_id(ecdh, ecdh, "me", {.key_algorithm = algorithm::ecdsa}), ecdh).error().code, Code::bad_signature);
}

TEST(OpenPgpSignature, AlgorithmIsThatOfTheKey) {
  const PgpKey rsa = pgp_key(crypto::generate(Algorithm::ps256).value());
  const Bytes by_rsa = piece_over_user_id(rsa, device_key(), "thing"), by_ed = piece_over_user_id(maker_key(), device_key(), "thing");
  EXPECT_EQ(accept_by(by_rsa, maker_key()).error().code, Code::bad_signature);
  EXPECT_EQ(accept_by(by_ed, rsa).error().code, Code::bad_signature);
  EXPECT_EQ(accept_by(by_ed, pgp_key(signer_of("p", Algorithm::es256))).error().code, Code::bad_signature);
}

TEST(OpenPgpSignature, Sha1CountsUntil2013) {
  const PgpKey old_key = pgp_key(crypto::generate(Algorithm::ps256).value(), 4, 1'300'000'000);
  const Bytes good = piece_over_user_id(old_key, old_key, "old", {.created = in_2012, .hash = 2});
  const auto decoded = decode(Format::openpgp, good);
  ASSERT_TRUE(decoded) << decoded.error().message;
  ASSERT_EQ(decoded->findings().size(), 1u);
  EXPECT_NE(decoded->findings()[0].what.find("SHA-1"), std::string::npos);
  EXPECT_TRUE(verify(*decoded, *decoded->carried_key()));
  const auto at = [&](std::uint32_t created) { return decode(Format::openpgp, piece_over_user_id(old_key, old_key, "old", {.created = created, .hash = 2})); };
  EXPECT_FALSE(at(1'359'676'799)->statements()[0].component.supporting);
  ASSERT_TRUE(at(1'359'676'800));
  EXPECT_TRUE(at(1'359'676'800)->statements()[0].component.supporting) << "from then on it is carried, and says nothing";
}

TEST(OpenPgpSignature, Refuses) {
  const auto with = [](std::vector<Bytes> hashed) { return SignatureDraft{.hashed = std::move(hashed)}; };
  const Bytes created = subpacket(2, u32(key_time + 1)), other_id = subpacket(16, Bytes(8, 7));
  Bytes key_id;
  append_u64(key_id, maker_key().fingerprint().key_id());
  const Bytes right_id = subpacket(16, key_id);
  struct Case { const char* what; SignatureDraft draft; Code code; const char* rule; };
  const Case cases[] = {
      {"version 3", {.version = 3}, Code::unsupported, "version 3"},
      {"version 5", {.version = 5}, Code::unsupported, "version 5"},
      {"of a document", {.type = 0x00}, Code::unsupported, "0x00"},
      {"a timestamp", {.type = 0x40}, Code::unsupported, "0x40"},
      {"MD5", {.hash = 1}, Code::unsupported, "MD5"},
      {"RIPEMD-160", {.hash = 3}, Code::unsupported, "RIPEMD-160"},
      {"SHA-1 today", {.hash = 2}, Code::unsupported, "SHA-1"},
      {"SHA-224 for Ed25519", {.hash = 11}, Code::malformed, "256 bits"},
      {"an unknown hash", {.hash = 99}, Code::unsupported, "99"},
      {"DSA", {.key_algorithm = 17}, Code::unsupported, "algorithm 17"},
      {"an encryption algorithm", {.key_algorithm = 18}, Code::unsupported, "algorithm 18"},
      {"RSA with two numbers", {.key_algorithm = 1}, Code::malformed, "after its end"},
      {"no creation time", {.hashed = {subpacket(33, prefixed(maker_key().fingerprint().octets, 4))}, .usual_hashed = false}, Code::malformed, "subpacket 2"},
      {"an unhashed creation time", {.hashed = {subpacket(33, prefixed(maker_key().fingerprint().octets, 4))}, .unhashed = {created}, .usual_hashed = false},
       Code::malformed, "subpacket 2"},
      {"a short creation time", {.hashed = {subpacket(2, Bytes(3, 1))}, .usual_hashed = false}, Code::malformed, "subpacket 2"},
      {"no issuer", {.hashed = {created}, .usual_hashed = false, .usual_unhashed = false}, Code::malformed, "whose"},
      {"another key id", {.unhashed = {other_id}, .usual_unhashed = false}, Code::malformed, "one encoding"},
      {"two key ids", {.unhashed = {other_id}}, Code::malformed, "one encoding"},
      {"two key ids, one hashed", with({other_id}), Code::malformed, "do not agree"},
      {"a short key id", {.unhashed = {subpacket(16, Bytes(7, 1))}, .usual_unhashed = false}, Code::malformed, "8 octets"},
      {"a v6 fingerprint", {.hashed = {created, subpacket(33, prefixed(Bytes(32, 1), 6))}, .usual_hashed = false}, Code::malformed, "v4 fingerprint"},
      {"a short fingerprint", {.hashed = {created, subpacket(33, prefixed(Bytes(19, 1), 4))}, .usual_hashed = false}, Code::malformed, "v4 fingerprint"},
      {"not exportable", with({subpacket(4, Bytes{0})}), Code::not_permitted, "not exportable"},
      {"perhaps exportable", with({subpacket(4, Bytes{2})}), Code::malformed, "0 or 1"},
      {"an unknown critical subpacket", with({subpacket(101, Bytes{1}, true)}), Code::unsupported, "101 is critical"},
      {"a critical target", with({subpacket(31, Bytes(34, 1), true)}), Code::unsupported, "31 is critical"},
      {"an unknown critical notation", with({notation("a@b.example", "c", true)}), Code::unsupported, "a@b.example is critical"},
      {"a notation too short", with({subpacket(20, Bytes(7, 0))}), Code::malformed, "notation"},
      {"a notation of the wrong length", with({subpacket(20, Bytes{0x80, 0, 0, 0, 0, 1, 0, 1, 'a'})}), Code::malformed, "notation"},
      {"a notation's name in octets", with({notation("\xff", "c")}), Code::malformed, "name is no text"},
      {"an empty subpacket", with({Bytes{0}}), Code::malformed, "no octets"},
      {"a subpacket beyond the end", with({Bytes{9, 101}}), Code::malformed, "ends too early"},
      {"a subpacket of 4 GB", with({Bytes{255, 255, 255, 255, 255, 101}}), Code::malformed, "ends too early"},
      {"an unhashed subpacket beyond the end", {.unhashed = {Bytes{9, 101}}}, Code::malformed, "ends too early"},
      {"too many subpackets", with(std::vector<Bytes>(budget::openpgp_subpackets, subpacket(101, {}))), Code::too_large, "subpackets"},
      {"too large", with({subpacket(101, Bytes(budget::openpgp_signature_bytes, 1))}), Code::too_large, "octets"},
      {"a binding over a user id", {.type = 0x18}, Code::malformed, "none over a user id"},
      {"a revocation over a user id", {.type = 0x20}, Code::malformed, "none over a user id"},
      {"a back-signature alone", {.type = 0x19}, Code::malformed, "none over a user id"},
      {"unhashed: anything else", {.unhashed = {subpacket(101, Bytes{1})}}, Code::malformed, "one encoding"},
      {"unhashed: a preference", {.unhashed = {subpacket(26, view("https://a"))}}, Code::malformed, "one encoding"}};
  ASSERT_TRUE(decode(Format::openpgp, piece_over_user_id(maker_key(), device_key(), "thing", with({subpacket(101, Bytes{1})}))));
  ASSERT_TRUE(decode(Format::openpgp, piece_over_user_id(maker_key(), device_key(), "thing", {.unhashed = {right_id}, .usual_unhashed = false})));
  for (const auto& [what, draft, code, rule] : cases) {
    const auto decoded = decode(Format::openpgp, piece_over_user_id(maker_key(), device_key(), "thing", draft));
    ASSERT_FALSE(decoded) << what;
    EXPECT_EQ(decoded.error().code, code) << what << ": " << decoded.error().message;
    EXPECT_NE(decoded.error().message.find(rule), std::string::npos) << what << ": " << decoded.error().message;
  }
}

// Old software revokes old keys over SHA-1 to this day. A forged revocation harms less than one that is not heard.
TEST(OpenPgpSignature, OverSha1OnlyWhatRestricts) {
  const PgpKey p256 = pgp_key(signer_of("p", Algorithm::es256));
  const auto verified = [&](Bytes piece) -> Result<Verified> {
    TRY(auto decoded, decode(Format::openpgp, piece));
    return verify(std::move(decoded), p256.signer->public_key());
  };
  const auto over_id = [&](SignatureDraft said) {
    said.hash = 2;
    return verified(piece_over_user_id(p256, p256, "thing", said));
  };
  EXPECT_TRUE(verified(piece_over_key(p256, p256, {.type = 0x20, .hash = 2})));
  EXPECT_TRUE(verified(piece_over_subkey(p256, p256, encryption_key("e"), {.type = 0x28, .hash = 2})));
  EXPECT_TRUE(over_id({.type = 0x30}));
  EXPECT_TRUE(over_id({.hashed = {notation("status@cm4it.org", "stolen")}}));
  EXPECT_EQ(over_id({.hashed = {notation("status@cm4it.org", "in-use")}}).error().code, Code::unsupported);
  EXPECT_EQ(over_id({.hashed = {notation("manu", "Acme")}}).error().code, Code::unsupported);
  EXPECT_EQ(decode(Format::openpgp, piece_over_user_id(p256, device_key(), "thing", {.hash = 2})).error().code, Code::unsupported) << "of another";
  // What a key signs over its own certificate is carried.
  for (const auto& carried : {over_id({}), verified(piece_over_subkey(p256, p256, encryption_key("e"), {.type = 0x18, .hash = 2})),
                              verified(piece_over_key(p256, p256, {.type = 0x1f, .hash = 2}))}) {
    ASSERT_TRUE(carried) << carried.error().message;
    EXPECT_TRUE(carried->statements()[0].component.supporting);
  }
  EXPECT_EQ(verified(piece_over_key(pgp_key(signer_of("p", Algorithm::es256), 6), pgp_key(signer_of("p", Algorithm::es256), 6), {.type = 0x20, .hash = 2})).error().code,
            Code::unsupported) << "never in v6";
}

TEST(OpenPgpSignature, Ed25519Has64Octets) {
  Bytes signature = sign_over(maker_key(), device_key(), tag::user_id, view("thing"), {.key_algorithm = algorithm::ed25519});
  EXPECT_TRUE(read_signature(signature));
  signature.push_back(0);
  EXPECT_EQ(read_signature(signature).error().code, Code::malformed);
  signature.resize(signature.size() - 2);
  EXPECT_EQ(read_signature(signature).error().code, Code::malformed);
}

TEST(OpenPgpSignature, RefusesOfV6) {
  const PgpKey v6 = pgp_key("v6", 6);
  const PgpKey v6_p256 = pgp_key(signer_of("p", Algorithm::es256), 6);
  struct Case { const char* what; PgpKey key; SignatureDraft draft; Code code; const char* rule; };
  const Case cases[] = {{"a key id", v6, {.hashed = {subpacket(16, Bytes(8, 1))}}, Code::malformed, "v4 signature"},
                        {"no salt", v6, {.salt = 0}, Code::malformed, "salt of 0"},
                        {"the salt of SHA-512", v6, {.salt = 32}, Code::malformed, "salt of 32"},
                        {"SHA-1 of old", v6_p256, {.created = in_2012, .hash = 2}, Code::unsupported, "SHA-1"},
                        {"a legacy algorithm", v6, {.key_algorithm = 22}, Code::malformed, "v4 only"},
                        {"by a v4 key", maker_key(), {.version = 6}, Code::malformed, "v6 fingerprint"}};
  for (const auto& [what, key, draft, code, rule] : cases) {
    const auto decoded = decode(Format::openpgp, piece_over_user_id(key, device_key(), "thing", draft));
    ASSERT_FALSE(decoded) << what;
    EXPECT_EQ(decoded.error().code, code) << what << ": " << decoded.error().message;
    EXPECT_NE(decoded.error().message.find(rule), std::string::npos) << what << ": " << decoded.error().message;
  }
}

TEST(OpenPgpSignature, OfAKeyItselfIsNotOlderThanTheKey) {
  EXPECT_TRUE(decode(Format::openpgp, piece_over_user_id(device_key(), device_key(), "me", {.created = key_time})));
  EXPECT_EQ(decode(Format::openpgp, piece_over_user_id(device_key(), device_key(), "me", {.created = key_time - 1})).error().code, Code::malformed);
  EXPECT_TRUE(decode(Format::openpgp, piece_over_user_id(maker_key(), device_key(), "it", {.created = key_time - 1}))) << "clocks of others differ";
  const PgpKey late = pgp_key(signer_of("late"), 4, key_time + 10);
  EXPECT_FALSE(decode(Format::openpgp, piece_over_subkey(device_key(), device_key(), encryption_key("e"), {.type = 0x18, .created = key_time - 1})));
  EXPECT_FALSE(decode(Format::openpgp, piece_over_subkey(device_key(), device_key(), late, {.type = 0x28, .created = key_time + 9})));
}

TEST(OpenPgpSignature, OfOthersMayNotRevokeOrBind) {
  const auto code = [](const Bytes& piece) { return decode(Format::openpgp, piece).error().code; };
  EXPECT_EQ(code(piece_over_key(maker_key(), device_key(), {.type = 0x20})), Code::unsupported);
  EXPECT_EQ(code(piece_over_subkey(maker_key(), device_key(), encryption_key("e"), {.type = 0x28})), Code::unsupported);
  EXPECT_EQ(code(piece_over_subkey(maker_key(), device_key(), encryption_key("e"), {.type = 0x18})), Code::malformed);
  EXPECT_EQ(code(piece_over_key(maker_key(), device_key(), {.type = 0x10})), Code::malformed);
  EXPECT_EQ(code(piece_over_subkey(device_key(), device_key(), encryption_key("e"), {.type = 0x13})), Code::malformed);
  EXPECT_EQ(code(piece_over_subkey(device_key(), device_key(), encryption_key("e", 6), {.type = 0x18})), Code::malformed) << "versions differ";
}

TEST(OpenPgpSignature, SigningSubkeysHaveAgreed) {
  const PgpKey subkey = pgp_key("subkey");
  const Bytes signs = subpacket(27, Bytes{2}), authenticates = subpacket(27, Bytes{0x20});
  const auto embed = [](const Bytes& back) { return subpacket(32, back); };
  const Bytes back = back_signature(device_key(), subkey);
  const auto bound = [&](SignatureDraft draft, const PgpKey& key) {
    draft.type = 0x18;
    return accept_by(piece_over_subkey(device_key(), device_key(), key, draft), device_key());
  };
  EXPECT_TRUE(bound({.hashed = {signs, embed(back)}}, subkey));
  EXPECT_TRUE(bound({.hashed = {signs}, .unhashed = {embed(back)}}, subkey));
  EXPECT_TRUE(bound({.unhashed = {embed(back)}}, subkey)) << "no flags: it can sign";
  EXPECT_TRUE(bound({.hashed = {authenticates}}, subkey));
  EXPECT_TRUE(bound({.hashed = {subpacket(27, Bytes{0x0c})}}, encryption_key("e")));
  EXPECT_TRUE(bound({}, encryption_key("e")));

  const Bytes opaque_body = key_body(4, 17, Bytes(100, 1), key_time);
  EXPECT_TRUE(bound({.hashed = {subpacket(27, Bytes{0x0c})}}, PgpKey{nullptr, opaque_body})) << "carried";
  Bytes broken = back;
  broken.back() ^= 1;
  const PgpKey v6_subkey = pgp_key("subkey", 6);
  struct Case { const char* what; SignatureDraft draft; PgpKey key; Code code; const char* rule; };
  const Case cases[] = {
      {"none", {.hashed = {signs}}, subkey, Code::malformed, "missing"},
      {"none, certifying", {.hashed = {subpacket(27, Bytes{1})}}, subkey, Code::malformed, "missing"},
      {"none, without flags", {}, subkey, Code::malformed, "missing"},
      {"a broken one", {.hashed = {signs, embed(broken)}}, subkey, Code::bad_signature, "back-signature"},
      {"of another key", {.hashed = {signs, embed(back_signature(maker_key(), subkey))}}, subkey, Code::bad_signature, "back-signature"},
      {"by another key", {.hashed = {signs, embed(back_signature(device_key(), maker_key()))}}, subkey, Code::malformed, "not by the subkey"},
      {"by the primary", {.hashed = {signs, embed(sign_over(device_key(), device_key(), tag::public_subkey, subkey.body, {.type = 0x19}))}}, subkey,
       Code::malformed, "not by the subkey"},
      {"of another type", {.hashed = {signs, embed(back_signature(device_key(), subkey, {.type = 0x18}))}}, subkey, Code::malformed, "0x18"},
      {"over SHA-1", {.hashed = {signs, embed(back_signature(device_key(), subkey, {.type = 0x19, .hash = 2}))}}, subkey, Code::unsupported, "SHA-1"},
      {"over SHA-1, unhashed", {.hashed = {signs}, .unhashed = {embed(back_signature(device_key(), subkey, {.type = 0x19, .hash = 2}))}}, subkey,
       Code::unsupported, "SHA-1"},
      {"no signature", {.hashed = {signs, embed(Bytes{4})}}, subkey, Code::malformed, "back-signature"},
      {"more unhashed in it", {.hashed = {signs}, .unhashed = {embed(back_signature(device_key(), subkey, {.unhashed = {subpacket(101, {})}}))}}, subkey,
       Code::malformed, "one encoding"},
      {"an encryption key that signs", {.hashed = {signs}}, encryption_key("e"), Code::malformed, "does not"},
      {"an opaque key that signs", {.hashed = {signs, embed(back)}}, PgpKey{nullptr, opaque_body}, Code::unsupported, "cannot be checked"},
      {"unneeded", {.hashed = {authenticates}, .unhashed = {embed(back)}}, subkey, Code::malformed, "one encoding"}};
  for (const auto& [what, draft, key, code, rule] : cases) {
    const auto verified = bound(draft, key);
    ASSERT_FALSE(verified) << what;
    EXPECT_EQ(verified.error().code, code) << what << ": " << verified.error().message;
    EXPECT_NE(verified.error().message.find(rule), std::string::npos) << what << ": " << verified.error().message;
  }
}

TEST(OpenPgpPiece, IsThreePacketsInOneEncoding) {
  const Bytes signature = sign_over(maker_key(), device_key(), tag::user_id, view("a"), {});
  const Bytes key = packet(tag::public_key, device_key().body), user_id = packet(tag::user_id, view("a")), sig = packet(tag::signature, signature);
  const auto code = [](std::initializer_list<Bytes> packets) {
    const auto decoded = decode(Format::openpgp, joined(packets));
    return decoded ? std::optional<Code>() : decoded.error().code;
  };
  EXPECT_EQ(code({key, user_id, sig}), std::nullopt);
  Bytes old_header = {0xb4, 1, 'a'}, long_header = {0xcd, 255, 0, 0, 0, 1, 'a'}, secret = key;
  secret[0] = 0xc5;
  for (const auto& packets : {std::initializer_list<Bytes>{}, {key}, {key, user_id}, {sig}, {user_id, sig}, {key, sig}, {key, user_id, sig, sig},
                              {key, user_id, user_id, sig}, {user_id, key, sig}, {key, old_header, sig}, {key, long_header, sig}, {key, key, sig},
                              {key, packet(12, view("a")), sig}, {key, user_id, sig, Bytes{0xca, 0}}})
    EXPECT_EQ(code(packets), Code::malformed);
  EXPECT_EQ(code({secret, user_id, sig}), Code::not_permitted);
  const std::string long_id(budget::user_id_bytes, 'a');
  EXPECT_TRUE(decode(Format::openpgp, piece_over_user_id(maker_key(), device_key(), long_id)));
  EXPECT_EQ(decode(Format::openpgp, piece_over_user_id(maker_key(), device_key(), long_id + "a")).error().code, Code::too_large);
  const Bytes image(budget::user_attribute_bytes + 1, 1);
  const Bytes attribute = write_piece(device_key().body, tag::user_attribute, image, sign_over(maker_key(), device_key(), tag::user_attribute, image, {}));
  EXPECT_EQ(decode(Format::openpgp, attribute).error().code, Code::too_large);
}

}  // namespace
}  // namespace cm4it::evidence::openpgp
