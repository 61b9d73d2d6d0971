// Certificates: split in whatever state they come, and put together in the one order they have.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "base/budgets.h"
#include "evidence/formats/openpgp/test_support.h"
#include "evidence/test_support.h"

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
  const auto split = split_certificates(bytes);
  EXPECT_TRUE(split) << split.error().message;
  std::vector<Bytes> pieces;
  if (!split) return pieces;
  for (const auto& dropped : split->dropped) ADD_FAILURE() << dropped.what << ": " << dropped.why;
  for (const auto& piece : split->pieces) pieces.push_back(piece.bytes);
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
    const auto split = split_certificates(bytes);
    ASSERT_TRUE(split) << split.error().message;
    EXPECT_EQ(split->pieces.size(), 2u);
    EXPECT_EQ(split->certificates, (std::vector{name(), other().fingerprint()}));
    EXPECT_EQ(split->dropped_count, 0u);
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
    EXPECT_EQ(after.size(), hard ? 6u : 12u) << code;  // a soft one was there before; and two of the key on each user id
    EXPECT_EQ(describe(pieces, name(), Time{key_time + 9000})->user_ids.size(), 2u);
    EXPECT_EQ(describe(pieces, name(), Time{key_time + 9000})->subkeys.empty(), hard);
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
      {"a user id too long", joined({key_packet(), long_id, alice}), 1, 1, "more than 4096"},
      {"an MD5 signature", joined({key_packet(), user_id_packets("alice", {self_signature("alice"), self_signature("alice", {.hash = 1})})}), 1, 1, "MD5"},
      {"a signature elsewhere", joined({key_packet(), packet(tag::signature, self_signature("alice")), alice}), 1, 0, ""},
      {"a binding on a user id", joined({key_packet(), user_id_packets("alice", {self_signature("alice", {.type = 0x18})})}), 0, 1, "none over a user id"},
      {"a bad subkey", joined({key_packet(), alice, bad_subkey}), 1, 1, "ends too early"},
      {"an odd packet", joined({key_packet(), alice, packet(8, view("x")), packet(tag::signature, self_signature("alice")), bob}), 3, 1, "no place"},
      {"a v3 key", joined({v3_key, alice, bob, key_packet(), alice}), 1, 6, "version 3"},
      {"a DSA key", joined({dsa, alice, key_packet(), bob}), 2, 3, "17 (DSA)"},
      {"a point off its curve", joined({off_curve, alice, key_packet(), bob}), 2, 3, "not on the curve"},
      {"no key", joined({alice, key_packet(), bob}), 2, 2, "no key before it"},
      {"a lone signature", packet(tag::signature, self_signature("alice")), 0, 1, "no key before it"},
      {"no signature at all", joined({key_packet(), packet(tag::user_id, view("alice"))}), 0, 0, ""}};
  for (const auto& [what, bytes, pieces, dropped, why] : cases) {
    const auto split = split_certificates(bytes);
    ASSERT_TRUE(split) << what << ": " << split.error().message;
    EXPECT_EQ(split->pieces.size(), pieces) << what;
    EXPECT_EQ(split->dropped_count, dropped) << what;
    if (dropped == 0) continue;
    ASSERT_FALSE(split->dropped.empty()) << what;
    EXPECT_NE(split->dropped[0].why.find(why), std::string::npos) << what << ": " << split->dropped[0].what << ": " << split->dropped[0].why;
    for (const Piece& piece : split->pieces) EXPECT_TRUE(decode(Format::openpgp, piece.bytes)) << what;
  }
}

