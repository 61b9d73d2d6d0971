// Writes the seeds: fuzz_seeds DIRECTORY makes DIRECTORY/TARGET/NAME. Keys come out of seeds, signatures are Ed25519 where the
// format allows: written again, the files are the same but for ECDSA's.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/der.h"
#include "crypto/digest.h"
#include "crypto/pem.h"
#include "evidence/formats/x509/crl_test_support.h"
#include "evidence/evidence.h"
#include "evidence/formats/manifest/manifest_writer.h"
#include "evidence/formats/openpgp/test_support.h"
#include "evidence/formats/sums/sums.h"
#include "evidence/formats/x509/x509_test_support.h"
#include "service/feed_wire.h"

using namespace cm4it;
using namespace cm4it::evidence;

namespace {

std::filesystem::path directory;

template <class T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "%s\n", result.error().message.c_str());
  std::exit(1);
}

void write(const std::string& target, const std::string& name, std::string_view content) {
  std::filesystem::create_directories(directory / target);
  std::ofstream(directory / target / name, std::ios::binary) << content;
}

crypto::SignerPtr key_of(const std::string& name, crypto::Algorithm algorithm = crypto::Algorithm::eddsa) {
  const Digest seed = crypto::sha256(view("cm4it fuzz key " + name));
  return must(crypto::from_seed(algorithm, seed));
}
KeyId id_of(const std::string& name) { return key_of(name)->public_key().id(); }
SubjectId device() { return SubjectId::key(id_of("device")); }

