// Certificates: taken apart in whatever state they come, and put together in the one order they have.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "base/budgets.h"
#include "evidence/openpgp_test_support.h"

namespace cm4it::evidence::openpgp {
namespace {

using namespace test;

const PgpKey& party() { static const PgpKey key = pgp_key("party"); return key; }
const PgpKey& other() { static const PgpKey key = pgp_key("other"); return key; }
const Fingerprint& name() { static const Fingerprint fingerprint = party().fingerprint(); return fingerprint; }

Bytes user_id_packets(std::string_view user_id, const std::vector<Bytes>& signatures) {
  Bytes out = packet(tag::user_id, view(user_id));
  for (const Bytes& signature : signatures) append(out, packet(tag::signature, signature));
  return out;
}
Bytes self_signature(std::string_view user_id, const SignatureDraft& draft = {}) { return sign_over(party(), party(), tag::user_id, view(user_id), draft); }
Bytes others_signature(std::string_view user_id, const SignatureDraft& draft = {}) { return sign_over(other(), party(), tag::user_id, view(user_id), draft); }
Bytes subkey_packets(const PgpKey& subkey, const std::vector<SignatureDraft>& drafts) {
  Bytes out = packet(tag::public_subkey, subkey.body);
  for (const auto& draft : drafts) append(out, packet(tag::signature, sign_over(party(), party(), tag::public_subkey, subkey.body, draft)));
  return out;
}
Bytes key_packet() { return packet(tag::public_key, party().body); }
Bytes image() { return Bytes(300, 1); }

// In the canonical order, with one of everything.
Bytes rich_certificate() {
  Bytes image_packets = packet(tag::user_attribute, image());
  append(image_packets, packet(tag::signature, sign_over(party(), party(), tag::user_attribute, image(), {})));
  const PgpKey signing = pgp_key("signing"), encrypting = encryption_key("encrypting");
  std::vector<Bytes> subkeys = {
      subkey_packets(signing, {{.type = 0x18, .hashed = {subpacket(27, Bytes{2}), subpacket(32, back_signature(party(), signing))}}}),
      subkey_packets(encrypting, {{.type = 0x18}, {.type = 0x28, .hashed = {reason(3)}}})};
  if (encrypting.body < signing.body) std::swap(subkeys[0], subkeys[1]);
  return joined({key_packet(), packet(tag::signature, sign_over(party(), party(), 0, {}, {.type = 0x20, .hashed = {reason(1)}})),
                 packet(tag::signature, sign_over(party(), party(), 0, {}, {.type = 0x1f})),
                 user_id_packets("alice", {self_signature("alice", {.created = key_time + 1}), self_signature("alice", {.created = key_time + 2}),
                                           others_signature("alice", {.created = key_time})}),
                 user_id_packets("bob", {self_signature("bob"), self_signature("bob", {.type = 0x30, .created = key_time + 2000})}),
                 image_packets, subkeys[0], subkeys[1]});
}

std::vector<Bytes> pieces_of(View bytes) {
  const auto taken = take_apart(bytes);
  EXPECT_TRUE(taken) << taken.error().message;
  std::vector<Bytes> pieces;
  if (!taken) return pieces;
  for (const auto& dropped : taken->dropped) ADD_FAILURE() << dropped.what << ": " << dropped.why;
  for (const auto& piece : taken->pieces) pieces.push_back(piece.bytes);
  return pieces;
}

TEST(OpenPgpCertificate, ComesBackAsItWas) {
  const Bytes whole = rich_certificate();
  const auto pieces = pieces_of(whole);
  EXPECT_EQ(pieces.size(), 11u);
  for (const Bytes& piece : pieces) EXPECT_TRUE(decode(Format::openpgp, piece)) << decode(Format::openpgp, piece).error().message;
  EXPECT_EQ(to_hex(assemble(pieces, name()).value()), to_hex(whole));
  EXPECT_EQ(pieces_of(view(armor(ArmorKind::public_key_block, whole))), pieces);
}

// Uploaded in any order, in parts, again, with strangers' keys between: the same certificate.
TEST(OpenPgpCertificate, AnyOrderOfItsPiecesGivesTheSame) {
  const Bytes whole = rich_certificate();
  std::vector<Bytes> pieces = pieces_of(whole);
  pieces.push_back(piece_over_user_id(other(), other(), "other"));
  pieces.push_back(piece_over_user_id(pgp_key(signer_of("party"), 4, key_time + 1), pgp_key(signer_of("party"), 4, key_time + 1), "alice", {.created = key_time + 9}));
  pieces.push_back(Bytes{1, 2, 3});
  pieces.push_back(pieces[2]);
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    std::shuffle(pieces.begin(), pieces.end(), random);
    ASSERT_EQ(assemble(pieces, name()).value(), whole);
  }
  EXPECT_EQ(assemble(pieces, encryption_key("nobody").fingerprint()).error().code, Code::not_found);
  EXPECT_EQ(assemble({}, name()).error().code, Code::not_found);
}

// Two signatures by one issuer over the same octets, as a second signing with ECDSA gives.
TEST(OpenPgpCertificate, TwinsAreOne) {
  const PgpKey p256 = pgp_key(signer_of("p256", crypto::Algorithm::es256));
  const Bytes one = piece_over_user_id(p256, party(), "alice"), two = piece_over_user_id(p256, party(), "alice");
  ASSERT_NE(one, two);
  const auto id = [&](const Bytes& piece) { return verify(decode(Format::openpgp, piece).value(), p256.signer->public_key())->id(); };
  EXPECT_EQ(id(one), id(two));
  const Bytes whole = assemble(std::vector{one, two}, name()).value();
  EXPECT_EQ(assemble(std::vector{two, one}, name()).value(), whole);
  EXPECT_EQ(pieces_of(whole).size(), 1u);
}

TEST(OpenPgpCertificate, UnhashedJunkMakesNoSecondPiece) {
  const Bytes plain = self_signature("alice");
  const Bytes junk = self_signature("alice", {.unhashed = {subpacket(101, Bytes(50, 1)), subpacket(26, view("https://junk"), true)}});
  const Bytes none = self_signature("alice", {.usual_unhashed = false});
  const auto pieces = pieces_of(joined({key_packet(), user_id_packets("alice", {plain, junk, none})}));
  ASSERT_EQ(pieces.size(), 1u);
  EXPECT_EQ(pieces[0], piece_over_user_id(party(), party(), "alice"));
  // Also within a back-signature.
  const PgpKey signing = pgp_key("signing");
  const auto bound = [&](const SignatureDraft& back) {
    return joined({key_packet(), subkey_packets(signing, {{.type = 0x18, .hashed = {subpacket(27, Bytes{2})},
                                                           .unhashed = {subpacket(32, back_signature(party(), signing, back))}}})});
  };
  EXPECT_EQ(pieces_of(bound({.type = 0x19, .unhashed = {subpacket(101, {})}})), pieces_of(bound({.type = 0x19})));
}

TEST(OpenPgpCertificate, OldHeadersAndRingPacketsAreNoMatter) {
  const Bytes signature = self_signature("alice");
  Bytes old = {0x99};
  append_u16(old, party().body.size());
  append(old, party().body);
  append(old, Bytes{0xb0, 1, 0});  // trust
  append(old, joined({Bytes{0xb4, 5}, to_bytes(view("alice")), packet(tag::marker, view("PGP")), Bytes{0x88, static_cast<std::uint8_t>(signature.size())}, signature,
                      packet(tag::padding, Bytes(20, 9))}));
  EXPECT_EQ(pieces_of(old), pieces_of(joined({key_packet(), user_id_packets("alice", {signature})})));
}

TEST(OpenPgpCertificate, SeveralAtOnce) {
  const Bytes one = joined({key_packet(), user_id_packets("alice", {self_signature("alice")})});
  const Bytes two = joined({packet(tag::public_key, other().body),
                            user_id_packets("o", {sign_over(other(), other(), tag::user_id, view("o"), {})})});
  for (const Bytes& bytes : {joined({one, two, one}), to_bytes(view(armor(ArmorKind::public_key_block, one) + armor(ArmorKind::public_key_block, joined({two, one}))))}) {
    const auto taken = take_apart(bytes);
    ASSERT_TRUE(taken) << taken.error().message;
    EXPECT_EQ(taken->pieces.size(), 2u);
    EXPECT_EQ(taken->certificates, (std::vector{name(), other().fingerprint()}));
    EXPECT_EQ(taken->dropped_count, 0u);
  }
}

TEST(OpenPgpCertificate, HardRevokedIsReduced) {
  const Bytes whole = rich_certificate();
  for (const auto& [code, hard] : {std::pair{0, true}, {1, false}, {2, true}, {3, false}, {77, true}, {-1, true}}) {
    SignatureDraft draft{.type = 0x20, .created = key_time + 5000};
    if (code >= 0) draft.hashed = {reason(static_cast<std::uint8_t>(code))};
    const Bytes revocation = sign_over(party(), party(), 0, {}, draft);
    std::vector<Bytes> pieces = pieces_of(whole);
    pieces.push_back(write_piece(party().body, 0, {}, revocation));
    const auto after = pieces_of(assemble(pieces, name()).value());
    EXPECT_EQ(after.size(), hard ? 2u : 12u) << code;  // the soft one was there before
    EXPECT_EQ(describe(pieces, name(), Time{key_time})->revoked, hard) << "a compromise reaches back";
    EXPECT_TRUE(describe(pieces, name(), Time{key_time + 9000})->revoked);
  }
}

struct Broken { const char* what; Bytes bytes; std::size_t pieces, dropped; const char* why; };

TEST(OpenPgpCertificate, BadPartsTakeAlongWhatHangsOnThem) {
  const Bytes alice = user_id_packets("alice", {self_signature("alice")}), bob = user_id_packets("bob", {self_signature("bob"), others_signature("bob")});
  const Bytes long_id = user_id_packets(std::string(budget::user_id_bytes + 1, 'x'), {self_signature("alice"), self_signature("alice")});
  Bytes v3_key = packet(tag::public_key, Bytes{3, 0, 0, 0, 1, 0, 0, 1}), half = joined({key_packet(), alice, bob});
  half.resize(half.size() - 1);
  const Bytes dsa = packet(tag::public_key, key_body(4, 17, Bytes(90, 1), key_time));
  const Bytes off_curve = packet(tag::public_key, key_body(4, algorithm::ecdsa, curve_numbers(oid_p256, prefixed(Bytes(64, 1), 4)), key_time));
  const Bytes bad_subkey = joined({packet(tag::public_subkey, Bytes{4, 1}), packet(tag::signature, self_signature("alice"))});
  const Bytes partial = {0xcd, 0xe1, 'a', 'b', 1, 'c'};
  const Broken cases[] = {
      {"good", joined({key_packet(), alice, bob}), 3, 0, ""},
      {"cut off", half, 2, 1, "beyond the end"},
      {"text at its end", joined({key_packet(), alice, bob, Bytes{'\n'}}), 3, 1, "first bit"},
      {"a partial length", joined({key_packet(), alice, partial, bob}), 1, 1, "partial"},
      {"a user id too long", joined({key_packet(), long_id, alice}), 1, 3, "more than 4096"},
      {"an MD5 signature", joined({key_packet(), user_id_packets("alice", {self_signature("alice"), self_signature("alice", {.hash = 1})})}), 1, 1, "MD5"},
      {"a signature elsewhere", joined({key_packet(), packet(tag::signature, self_signature("alice")), alice}), 1, 1, "none over the key itself"},
      {"a binding on a user id", joined({key_packet(), user_id_packets("alice", {self_signature("alice", {.type = 0x18})})}), 0, 1, "none over a user id"},
      {"a bad subkey", joined({key_packet(), alice, bad_subkey}), 1, 2, "ends too early"},
      {"an odd packet", joined({key_packet(), alice, packet(8, view("x")), packet(tag::signature, self_signature("alice")), bob}), 3, 2, "no place"},
      {"a v3 key", joined({v3_key, alice, bob, key_packet(), alice}), 1, 6, "version 3"},
      {"a DSA key", joined({dsa, alice, key_packet(), bob}), 2, 3, "17 (DSA)"},
      {"a point off its curve", joined({off_curve, alice, key_packet(), bob}), 2, 3, "not on the curve"},
      {"no key", joined({alice, key_packet(), bob}), 2, 2, "no key before it"},
      {"a lone signature", packet(tag::signature, self_signature("alice")), 0, 1, "no key before it"},
      {"no signature at all", joined({key_packet(), packet(tag::user_id, view("alice"))}), 0, 0, ""}};
  for (const auto& [what, bytes, pieces, dropped, why] : cases) {
    const auto taken = take_apart(bytes);
    ASSERT_TRUE(taken) << what << ": " << taken.error().message;
    EXPECT_EQ(taken->pieces.size(), pieces) << what;
    EXPECT_EQ(taken->dropped_count, dropped) << what;
    if (dropped == 0) continue;
    ASSERT_FALSE(taken->dropped.empty()) << what;
    EXPECT_NE(taken->dropped[0].why.find(why), std::string::npos) << what << ": " << taken->dropped[0].what << ": " << taken->dropped[0].why;
    for (const Piece& piece : taken->pieces) EXPECT_TRUE(decode(Format::openpgp, piece.bytes)) << what;
  }
}

TEST(OpenPgpCertificate, RefusesWhole) {
  EXPECT_EQ(take_apart({}).error().code, Code::malformed);
  EXPECT_EQ(take_apart(view("hello")).error().code, Code::malformed);
  EXPECT_EQ(take_apart(Bytes{0xc6, 200}).error().code, Code::malformed);
  const Bytes good = joined({key_packet(), user_id_packets("alice", {self_signature("alice")})});
  for (const std::uint8_t secret : {tag::secret_key, tag::secret_subkey}) {
    const auto taken = take_apart(joined({good, packet(secret, party().body)}));
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code, Code::not_permitted);
    EXPECT_NE(taken.error().message.find("a secret key; nothing of it was kept"), std::string::npos);
  }
  std::string armored = armor(ArmorKind::public_key_block, good);
  for (std::size_t at; (at = armored.find("PUBLIC")) != armored.npos;) armored.replace(at, 6, "PRIVATE");
  EXPECT_EQ(take_apart(view(armored)).error().code, Code::not_permitted);
  const auto signature_only = take_apart(view(armor(ArmorKind::signature, packet(tag::signature, self_signature("alice")))));
  ASSERT_TRUE(signature_only);
  EXPECT_EQ(signature_only->dropped_count, 1u);
}

