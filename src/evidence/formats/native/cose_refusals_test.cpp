// Everything a native statement must not be. Each refusal names where it stands.
#include <gtest/gtest.h>

#include <functional>

#include "base/budgets.h"
#include "evidence/test_support.h"

namespace cm4it::evidence {
namespace {

using namespace test;
using crypto::Algorithm;

const std::string code_hex(64, 'a');

Bytes raw(std::string_view digits) { return from_hex(digits).value(); }

// A map whose only value is an array in an array in an array …
Bytes deep(const std::string& key) {
  std::string digits = "a1" + key;
  for (int i = 0; i < 1000; ++i) digits += "81";
  return raw(digits + "00");
}

struct Case {
  const char* what;
  std::function<void(Parts&)> change;
  Code code;
  const char* where;  // in the message
};

void expect_refusals(const std::vector<Case>& cases) {
  ASSERT_TRUE(decode(Format::cose, Parts{}.encode()));  // unchanged, it is good
  for (const auto& [what, change, code, where] : cases) {
    Parts parts;
    change(parts);
    const auto decoded = decode(Format::cose, parts.encode());
    ASSERT_FALSE(decoded) << what;
    EXPECT_EQ(decoded.error().code, code) << what << ": " << decoded.error().message;
    EXPECT_NE(decoded.error().message.find(where), std::string::npos) << what << ": " << decoded.error().message;
  }
}

TEST(CoseRefusals, EnvelopeAndHeader) {
  expect_refusals({
      {"another tag", [](Parts& p) { p.tag = 998; }, Code::malformed, "tag"},
      {"COSE_Sign", [](Parts& p) { p.tag = 98; }, Code::malformed, "tag"},
      {"unprotected kid", [](Parts& p) { p.unprotected = raw("a104413a"); }, Code::malformed, "unprotected"},
      {"unprotected private label", [](Parts& p) { p.unprotected = raw("a13903e700"); }, Code::malformed, "unprotected"},
      {"unprotected is no map", [](Parts& p) { p.unprotected = raw("80"); }, Code::malformed, "a map"},
      {"unprotected nests deep", [](Parts& p) { p.unprotected = deep("04"); }, Code::malformed, "unprotected"},
      {"alg HS256", [](Parts& p) { p.alg = 5; }, Code::unsupported, "protected.1"},
      {"alg ES512", [](Parts& p) { p.alg = -36; }, Code::unsupported, "protected.1"},
      {"alg 0", [](Parts& p) { p.alg = 0; }, Code::unsupported, "protected.1"},
      {"another content type", [](Parts& p) { p.type = "application/cwt"; }, Code::malformed, "protected.3"},
      {"content type in capitals", [](Parts& p) { p.type = "Application/cm4it-statement+cbor"; }, Code::malformed, "protected.3"},
      {"kid of 31 octets", [](Parts& p) { p.kid.pop_back(); }, Code::malformed, "protected.4"},
      {"kid of another key", [](Parts& p) { p.kid[0] ^= 1; }, Code::malformed, "protected.4"},
      {"iss of another key", [](Parts& p) { p.iss = key_of("another")->public_key().id().text(); }, Code::malformed, "protected.4"},
      {"iss in capitals", [](Parts& p) { p.iss[5] = 'A'; }, Code::malformed, "claims.1"},
      {"iss is a URI", [](Parts& p) { p.iss = "https://acme.example"; }, Code::malformed, "claims.1"},
      {"header empty", [](Parts& p) { p.header = raw("a0"); }, Code::malformed, "protected.1"},
      {"header without alg", [](Parts& p) {
         p.header = CborWriter().map(3).uint(3).text(p.type).uint(4).bytes(p.kid).uint(15).raw(p.claims_bytes()).take();
       }, Code::malformed, "protected.1"},
      {"header without content type", [](Parts& p) {
         p.header = CborWriter().map(3).uint(1).integer(-8).uint(4).bytes(p.kid).uint(15).raw(p.claims_bytes()).take();
       }, Code::malformed, "protected.3"},
      {"header without kid", [](Parts& p) {
         p.header = CborWriter().map(3).uint(1).integer(-8).uint(3).text(p.type).uint(15).raw(p.claims_bytes()).take();
       }, Code::malformed, "protected.4"},
      {"header without claims", [](Parts& p) {
         p.header = CborWriter().map(3).uint(1).integer(-8).uint(3).text(p.type).uint(4).bytes(p.kid).take();
       }, Code::malformed, "protected.15"},
      {"a critical extension", [](Parts& p) {
         p.header = CborWriter().map(2).uint(1).integer(-8).uint(2).array(1).uint(99).take();
       }, Code::malformed, "protected.2"},
      {"an unknown label", [](Parts& p) {
         p.header = CborWriter().map(5).uint(1).integer(-8).uint(3).text(p.type).uint(4).bytes(p.kid).uint(15).raw(p.claims_bytes())
                        .integer(-70001).uint(0).take();
       }, Code::malformed, "protected.-70001"},
      {"x5chain", [](Parts& p) {
         p.header = CborWriter().map(5).uint(1).integer(-8).uint(3).text(p.type).uint(4).bytes(p.kid).uint(15).raw(p.claims_bytes())
                        .integer(33).bytes(raw("3000")).take();
       }, Code::malformed, "protected.33"},
      {"labels out of order", [](Parts& p) {
         p.header = CborWriter().map(4).uint(3).text(p.type).uint(1).integer(-8).uint(4).bytes(p.kid).uint(15).raw(p.claims_bytes()).take();
       }, Code::malformed, "out of order"},
      {"alg not in its shortest form", [](Parts& p) { p.header = raw("a1013807"); }, Code::malformed, "shortest"},
      {"octets after the header", [](Parts& p) { p.header = p.header_bytes(); p.header.push_back(0); }, Code::malformed, "after the end"},
  });
}

Bytes claims(std::initializer_list<std::pair<int, std::int64_t>> times, const std::string& sub = "code:" + code_hex) {
  CborWriter out;
  out.map(2 + times.size()).uint(1).text(Parts{}.iss).uint(2).text(sub);
  for (const auto& [claim, seconds] : times) out.integer(claim).integer(seconds);
  return out.take();
}

TEST(CoseRefusals, Claims) {
  const auto with = [](Bytes bytes) { return [bytes](Parts& p) { p.claims = bytes; }; };
  expect_refusals({
      {"no iat", with(claims({})), Code::malformed, "iat (6)"},
      {"no sub", with(CborWriter().map(2).uint(1).text(Parts{}.iss).uint(6).uint(1).take()), Code::malformed, "sub (2)"},
      {"no iss", with(CborWriter().map(2).uint(2).text("code:" + code_hex).uint(6).uint(1).take()), Code::malformed, "iss (1)"},
      {"iat before 1970", with(claims({{6, -1}})), Code::malformed, "claims.6"},
      {"iat beyond 2^53", with(claims({{6, (std::int64_t{1} << 53) + 1}})), Code::malformed, "claims.6"},
      {"nbf = exp", with(claims({{4, 5}, {5, 5}, {6, 1}})), Code::malformed, "claims.5"},
      {"nbf after exp", with(claims({{4, 5}, {5, 6}, {6, 1}})), Code::malformed, "claims.5"},
      {"exp is text", with(CborWriter().map(4).uint(1).text(Parts{}.iss).uint(2).text("code:" + code_hex).uint(4).text("5").uint(6).uint(1).take()),
       Code::malformed, "claims.4"},
      {"iat is a float", with([] {
         Bytes bytes = claims({{6, 1}});
         bytes.pop_back();
         append(bytes, raw("fb41d954fc40000000"));
         return bytes;
       }()), Code::malformed, "floats"},
      {"aud", with(CborWriter().map(4).uint(1).text(Parts{}.iss).uint(2).text("code:" + code_hex).uint(3).text("x").uint(6).uint(1).take()),
       Code::malformed, "claims.3"},
      {"cti", with(claims({{6, 1}, {7, 1}})), Code::malformed, "claims.7"},
      {"sub a prefix", with(claims({{6, 1}}, "code:" + code_hex.substr(1))), Code::malformed, "claims.2"},
      {"sub in capitals", with(claims({{6, 1}}, "code:A" + code_hex.substr(1))), Code::malformed, "claims.2"},
      {"sub of an unknown kind", with(claims({{6, 1}}, "urn:dev:mac:00")), Code::malformed, "claims.2"},
      {"sub a model without name", with(claims({{6, 1}}, "model:acme.example/")), Code::malformed, "claims.2"},
      {"sub a model of no domain", with(claims({{6, 1}}, "model:Acme/thermo")), Code::malformed, "claims.2"},
      {"sub a model with a line break", with(claims({{6, 1}}, "model:acme.example/a\nb")), Code::malformed, "claims.2"},
      {"sub a model too long", with(claims({{6, 1}}, "model:acme.example/" + std::string(513, 'x'))), Code::too_large, "claims.2"},
  });
}

TEST(CoseRefusals, Payload) {
  const auto domains = [](std::vector<std::string> named) { return [named](Parts& p) { p.domains = named; }; };
  const auto payload = [](Bytes bytes) { return [bytes](Parts& p) { p.payload = bytes; }; };
  const auto good = [] { return CborWriter().array(1).text("acme.example").take(); }();
  expect_refusals({
      {"no domain", domains({}), Code::malformed, "payload.1"},
      {"five domains", domains({"a.example", "b.example", "c.example", "d.example", "e.example"}), Code::malformed, "payload.1"},
      {"domains unsorted", domains({"b.example", "a.example"}), Code::malformed, "payload.1"},
      {"a domain twice", domains({"a.example", "a.example"}), Code::malformed, "payload.1"},
      {"domain in capitals", domains({"Acme.example"}), Code::malformed, "payload.1[0]"},
      {"domain with a dot at its end", domains({"acme.example."}), Code::malformed, "payload.1[0]"},
      {"domain empty", domains({""}), Code::malformed, "payload.1[0]"},
      {"domain with a hyphen first", domains({"-acme.example"}), Code::malformed, "payload.1[0]"},
      {"label of 64 octets", domains({std::string(64, 'a')}), Code::malformed, "payload.1[0]"},
      {"kind 0", [](Parts& p) { p.kind = 0; }, Code::malformed, "payload.2"},
      {"kind 8, reserved", [](Parts& p) { p.kind = 8; }, Code::unsupported, "payload.2"},
      {"kind 9, reserved", [](Parts& p) { p.kind = 9; }, Code::unsupported, "payload.2"},
      {"kind 10", [](Parts& p) { p.kind = 10; }, Code::malformed, "payload.2"},
      {"payload without domains", payload(CborWriter().map(2).uint(2).uint(2).uint(3).raw(Parts{}.body).take()), Code::malformed, "payload.1"},
      {"payload without kind", payload(CborWriter().map(2).uint(1).raw(good).uint(3).raw(Parts{}.body).take()), Code::malformed, "payload.2"},
      {"payload without body", payload(CborWriter().map(2).uint(1).raw(good).uint(2).uint(2).take()), Code::malformed, "payload.3"},
      {"payload with more", payload(CborWriter().map(4).uint(1).raw(good).uint(2).uint(2).uint(3).raw(Parts{}.body).uint(4).null().take()),
       Code::malformed, "payload.4"},
      {"payload is an array", payload(raw("80")), Code::malformed, "a map"},
      {"octets after the payload", [](Parts& p) { p.payload = p.payload_bytes(); p.payload.push_back(0); }, Code::malformed, "after the end"},
      {"body deep in arrays", [](Parts& p) { p.body = deep("01"); }, Code::malformed, "payload.3.1"},
      {"indefinite map", payload(raw("bf01816161ff")), Code::malformed, "indefinite"},
  });
}

CborWriter map_with_type(const char* type, std::size_t more = 0) {
  CborWriter out;
  out.map(1 + more).uint(1).text(type);
  return out;
}

TEST(CoseRefusals, Bodies) {
  const auto body = [](std::uint64_t kind, Bytes bytes, std::string sub = {}) {
    return [=](Parts& p) {
      p.kind = kind;
      p.body = bytes;
      if (!sub.empty()) p.sub = sub;
    };
  };
  const auto text = [](std::size_t key, const std::string& value) { return CborWriter().map(1).uint(key).text(value).take(); };
  const std::string key = "key:" + code_hex, model = "model:acme.example/thermo";
  const Bytes spki = to_bytes(key_of("device")->public_key().spki());
  const std::string device = key_of("device")->public_key().id().text();
  expect_refusals({
      {"endorsement without label", body(2, raw("a0")), Code::malformed, "payload.3.1"},
      {"empty label", body(2, text(1, "")), Code::malformed, "payload.3.1"},
      {"label too long", body(2, text(1, std::string(budget::text_field + 1, 'x'))), Code::too_large, "payload.3.1"},
      {"label with a control character", body(2, text(1, "a\x1b[2J")), Code::malformed, "payload.3.1"},
      {"label with a line break", body(2, text(1, "a\nb")), Code::malformed, "payload.3.1"},
      {"label that is no UTF-8", body(2, raw("a10162c328")), Code::malformed, "payload.3.1"},
      {"note too long", body(2, CborWriter().map(2).uint(1).text("x").uint(2).text(std::string(budget::note_field + 1, 'x')).take()),
       Code::too_large, "payload.3.2"},
      {"endorsement with more", body(2, CborWriter().map(2).uint(1).text("x").uint(3).uint(1).take()), Code::malformed, "payload.3.3"},
      {"unknown status", body(3, text(1, "broken")), Code::malformed, "payload.3.1"},
      {"status in capitals", body(3, text(1, "Stolen")), Code::malformed, "payload.3.1"},
      {"status missing", body(3, raw("a0")), Code::malformed, "payload.3.1"},
      {"transfer without owner", body(4, text(1, "plant.example")), Code::malformed, "payload.3"},
      {"transfer, owner of 31 octets", body(4, CborWriter().map(2).uint(1).text("a.example").uint(2).bytes(Bytes(31)).take()), Code::malformed, "payload.3.2"},
      {"transfer of a model", body(4, CborWriter().map(2).uint(1).text("a.example").uint(2).bytes(Bytes(32)).take(), model), Code::malformed, "claims.2"},
      {"assign of code", body(5, text(1, "hall-3")), Code::malformed, "claims.2"},
      {"assign, empty text", body(5, text(1, ""), key), Code::malformed, "payload.3.1"},
      {"withdraw nothing", body(6, raw("a0")), Code::malformed, "payload.3.1"},
      {"policy of code", body(7, text(1, "x")), Code::malformed, "claims.2"},
      {"policy of two domains", [&](Parts& p) { body(7, text(1, "x"), key)(p); p.domains = {"a.example", "b.example"}; }, Code::malformed, "payload.1"},
      {"policy too long", body(7, text(1, std::string(budget::descriptor_bytes + 1, 'x')), key), Code::too_large, "payload.3.1"},
      {"policy empty", body(7, raw("a0"), key), Code::malformed, "payload.3.1"},
      {"identity without type", body(1, text(3, "name")), Code::malformed, "payload.3.1"},
      {"identity of unknown type", body(1, map_with_type("robot").take()), Code::malformed, "payload.3.1"},
      {"code that is a device", body(1, map_with_type("device").take()), Code::malformed, "payload.3.1"},
      {"code with a key", body(1, map_with_type("code", 1).uint(2).bytes(spki).take()), Code::malformed, "payload.3.2"},
      {"key without its SPKI", body(1, map_with_type("device").take(), device), Code::malformed, "payload.3.2"},
      {"key with another's SPKI", body(1, map_with_type("device", 1).uint(2).bytes(spki).take(), key), Code::malformed, "payload.3.2"},
      {"key with a broken SPKI", body(1, map_with_type("device", 1).uint(2).bytes(raw("3000")).take(), device), Code::malformed, "payload.3.2"},
      {"key that is code", body(1, map_with_type("code", 1).uint(2).bytes(spki).take(), device), Code::malformed, "payload.3.1"},
      {"model identified elsewhere", body(1, map_with_type("model").take(), "model:other.example/x"), Code::malformed, "payload.1"},
      {"model that is a device", body(1, map_with_type("device").take(), model), Code::malformed, "payload.3.1"},
      {"serial too long", body(1, map_with_type("code", 1).uint(6).text(std::string(513, '1')).take()), Code::too_large, "payload.3.6"},
      {"uris empty", body(1, map_with_type("code", 1).uint(8).array(0).take()), Code::malformed, "payload.3.8"},
      {"uri without scheme", body(1, map_with_type("code", 1).uint(8).array(1).text("nothing").take()), Code::malformed, "payload.3.8"},
      {"attributes empty", body(1, map_with_type("code", 1).uint(9).map(0).take()), Code::malformed, "payload.3.9"},
      {"attributes unsorted", body(1, map_with_type("code", 1).uint(9).map(2).text("b").text("1").text("a").text("1").take()), Code::malformed, "out of order"},
      {"attribute twice", body(1, map_with_type("code", 1).uint(9).map(2).text("a").text("1").text("a").text("1").take()), Code::malformed, "twice"},
      {"identity with more", body(1, map_with_type("code", 1).uint(10).text("x").take()), Code::malformed, "payload.3.10"},
  });
}

TEST(CoseRefusals, TooMany) {
  Identity identity;
  identity.type = Type::code;
  Draft draft{SubjectId::code(Digest{}), {"acme.example"}, identity, now, {}, {}};
  const auto refused = [&] { return sign(draft, *key_of("issuer")).error().code; };
  for (std::size_t i = 0; i < budget::uris; ++i) identity.uris.push_back("urn:x:" + std::to_string(i));
  for (std::size_t i = 0; i < budget::attributes; ++i) identity.attributes["a" + std::to_string(i)] = "x";
  draft.body = identity;
  EXPECT_TRUE(sign(draft, *key_of("issuer")));
  identity.uris.push_back("urn:x:more");
  draft.body = identity;
  EXPECT_EQ(refused(), Code::too_large);
  identity.uris.pop_back();
  identity.attributes["more"] = "x";
  draft.body = identity;
  EXPECT_EQ(refused(), Code::too_large);
  EXPECT_EQ(decode(Format::cose, Bytes(budget::evidence_bytes + 1, 0xd2)).error().code, Code::too_large);
}

// What decode() would refuse is never signed, whoever asks.
TEST(CoseRefusals, SignRefusesTheSame) {
  const auto code = SubjectId::code(Digest{});
  const auto refused = [](Draft draft) { return sign(draft, *key_of("issuer")).error().code; };
  EXPECT_EQ(refused({code, {}, Endorse{"x", ""}, now, {}, {}}), Code::malformed);
  EXPECT_EQ(refused({code, {"Acme"}, Endorse{"x", ""}, now, {}, {}}), Code::malformed);
  EXPECT_EQ(refused({code, {"a", "b", "c", "d", "e"}, Endorse{"x", ""}, now, {}, {}}), Code::malformed);
  EXPECT_EQ(refused({code, {"acme.example"}, Endorse{"", ""}, now, {}, {}}), Code::malformed);
  EXPECT_EQ(refused({code, {"acme.example"}, Endorse{"x", ""}, Time{-1}, {}, {}}), Code::malformed);
  EXPECT_EQ(refused({code, {"acme.example"}, Assign{"x"}, now, {}, {}}), Code::malformed);
  EXPECT_EQ(refused({code, {"acme.example"}, Endorse{"x", ""}, now, now, now}), Code::malformed);
}

TEST(CoseRefusals, TruncatedOrLongerAtEveryOctet) {
  const Bytes good = Parts{}.encode();
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_EQ(decode(Format::cose, View(good).first(size)).error().code, Code::malformed) << size;
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_EQ(decode(Format::cose, longer).error().code, Code::malformed);
}

// No octet is without meaning: each change is refused at one step or the other.
TEST(CoseRefusals, AnyChangedOctetIsNoticed) {
  const Parts parts;
  const Bytes good = parts.encode();
  ASSERT_TRUE(accept(Format::cose, good, parts.signer->public_key()));
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const int bit : {0x01, 0x20, 0x80}) {
      Bytes changed = good;
      changed[i] = static_cast<std::uint8_t>(changed[i] ^ bit);
      EXPECT_FALSE(accept(Format::cose, changed, parts.signer->public_key())) << "octet " << i << " ^ " << bit;
    }
  }
}

