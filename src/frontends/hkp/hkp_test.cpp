// Look-ups over HKP, legacy and v2: who is found, and in which form the answer goes.
#include "base/budgets.h"
#include "frontends/hkp/hkp_fixture.h"

namespace cm4it::hkp {
namespace {

using namespace fixture;

TEST_F(KeyServer, ACertificateIsFoundByAllItsNames) {
  const PgpKey subkey = encryption_key("alice");
  const Draft alice = certificate("alice").subkey(subkey);
  upload(alice);
  const std::string fingerprint = hex(alice.key()), sub = hex(subkey);
  for (const std::string& name : {fingerprint, fingerprint.substr(24), fingerprint.substr(32), sub, sub.substr(24)})
    EXPECT_EQ(served("0x" + name), alice.bytes()) << name;
  const auto reply = lookup("0X" + alice.key().fingerprint().text(), "&options=mr,nm&fingerprint=on");
  EXPECT_EQ(reply.status, 200u);
  EXPECT_EQ(reply.content_type, "application/pgp-keys");
  EXPECT_THAT(reply.body, testing::StartsWith("-----BEGIN PGP PUBLIC KEY BLOCK-----\n"));
  EXPECT_THAT(reply.body, testing::EndsWith("-----END PGP PUBLIC KEY BLOCK-----\n"));
  for (const char* search : {"alice", "ALICE@acme", "ice <alice@ac", "Alice@Acme.Example"}) EXPECT_EQ(served(search), alice.bytes()) << search;
  EXPECT_EQ(lookup("alice@acme.example", "&exact=on").status, 200u);
  EXPECT_EQ(lookup("alice <alice@acme.example>", "&exact=on").status, 200u);
  EXPECT_EQ(lookup("alice", "&exact=on").status, 404u);
  EXPECT_EQ(lookup("carol").status, 404u);
  EXPECT_EQ(lookup("0x" + std::string(40, 'a')).status, 404u);
}

TEST_F(KeyServer, TextFindsEveryoneItFits) {
  const Draft alice = certificate("alice"), bob = certificate("bob");
  upload(alice);
  upload(bob);
  EXPECT_EQ(served("acme.example").size(), alice.bytes().size() + bob.bytes().size());
  EXPECT_THAT(index("acme.example").body, testing::StartsWith("info:1:2\n"));
}

// What only others say of a key is as much a part of its certificate.
// Searches of words wait for their turn; who asks by the name of a key does not wait for them.
TEST_F(KeyServer, SearchesOfWordsHoldUpNothing) {
  const auto alice = certificate("alice");
  upload(alice);
  const std::string fingerprint = hex(alice.key());
  const std::string words[] = {"/pks/lookup?op=get&search=alice", "/pks/lookup?op=index&search=alice", "/pks/v2/index/alice@acme.example",
                               "/pks/v2/certs/by-identity/alice@acme.example"};
  {
    HeldReadings held{*ics.service};
    for (const auto& path : words) EXPECT_EQ(get(path).status, 503u) << path;
    EXPECT_EQ(lookup("0x" + fingerprint).status, 200u);
    EXPECT_EQ(lookup("0x" + fingerprint.substr(24)).status, 200u);
    EXPECT_EQ(get("/pks/v2/certs/by-vfingerprint/04" + fingerprint).status, 200u);
  }
  for (const auto& path : words) {
    auto reply = get(path);
    for (int i = 0; reply.status == 503 && i < 1000; ++i) reply = get(path);
    EXPECT_EQ(reply.status, 200u) << path;
  }
}

TEST_F(KeyServer, AUserIdThatOnlyOthersCertifiedIsFound) {
  upload(certificate("notary"));
  const Draft alice = Draft(pgp_key("alice")).bare_user_id("Liddell <al@wonder.example>").certified(pgp_key("notary"), "Liddell <al@wonder.example>");
  upload(alice);
  for (const char* search : {"liddell", "wonder.example", "al@wonder.example"}) EXPECT_EQ(served(search), alice.bytes()) << search;
  EXPECT_EQ(get("/pks/v2/certs/by-identity/al@wonder.example").body, alice.binary());
  EXPECT_THAT(index("liddell").body, HasSubstr("uid:Liddell <al@wonder.example>:"));
}

// The fingerprint is one certificate's, whoever else has bound that key as a subkey.
TEST_F(KeyServer, AKeysOwnCertificateGoesBeforeThoseThatBindIt) {
  const Draft own = certificate("own");
  const Draft taker = certificate("taker").subkey({nullptr, own.key().body});
  upload(Draft(certificate("taker")));
  add(taker.armored());
  const std::string name = "0x" + hex(own.key());
  (void)lookup(name);
  upload(own);
  EXPECT_EQ(served(name), own.bytes());
}

TEST_F(KeyServer, WhatIsNewIsNeverShownToLegacyClients) {
  const Draft six = certificate("six", 6);
  const auto added = add(six.armored());
  ASSERT_EQ(added.status, 200u) << added.body;
  const std::string fingerprint = hex(six.key());
  EXPECT_EQ(lookup("0x" + fingerprint).status, 404u);
  EXPECT_EQ(lookup("six@acme.example").status, 404u);
  EXPECT_EQ(lookup("0x" + fingerprint.substr(0, 16)).status, 404u);
  EXPECT_EQ(get("/pks/v2/certs/by-keyid/" + fingerprint.substr(0, 16)).status, 404u);
  for (const char* form : {"06", "06/"}) {
    const auto reply = get("/pks/v2/certs/by-vfingerprint/" + (form + fingerprint));
    EXPECT_EQ(reply.status, 200u);
    EXPECT_EQ(reply.body, six.binary());
    EXPECT_THAT(reply.content_type, HasSubstr("application/pgp-keys"));
  }
  EXPECT_EQ(get("/pks/v2/certs/by-identity/six@acme.example").body, six.binary());
  EXPECT_THAT(index("six").body, HasSubstr("pub:" + six.key().fingerprint().text() + ":27:"));
}

TEST_F(KeyServer, VersionTwoKnowsThreeWays) {
  const Draft alice = certificate("alice");
  upload(alice);
  const std::string fingerprint = hex(alice.key());
  for (const std::string& path : {"certs/by-vfingerprint/04" + fingerprint, "certs/by-vfingerprint/04/" + fingerprint, "certs/by-keyid/" + fingerprint.substr(24),
                                  std::string("certs/by-identity/alice@acme.example")}) {
    const auto reply = get("/pks/v2/" + path);
    EXPECT_EQ(reply.status, 200u) << path;
    EXPECT_EQ(reply.body, alice.binary()) << path;
  }
  const auto reply = get("/pks/v2/index/alice@acme.example");
  EXPECT_EQ(reply.content_type, "application/json");
  const auto list = json::parse(reply.body).as_array();
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0].at("fingerprint").as_string(), fingerprint);
  EXPECT_EQ(list[0].at("userIDs").at(0).at("uidString").as_string(), "alice <alice@acme.example>");
  EXPECT_EQ(list[0].at("isRevoked").as_bool(), false);

