// Bad uploads: what is wrong is told for each item, the good parts are stored, nothing else changes.
#include <unordered_map>

#include "frontends/hkp/hkp_fixture.h"

namespace cm4it::hkp {
namespace {

using namespace fixture;

struct Hostile : KeyServer {
  Hostile() : KeyServer({}, budget::http_body_bytes) { upload(bob); }

  net::Reply post(const Bytes& upload) { return ask("POST", "/pks/add", "application/pgp-keys", std::string(text(upload))); }

  // The bad part behind a good certificate, and before another.
  void expect_told(const std::string& what, const Bytes& bad, const std::string& reason, bool rest_is_read = true) {
    SCOPED_TRACE(what);
    const Draft before = certificate("before " + what), after = certificate("after " + what);
    const auto reply = post(joined({before.bytes(), bad, after.bytes()}));
    EXPECT_EQ(reply.status, 200u);
    EXPECT_THAT(reply.body, HasSubstr(before.key().fingerprint().text() + ": 1 new"));
    EXPECT_THAT(reply.body, HasSubstr(reason));
    EXPECT_LT(reply.body.size(), 64u * 1024);
    EXPECT_EQ(served("0x" + hex(before.key())), before.bytes());
    if (rest_is_read) EXPECT_EQ(served("0x" + hex(after.key())), after.bytes());
    else EXPECT_EQ(lookup("0x" + hex(after.key())).status, 404u);
    EXPECT_EQ(served("0x" + hex(bob.key())), bob.bytes());
    EXPECT_THAT(index("acme.example", "&options=mr").body, HasSubstr("bob <bob@acme.example>"));
  }
  // The same of a signature that somebody makes on that certificate's user id.
  void expect_refused(const std::string& what, const PgpKey& by, SignatureDraft said, const std::string& reason) {
    SCOPED_TRACE(what);
    const std::string user_id = what + " <" + what + "@acme.example>";
    const Draft good = certificate(what);
    const Bytes signature = sign_over(by, good.key(), tag::user_id, view(user_id), said);
    const auto reply = post(joined({good.bytes(), packet(tag::signature, signature)}));
    EXPECT_EQ(reply.status, 200u);
    EXPECT_THAT(reply.body, HasSubstr(reason));
    EXPECT_EQ(served("0x" + hex(good.key())), good.bytes());
    EXPECT_EQ(served("0x" + hex(bob.key())), bob.bytes());
  }