TEST(CoseRefusals, AlgorithmIsFixedByTheKey) {
  for (const std::int64_t alg : {-7, -35, -37}) {  // the issuer's key is Ed25519
    Parts parts;
    parts.alg = alg;
    const auto verified = accept(Format::cose, parts.encode(), parts.signer->public_key());
    ASSERT_FALSE(verified) << alg;
    EXPECT_EQ(verified.error().code, Code::bad_signature);
    EXPECT_NE(verified.error().message.find("protected.1"), std::string::npos) << verified.error().message;
  }
}

TEST(CoseRefusals, WrongSignatures) {
  const Parts good;
  for (const Bytes& signature : {Bytes{0}, Bytes(64, 0), Bytes(64, 0xff), Bytes(65, 1), good.signer->sign(good.payload_bytes()).value()}) {
    Parts parts;
    parts.signature = signature;
    EXPECT_EQ(accept(Format::cose, parts.encode(), parts.signer->public_key()).error().code, Code::bad_signature) << to_hex(signature);
  }
  // A good signature of the issuer's, moved onto other words.
  Parts moved;
  moved.body = CborWriter().map(1).uint(1).text("certified").take();
  const Bytes encoded = good.encode();
  moved.signature = to_bytes(View(encoded).last(64));
  EXPECT_EQ(accept(Format::cose, moved.encode(), moved.signer->public_key()).error().code, Code::bad_signature);
}

}  // namespace
}  // namespace cm4it::evidence