  EXPECT_EQ(get("/pks/v2/certs/by-vfingerprint/04" + std::string(40, 'a')).status, 404u);
  EXPECT_EQ(get("/pks/v2/certs/by-vfingerprint/04" + std::string(40, 'x')).status, 422u);
  EXPECT_EQ(get("/pks/v2/certs/by-vfingerprint/04abcd").status, 422u);
  EXPECT_EQ(get("/pks/v2/certs/by-vfingerprint/06" + fingerprint).status, 422u);
  EXPECT_EQ(get("/pks/v2/certs/by-vfingerprint/09" + fingerprint).status, 404u);  // of a version that nobody knows yet
  EXPECT_EQ(get("/pks/v2/certs/by-keyid/" + fingerprint.substr(32)).status, 422u);
  EXPECT_EQ(get("/pks/v2/certs/by-identity/nobody@acme.example").status, 404u);
  EXPECT_EQ(get("/pks/v2/certs/by-identity/%zz").status, 422u);
  EXPECT_EQ(get("/pks/v2/certs/by-identity/").status, 403u);
  EXPECT_EQ(get("/pks/v2/certs").status, 403u);
  EXPECT_EQ(get("/pks/v2/certs/by-colour/red").status, 501u);
  EXPECT_EQ(get("/pks/v2/friends/alice").status, 501u);
  // Anyone may upload any user id: which is whose is not known here, and not guessed.
  EXPECT_EQ(get("/pks/v2/canonical/alice@acme.example").status, 501u);
  EXPECT_EQ(get("/pks/v2").status, 501u);
}

