// Lists that are signed with OpenPGP: decode and verify.
#include "evidence/formats/sums/sums.h"

#include <algorithm>

#include "base/budgets.h"
#include "base/cbor.h"
#include "evidence/formats.h"
#include "evidence/formats/openpgp/packet.h"
#include "evidence/formats/openpgp/piece.h"
#include "evidence/formats/sums/piece.h"

namespace cm4it::evidence {
namespace sums {
namespace {

using namespace openpgp;

// A piece, read: views into it.
struct SumsParts {
  View text;
  Signature signature;
  Key primary;
  std::optional<PieceParts> subkey;  // it signs, and this binds it

  const Key& signer() const { return subkey ? *subkey->subkey : primary; }
};

Result<void> read_subkey(CborReader& reader, SumsParts& parts) {
  TRY(const View body, reader.bytes());
  TRY(const View binding, reader.bytes());
  CHECK_OK(check_component(tag::public_subkey, body));
  PieceParts bound{parts.primary, tag::public_subkey, body, {}, {}, {}};
  TRY(bound.subkey, read_key(body));
  TRY(bound.signature, read_signature(binding));
  if (bound.signature.type != signature_type::subkey_binding || !bound.self())
    return bad("sums: binding", "not by which the primary key binds its subkey", "5.2.1.8");
  CHECK_OK(check_parts(bound));
  if (!bound.back_signature) return bad("sums: binding", "of a subkey that does not sign", "5.2.3.29");
  if (!equal(canonical_signature(bound.signature, true), binding)) return bad("sums: binding", "not in its one encoding");
  parts.subkey = std::move(bound);
  return {};
}

// RFC 9580 sections 5.2.3.11 and 5.2.3.13: within the life of the key that signed.
Result<void> check_times(const SumsParts& parts) {
  const Time made = parts.signature.created;
  if (made < parts.signer().created) return bad("signature", "made before its key was: on " + to_rfc3339(made), "5.2.3.11");
  if (!parts.subkey || !parts.subkey->signature.key_lifetime) return {};
  const Time end{parts.signer().created.seconds + *parts.subkey->signature.key_lifetime};
  if (made >= end) return bad("signature", "made after its subkey had expired, on " + to_rfc3339(end), "5.2.3.13");
  return {};
}

Result<SumsParts> read_piece(View bytes) {
  CborReader reader(bytes);
  TRY(const std::size_t items, reader.array());
  TRY(const std::uint64_t kind, reader.uint());
  if (kind != by_openpgp) return fail(Code::unsupported, "sums: a signature of kind " + std::to_string(kind) + "; 1 (OpenPGP) is read");
  if (items != 4 && items != 6) return fail(Code::malformed, "sums: [1, text, signature, key, ? subkey, ? binding] expected", "docs/formats/sums.md");
  SumsParts parts;
  TRY(parts.text, reader.bytes());
  TRY(const View signature, reader.bytes());
  TRY(const View primary, reader.bytes());
  TRY(parts.signature, read_document_signature(signature));
  if (!equal(canonical_signature(parts.signature, false), signature)) return bad("sums: signature", "not in its one encoding");
  TRY(parts.primary, read_key(primary));
  if (items == 6) CHECK_OK(read_subkey(reader, parts));
  CHECK_OK(reader.end());
  if (!made_by(parts.signature, parts.signer())) return bad("signature", "by another key than the one beside it", "5.2.3.35");
  CHECK_OK(check_times(parts));
  return parts;
}

// RFC 9580 section 5.2.4: a document as it is, or (0x01) with its line ends made CR LF.
Bytes signed_octets(const SumsParts& parts) {
  const Signature& signature = parts.signature;
  Bytes octets = to_bytes(signature.salt);
  append(octets, signature.type == signature_type::binary ? to_bytes(parts.text) : with_crlf(parts.text));
  append_trailer(octets, signature);
  return octets;
}

// What the notations say holds for every file in the list.
Result<Identity> common_identity(const Signature& signature, std::vector<std::string>& domains) {
  TRY(Said said, read_notations(signature.notations));
  if (said.status || said.label || said.cloud || (said.typed && said.type != Type::code))
    return fail(Code::malformed, "sums: notations: a list says what code is, and nothing else of it", "docs/formats/sums.md");
  domains = std::move(said.domains);
  Identity identity;
  identity.type = Type::code;
  identity.maker = std::move(said.maker);
  identity.model = std::move(said.model);
  identity.serial = std::move(said.serial);
  identity.version = std::move(said.version);
  identity.attributes = std::move(said.attributes);
  return identity;
}

Result<ListClaims> claims_of(const SumsParts& parts) {
  const Signature& signature = parts.signature;
  ListClaims claims;
  if (parts.subkey) claims.signing_component = parts.subkey->component_digest();
  TRY(claims.common, common_identity(signature, claims.domains));
  claims.signed_at = signature.created;
  claims.expires = signature.expires;
  return claims;
}

}  // namespace

Bytes write_piece(const PieceContent& content) {
  const auto& [primary, subkey, binding] = content.signer;
  CborWriter out;
  out.array(subkey.empty() ? 4 : 6).uint(by_openpgp).bytes(content.text).bytes(content.signature).bytes(primary);
  if (!subkey.empty()) out.bytes(subkey).bytes(binding);
  return out.take();
}

}  // namespace sums

namespace {

Result<Decoded> decode_sums(View bytes, Trust trust) {
  const bool from_store = trust == Trust::from_store;
  if (sums::is_cms(bytes)) return sums::decode_cms(bytes);
  TRY(const sums::SumsParts parts, sums::read_piece(bytes));
  TRY(const auto subject, openpgp::subject_of(parts.primary, from_store));
  DecodedBuilder builder;
  builder.format = Format::sums;
  builder.bytes = to_bytes(bytes);
  builder.signed_bytes = sums::signed_octets(parts);
  builder.signature = to_bytes(parts.signature.numbers);
  builder.issuer.key = subject.id;
  builder.carried_key = subject.key;
  TRY(const auto claims, sums::claims_of(parts));
  TRY(builder.statements, sums::statements_of(parts.text, claims, subject.id, nullptr));
  if (!from_store) {
    const StatementId id = statement_id(Format::sums, subject.id, builder.signed_bytes);
    for (Statement& statement : builder.statements) statement.id = id;
  }
  return std::move(builder).build();
}

Result<std::vector<Statement>> stored_sums_statements(View bytes, const KeyId& issuer, const SubjectId* about) {
  if (sums::is_cms(bytes)) return sums::stored_cms_statements(bytes, issuer, about);
  TRY(const sums::SumsParts parts, sums::read_piece(bytes));
  TRY(const auto claims, sums::claims_of(parts));
  return sums::statements_of(parts.text, claims, issuer, about);
}

Result<void> verify_sums(const Decoded& decoded, const crypto::PublicKey& issuer) {
  using namespace openpgp;
  if (sums::is_cms(decoded.bytes())) return sums::verify_cms(decoded.bytes());
  TRY(const sums::SumsParts parts, sums::read_piece(decoded.bytes()));
  if (!can_sign(parts.signer())) return fail(Code::bad_signature, "sums: signature: by a key of " + algorithm_text(parts.signer()) + ", which signs nothing");
  if (!parts.subkey) return verify_signature(parts.signature, decoded.signed_bytes(), issuer);
  const PieceParts& bound = *parts.subkey;
  TRY(const KeySubject subkey, subject_of(*bound.subkey, false));
  const auto over_subkey = [&](const Signature& signature) {
    return signed_input(signature, bound.primary, bound.component_tag, bound.component, &*bound.subkey);
  };
  if (auto holds = verify_signature(bound.signature, over_subkey(bound.signature), issuer); !holds) return within("sums: binding", std::move(holds).error());
  if (auto agreed = verify_signature(*bound.back_signature, over_subkey(*bound.back_signature), *subkey.key); !agreed)
    return within("sums: back-signature", std::move(agreed).error());
  return verify_signature(parts.signature, decoded.signed_bytes(), *subkey.key);
}

// A list does not tell by itself what it is: it is written as it is a leaf of a log.
class LeafSink final : public PieceSink {
 public:
  using PieceSink::PieceSink;
  Result<void> piece(View evidence) override { return out_(leaf_bytes(Format::sums, evidence)); }
};

std::unique_ptr<PieceSink> open_leaf_sink(PieceSink::Out out) { return std::make_unique<LeafSink>(std::move(out)); }

}  // namespace

// Lists come in forms, with their signatures (sums.h): a body that is one is not split by its type.
constexpr Codec sums::codec{.format = Format::sums, .name = "sums", .media_type = "application/octet-stream", .submitted = {},
                            .most_octets = budget::evidence_bytes, .sink = open_leaf_sink, .decode = decode_sums, .verify = verify_sums, .stored_statements = stored_sums_statements, .bears_chain = true};

}  // namespace cm4it::evidence
