#include "evidence/evidence.h"

#include "base/budgets.h"
#include "base/cbor.h"
#include "evidence/builder.h"
#include "evidence/formats/x509/crl.h"

namespace cm4it::evidence {

namespace {

Result<Decoded> decode_as(Format format, View bytes, bool kept) {
  const std::size_t most = format == Format::crl ? budget::crl_bytes : budget::evidence_bytes;
  if (bytes.size() > most) return fail(Code::too_large, "evidence: more than " + std::to_string(most) + " octets");
  switch (format) {
    case Format::cose: return decode_cose(bytes, kept);
    case Format::manifest: return decode_manifest(bytes, kept);
    case Format::openpgp: return decode_openpgp(bytes, kept);
    case Format::sums: return decode_sums(bytes, kept);
    case Format::x509: return decode_x509(bytes);
    case Format::crl: return decode_crl(bytes, kept);
  }
  return fail(Code::unsupported, std::string("format: ") + to_string(format) + " is not read by this server");
}

}  // namespace

Result<Decoded> decode(Format format, View bytes) { return decode_as(format, bytes, false); }

Verified::Verified(Decoded decoded, const KeyId& issuer)
    : decoded_(std::move(decoded)), issuer_(issuer),
      id_(statement_id(decoded_.format(), issuer, decoded_.signed_bytes())) {
  for (Statement& statement : decoded_.statements_) {
    statement.issuer = issuer;
    statement.id = id_;
    if (statement.crl) statement.subject = SubjectId::key(issuer);  // a CRL names its issuer and no key
  }
}

Result<void> check_signature(const Decoded& decoded, const crypto::PublicKey& issuer) {
  if (const auto* id = std::get_if<KeyId>(&decoded.issuer()); id && *id != issuer.id())
    return fail(Code::not_permitted, "kid: the evidence names " + id->text() + " as its issuer");
  if (const auto* id = std::get_if<Method1Id>(&decoded.issuer()); id && !equal(id->octets, issuer.method1_id()))
    return fail(Code::not_permitted, "kid: the evidence names another key as its issuer");
  if (decoded.format() == Format::openpgp) return verify_openpgp(decoded, issuer);
  if (decoded.format() == Format::sums) return verify_sums(decoded, issuer);
  if (decoded.format() == Format::x509) return verify_x509(decoded, issuer);
  if (decoded.format() == Format::crl) return verify_crl(decoded, issuer);
  CHECK_OK(check_algorithm(decoded, issuer));
  return issuer.verify(decoded.signed_bytes(), decoded.signature());
}

Result<Verified> verify(Decoded decoded, const crypto::PublicKey& issuer) {
  CHECK_OK(check_signature(decoded, issuer));
  return Verified(std::move(decoded), issuer.id());
}

Result<std::vector<Statement>> statements_of_kept(Format format, View bytes, const KeyId& issuer,
                                                  const std::optional<StatementId>& id, const SubjectId* about) {
  std::vector<Statement> statements;
  if (format == Format::cose && id) {
    TRY(auto statement, kept_cose_statement(bytes));
    statement.id = *id;
    statements.push_back(std::move(statement));
    return statements;
  }
  if (format == Format::sums && id && about) {
    TRY(statements, kept_sums_statements(bytes, issuer, *about));
    for (Statement& statement : statements) statement.id = *id;
    return statements;
  }
  if (format == Format::crl && id) {
    TRY(auto statement, crl::kept_statement(bytes, SubjectId::key(issuer), {}, false, {}));
    statement.issuer = issuer;
    statement.id = *id;
    statements.push_back(std::move(statement));
    return statements;
  }
  TRY(const Decoded decoded, decode_as(format, bytes, true));
  statements = decoded.statements();
  const StatementId found = id ? *id : statement_id(format, issuer, decoded.signed_bytes());
  for (Statement& statement : statements) {
    statement.issuer = issuer;
    statement.id = found;
  }
  return statements;
}

Bytes leaf_bytes(Format format, View evidence) {
  if (format == Format::cose) return to_bytes(evidence);
  CborWriter out;
  out.array(2).uint(static_cast<std::uint8_t>(format)).bytes(evidence);
  return out.take();
}

Result<std::pair<Format, Bytes>> parse_leaf(View leaf) {
  CborReader reader(leaf);
  TRY(const auto type, reader.peek());
  if (type == CborType::tag) return std::pair{Format::cose, to_bytes(leaf)};
  TRY(const auto items, reader.array());
  TRY(const auto format, reader.uint());
  TRY(const View evidence, reader.bytes());
  CHECK_OK(reader.end());
  if (items != 2 || format < 2 || format > 6) return fail(Code::malformed, "leaf: expected [format, evidence]");
  return std::pair{static_cast<Format>(format), to_bytes(evidence)};
}

}  // namespace cm4it::evidence