Bytes say(SubjectId subject, Body body, const std::string& issuer = "acme", std::vector<std::string> domains = {"acme.example"}) {
  return must(sign({std::move(subject), std::move(domains), std::move(body), Time{1'800'000'000}, {}, {}}, *key_of(issuer)));
}

std::string base64_of(const std::string& name, crypto::Algorithm algorithm = crypto::Algorithm::eddsa) {
  return "\"" + key_of(name, algorithm)->public_key().base64() + "\"";
}

std::string small_policy() {
  return "domain = \"acme.example\"\nversion = 1\nowner = \"acme\"\n[keys]\nacme = " + base64_of("acme") +
         "\n[servers]\nmain = { key = " + base64_of("server", crypto::Algorithm::es256) + ", log = " + base64_of("log") +
         ", url = \"https://acme.example:8443\", home = true }\n";
}

Identity identity_of_device() {
  Identity identity;
  identity.type = Type::device;
  identity.spki = to_bytes(key_of("device")->public_key().spki());
  identity.name = "boiler room";
  identity.maker = "Acme";
  identity.model = "thermo-2000";
  identity.serial = "0123";
  identity.uris = {"urn:dev:os:32473-123456", "https://acme.example/t"};
  identity.attributes = {{"lot", "7"}, {"grade", "B"}};
  return identity;
}

void cose() {
  const auto seed = [](const std::string& name, const Bytes& bytes) { write("cose", name, text(bytes)); };
  seed("identity", say(device(), identity_of_device()));
  seed("self", say(device(), identity_of_device(), "device"));
  Identity code;
  code.type = Type::code;
  code.version = "1.2";
  const Bytes image = say({SubjectKind::code, crypto::sha256(view("image")), {}}, code);
  seed("code", image);
  Identity model;
  model.type = Type::model;
  seed("model", say(must(SubjectId::model_of("acme.example", "thermo-2000")), model));
  seed("endorse", say(device(), Endorse{"approved", "seen\nand tried"}));
  seed("status", say(device(), StatusChange{Status::in_use, {}}));
  seed("alarm", say(device(), StatusChange{Status::stolen, "gone"}, "acme", {"acme.example", "plant.example"}));
  seed("transfer", say(device(), Transfer{"plant.example", id_of("plant")}));
  seed("assign", say(device(), Assign{"hall-3"}));
  seed("unassign", say(device(), Assign{}));
  seed("withdraw", say(device(), Withdraw{{crypto::sha256(view("statement"))}, "error"}));
  seed("policy", say(SubjectId::key(id_of("acme")), PolicyText{small_policy()}));
  Draft dated{device(), {"acme.example"}, Endorse{"certified", {}}, Time{1'800'000'000}, Time{1'800'000'001}, Time{1'900'000'000}};
  seed("dated", must(sign(dated, *key_of("acme", crypto::Algorithm::es256))));
  Bytes two = image;
  append(two, say(device(), Endorse{"approved", {}}));
  seed("sequence", two);
}

void manifest() {
  const auto signer = key_of("maker", crypto::Algorithm::es256);
  const auto slot = [](const char* name) { return key_of(name, crypto::Algorithm::es256)->public_key(); };
  const auto element = [&](std::vector<crypto::PublicKey> others, const std::string& maker) {
    return must(make_manifest_element({"0123f1c2a9e4d6b201", maker, "ATECC608B", "ATECC608B-TNGTLSU", slot("slot 0"),
                                       std::move(others), "2026-01-31T12:00:00.000Z"}, *signer));
  };
  const Bytes one = element({}, "Acme"), three = element({slot("slot 1"), slot("slot 2")}, "Ac\"m\\e \xc3\xa9");
  write("manifest", "one", text(one));
  write("manifest", "slots", text(three));
  write("manifest", "no-maker", text(element({}, "")));
  write("manifest", "array", "[" + std::string(text(one)) + ", \n" + std::string(text(three)) + "]");
  write("manifest", "empty", "[]");
  write("manifest", "bare", R"({"payload":"e30","protected":"eyJhbGciOiJFUzI1NiJ9","header":{"uniqueId":"01"},"signature":"AA"})");
  write("manifest", "string", R"([{"a":"]}\\\"","b":[{}]}])");
}

namespace pgp = openpgp::test;

// Certificates of each version, and pieces of them that say different things.
void openpgp_keys() {
  const auto seed = [](const std::string& name, const Bytes& bytes) { write("openpgp", name, text(bytes)); };
  const auto name = view("Acme <keys@acme.example>");
  for (const std::uint8_t version : {std::uint8_t{4}, std::uint8_t{6}}) {
    const std::string v = version == 4 ? "v4-" : "v6-";
    const auto maker = pgp::pgp_key(key_of("pgp maker"), version), signing = pgp::pgp_key(key_of("pgp signing"), version);
    const auto device = pgp::encryption_key("fuzz device", version);
    const auto over = [&](const pgp::PgpKey& by, std::uint8_t tag, View component, const pgp::SignatureDraft& draft) {
      Bytes packets = tag == 0 ? Bytes{} : pgp::packet(tag, component);
      append(packets, pgp::packet(openpgp::tag::signature, pgp::sign_over(by, maker, tag, component, draft)));
      return packets;
    };
    const Bytes key = pgp::packet(openpgp::tag::public_key, maker.body);
    const Bytes direct = over(maker, 0, {}, {.type = 0x1f, .hashed = {pgp::subpacket(9, pgp::u32(90'000'000))}});
    const Bytes user_id = over(maker, openpgp::tag::user_id, name, {.hashed = {pgp::subpacket(27, Bytes{3}), pgp::subpacket(25, Bytes{1})}});
    const Bytes picture = over(maker, openpgp::tag::user_attribute, Bytes(30, 1), {});
    const Bytes subkey = over(maker, openpgp::tag::public_subkey, signing.body,
                              {.type = 0x18, .hashed = {pgp::subpacket(27, Bytes{2}), pgp::subpacket(32, pgp::back_signature(maker, signing))}});
    const Bytes encryption = over(maker, openpgp::tag::public_subkey, device.body, {.type = 0x18, .hashed = {pgp::subpacket(27, Bytes{12})}});
    const Bytes revoked = over(maker, 0, {}, {.type = 0x20, .hashed = {pgp::reason(1, "a new one")}});
    seed(v + "certificate", pgp::joined({key, direct, user_id, picture, subkey, encryption}));
    seed(v + "revoked", pgp::joined({key, revoked, user_id}));
    const auto piece = [&](const std::string& what, std::vector<Bytes> hashed, std::uint8_t type = 0x13) {
      seed(v + what, pgp::piece_over_user_id(maker, device, "sensor", {.type = type, .hashed = std::move(hashed)}));
    };
    piece("identity", {pgp::notation("manu", "Acme"), pgp::notation("model", "thermo-2000"), pgp::notation("serial@cm4it.org", "0042")});
    piece("status", {pgp::notation("status@cm4it.org", "stolen"), pgp::notation("reason@cm4it.org", "gone"), pgp::notation("domain@cm4it.org", "a.example")});
    piece("label", {pgp::notation("label@cm4it.org", "approved", true), pgp::subpacket(3, pgp::u32(1000))});
    piece("cloud", {pgp::notation("cloud@cm4it.org", "hall-3")});
    piece("withdraw", {pgp::reason(32, "moved")}, 0x30);
  }
  const auto armored = [](const std::string& seed_name, const std::string& content) { write("armor", seed_name, content); };
  const Bytes data = to_bytes(view("0123456789abcdefghij0123456789abcdefghij0123456789abcdefghij"));
  armored("key", openpgp::armor(openpgp::ArmorKind::public_key_block, data));
  armored("signature", openpgp::armor(openpgp::ArmorKind::signature, View(data).first(7)));
  armored("empty", openpgp::armor(openpgp::ArmorKind::signature, {}));
  armored("headers", "text\n-----BEGIN PGP SIGNATURE-----\r\nVersion: 1\r\nComment: a: b\r\n\r\nMTIzNDU2Nzg5\r\n=Ic8C\r\n-----END PGP SIGNATURE-----\r\nmore");
  armored("two", openpgp::armor(openpgp::ArmorKind::public_key_block, data) + "\n" + openpgp::armor(openpgp::ArmorKind::signature, data));
}

// Lists, and pieces signed by a key and by its subkey.
void signed_sums() {
  const auto developer = pgp::pgp_key(key_of("pgp maker")), subkey = pgp::pgp_key(key_of("pgp signing"));
  const std::string a(64, 'a'), list = "# version: 1.2\n" + a + "  fw-1.2.bin\n\nSHA256 (b (1).img) = " + std::string(64, 'b') + "\n\\" + std::string(64, 'c') + " *c\\\\d\n";
  Bytes certificate = pgp::packet(openpgp::tag::public_key, developer.body);
  append(certificate, pgp::packet(openpgp::tag::public_subkey, subkey.body));
  append(certificate, pgp::packet(openpgp::tag::signature,
                                  pgp::sign_over(developer, developer, openpgp::tag::public_subkey, subkey.body,
                                                 {.type = 0x18, .hashed = {pgp::subpacket(27, Bytes{2}), pgp::subpacket(32, pgp::back_signature(developer, subkey))}})));
  for (const auto& [name, by] : {std::pair{"by-key", developer}, std::pair{"by-subkey", subkey}}) {
    const Bytes signature = pgp::sign_document(by, list, {.type = 0, .hashed = {pgp::notation("model", "thermo-fw")}});
    const auto lists = must(sums::read_signed(view(list), signature));
    write("sums", name, text(must(sums::complete(lists.at(0), certificate)).bytes));
    write("sums", std::string(name) + "-signature", text(signature));
  }
  write("sums", "list", list);
  write("sums", "inline", "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n- -a\n" + list +
        openpgp::armor(openpgp::ArmorKind::signature, pgp::sign_document(developer, list, {.type = 1})));
}

// A CA, one under it, and what they issue.
void certificates() {
  using namespace evidence::x509::test;
  const auto seed = [](const std::string& seed_name, const Bytes& bytes) { write("x509", seed_name, text(bytes)); };
  const Authority root{key_of("x509 root"), name("Acme Root CA", "Acme")}, below{key_of("x509 below"), name("Acme Device CA", "Acme")};
  const auto device_key = key_of("x509 device", crypto::Algorithm::es256)->public_key();
  seed("root", root.itself(1).encode());
  auto constrained = root.certifies(below, 0);
  constrained.extensions.push_back(permitted_dns("acme.example"));
  seed("below", constrained.encode());
  auto sensor = below.issues(device_key, name("sensor 1", "Acme", "0042"));
  sensor.not_after = der::item(der::generalized_time, view("99991231235959Z"));
  sensor.extensions.push_back(alternative_names({uri("urn:dev:os:32473-0042"), dns("sensor-1.acme.example"),
                                                 hardware_module("2b0601040181fd5901", from_hex("00c0ffee").value())}));
  sensor.extensions.push_back(purposes({client_auth_oid, server_auth_oid}));
  seed("device", sensor.encode());
  auto critical = below.issues(device_key, name("sensor 2"));
  critical.extensions.push_back(extension("2b0601040181fd5963", Bytes{0x05, 0x00}, true));
  seed("critical", critical.encode());
  seed("p256", Authority{key_of("x509 p256", crypto::Algorithm::es256), name("P-256 CA")}.itself().encode());
  write("x509", "chain", crypto::certificate_pem(sensor.encode()) + "text\n" + crypto::certificate_pem(constrained.encode()));
}

void descriptor() {
  const std::string small = small_policy();
  write("descriptor", "small", small);
  write("descriptor", "roles", small + "[roles]\nmaker = [\"acme\", { key = \"acme\", until = 2026-12-31T00:00:00Z, formats = "
        "[\"cose\", \"manifest\"] }]\nby = [{ domain = \"b.example\", role = \"maker\" }]\n[write]\nidentity = [\"maker\"]\n"
        "status = [\"maker\", \"holder\"]\n");
  write("descriptor", "admit", small + "[roles]\nm = [\"acme\"]\n[read]\ndefault = [\"anyone\"]\nverdict = [\"owner\"]\n"
        "[admit.device]\nidentified_by = [\"m\"]\nendorsed_by = { m = [\"approved\"] }\nstatus = [\"in-use\"]\nmax_staleness = \"24h\"\n");
  write("descriptor", "permit", small + "[[permit]]\nfrom = { model = [\"thermo-*\"] }\nto = { type = [\"gateway\"], cloud = [\"h?-3\"] }\n");
  write("descriptor", "copy", small + "[[copy]]\ndomain = \"b.example\"\nowner = \"acme\"\nfrom = \"https://b.example\"\n"
        "select = { holder = [\"@self\"] }\n[tokens]\nttl = \"15m\"\n");
  write("descriptor", "servers", small + "field = { key = " + base64_of("field", crypto::Algorithm::es256) +
        ", url = \"https://gw.example\", select = { cloud = [\"hall-3\"], id = [\"key:*\"] } }\n");
  write("descriptor", "selector", R"({ cloud = ["hall-3", "h*"], label = ["trust:high"] })");
  write("descriptor", "selector-all", R"({ id = ["a"], type = ["b"], name = ["c"], maker = ["d"], model = ["e"], serial = ["f"] })");
  write("descriptor", "selector-none", "{}");
  write("descriptor", "selector-escape", R"({ name = ["\"\\\u00e9"] })");
  write("descriptor", "glob", "*a*b?c*\nxxaxxbxcx");
  write("descriptor", "stars", std::string("a*a*a*a*b\n") + std::string(60, 'a'));
}

