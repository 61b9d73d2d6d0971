// Lists that are signed with CMS: decode and verify.
#include "base/budgets.h"
#include "base/cbor.h"
#include "base/der.h"
#include "base/text.h"
#include "crypto/cms.h"
#include "crypto/pem.h"
#include "evidence/formats/sums/sums.h"
#include "evidence/formats/sums/piece.h"
#include "evidence/formats/x509/credential.h"

namespace cm4it::evidence::sums {
namespace {

using crypto::DetachedSignature;

// RFC 7468 sections 8 and 9, and what openssl's smime writes.
constexpr std::string_view cms_labels[] = {"CMS", "PKCS7", "PKCS #7 SIGNED DATA"};

struct CmsParts {
  View text, encoded;
  DetachedSignature signature;
};

Result<CmsParts> read_parts(View piece) {
  CborReader reader(piece);
  TRY(const std::size_t items, reader.array());
  TRY(const std::uint64_t kind, reader.uint());
  if (kind != by_cms || items != 3) return fail(Code::malformed, "sums: [2, text, CMS] expected", "docs/formats/sums.md");
  TRY(const View text, reader.bytes());
  TRY(const View encoded, reader.bytes());
  CHECK_OK(reader.end());
  auto signature = DetachedSignature::from_der(encoded);
  if (!signature) return within("sums", std::move(signature).error());
  return CmsParts{text, encoded, std::move(*signature)};
}

// The maker is whom the certificate names.
ListClaims claims_of(const DetachedSignature& signature) {
  ListClaims claims;
  claims.common.type = Type::code;
  const auto& organization = signature.certificates()[0].fields().organization;
  if (is_clean_text(organization) && organization.size() <= budget::text_field) claims.common.maker = organization;
  claims.signed_at = signature.signed_at();
  claims.credentials = x509::credentials_of(signature.certificates());
  return claims;
}

// Of the first block, or as it is.
Result<Bytes> der_of(View signature) {
  const std::string_view label = crypto::pem_label(text(signature));
  if (label.empty()) return to_bytes(signature);
  auto der = crypto::der_in_pem(text(signature), label);
  if (!der) return within("signature", std::move(der).error());
  return std::move(**der);
}

}  // namespace

bool looks_like_cms(View signature) {
  return contains(cms_labels, crypto::pem_label(text(signature))) || (!signature.empty() && signature[0] == der::sequence);
}

Result<Signed> read_cms(View list, View signature) {
  TRY(Bytes der, der_of(signature));
  TRY(const auto read, DetachedSignature::from_der(der));
  for (Bytes text : {to_bytes(list), with_crlf(list)})
    if (read.covers(text)) return Signed{std::move(text), std::move(der), true, {}};
  return fail(Code::bad_signature, "sums: the CMS signature is over another text");
}

Bytes write_cms_piece(View text, View cms) {
  CborWriter out;
  out.array(3).uint(by_cms).bytes(text).bytes(cms);
  return out.take();
}

bool is_cms(View piece) {
  CborReader reader(piece);
  const auto items = reader.array();
  const auto kind = items ? reader.uint() : Result<std::uint64_t>(tl::unexpected<Error>(items.error()));
  return kind && *kind == by_cms;
}

Result<Decoded> decode_cms(View piece) {
  TRY(const CmsParts parts, read_parts(piece));
  if (!parts.signature.covers(parts.text)) return fail(Code::bad_signature, "sums: the CMS signature is over another text");
  const crypto::PublicKey& key = parts.signature.certificates()[0].key();
  DecodedBuilder builder;
  builder.format = Format::sums;
  builder.bytes = to_bytes(piece);
  builder.signed_bytes = parts.signature.signed_octets();
  builder.signature = to_bytes(parts.signature.signature());
  builder.issuer.key = key.id();
  for (const auto& certificate : parts.signature.certificates()) builder.issuer.chain.push_back(certificate.key_id());
  builder.carried_key = key;
  TRY(builder.statements, statements_of(parts.text, claims_of(parts.signature), key.id(), nullptr));
  const StatementId id = statement_id(Format::sums, key.id(), builder.signed_bytes);
  for (Statement& statement : builder.statements) statement.id = id;
  return std::move(builder).build();
}

Result<std::vector<Statement>> stored_cms_statements(View piece, const KeyId& issuer, const SubjectId* about) {
  TRY(const CmsParts parts, read_parts(piece));
  return statements_of(parts.text, claims_of(parts.signature), issuer, about);
}

Result<void> verify_cms(View piece) {
  TRY(const CmsParts parts, read_parts(piece));
  if (!parts.signature.covers(parts.text)) return fail(Code::bad_signature, "sums: the CMS signature is over another text");
  auto holds = parts.signature.verify();
  if (!holds) return within("sums", std::move(holds).error());
  return {};
}

}  // namespace cm4it::evidence::sums