TEST(OpenPgpCertificate, RefusesWhole) {
  EXPECT_EQ(split_certificates({}).error().code, Code::malformed);
  EXPECT_EQ(split_certificates(view("hello")).error().code, Code::malformed);
  EXPECT_EQ(split_certificates(Bytes{0xc6, 200}).error().code, Code::malformed);
  const Bytes good = joined({key_packet(), user_id_packets("alice", {self_signature("alice")})});
  for (const std::uint8_t secret : {tag::secret_key, tag::secret_subkey}) {
    const auto split = split_certificates(joined({good, packet(secret, party().body)}));
    ASSERT_FALSE(split);
    EXPECT_EQ(split.error().code, Code::not_permitted);
    EXPECT_NE(split.error().message.find("a secret key; nothing of it was kept"), std::string::npos);
  }
  std::string armored = armor(ArmorKind::public_key_block, good);
  for (std::size_t at; (at = armored.find("PUBLIC")) != armored.npos;) armored.replace(at, 6, "PRIVATE");
  EXPECT_EQ(split_certificates(view(armored)).error().code, Code::not_permitted);
  const auto signature_only = split_certificates(view(armor(ArmorKind::signature, packet(tag::signature, self_signature("alice")))));
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
  const auto split = split_certificates(joined({key_packet(), user_id_packets("alice", signatures)}));
  ASSERT_TRUE(split);
  EXPECT_EQ(split->pieces.size(), budget::openpgp_signatures + 1);
  EXPECT_EQ(split->dropped_count, 2 * budget::openpgp_signatures);
  EXPECT_EQ(split->dropped.size(), budget::openpgp_dropped);
  EXPECT_EQ(split->pieces[0].bytes, piece_over_user_id(party(), party(), "alice"));

  Bytes many = key_packet();
  for (std::size_t i = 0; i < budget::openpgp_components + 10; ++i) append(many, packet(tag::user_id, view(std::to_string(i))));
  EXPECT_EQ(split_certificates(many)->dropped_count, 10u);

  // The whole of what one submission becomes.
  Bytes large = key_packet();
  for (std::uint8_t i = 0; i < 3; ++i) {
    const Bytes picture(budget::user_attribute_bytes, i);
    append(large, packet(tag::user_attribute, picture));
    for (const Bytes& signature : signatures) append(large, packet(tag::signature, signature));
  }
  const auto bounded = split_certificates(large);
  ASSERT_TRUE(bounded);
  std::size_t total = 0;
  for (const auto& piece : bounded->pieces) total += piece.bytes.size();
  EXPECT_LE(total, budget::openpgp_pieces_bytes);
  EXPECT_GT(total, budget::openpgp_pieces_bytes / 2);

  Bytes endless = key_packet();
  for (std::size_t i = 0; i < budget::openpgp_packets; ++i) append(endless, Bytes{0xca, 0});
  EXPECT_EQ(split_certificates(endless)->dropped_count, 1u);
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
  // The direct-key signature says when the key ends.
  for (const std::uint32_t seconds : {15u, 25u, 200u, 1500u}) EXPECT_EQ(at(seconds).expires->seconds, key_time + 5000) << seconds;
  EXPECT_FALSE(at(5).expires);
  ASSERT_EQ(info.subkeys.size(), 1u);
  EXPECT_EQ(info.subkeys[0].fingerprint, encryption_key("e").fingerprint());
  EXPECT_EQ(info.subkeys[0].algorithm, 18);
  EXPECT_EQ(info.subkeys[0].expires->seconds, key_time + 800);
  EXPECT_FALSE(info.subkeys[0].revoked);
  EXPECT_TRUE(at(55).subkeys[0].revoked);
  EXPECT_EQ(at(55).subkeys[0].expires->seconds, key_time + 400);
  EXPECT_EQ(describe(pieces, other().fingerprint(), Time{0}).error().code, Code::not_found);
}