  const Draft bob = certificate("bob");
};

TEST_F(Hostile, PacketsThatHaveNoPlace) {
  expect_told("literal data", packet(11, view("b\0\0\0\0\0hello")), "a packet of type 11: it has no place in a certificate");
  expect_told("compressed", packet(8, joined({Bytes{0}, certificate("inside").bytes()})), "it has no place in a certificate");
  EXPECT_EQ(lookup("0x" + hex(certificate("inside").key())).status, 404u);
  expect_told("trust", packet(12, Bytes(300, 1)), "1 new");  // of a key ring: passed over
  const Draft late = certificate("late");
  const auto reply = post(joined({packet(tag::signature, Bytes(100, 4)), packet(tag::user_id, view("nobody")), late.bytes()}));
  EXPECT_EQ(reply.status, 200u);
  EXPECT_THAT(reply.body, HasSubstr("user id \"nobody\": no key before it"));
  EXPECT_EQ(served("0x" + hex(late.key())), late.bytes());
}

TEST_F(Hostile, SizesThatAreNone) {
  expect_told("a user id of a megabyte", packet(tag::user_id, Bytes(1 << 20, 'x')), "4096");
  expect_told("a large subkey", packet(tag::public_subkey, Bytes(budget::openpgp_key_bytes + 1, 4)), std::to_string(budget::openpgp_key_bytes));
  expect_told("a large signature", packet(tag::signature, Bytes(budget::openpgp_signature_bytes + 1, 4)), std::to_string(budget::openpgp_signature_bytes));
  expect_told("an empty subkey", packet(tag::public_subkey, {}), "1 packets not understood");
  expect_told("an empty signature", packet(tag::signature, {}), "1 packets not understood");
  expect_told("an empty key", packet(tag::public_key, {}), "certificate 2: ");
  expect_told("four gigabytes", from_hex("cdffffffffff").value(), "what follows octet ", false);
  expect_told("four gigabytes, old", from_hex("b6ffffffff").value(), "what follows octet ", false);
  expect_told("a partial length", from_hex("cde161").value(), "what follows octet ", false);
  const Draft whole = certificate("whole"), cut = certificate("cut");
  for (const std::size_t size : {1, 2, 60, 100}) {
    const auto reply = post(joined({whole.bytes(), to_bytes(View(cut.bytes()).first(size))}));
    EXPECT_EQ(reply.status, 200u) << size;
    EXPECT_THAT(reply.body, HasSubstr("what follows octet ")) << size;
  }
  EXPECT_EQ(served("0x" + hex(whole.key())), whole.bytes());
  EXPECT_EQ(lookup("0x" + hex(cut.key())).status, 404u);
}

TEST_F(Hostile, SignaturesThatDoNotHold) {
  upload(certificate("notary"));
  const PgpKey notary = pgp_key("notary");
  expect_refused("critical", notary, {.hashed = {subpacket(99, Bytes{1}, true)}}, "critical");
  expect_refused("notation", notary, {.hashed = {notation("who@knows.example", "x", true)}}, "critical");
  PgpKey liar = notary;
  liar.signer = signer_of("liar");
  expect_refused("wrong issuer", liar, {}, "1 refused (");
  expect_refused("unknown issuer", pgp_key("unknown"), {}, "no certificate of the issuer");
  expect_refused("weak", notary, {.hash = 2}, "SHA-1");
}

// The first octets of the digest are a hint: a signature that holds and has them wrong is stored, and they are put right.
TEST_F(Hostile, ADigestThatDoesNotBeginAsItSaysIsPutRight) {
  upload(certificate("notary"));
  const PgpKey notary = pgp_key("notary");
  const Draft good = certificate("alice").certified(notary, "alice <alice@acme.example>");
  Bytes spoiled = good.bytes();
  spoiled[spoiled.size() - 69] ^= 1;  // before two numbers of 32 octets with their lengths
  EXPECT_THAT(post(spoiled).body, HasSubstr("2 new, 0 known, 0 refused"));
  EXPECT_EQ(served("0x" + hex(good.key())), good.bytes());
}

// Signatures in signatures in signatures: where none is needed, none is asked, and what is not hashed goes.
TEST_F(Hostile, NestedSignatures) {
  const Draft alice = certificate("alice");
  Bytes nested = sign_over(alice.key(), alice.key(), tag::user_id, view("x"), {});
  for (int depth = 0; depth < 20; ++depth)
    nested = sign_over(alice.key(), alice.key(), tag::user_id, view("x"), {.unhashed = {subpacket(32, nested)}});
  upload(certificate("alice").signature(alice.key(), {.type = 0x1f, .unhashed = {subpacket(32, nested)}}));
  EXPECT_LT(served("0x" + hex(alice.key())).size(), alice.bytes().size() + 200);
}

// It is stored, as everything that is signed and admitted, and counts for nothing until its time comes.
TEST_F(Hostile, TimesThatAreFarAhead) {
  const Draft alice = certificate("alice");
  SignatureDraft superseded{.type = key_revocation, .created = 4'000'000'000};
  superseded.hashed = {reason(1)};
  upload(Draft(alice.key()).signature(alice.key(), superseded).user_id("alice <alice@acme.example>", {.created = 4'000'000'000}));
  upload(alice);
  EXPECT_THAT(index("alice").body, testing::EndsWith("::\nuid:alice <alice@acme.example>:1700001000::\n"));
  EXPECT_EQ(lookup("0x" + hex(alice.key())).status, 200u);
  EXPECT_EQ(served("0x" + hex(bob.key())), bob.bytes());
}

TEST_F(Hostile, SubkeysThatDidNotAgree) {
  const PgpKey signing = pgp_key("signing");
  const auto bind = [&](const Draft& to, Bytes back) {
    const SignatureDraft binding{.type = 0x18, .hashed = {subpacket(27, Bytes{2}), subpacket(32, back)}};
    return joined({to.bytes(), packet(tag::public_subkey, signing.body), packet(tag::signature, sign_over(to.key(), to.key(), tag::public_subkey, signing.body, binding))});
  };
  const Draft owner = certificate("owner"), thief = certificate("thief");
  PgpKey forged = signing;
  forged.signer = signer_of("thief");
  const auto stolen = post(bind(thief, back_signature(thief.key(), forged)));
  EXPECT_EQ(stolen.status, 200u);
  EXPECT_THAT(stolen.body, HasSubstr("back-signature"));
  EXPECT_EQ(served("0x" + hex(thief.key())), thief.bytes());
  EXPECT_THAT(post(bind(owner, back_signature(owner.key(), signing))).body, HasSubstr("2 new, 0 known, 0 refused"));
  EXPECT_NE(served("0x" + hex(signing)), thief.bytes());
}

// Fingerprints whose last 32 bits are alike are soon found: both certificates come, and each by its own name.
TEST_F(Hostile, KeyIdsThatAreAlike) {
  std::unordered_map<std::string, std::uint32_t> seen;
  // RFC 9580 section 5.5.4.2: SHA-1 over 0x99, the length and the body, in which the time of creation comes second.
  const auto short_id = [](Bytes& body, std::uint32_t time) {
    const Bytes octets = u32(time);
    std::copy(octets.begin(), octets.end(), body.begin() + 1);
    const Bytes head{0x99, 0, static_cast<std::uint8_t>(body.size())};
    const Bytes digest = crypto::digest(crypto::Hash::sha1, joined({head, body}));
    return to_hex(View(digest).last(4));
  };
  Bytes one = pgp_key("first").body, other = pgp_key("second").body;
  std::optional<std::pair<std::uint32_t, std::uint32_t>> alike;
  for (std::uint32_t i = 0; i < 60'000; ++i) seen.emplace(short_id(one, key_time - i), key_time - i);
  for (std::uint32_t i = 0; i < 2'000'000 && !alike; ++i)
    if (const auto found = seen.find(short_id(other, key_time - i)); found != seen.end()) alike.emplace(found->second, key_time - i);
  ASSERT_TRUE(alike);
  const Draft first = Draft(pgp_key(signer_of("first"), 4, alike->first)).user_id("first");
  const Draft second = Draft(pgp_key(signer_of("second"), 4, alike->second)).user_id("second");
  upload(first);
  upload(second);
  EXPECT_EQ(served("0x" + hex(first.key()).substr(32)).size(), first.bytes().size() + second.bytes().size());
  EXPECT_EQ(served("0x" + hex(first.key())), first.bytes());
  EXPECT_EQ(served("0x" + hex(second.key()).substr(24)), second.bytes());
}

TEST_F(Hostile, FloodsAreBounded) {
  Draft many = certificate("many");
  for (int i = 0; i < 3000; ++i) many.user_id("user " + std::to_string(i));
  const auto named = post(many.bytes());
  EXPECT_EQ(named.status, 200u);
  EXPECT_THAT(named.body, HasSubstr(std::to_string(budget::openpgp_components) + " new, 0 known"));
  EXPECT_THAT(named.body, HasSubstr("more than " + std::to_string(budget::openpgp_components) + " user ids and subkeys"));
  EXPECT_EQ(served("many@acme.example"), served("0x" + hex(many.key())));

  const Draft victim = certificate("victim");
  Bytes flood = victim.bytes();
  Bytes junk = sign_over(pgp_key("nobody"), victim.key(), tag::user_id, view("victim <victim@acme.example>"), {});
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    for (std::size_t octet = 0; octet < 3; ++octet) junk[junk.size() - 1 - octet] = static_cast<std::uint8_t>(i >> 8 * octet);
    append(flood, packet(tag::signature, junk));
  }
  ASSERT_LT(flood.size(), budget::http_body_bytes);
  const auto flooded = post(flood);
  EXPECT_EQ(flooded.status, 200u);
  EXPECT_THAT(flooded.body, HasSubstr("1 new, 0 known, " + std::to_string(budget::openpgp_signatures) + " refused"));
  EXPECT_THAT(flooded.body, HasSubstr("more than " + std::to_string(budget::openpgp_signatures) + " on this component"));
  EXPECT_LT(flooded.body.size(), 64u * 1024);
  EXPECT_EQ(served("0x" + hex(victim.key())), victim.bytes());
  EXPECT_EQ(served("0x" + hex(bob.key())), bob.bytes());
}

}  // namespace
}  // namespace cm4it::hkp