TEST_F(KeyServer, TheIndexForMachines) {
  SignatureDraft short_lived;
  short_lived.hashed = {subpacket(9, u32(3600))};  // the key's own end
  const Draft alice = Draft(pgp_key("alice")).user_id("50% a:b \xc3\xa9 <alice@acme.example>", short_lived);
  upload(alice);
  EXPECT_EQ(index("alice@acme.example").body,
            "info:1:1\npub:" + alice.key().fingerprint().text() + ":22:255:1700000000:1700003600:e\n"
            "uid:50%25 a%3Ab %C3%A9 <alice@acme.example>:1700001000::\n");
  const auto none = index("nobody");
  EXPECT_EQ(none.status, 404u);
  EXPECT_EQ(none.body, "info:1:0\n");
  EXPECT_EQ(index("alice", "&options=nm,mr,new-one").body.substr(0, 9), "info:1:1\n");
  EXPECT_EQ(get("/pks/lookup?op=vindex&options=mr&search=alice").status, 200u);
}

TEST_F(KeyServer, TheIndexForPeopleIsNoScript) {
  upload(Draft(pgp_key("mallory")).user_id("<script>alert('mallory')</script> & \"co\""));
  const auto page = index("mallory", "");
  EXPECT_EQ(page.status, 200u);
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  EXPECT_THAT(page.body, Not(HasSubstr("<script")));
  EXPECT_THAT(page.body, HasSubstr("&lt;script&gt;alert(&#39;mallory&#39;)&lt;/script&gt; &amp; &quot;co&quot;"));
  const auto none = index("<script>nobody", "");
  EXPECT_EQ(none.status, 404u);
  EXPECT_THAT(none.body, Not(HasSubstr("<script")));
  EXPECT_THAT(none.body, HasSubstr("&lt;script&gt;"));
  EXPECT_THAT(get("/").body, HasSubstr("<form"));
  EXPECT_THAT(get("/pks/lookup?op=stats").body, HasSubstr("keys.example"));
}

TEST_F(KeyServer, WhatIsAskedWrongly) {
  EXPECT_EQ(get("/pks/lookup").status, 400u);
  EXPECT_EQ(get("/pks/lookup?search=alice").status, 400u);
  EXPECT_EQ(get("/pks/lookup?op=photo&search=alice").status, 501u);
  EXPECT_EQ(get("/pks/lookup?op=get").status, 400u);
  for (const char* search : {"0x", "0x12", "0xnothexno", "0x123456789", "0x%00%00%00%00"})
    EXPECT_EQ(get("/pks/lookup?op=get&search=" + std::string(search)).status, 400u) << search;
  EXPECT_EQ(get("/pks/lookup?op=get&op=get&search=a").status, 400u);
  EXPECT_EQ(get("/pks/lookup?op=get&search=%").status, 400u);
  EXPECT_EQ(get("/pks/lookup/more").status, 501u);
  EXPECT_EQ(get("/pks/").status, 501u);
  EXPECT_EQ(get("/elsewhere").status, 404u);
  EXPECT_EQ(lookup("!!").status, 404u);  // no word in it
}