// As gpg 2.2 and sq 0.27 have it, of which each was asked.
TEST(OpenPgpCertificate, WhenTheKeyEnds) {
  const auto lasts = [](std::uint32_t seconds) { return subpacket(9, u32(seconds)); };
  const auto direct = [&](std::uint32_t created, std::vector<Bytes> hashed) {
    return packet(tag::signature, sign_over(party(), party(), 0, {}, {.type = 0x1f, .created = key_time + created, .hashed = std::move(hashed)}));
  };
  const auto said = [&](std::string_view id, std::uint32_t created, std::vector<Bytes> hashed) {
    return self_signature(id, {.created = key_time + created, .hashed = std::move(hashed)});
  };
  const auto revoked = [&](std::string_view id, std::uint32_t created) { return self_signature(id, {.type = 0x30, .created = key_time + created}); };
  const Bytes primary = subpacket(25, Bytes{1});
  struct Case { const char* what; std::vector<Bytes> packets; std::int64_t lifetime; };
  const Case cases[] = {
      {"direct alone", {direct(1, {lasts(5000)}), user_id_packets("a", {said("a", 2, {})})}, 5000},
      {"user id alone", {direct(1, {}), user_id_packets("a", {said("a", 2, {lasts(6000)})})}, 6000},
      {"the direct one goes before", {direct(1, {lasts(5000)}), user_id_packets("a", {said("a", 2, {lasts(6000)})})}, 5000},
      {"a newer direct one takes the end away", {direct(1, {lasts(5000)}), direct(2, {}), user_id_packets("a", {said("a", 2, {})})}, 0},
      {"an ended direct one says nothing", {direct(1, {lasts(5000), subpacket(3, u32(9))}), user_id_packets("a", {said("a", 2, {lasts(6000)})})}, 6000},
      {"the primary user id", {user_id_packets("a", {said("a", 1, {lasts(5000), primary})}), user_id_packets("b", {said("b", 2, {lasts(6000)})})}, 5000},
      {"the newest user id", {user_id_packets("a", {said("a", 1, {lasts(5000)})}), user_id_packets("b", {said("b", 2, {lasts(6000)})})}, 6000},
      {"a revoked user id says nothing", {user_id_packets("a", {said("a", 1, {lasts(5000)})}), user_id_packets("b", {said("b", 2, {lasts(6000), primary}), revoked("b", 3)})}, 5000},
      {"nor one alone", {user_id_packets("b", {said("b", 2, {lasts(6000)}), revoked("b", 3)})}, 0},
      {"a later signature takes the end away", {user_id_packets("a", {said("a", 1, {lasts(5000)}), said("a", 2, {})})}, 0},
      {"an ended one says nothing", {user_id_packets("a", {said("a", 1, {lasts(5000)})}), user_id_packets("b", {said("b", 2, {lasts(6000), subpacket(3, u32(9))})})}, 5000}};
  for (const auto& [what, packets, lifetime] : cases) {
    Bytes certificate = key_packet();
    for (const auto& packets_of_one : packets) append(certificate, packets_of_one);
    const auto info = describe(pieces_of(certificate), name(), Time{key_time + 4000});
    ASSERT_TRUE(info) << what;
    EXPECT_EQ(info->expires ? info->expires->seconds - key_time : 0, lifetime) << what;
  }
}

// `cat key.pgp key.rev`, and what key servers merged in disorder.
TEST(OpenPgpCertificate, SignaturesArePutWhereTheyBelong) {
  const PgpKey one = encryption_key("one"), two = encryption_key("two");
  const Bytes alice = user_id_packets("alice", {self_signature("alice")}), bob = user_id_packets("bob", {self_signature("bob")});
  const Bytes subkeys = joined({subkey_packets(one, {{.type = 0x18}}), subkey_packets(two, {{.type = 0x18}})});
  const Bytes key_revocation = packet(tag::signature, sign_over(party(), party(), 0, {}, {.type = 0x20, .created = key_time + 100, .hashed = {reason(1)}}));
  const Bytes alices = packet(tag::signature, self_signature("alice", {.type = 0x30, .created = key_time + 100}));
  const Bytes ones = packet(tag::signature, sign_over(party(), party(), tag::public_subkey, one.body, {.type = 0x28, .created = key_time + 100}));
  const Bytes right = joined({key_packet(), key_revocation, alice, alices, bob, subkey_packets(one, {{.type = 0x18}}), ones, subkey_packets(two, {{.type = 0x18}})});
  const Bytes image = packet(tag::user_attribute, Bytes(9, 1)), unread = packet(tag::public_subkey, Bytes{3, 1});
  const Bytes v6_subkey = packet(tag::public_subkey, pgp_key("six", 6).body);
  for (const Bytes& wrong : {joined({key_packet(), alice, bob, subkeys, key_revocation, alices, ones}), joined({key_packet(), ones, alices, alice, key_revocation, bob, subkeys}),
                             joined({key_packet(), alice, bob, alices, image, key_revocation, subkeys, ones}),
                             joined({key_packet(), alice, bob, subkeys, unread, key_revocation, alices, ones}),
                             joined({key_packet(), alice, bob, packet(60, view("x")), alices, subkeys, packet(8, view("x")), key_revocation, ones})}) {
    const auto split = split_certificates(wrong);
    ASSERT_TRUE(split);
    std::vector<Bytes> pieces;
    for (const auto& piece : split->pieces) pieces.push_back(piece.bytes);
    EXPECT_EQ(assemble(pieces, name()).value(), assemble(pieces_of(right), name()).value());
    EXPECT_TRUE(revocation_weight(pieces[0]) > 0 || decode(Format::openpgp, pieces[0])->statements()[0].kind() == Kind::withdraw) << "what restricts goes first";
  }
}