void feed() {
  service::FeedPage page;
  page.domain = "acme.example";
  const auto seed = [&](const std::string& name) { write("feed", name, text(service::encode_feed(page))); };
  seed("empty");
  page.next = 70'000;
  page.records.push_back({Format::cose, say(device(), Endorse{"approved", {}}), id_of("acme"), {}, false});
  seed("one");
  page.records.push_back({Format::manifest, to_bytes(view("{}")), id_of("maker"), {{"acme.example", Bytes(40, 1)}}, true});
  page.heads.push_back({"acme.example", "acme.example/log", "acme.example/log\n2\nAAAA\n\n\xe2\x80\x94 acme.example/log AAAA\n"});
  page.more = true;
  seed("two");
  page.records.clear();
  seed("heads");
  for (int i = 0; i < 12; ++i) page.records.push_back({Format::cose, Bytes(3, 7), id_of("acme"), {{"b.example", {}}, {"c.example", {1}}}, false});
  seed("many");
}

void pkcs11_uri() {
  const auto seed = [](const std::string& name, const std::string& uri) { write("pkcs11_uri", name, uri); };
  seed("empty", "pkcs11:");
  seed("key", "pkcs11:token=plant;object=log?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/run/keys/pin");
  seed("id", "pkcs11:manufacturer=Snake%20Oil,%20Inc.;model=1.0;serial=;id=%69%95%3E%5C%F4%BD%EC%91;type=private?pin-source=/etc/token_pin");
  seed("slot", "pkcs11:slot-id=12;slot-description=Sun%20Metaslot;slot-manufacturer=a?module-name=mypkcs11");
  seed("library", "pkcs11:library-manufacturer=a;library-description=b;library-version=1.23?pin-source=file:///pin&vendor=x");
  seed("utf8", "pkcs11:token=small%20a%20with%20acute:%20%C3%A1");
  seed("pin", "pkcs11:token=a?pin-value=1234");
}