TEST(OpenPgpCertificate, FloodsAreBounded) {
  // More than a component may have, of the key itself and of strangers; the key's own come first whatever was sent first.
  std::vector<Bytes> signatures;
  const PgpKey& stranger = other();
  Bytes base = sign_over(stranger, party(), tag::user_id, view("alice"), {});
  for (std::uint32_t i = 0; i < 3 * budget::openpgp_signatures; ++i) {  // junk: its numbers fit nothing
    base[base.size() - 1] = static_cast<std::uint8_t>(i);
    base[base.size() - 2] = static_cast<std::uint8_t>(i >> 8);
    signatures.push_back(base);
  }
  signatures.push_back(self_signature("alice"));
  const auto taken = take_apart(joined({key_packet(), user_id_packets("alice", signatures)}));
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->pieces.size(), budget::openpgp_signatures + 1);
  EXPECT_EQ(taken->dropped_count, 2 * budget::openpgp_signatures);
  EXPECT_EQ(taken->dropped.size(), budget::openpgp_dropped);
  EXPECT_EQ(taken->pieces[0].bytes, piece_over_user_id(party(), party(), "alice"));

  Bytes many = key_packet();
  for (std::size_t i = 0; i < budget::openpgp_components + 10; ++i) append(many, packet(tag::user_id, view(std::to_string(i))));
  EXPECT_EQ(take_apart(many)->dropped_count, 10u);

  // The whole of what one submission becomes.
  Bytes large = key_packet();
  for (std::uint8_t i = 0; i < 3; ++i) {
    const Bytes picture(budget::user_attribute_bytes, i);
    append(large, packet(tag::user_attribute, picture));
    for (const Bytes& signature : signatures) append(large, packet(tag::signature, signature));
  }
  const auto bounded = take_apart(large);
  ASSERT_TRUE(bounded);
  std::size_t total = 0;
  for (const auto& piece : bounded->pieces) total += piece.bytes.size();
  EXPECT_LE(total, budget::openpgp_pieces_bytes);
  EXPECT_GT(total, budget::openpgp_pieces_bytes / 2);

  Bytes endless = key_packet();
  for (std::size_t i = 0; i < budget::openpgp_packets; ++i) append(endless, Bytes{0xca, 0});
  EXPECT_EQ(take_apart(endless)->dropped_count, 1u);
}

