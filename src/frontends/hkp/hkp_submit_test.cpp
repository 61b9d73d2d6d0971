// Uploads over HKP, and what they do to answers that were cached.
#include "frontends/hkp/hkp_fixture.h"

namespace cm4it::hkp {
namespace {

using namespace fixture;

TEST_F(KeyServer, EveryFormOfUpload) {
  const Draft a = certificate("a"), b = certificate("b"), c = certificate("c");
  const auto first = add(a.armored());
  EXPECT_EQ(first.status, 200u) << first.body;
  EXPECT_THAT(first.body, HasSubstr(a.key().fingerprint().text() + ": 1 new, 0 known, 0 refused"));
  const auto again = add(a.armored());
  EXPECT_EQ(again.status, 200u);
  EXPECT_THAT(again.body, HasSubstr("0 new, 1 known"));
  EXPECT_EQ(add(b.binary()).status, 200u);
  EXPECT_EQ(ask("POST", "/pks/add", "application/pgp-keys", c.binary()).status, 200u);
  for (const Draft& draft : {a, b, c}) EXPECT_EQ(served("0x" + hex(draft.key())), draft.bytes());
  const Draft d = certificate("d"), e = certificate("e");
  EXPECT_EQ(add(d.armored() + "\n" + e.armored()).status, 200u);  // several in one
  EXPECT_EQ(served("0x" + hex(d.key())), d.bytes());
  EXPECT_EQ(served("0x" + hex(e.key())), e.bytes());
}

TEST_F(KeyServer, WhatDoesNotEnterIsToldWhy) {
  EXPECT_EQ(ask("POST", "/pks/add", "application/x-www-form-urlencoded", "key=1").status, 400u);
  EXPECT_EQ(ask("POST", "/pks/add", "application/x-www-form-urlencoded", "").status, 400u);
  EXPECT_EQ(ask("POST", "/pks/add", "application/x-www-form-urlencoded", "keytext=%f").status, 400u);
  EXPECT_EQ(add("no key").status, 400u);

  const Draft bare(pgp_key("bare"));
  const auto nothing_signed = add(bare.armored());
  EXPECT_EQ(nothing_signed.status, 422u) << nothing_signed.body;
  EXPECT_THAT(nothing_signed.body, HasSubstr(bare.key().fingerprint().text() + ": "));

  PgpKey forger = pgp_key("victim");
  forger.signer = signer_of("forger");
  const auto forged = add(Draft(forger).user_id("victim").armored());
  EXPECT_EQ(forged.status, 422u);
  EXPECT_THAT(forged.body, HasSubstr("1 refused ("));

  const auto stranger = certificate("x").certified(pgp_key("stranger"), "x <x@acme.example>");
  const auto partly = add(stranger.armored());
  EXPECT_EQ(partly.status, 200u);
  EXPECT_THAT(partly.body, HasSubstr("1 new, 0 known, 1 refused"));
  EXPECT_EQ(served("0x" + hex(stranger.key())), certificate("x").bytes());
}

TEST_F(KeyServer, AFormOfBrowsers) {
  const Draft a = certificate("a");
  const std::string part = "--x\r\nContent-Disposition: form-data; name=\"keytext\"\r\n\r\n" + a.armored() + "\r\n--x--\r\n";
  const auto reply = ask("POST", "/pks/add", "multipart/form-data; boundary=x", part);
  EXPECT_EQ(reply.status, 200u) << reply.body;
  EXPECT_EQ(served("0x" + hex(a.key())), a.bytes());
  EXPECT_EQ(ask("POST", "/pks/add", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\na\r\n--x--\r\n").status, 400u);
  const auto preflight = ask("OPTIONS", "/pks/v2/certs");
  EXPECT_THAT(std::string(preflight.header("Access-Control-Allow-Headers")), HasSubstr("Content-Type"));
  EXPECT_THAT(std::string(preflight.header("Access-Control-Allow-Methods")), HasSubstr("POST"));
}

// As gpg and sq write it: a signature, and no key.
TEST_F(KeyServer, ARevocationComesWithoutItsKey) {
  const Draft a = certificate("a"), b = certificate("b");
  ASSERT_EQ(add(a.armored()).status, 200u);
  const auto revocation = [](const PgpKey& key, openpgp::ArmorKind kind, const char* why = "gone") {
    return openpgp::armor(kind, packet(2, sign_over(key, key, 0, {}, {.type = key_revocation, .hashed = {reason(2, why)}})));
  };
  const auto revoked = add(revocation(a.key(), openpgp::ArmorKind::public_key_block));
  EXPECT_EQ(revoked.status, 200u) << revoked.body;
  EXPECT_THAT(revoked.body, HasSubstr(a.key().fingerprint().text() + ": 1 new"));
  EXPECT_NE(served("0x" + hex(a.key())), a.bytes());
  EXPECT_THAT(add(revocation(a.key(), openpgp::ArmorKind::signature)).body, HasSubstr("0 new, 1 known"));
  const auto unknown = add(revocation(b.key(), openpgp::ArmorKind::public_key_block));
  EXPECT_EQ(unknown.status, 422u);
  EXPECT_THAT(unknown.body, HasSubstr("neither came with it nor is kept here"));
  PgpKey forger = a.key();
  forger.signer = signer_of("forger");
  EXPECT_EQ(add(revocation(forger, openpgp::ArmorKind::public_key_block, "forged")).status, 422u);
}

TEST_F(KeyServer, SecretKeysAreRefused) {
  Bytes secret = packet(5, pgp_key("alice").body);
  const std::string bytes(text(secret));
  EXPECT_EQ(add(bytes).status, 403u);
  std::string armored = certificate("alice").armored();
  for (auto at = armored.find("PUBLIC"); at != armored.npos; at = armored.find("PUBLIC")) armored.replace(at, 6, "PRIVATE");
  EXPECT_EQ(add(armored).status, 403u);
  EXPECT_EQ(ask("POST", "/pks/v2/certs", "application/pgp-keys", bytes).status, 403u);
}

// The server's engine refuses these before they are ours.
TEST_F(KeyServer, TooLarge) {
  const std::string body(300'000, 'a');
  const auto reply = client.send({"POST", server->url() + "/pks/add", "application/pgp-keys", body, {}, {}});
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 413u);
}

std::string named(const json::object& answer, const char* list, const Draft& draft) {
  for (const auto& one : answer.at(list).as_array())
    if (one.at("fingerprint").as_string() == hex(draft.key())) return one.as_object().contains("comment") ? std::string(one.at("comment").as_string()) : "named";
  return "";
}

TEST_F(KeyServer, VersionTwoTellsWhatBecameOfEach) {
  const Draft alice = certificate("alice"), longer = certificate("alice").user_id("alice at home");
  auto reply = add_v2(alice);
  EXPECT_EQ(reply.status, 200u);
  EXPECT_EQ(reply.content_type, "application/json");
  EXPECT_EQ(named(object(reply), "inserted", alice), "named");
  EXPECT_EQ(named(object(add_v2(longer)), "updated", alice), "named");
  EXPECT_EQ(named(object(add_v2(alice)), "ignored", alice), "nothing new");
  PgpKey forger = pgp_key("victim");
  forger.signer = signer_of("forger");
  const Draft forged = Draft(forger).user_id("victim");
  reply = add_v2(forged);
  EXPECT_EQ(reply.status, 422u);
  EXPECT_NE(named(object(reply), "invalid", forged), "");
  const Draft bare(pgp_key("bare"));
  reply = add_v2(bare);
  EXPECT_EQ(reply.status, 422u);
  EXPECT_NE(named(object(reply), "invalid", bare), "");
  // All of them at once: what is good enters.
  const Draft bob = certificate("bob");
  reply = ask("POST", "/pks/v2/certs", "application/pgp-keys", forged.binary() + bob.binary() + bare.binary() + alice.binary());
  EXPECT_EQ(reply.status, 200u);
  const auto answer = object(reply);
  EXPECT_EQ(named(answer, "inserted", bob), "named");
  EXPECT_EQ(named(answer, "ignored", alice), "nothing new");
  EXPECT_NE(named(answer, "invalid", forged), "");
  EXPECT_NE(named(answer, "invalid", bare), "");

  EXPECT_EQ(ask("POST", "/pks/v2/certs", "application/pgp-keys", "nothing").status, 422u);
  EXPECT_EQ(ask("POST", "/pks/v2/certs", "application/pgp-keys", "").status, 422u);
  EXPECT_EQ(ask("POST", "/pks/v2/certs", "text/html", alice.binary()).status, 501u);
  EXPECT_EQ(ask("POST", "/pks/v2/certs", "application/pgp-keys;armor=no", alice.binary()).status, 200u);
}

// An upload of a whole keyring: each certificate has its line, whatever came between its parts.
TEST_F(KeyServer, ManyAtOnce) {
  std::string all, again;
  std::vector<Draft> keyring;
  for (int i = 0; i < 300; ++i) {
    keyring.push_back(certificate("one of many " + std::to_string(i)));
    all += keyring.back().binary();
    again += i % 2 == 0 ? keyring.back().binary() : Draft(keyring.back().key()).user_id("a second").binary();
  }
  const auto first = ask("POST", "/pks/add", "application/pgp-keys", all + again);
  EXPECT_EQ(first.status, 200u);
  EXPECT_EQ(std::count(first.body.begin(), first.body.end(), '\n'), 300);
  EXPECT_THAT(first.body, HasSubstr(keyring[0].key().fingerprint().text() + ": 1 new, 0 known, 0 refused"));
  EXPECT_THAT(first.body, HasSubstr(keyring[299].key().fingerprint().text() + ": 2 new, 0 known, 0 refused"));
  const auto answer = object(ask("POST", "/pks/v2/certs", "application/pgp-keys", all + certificate("the last").binary()));
  EXPECT_EQ(answer.at("ignored").as_array().size(), 300u);
  EXPECT_EQ(named(answer, "inserted", certificate("the last")), "named");
}

TEST_F(KeyServer, AReadyAnswerIsStaleWhenSomethingCame) {
  const Draft alice = certificate("alice");
  upload(alice);
  const std::string legacy = "0x" + hex(alice.key()), v2 = "/pks/v2/certs/by-vfingerprint/04" + hex(alice.key());
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(served(legacy), alice.bytes());
    EXPECT_EQ(get(v2).body, alice.binary());
  }
  upload(certificate("notary"));  // before that no one knows whose key has that fingerprint
  const Draft longer = certificate("alice").certified(pgp_key("notary"), "alice <alice@acme.example>");
  upload(longer);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(served(legacy), longer.bytes());
    EXPECT_EQ(get(v2).body, longer.binary());
  }
  SignatureDraft superseded{.type = key_revocation, .created = key_time + 2000};
  superseded.hashed = {reason(1)};
  upload(Draft(alice.key()).signature(alice.key(), superseded));
  const Bytes revoked = served(legacy);
  EXPECT_GT(revoked.size(), longer.bytes().size());
  EXPECT_EQ(served(legacy), revoked);
  EXPECT_EQ(view(get(v2).body).size(), revoked.size());
  EXPECT_THAT(index("alice").body, HasSubstr(":r\nuid:"));
}

// What is compromised is given out as its revocation and its user ids; subkeys would go on to be used.
TEST_F(KeyServer, WhatIsRevokedHardIsReduced) {
  const Draft alice = certificate("alice").subkey(encryption_key("alice"));
  upload(alice);
  const std::string name = "0x" + hex(alice.key());
  EXPECT_EQ(served(name), alice.bytes());
  SignatureDraft compromised{.type = key_revocation, .created = key_time + 2000};
  compromised.hashed = {reason(2, "stolen")};
  upload(Draft(alice.key()).signature(alice.key(), compromised));
  const Draft reduced = Draft(alice.key()).signature(alice.key(), compromised).user_id("alice <alice@acme.example>");
  EXPECT_EQ(served(name), reduced.bytes());
  EXPECT_EQ(served("0x" + hex(encryption_key("alice"))), reduced.bytes());
  EXPECT_EQ(served("alice@acme.example"), reduced.bytes());
  EXPECT_THAT(index(name).body, HasSubstr(":r\nuid:alice"));
  EXPECT_THAT(index(name, "").body, HasSubstr("revoked"));
}

}  // namespace
}  // namespace cm4it::hkp