// The first octet is the target's own: in which steps the rest is fed.
void http() {
  const auto seed = [](const std::string& name, const std::string& request) { write("http", name, "\x05" + request); };
  seed("get", "GET /v1/subjects/key:00?domain=acme.example&at=5 HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\n\r\n");
  seed("get-1.0", "GET / HTTP/1.0\r\n\r\n");
  seed("post", "POST /v1/evidence HTTP/1.1\r\nHost: a\r\nContent-Type: application/cose\r\nContent-Length: 5\r\n\r\nhello");
  seed("chunks", "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n!\r\n0\r\nTrailer: t\r\n\r\n");
  seed("expect", "PUT /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok");
  seed("pipelined", "GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  seed("absolute", "OPTIONS http://a.example?x HTTP/1.1\r\nHost: a.example\r\n\r\n");
  seed("star", "OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n");
  seed("both", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  seed("folded", "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n");
  seed("bare-lf", "GET / HTTP/1.1\nHost: a\n\n");
  seed("query", "a=b&c=%41+%2b&=&d");
}

void revocation_lists() {
  using namespace evidence::x509::test;
  using crypto::RevocationReason;
  const auto seed = [](const std::string& seed_name, const CrlDraft& draft) { write("crl", seed_name, text(draft.encode())); };
  const Authority ca{key_of("ca"), name("ca", "Acme")};
  seed("empty", {.by = ca});
  seed("entries", {.by = ca, .number = 300, .next_update = Time{1'900'000'000},
                   .entries = {{{2}, RevocationReason::key_compromise}, {{0, 0x88}}, {{1, 2, 3}, RevocationReason::certificate_hold}}});
  seed("scope", {.by = ca, .more = extension("551d1c", *from_hex("30038101ff"), true)});
  seed("delta", {.by = ca, .more = extension("551d1b", *from_hex("020101"), true)});
}

void ocsp_request() {
  const auto seed = [](const std::string& name, const Bytes& bytes) { write("ocsp_request", name, text(bytes)); };
  const auto one = [](const char* algorithm, std::size_t size) {
    return der::item(der::sequence, der::item(der::sequence, {*from_hex(algorithm), der::item(der::octet_string, Bytes(size, 1)),
                                                              der::item(der::octet_string, Bytes(size, 2)), der::integer_of(300)}));
  };
  const auto asked = [](View list, View extensions) { return der::item(der::sequence, der::item(der::sequence, {der::item(der::sequence, list), extensions})); };
  const Bytes sha1 = one("300906052b0e03021a0500", 20), sha256 = one("300d06096086480165030402010500", 32), md5 = one("300c06082a864886f70d02050500", 16);
  const Bytes nonce = der::item(der::sequence, {*from_hex("06092b0601050507300102"), der::item(der::octet_string, der::item(der::octet_string, Bytes(16, 7)))});
  seed("sha1", asked(sha1, {}));
  seed("nonce", asked(sha256, der::item(der::context(2), der::item(der::sequence, nonce))));
  Bytes three = sha1;
  append(three, sha256);
  append(three, md5);
  seed("three", asked(three, der::item(der::context(2), der::item(der::sequence, {nonce, nonce}))));
}

// The first octet is the target's own: which call the rest is for.
void hkp() {
  const auto seed = [](const std::string& name, char call, const std::string& rest) { write("hkp", name, call + rest); };
  const std::string fingerprint = to_hex(pgp::pgp_key(key_of("holder"), 4).fingerprint().octets);
  seed("get", 0, "op=get&options=mr&search=0x" + fingerprint);
  seed("get-key-id", 0, "op=get&search=0x" + fingerprint.substr(24));
  seed("get-mail", 0, "op=get&exact=on&search=holder@keys.example");
  seed("index", 0, "op=index&options=mr&fingerprint=on&search=Holder");
  seed("page", 0, "op=vindex&search=%3Cholder%40keys.example%3E");
  seed("stats", 0, "op=stats");
  seed("front", 1, "");
  seed("v2-fingerprint", 2, "certs/by-vfingerprint/04" + fingerprint);
  seed("v2-key-id", 2, "certs/by-keyid/" + fingerprint.substr(24));
  seed("v2-identity", 2, "certs/by-identity/holder%40keys.example");
  seed("v2-index", 2, "index/holder");
  seed("v2-canonical", 2, "canonical/holder%40keys.example");
  seed("v2-prefixlog", 2, "prefixlog/2026-11-26");
  seed("add", 3, "keytext=-----BEGIN+PGP+PUBLIC+KEY+BLOCK-----%0A%0Aabcd%0A-----END+PGP+PUBLIC+KEY+BLOCK-----%0A");
  seed("v2-add", 4, std::string("\xc6\x01\x04", 3));
  seed("hashquery", 5, std::string("\0\0\0\1\0\0\0\x10", 8) + std::string(16, 'h'));
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return std::fprintf(stderr, "usage: fuzz_seeds DIRECTORY\n"), 2;
  directory = arguments[1];
  pkcs11_uri();
  cose();
  manifest();
  openpgp_keys();
  signed_sums();
  certificates();
  descriptor();
  feed();
  http();
  revocation_lists();
  ocsp_request();
  hkp();
}