TEST(OpenPgpCertificate, IsDescribed) {
  const auto pieces = pieces_of(joined(
      {key_packet(), packet(tag::signature, sign_over(party(), party(), 0, {}, {.type = 0x1f, .created = key_time + 10, .hashed = {subpacket(9, u32(5000))}})),
       user_id_packets("alice", {self_signature("alice", {.created = key_time + 20, .hashed = {subpacket(9, u32(9000))}}),
                                 self_signature("alice", {.created = key_time + 30, .hashed = {subpacket(9, u32(7000)), subpacket(3, u32(100))}})}),
       user_id_packets("b\nob", {self_signature("b\nob"), self_signature("b\nob", {.type = 0x30, .created = key_time + 2000}),
                                 self_signature("b\nob", {.created = key_time + 3000})}),
       user_id_packets("carol", {others_signature("carol")}),
       subkey_packets(encryption_key("e"), {{.type = 0x18, .created = key_time + 1, .hashed = {subpacket(9, u32(400))}},
                                            {.type = 0x28, .created = key_time + 50, .hashed = {reason(3)}},
                                            {.type = 0x18, .created = key_time + 60, .hashed = {subpacket(9, u32(800))}}})}));
  const auto at = [&](std::uint32_t seconds) { return describe(pieces, name(), Time{key_time + seconds}).value(); };
  const auto info = at(10'000);
  EXPECT_EQ(info.fingerprint, name());
  EXPECT_EQ(info.algorithm, 22);
  EXPECT_EQ(info.bits, 255u);
  EXPECT_EQ(info.created.seconds, key_time);
  EXPECT_FALSE(info.revoked);
  ASSERT_EQ(info.user_ids.size(), 3u);
  EXPECT_EQ(info.user_ids[0].text, "alice");
  EXPECT_EQ(info.user_ids[0].created->seconds, key_time + 30);
  EXPECT_EQ(info.user_ids[0].expires->seconds, key_time + 130);
  EXPECT_EQ(info.user_ids[1].text, "b\\x0aob");
  EXPECT_FALSE(info.user_ids[1].revoked) << "certified anew";
  EXPECT_TRUE(at(2500).user_ids[1].revoked);
  EXPECT_FALSE(at(1500).user_ids[1].revoked);
  EXPECT_EQ(info.user_ids[2].text, "carol");
  EXPECT_FALSE(info.user_ids[2].created || info.user_ids[2].revoked);
  // The newest one in force says when the key ends.
  EXPECT_EQ(at(15).expires->seconds, key_time + 5000);
  EXPECT_EQ(at(25).expires->seconds, key_time + 9000);
  EXPECT_EQ(at(35).expires->seconds, key_time + 7000);
  EXPECT_EQ(at(200).expires->seconds, key_time + 9000);
  EXPECT_FALSE(at(5).expires);
  EXPECT_FALSE(at(1500).expires) << "bob's is newer, and sets no end";
  ASSERT_EQ(info.subkeys.size(), 1u);
  EXPECT_EQ(info.subkeys[0].fingerprint, encryption_key("e").fingerprint());
  EXPECT_EQ(info.subkeys[0].algorithm, 18);
  EXPECT_EQ(info.subkeys[0].expires->seconds, key_time + 800);
  EXPECT_FALSE(info.subkeys[0].revoked);
  EXPECT_TRUE(at(55).subkeys[0].revoked);
  EXPECT_EQ(at(55).subkeys[0].expires->seconds, key_time + 400);
  EXPECT_EQ(describe(pieces, other().fingerprint(), Time{0}).error().code, Code::not_found);
}

TEST(OpenPgpCertificate, SplitsBySubmission) {
  const Bytes good = joined({key_packet(), user_id_packets("alice", {self_signature("alice"), self_signature("alice", {.hash = 1})})});
  const std::string armored = armor(ArmorKind::public_key_block, good);
  for (const char* type : {"application/pgp-keys", "application/pgp-keys; x=y", "application/octet-stream", ""})
    for (const View body : {View(good), view(armored)}) {
      const auto pieces = split(type, body);
      ASSERT_TRUE(pieces) << type << pieces.error().message;
      ASSERT_EQ(pieces->size(), 1u);
      EXPECT_EQ(pieces->at(0).format, Format::openpgp);
      EXPECT_EQ(pieces->at(0).bytes, piece_over_user_id(party(), party(), "alice"));
    }
  const Bytes bad = joined({key_packet(), user_id_packets("alice", {self_signature("alice", {.hash = 1})})});
  EXPECT_NE(split("application/pgp-keys", bad).error().message.find("MD5"), std::string::npos);
  EXPECT_EQ(split("application/pgp-keys", key_packet()).error().code, Code::malformed);
  EXPECT_EQ(split("", packet(tag::secret_key, party().body)).error().code, Code::not_permitted);
  EXPECT_EQ(split("", view("hello")).error().code, Code::unsupported);
  EXPECT_FALSE(looks_like_openpgp({}));
  EXPECT_FALSE(looks_like_openpgp(Bytes{0xd2, 0x84}));
}

}  // namespace
}  // namespace cm4it::evidence::openpgp
