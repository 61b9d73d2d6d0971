// Native statements: COSE_Sign1 in deterministic CBOR (docs/formats/statement.md).
#include <algorithm>

#include "base/budgets.h"
#include "base/cbor.h"
#include "evidence/builder.h"
#include "evidence/formats.h"
#include "evidence/formats/native/body.h"
#include "evidence/formats/x509/credential.h"
#include "evidence/kinds.h"

namespace cm4it::evidence {
namespace {

// Labels of RFC 9052 and RFC 9597, claims of RFC 8392.
constexpr std::int64_t label_alg = 1, label_content_type = 3, label_kid = 4, label_claims = 15, label_x5chain = 33;
constexpr std::int64_t claim_iss = 1, claim_sub = 2, claim_exp = 4, claim_nbf = 5, claim_iat = 6;
constexpr std::uint64_t cose_sign1 = 18;
constexpr std::string_view content_type = "application/cm4it-statement+cbor";
constexpr std::int64_t latest_time = std::int64_t{1} << 53;

tl::unexpected<Error> bad_cose(const std::string& path, const std::string& rule) {
  return fail(Code::malformed, path + ": " + rule, "docs/formats/statement.md");
}

Result<Time> read_time(CborReader& reader, const std::string& path) {
  auto seconds = reader.integer();
  if (!seconds) return within(path, std::move(seconds).error());
  if (*seconds < 0 || *seconds > latest_time) return bad_cose(path, "a time is 0 to 2^53 seconds");
  return Time{*seconds};
}

struct Header {
  std::int64_t alg = 0;
  KeyId kid;
  Statement statement;  // issuer, subject and times
};

// 15: { 1: iss, 2: sub, ? 4: exp, ? 5: nbf, 6: iat }
Result<void> read_claims(CborReader& reader, Header& header) {
  Statement& statement = header.statement;
  bool iss = false, sub = false, iat = false;
  CHECK_OK(reader.int_map([&](std::int64_t claim) -> Result<void> {
    const std::string path = "claims." + std::to_string(claim);
    switch (claim) {
      case claim_iss: {
        TRY(const auto text, reader.text());
        auto id = KeyId::parse(text);
        if (!id) return within(path, std::move(id).error());
        statement.issuer = *id;
        iss = true;
        return {};
      }
      case claim_sub: {
        TRY(const auto text, reader.text());
        auto id = SubjectId::parse(text);
        if (!id) return within(path, std::move(id).error());
        statement.subject = std::move(*id);
        sub = true;
        return {};
      }
      case claim_exp: {
        TRY(statement.expires, read_time(reader, path));
        return {};
      }
      case claim_nbf: {
        TRY(statement.not_before, read_time(reader, path));
        return {};
      }
      case claim_iat: {
        TRY(statement.issued_at, read_time(reader, path));
        iat = true;
        return {};
      }
      default: return bad_cose(path, "no claim of a statement");
    }
  }));
  if (!iss || !sub || !iat) return bad_cose("claims", "iss (1), sub (2) and iat (6) are required");
  if (statement.not_before && statement.expires && *statement.not_before >= *statement.expires)
    return bad_cose("claims.5", "nbf is not before exp");
  return {};
}

// COSE_X509 = bstr / [ 2*certs: bstr ] (RFC 9360 section 2): the leaf first, each by the next.
Result<void> read_chain(CborReader& reader, Statement& statement, const std::string& path) {
  TRY(const auto type, reader.peek());
  std::uint64_t count = 1;
  if (type == CborType::array) {
    TRY(count, reader.array());
    if (count < 2) return bad_cose(path, "one certificate stands without an array");
    if (count > budget::path_certificates)
      return fail(Code::too_large, path + ": more than " + std::to_string(budget::path_certificates) + " certificates");
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    TRY(const View der, reader.bytes());
    auto certificate = crypto::Certificate::from_der(der);
    if (!certificate) return within(path + "[" + std::to_string(i) + "]", std::move(certificate).error());
    statement.credentials.push_back(x509::credential_of(std::move(*certificate)));
  }
  return {};
}

// protected = { 1: alg, 3: content type, 4: kid, 15: claims, ? 33: x5chain }
// Each by the next; the first is the issuer's, and made to sign with.
Result<void> check_chain(const Header& header, bool from_store) {
  const auto& chain = header.statement.credentials;
  if (chain.empty() || from_store) return {};  // from the store: this was checked when it came
  if (chain[0]->key_id() != header.kid) return bad_cose("protected.33", "the first certificate is of another key than kid");
  for (std::size_t i = 0; i + 1 < chain.size(); ++i)
    if (!chain[i]->verify(chain[i + 1]->key()))
      return bad_cose("protected.33[" + std::to_string(i) + "]", "not signed by the key in the certificate behind it");
  return chain[0]->check_signs_statements();
}

Result<Header> read_protected(View bytes, bool from_store) {
  CborReader reader(bytes);
  Header header;
  bool alg = false, type = false, kid = false, claims = false;
  CHECK_OK(reader.int_map([&](std::int64_t label) -> Result<void> {
    const std::string path = "protected." + std::to_string(label);
    switch (label) {
      case label_alg: {
        TRY(header.alg, reader.integer());
        alg = header.alg == -7 || header.alg == -8 || header.alg == -35 || header.alg == -37;
        if (!alg)
          return fail(Code::unsupported, path + ": algorithm " + std::to_string(header.alg) +
                      "; ES256 (-7), EdDSA (-8), ES384 (-35) and PS256 (-37) are supported");
        return {};
      }
      case label_content_type: {
        TRY(const auto text, reader.text());
        type = text == content_type;
        return {};
      }
      case label_kid: {
        TRY(const View id, reader.bytes());
        kid = id.size() == 32;
        if (kid) std::copy(id.begin(), id.end(), header.kid.digest.begin());
        return {};
      }
      case label_claims: claims = true; return read_claims(reader, header);
      case label_x5chain: return read_chain(reader, header.statement, path);
      default: return bad_cose(path, "no label of a statement's protected header");
    }
  }));
  CHECK_OK(reader.end());
  if (!alg) return bad_cose("protected.1", "alg is missing");
  if (!type) return bad_cose("protected.3", "content type is not " + std::string(content_type));
  if (!kid) return bad_cose("protected.4", "kid is not the issuer's key id of 32 octets");
  if (!claims) return bad_cose("protected.15", "claims are missing");
  if (header.kid != header.statement.issuer) return bad_cose("protected.4", "kid and iss (claim 1) name different keys");
  CHECK_OK(check_chain(header, from_store));
  return header;
}

// RFC 9052 section 4.4: [ "Signature1", body_protected, external_aad, payload ]
Bytes sig_structure(View protected_bytes, View payload) {
  CborWriter out;
  out.array(4).text("Signature1").bytes(protected_bytes).bytes({}).bytes(payload);
  return out.take();
}

Bytes write_protected(const Draft& draft, const crypto::PublicKey& issuer, std::span<const crypto::Certificate> chain) {
  CborWriter out;
  out.map(chain.empty() ? 4 : 5).integer(label_alg).integer(crypto::cose_id(issuer.algorithm()));
  out.integer(label_content_type).text(content_type);
  out.integer(label_kid).bytes(issuer.id().digest);
  out.integer(label_claims).map(3u + draft.expires.has_value() + draft.not_before.has_value());
  out.integer(claim_iss).text(issuer.id().text()).integer(claim_sub).text(draft.subject.text());
  if (draft.expires) out.integer(claim_exp).integer(draft.expires->seconds);
  if (draft.not_before) out.integer(claim_nbf).integer(draft.not_before->seconds);
  out.integer(claim_iat).integer(draft.issued_at.seconds);
  if (!chain.empty()) out.integer(label_x5chain);
  if (chain.size() > 1) out.array(chain.size());
  for (const auto& certificate : chain) out.bytes(certificate.der());
  return out.take();
}

// COSE_Sign1_Tagged = #6.18([ protected: bstr, unprotected: {}, payload: bstr, signature: bstr ])
struct MessageParts { View header, payload, signature; };

Result<MessageParts> parse_message(View bytes) {
  CborReader reader(bytes);
  MessageParts parts;
  TRY(const auto tag, reader.tag());
  if (tag != cose_sign1) return bad_cose("tag", "expected 18 (COSE_Sign1), found " + std::to_string(tag));
  TRY(const auto items, reader.array());
  if (items != 4) return bad_cose("COSE_Sign1", "an array of four items expected");
  TRY(parts.header, reader.bytes());
  CHECK_OK(reader.int_map([](std::int64_t) -> Result<void> {
    return bad_cose("unprotected", "must be empty: what is not signed says nothing");
  }));
  TRY(parts.payload, reader.bytes());
  TRY(parts.signature, reader.bytes());
  CHECK_OK(reader.end());
  return parts;
}

Result<Decoded> decode_cose(View bytes, Trust trust) {
  const bool from_store = trust == Trust::from_store;
  TRY(const MessageParts parts, parse_message(bytes));
  TRY(Header header, read_protected(parts.header, from_store));
  CHECK_OK(read_payload(parts.payload, header.statement, from_store));
  DecodedBuilder builder;
  builder.bytes = to_bytes(bytes);
  builder.signed_bytes = sig_structure(parts.header, parts.payload);
  builder.signature = to_bytes(parts.signature);
  builder.issuer.key = header.kid;
  for (const auto& credential : header.statement.credentials) builder.issuer.chain.push_back(credential->key_id());
  header.statement.id = statement_id(Format::cose, header.kid, builder.signed_bytes);
  if (const auto* identity = std::get_if<Identity>(&header.statement.body);
      identity && !from_store && !identity->spki.empty() && header.statement.subject == SubjectId::key(header.kid)) {
    TRY(builder.carried_key, crypto::PublicKey::from_canonical_spki(identity->spki));
  }
  if (const auto& chain = header.statement.credentials; !chain.empty()) builder.carried_key = chain[0]->key();
  builder.statements.push_back(std::move(header.statement));
  return std::move(builder).build();
}

// Quicker than decode(): the octets that the signature covers are neither assembled nor hashed.
Result<std::vector<Statement>> stored_cose_statements(View bytes, const KeyId&, const SubjectId*) {
  TRY(const MessageParts parts, parse_message(bytes));
  TRY(Header header, read_protected(parts.header, true));
  CHECK_OK(read_payload(parts.payload, header.statement, true));
  return std::vector<Statement>{std::move(header.statement)};
}

// The algorithm that a message names must be the one that its issuer's key signs with.
Result<void> check_algorithm(const Decoded& decoded, const crypto::PublicKey& issuer) {
  TRY(const MessageParts parts, parse_message(decoded.bytes()));
  TRY(const Header header, read_protected(parts.header, true));
  if (header.alg == crypto::cose_id(issuer.algorithm())) return {};
  return fail(Code::bad_signature, "protected.1: the issuer's key signs with algorithm " +
              std::to_string(crypto::cose_id(issuer.algorithm())) + ", not " + std::to_string(header.alg));
}

Result<void> verify_cose(const Decoded& decoded, const crypto::PublicKey& issuer) {
  CHECK_OK(check_algorithm(decoded, issuer));
  return issuer.verify(decoded.signed_bytes(), decoded.signature());
}

Result<std::vector<Piece>> split_one(View body) { return std::vector<Piece>{{Format::cose, to_bytes(body)}}; }

constexpr std::string_view cose_types[] = {"application/cose", "application/cm4it-statement+cbor"};

}  // namespace

// A body of no known type that begins like a message is a sequence of them (split.cpp).
constexpr Codec native::codec{.format = Format::cose, .name = "cose", .media_type = "application/cose", .submitted = cose_types,
                              .most_octets = budget::evidence_bytes, .split = split_one, .decode = decode_cose,
                              .verify = verify_cose, .stored_statements = stored_cose_statements, .bears_chain = true};

Result<void> check_times(const Statement& statement) {
  if (!row_of(statement.kind()).for_good) return {};
  const std::string what = statement.kind() == Kind::transfer ? "a transfer" : "a withdrawal";
  if (statement.not_before) return bad_cose("claims.5", what + " bears no nbf: it counts from its receipt on");
  if (statement.expires) return bad_cose("claims.4", what + " bears no exp: it counts for good");
  return {};
}

Result<Bytes> sign(const Draft& given, const crypto::Signer& issuer, std::span<const crypto::Certificate> chain) {
  if (const auto* withdraw = std::get_if<Withdraw>(&given.body); withdraw && withdraw->component)
    return bad_cose("payload.3.1", "a withdrawal names the statement it takes back; only OpenPGP takes back by part");
  Draft draft = given;
  std::sort(draft.domains.begin(), draft.domains.end());
  draft.domains.erase(std::unique(draft.domains.begin(), draft.domains.end()), draft.domains.end());
  const Bytes header = write_protected(draft, issuer.public_key(), chain);
  const Bytes payload = write_payload(draft.domains, draft.body);
  TRY(const Bytes signature, issuer.sign(sig_structure(header, payload)));
  CborWriter out;
  out.tag(cose_sign1).array(4).bytes(header).map(0).bytes(payload).bytes(signature);
  // Decodes its own result, so that nothing is signed that decode() would refuse.
  TRY(const auto decoded, decode_cose(out.view(), Trust::none));
  CHECK_OK(check_times(decoded.statements().at(0)));
  return out.take();
}

}  // namespace cm4it::evidence