// A thief who has the key signs what it likes; the owner's revocation, at the end of all that, is still found.
TEST(OpenPgpCertificate, FloodsShutOutNoRevocation) {
  std::vector<Bytes> packets{key_packet()};
  Bytes direct = sign_over(party(), party(), 0, {}, {.type = 0x1f}), soft = sign_over(party(), party(), 0, {}, {.type = 0x20, .hashed = {reason(3)}});
  for (std::size_t i = 0; i < budget::submission_items + 10; ++i) {
    for (Bytes* one : {&direct, &soft})
      for (std::size_t octet = 0; octet < 3; ++octet) (*one)[one->size() - 1 - octet] = static_cast<std::uint8_t>(i >> (8 * octet));
    if (i % 1000 == 0) packets.push_back(packet(tag::user_id, view(std::to_string(i))));
    packets.push_back(packet(tag::signature, i % 2 == 0 ? direct : soft));
  }
  packets.push_back(packet(tag::signature, sign_over(party(), party(), 0, {}, {.type = 0x20, .created = key_time + 1})));
  Bytes all;
  for (const Bytes& one : packets) append(all, one);
  const auto split = split_certificates(all);
  ASSERT_TRUE(split);
  EXPECT_EQ(revocation_weight(split->pieces.at(0).bytes), 2);
}

// What is only carried: gpg and sq go on encrypting to it.
TEST(OpenPgpCertificate, SubkeysThatAreNoKeysHereAreCarried) {
  const auto carried = [](const Bytes& body) {
    const PgpKey subkey{nullptr, body};
    const auto pieces = pieces_of(joined({key_packet(), subkey_packets(subkey, {{.type = 0x18, .hashed = {subpacket(27, Bytes{0x0c})}}})}));
    if (pieces.size() != 1) return false;
    auto decoded = decode(Format::openpgp, pieces[0]);
    return decoded && verify(*decoded, party().signer->public_key()) && statements_of_stored(Format::openpgp, pieces[0], party().signer->public_key().id());
  };
  for (const std::size_t octets : {128u, 192u, 255u}) {
    Bytes n(octets, 0xff), numbers;
    append_mpi(numbers, n);
    append_mpi(numbers, Bytes{1, 0, 1});
    EXPECT_TRUE(carried(key_body(4, algorithm::rsa, numbers, key_time))) << octets;
  }
  Bytes v5 = {5};
  append_u32(v5, key_time);
  v5.push_back(algorithm::ecdh);
  append_u32(v5, 40);
  append(v5, Bytes(40, 7));
  EXPECT_TRUE(carried(v5));
}

TEST(OpenPgpCertificate, WhatSomeWritersHaveWrongIsPutRight) {
  // Both numbers have 32 octets, and R less than 256 bits.
  Bytes good;
  const auto fits = [](View signature) {
    const View numbers = signature.last(2 * 34);
    const auto bits = [&](std::size_t at) { return numbers[at] << 8 | numbers[at + 1]; };
    return bits(0) > 248 && bits(0) < 256 && bits(34) > 248 && bits(34) < 256;
  };
  for (std::uint32_t i = 0; good.empty() || !fits(good); ++i) good = self_signature("alice", {.created = key_time + i});
  const auto right = pieces_of(joined({key_packet(), user_id_packets("alice", {good})}));
  Bytes other_digest = good;  // RNP wrote them so
  other_digest[good.size() - 2 - 2 * 34] ^= 0xff;
  EXPECT_EQ(pieces_of(joined({key_packet(), user_id_packets("alice", {other_digest})})), right);
  // OpenPGP.js and others counted the bits of whole octets.
  Bytes other_count = good;
  const std::size_t r = good.size() - 2 * 34;
  other_count[r] = 1, other_count[r + 1] = 0;
  EXPECT_EQ(pieces_of(joined({key_packet(), user_id_packets("alice", {other_count})})), right);
}

