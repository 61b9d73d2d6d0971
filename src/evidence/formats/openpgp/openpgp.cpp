// OpenPGP evidence: decode and verify.
#include "evidence/formats/openpgp/openpgp.h"

#include "base/budgets.h"
#include "evidence/builder.h"
#include "evidence/formats.h"
#include "evidence/formats/openpgp/meaning.h"
#include "evidence/formats/openpgp/packet.h"
#include "evidence/formats/openpgp/source.h"

namespace cm4it::evidence {

using namespace openpgp;

namespace {

Fingerprint named_by(const SignatureIssuer& issuer) {
  if (!issuer.fingerprint.empty()) return {static_cast<std::uint8_t>(issuer.fingerprint.size() == 32 ? 6 : 4), issuer.fingerprint};
  Bytes octets;
  append_u64(octets, issuer.key_id);
  return {4, std::move(octets)};
}

Result<Decoded> decode_openpgp(View bytes, Trust trust) {
  const bool from_store = trust == Trust::from_store;
  TRY(const PieceParts piece, read_piece(bytes));
  TRY(const KeySubject subject, subject_of(piece.primary, from_store));
  if (piece.subkey && !from_store && is_key_here(*piece.subkey)) CHECK_OK(subject_of(*piece.subkey, false));
  TRY(Statement statement, meaning_of(piece, subject));
  const Signature& signature = piece.signature;
  DecodedBuilder builder;
  builder.format = Format::openpgp;
  builder.bytes = to_bytes(bytes);
  builder.signed_bytes = signed_input(signature, piece.primary, piece.component_tag, piece.component, piece.subkey ? &*piece.subkey : nullptr);
  builder.signature = to_bytes(signature.numbers);
  if (piece.self()) {
    builder.issuer.key = subject.id;
    builder.carried_key = subject.key;
    statement.issuer = subject.id;
    if (!from_store) statement.id = statement_id(Format::openpgp, subject.id, builder.signed_bytes);
  } else {
    builder.issuer = issuer_of(signature).hint();
  }
  if (signature.hash == crypto::Hash::sha1)
    builder.findings.push_back({"made over SHA-1 on " + to_rfc3339(signature.created) + ", when that was still usual"});
  builder.statements.push_back(std::move(statement));
  return std::move(builder).build();
}

Result<void> verify_openpgp(const Decoded& decoded, const crypto::PublicKey& issuer) {
  TRY(const PieceParts piece, read_piece(decoded.bytes()));
  if (piece.self() && !can_sign(piece.primary))
    return fail(Code::bad_signature, "openpgp: signature: by a key of " + algorithm_text(piece.primary) + ", which signs nothing");
  CHECK_OK(verify_signature(piece.signature, decoded.signed_bytes(), issuer));
  if (!piece.back_signature) return {};
  TRY(const KeySubject subkey, subject_of(*piece.subkey, false));
  auto agreed = verify_signature(*piece.back_signature,
                                 signed_input(*piece.back_signature, piece.primary, piece.component_tag, piece.component, &*piece.subkey),
                                 *subkey.key);
  if (!agreed) return within("openpgp: back-signature", std::move(agreed).error());
  return {};
}

// Certificates. What was dropped is told only where nothing is left: openpgp::split_certificates() has the rest.
Result<std::vector<Piece>> split_openpgp(View body) {
  TRY(auto split, openpgp::split_certificates(body));
  if (!split.pieces.empty()) return std::move(split.pieces);
  if (split.dropped.empty()) return fail(Code::malformed, "body: certificates without any signature, which say nothing");
  return fail(Code::malformed, "body: nothing in it can be kept; " + split.dropped[0].what + ": " + split.dropped[0].why, "docs/openpgp.md");
}

std::optional<std::string> revoked_by(View piece) {
  const auto issuer = loose_revocation(piece);
  if (!issuer) return {};
  return issuer->alias();
}

constexpr std::string_view pgp_types[] = {"application/pgp-keys"};

}  // namespace

constexpr Codec openpgp::codec{.format = Format::openpgp, .name = "openpgp", .media_type = "application/pgp-keys", .submitted = pgp_types,
                               .most_octets = budget::evidence_bytes, .looks_like = openpgp::looks_like_openpgp, .split = split_openpgp, .source = openpgp::open_source, .sink = openpgp::open_sink,
                               .decode = decode_openpgp, .verify = verify_openpgp, .without_key = revoked_by, .complete = openpgp::complete,
                               .weight = openpgp::revocation_weight, .user_ids = true};

SignatureIssuer openpgp::issuer_of(const Signature& signature) {
  return {signature.issuer ? signature.issuer->octets : Bytes{}, signature.issuer_key_id};
}

std::string SignatureIssuer::text() const { return named_by(*this).text(); }

std::string SignatureIssuer::alias() const { return (fingerprint.empty() ? "keyid:" : "fpr:") + text(); }

IssuerHint SignatureIssuer::hint() const {
  return {{}, {alias()}, {}, std::string("with OpenPGP ") + (fingerprint.empty() ? "key id " : "fingerprint ") + text()};
}

Result<Fingerprint> openpgp::certificate_of(View piece) {
  if (const auto revoked = loose_revocation(piece)) return named_by(*revoked);
  TRY(const Packet first, PacketReader(piece).next());
  if (first.tag != tag::public_key) return bad("piece", "a public key comes first");
  TRY(const Key key, read_key(first.body));
  return key.fingerprint;
}

View openpgp::first_packet(View piece) {
  PacketReader reader(piece);
  return reader.next() ? piece.first(reader.offset()) : View();
}

Result<crypto::PublicKey> openpgp::primary_key(View certificate) {
  Bytes binary = to_bytes(certificate);
  if (looks_armored(certificate)) {
    TRY(auto blocks, dearmor(certificate));
    binary = std::move(blocks.at(0).data);
  }
  TRY(const Packet first, PacketReader(binary).next());
  if (first.tag == tag::secret_key) return fail(Code::not_permitted, "openpgp: a secret key");
  if (first.tag != tag::public_key) return bad("certificate", "a public key comes first");
  TRY(const Key key, read_key(first.body));
  TRY(auto subject, subject_of(key, false));
  return std::move(*subject.key);
}

Result<std::size_t> openpgp::first_certificate(View stream) {
  PacketReader reader(stream);
  while (!reader.done()) {
    const std::size_t begin = reader.offset();
    TRY(const Packet packet, reader.next());
    if (begin > 0 && (packet.tag == tag::public_key || packet.tag == tag::secret_key)) return begin;
  }
  return stream.size();
}

}  // namespace cm4it::evidence