TEST_F(KeyServer, Methods) {
  const Draft alice = certificate("alice");
  upload(alice);
  const std::string path = "/pks/lookup?op=get&search=0x" + hex(alice.key());
  const auto head = ask("HEAD", path), whole = get(path);
  EXPECT_EQ(head.status, 200u);
  EXPECT_EQ(head.body, "");
  EXPECT_EQ(head.content_type, whole.content_type);
  EXPECT_EQ(head.header("Content-Length"), std::to_string(whole.body.size()));
  EXPECT_EQ(ask("HEAD", "/pks/lookup?op=get&search=nobody").status, 404u);

  EXPECT_EQ(ask("OPTIONS", "/pks/lookup").header("Allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(ask("OPTIONS", "/pks/add").header("Allow"), "POST, OPTIONS");
  EXPECT_EQ(ask("OPTIONS", "/pks/v2/certs").header("Allow"), "POST, OPTIONS");
  EXPECT_EQ(ask("OPTIONS", "/pks/v2/certs/by-keyid").header("Allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(ask("OPTIONS", "/pks/v2/prefixlog").header("Allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(ask("OPTIONS", "/pks/hashquery").header("Allow"), "POST, OPTIONS");
  for (const char* none : {"/pks/", "/pks/none", "/pks/v2", "/pks/v2/none", "/pks/v2/canonical"}) EXPECT_EQ(ask("OPTIONS", none).status, 501u) << none;

  for (const auto& [method, target, allow] : {std::tuple{"POST", "/pks/lookup?op=get&search=a", "GET, HEAD, OPTIONS"}, {"DELETE", "/pks/lookup", "GET, HEAD, OPTIONS"},
                                              {"GET", "/pks/add", "POST, OPTIONS"}, {"PUT", "/pks/v2/certs/by-keyid/00", "GET, HEAD, OPTIONS"},
                                              {"POST", "/", "GET, HEAD"}}) {
    const auto reply = ask(method, target);
    EXPECT_EQ(reply.status, 405u) << method << " " << target;
    EXPECT_EQ(reply.header("Allow"), allow) << method << " " << target;
  }
}

struct Hidden : KeyServer {
  Hidden() : KeyServer("[read]\ndefault = [\"owner\"]\n") {}
};

TEST_F(Hidden, WhatMayNotBeReadLooksAbsent) {
  const Draft alice = certificate("alice");
  upload(alice);
  const std::string fingerprint = hex(alice.key());
  EXPECT_EQ(lookup("0x" + fingerprint).status, 404u);
  EXPECT_EQ(lookup("alice").status, 404u);
  EXPECT_EQ(index("alice").body, "info:1:0\n");
  EXPECT_EQ(get("/pks/v2/certs/by-vfingerprint/04" + fingerprint).status, 404u);
  EXPECT_EQ(get("/pks/v2/certs/by-keyid/" + fingerprint.substr(24)).status, 404u);
  EXPECT_EQ(get("/pks/v2/index/alice@acme.example").status, 404u);
}

// As people copy ids, and as scripts build queries.
TEST_F(KeyServer, IdsAsTheyAreWritten) {
  const Draft a = certificate("a");
  upload(a);
  const std::string whole = a.key().fingerprint().text();
  std::string groups;
  for (std::size_t i = 0; i < whole.size(); i += 4) groups += whole.substr(i, 4) + (i == 16 ? "  " : " ");
  for (const auto& search : {whole, groups, whole.substr(24), "0x " + groups, " 0x" + whole + " ", std::string("a@acme.example ")})
    EXPECT_EQ(lookup(search, "&exact=on").status, 200u) << search;
  EXPECT_EQ(get("/pks/lookup?op=get&search=0x" + whole + "&").status, 200u);
  EXPECT_EQ(index("0x" + std::string(32, 'a')).status, 404u) << "of v3 keys";
}

// More certificates with one word than are looked at hide none of the others, and it is said that there are more.
struct LargeKeyServer : KeyServer {
  LargeKeyServer() : KeyServer({}, 4 * 1024 * 1024) {}
};
TEST_F(LargeKeyServer, ManyOfOneDomain) {
  std::string all;
  for (std::size_t i = 0; i < budget::certificates_examined + 20; ++i)
    all += Draft(pgp_key("n" + std::to_string(i))).user_id("n" + std::to_string(i) + " <n" + std::to_string(i) + "@large.example>").armored();
  ASSERT_EQ(ask("POST", "/pks/add", "application/pgp-keys", all).status, 200u);
  for (const std::string& last : {"n" + std::to_string(budget::certificates_examined + 19) + "@large.example", std::string("n0@large.example")}) {
    EXPECT_EQ(index(last, "&options=mr&exact=on").status, 200u) << last;
    EXPECT_EQ(index(last).status, 200u) << last;
    EXPECT_EQ(get("/pks/v2/certs/by-identity/" + last).status, 200u) << last;
  }
  EXPECT_EQ(index("large.example").header("X-HKP-Results-More"), "yes");
  EXPECT_THAT(index("large.example", "").body, HasSubstr("There are more"));
  EXPECT_EQ(index("n0@large.example").header("X-HKP-Results-More"), "");
}

}  // namespace
}  // namespace cm4it::hkp