// What decides nothing in a revocation takes it from nobody: its issuer wrote it carelessly, or whoever forwards it wrote beside
// its signature. gpg and sq hear these too.
TEST(OpenPgpCertificate, ACarelessRevocationIsHeard) {
  const auto key_id = [](std::uint64_t id) {
    Bytes octets;
    append_u64(octets, id);
    return subpacket(16, octets);
  };
  const Bytes own_id = key_id(name().key_id()), other_id = key_id(name().key_id() ^ 1), created = subpacket(2, u32(key_time + 1));
  const Bytes fingerprint = subpacket(33, prefixed(name().octets, 4)), of_v5 = subpacket(33, Bytes(33, 5));
  struct Case { const char* what; std::vector<Bytes> hashed, unhashed; };
  const Case cases[] = {
      {"a reason of no octets", {created, fingerprint, subpacket(29, Bytes{})}, {own_id}},
      {"an expiry of three", {created, fingerprint, subpacket(3, Bytes(3, 1))}, {own_id}},
      {"a key's expiry of three", {created, fingerprint, subpacket(9, Bytes(3, 1))}, {own_id}},
      {"exportable, of two", {created, fingerprint, subpacket(4, Bytes{1, 1})}, {own_id}},
      {"a notation longer than it is", {created, fingerprint, subpacket(20, Bytes{0x80, 0, 0, 0, 0, 255, 0, 0})}, {own_id}},
      {"a status", {created, fingerprint, notation("status@cm4it.org", "in-use")}, {own_id}},
      {"a slip of the pen", {created, fingerprint, notation("statsu@cm4it.org", "in-use")}, {own_id}},
      {"a domain that is none", {created, fingerprint, notation("domain@cm4it.org", "No Domain")}, {own_id}},
      {"a fingerprint of v5", {created, of_v5}, {own_id}},
      {"two key ids beside it", {created}, {other_id, own_id}},
      {"another fingerprint beside it", {created}, {own_id, subpacket(33, prefixed(Bytes(20, 7), 4))}},
      {"a fingerprint that is none beside it", {created}, {own_id, subpacket(33, Bytes(20, 4))}},
      {"a key id that is none beside it", {created, fingerprint}, {subpacket(16, Bytes(7, 1))}},
      {"nobody named", {created}, {subpacket(100, Bytes{1})}}};
  for (const auto& [what, hashed, unhashed] : cases) {
    Bytes revocation = sign_over(party(), party(), 0, {},
                                 {.type = 0x20, .hashed = hashed, .unhashed = unhashed, .usual_hashed = false, .usual_unhashed = false});
    for (const bool trailing : {false, true}) {
      if (trailing) revocation.push_back(0);
      const auto pieces = pieces_of(joined({key_packet(), packet(tag::signature, revocation), user_id_packets("alice", {self_signature("alice")})}));
      ASSERT_EQ(pieces.size(), 2u) << what;
      const auto verified = evidence::test::accept(Format::openpgp, pieces[0], party().signer->public_key());
      ASSERT_TRUE(verified) << what << ": " << verified.error().message;
      EXPECT_EQ(std::get<StatusChange>(verified->statements()[0].body).status, Status::revoked) << what;
      EXPECT_TRUE(verified->statements()[0].component.hard_revocation) << what;
    }
  }
}

TEST(OpenPgpCertificate, ARevocationWithoutItsKey) {
  const Bytes revocation = sign_over(party(), party(), 0, {}, {.type = 0x20, .created = key_time + 1});
  const Bytes alone = packet(tag::signature, revocation);
  EXPECT_TRUE(looks_like_openpgp(alone));
  const auto pieces = pieces_of(alone);
  ASSERT_EQ(pieces.size(), 1u);
  EXPECT_EQ(loose_revocation(pieces[0])->fingerprint, name().octets);
  EXPECT_EQ(certificate_of(pieces[0]).value(), name());
  EXPECT_EQ(complete(pieces[0], key_packet())->bytes, write_piece(party().body, 0, {}, revocation));
  EXPECT_EQ(complete(pieces[0], packet(tag::public_key, other().body)).error().code, Code::not_found);
  EXPECT_EQ(pieces_of(joined({packet(tag::public_key, other().body), alone})), pieces) << "behind another's key";
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
