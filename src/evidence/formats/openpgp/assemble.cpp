// Certificates put together again, in their one order.
#include <algorithm>
#include <map>

#include "evidence/formats/openpgp/certificate.h"
#include "evidence/formats/openpgp/packet.h"

namespace cm4it::evidence::openpgp {
namespace {

int rank_of(std::uint8_t component_tag) {
  switch (component_tag) {
    case 0: return 0;
    case tag::user_id: return 1;
    case tag::user_attribute: return 2;
    default: return 3;
  }
}

// Revocations of the key stand first, where every reader looks for them; those of a subkey after what binds it.
int rank_of(const PieceParts& piece) {
  if (piece.signature.type == signature_type::key_revocation) return 0;
  if (!piece.self()) return 3;
  return piece.signature.type == signature_type::subkey_revocation ? 2 : 1;
}

auto order_of(const PieceParts& piece) {
  return std::tuple(rank_of(piece), piece.signature.created, text(piece.signature.body));
}

// Signatures over the same octets by the same issuer say the same: the twin (r, n-s) of an ECDSA one, or a second with
// another random number.
auto said_by(const PieceParts& piece) {
  return std::tuple(text(piece.signature.hashed), text(piece.signature.salt), piece.signature.issuer_key_id);
}

void sort_and_merge(std::vector<PieceParts>& signatures) {
  if (signatures.size() < 2) return;
  std::sort(signatures.begin(), signatures.end(), [](const auto& a, const auto& b) { return order_of(a) < order_of(b); });
  std::map<decltype(said_by(signatures[0])), bool> seen;
  std::erase_if(signatures, [&](const auto& piece) { return !seen.emplace(said_by(piece), true).second; });
}

// Of a certificate that is revoked hard: its revocations, and its user ids, without which GnuPG takes no key in and would not
// learn of it. What would go on to be used, subkeys and what others vouch for, is not given out.
bool is_left(const PieceParts& piece) {
  if (piece.component_tag == 0) return piece.signature.type == signature_type::key_revocation;
  return piece.component_tag == tag::user_id && piece.self();
}
bool is_left(const Part& part) {
  return part.tag == 0 || std::any_of(part.signatures.begin(), part.signatures.end(), [](const PieceParts& piece) { return is_left(piece); });
}

}  // namespace

bool is_hard(const Signature& signature) {
  constexpr std::uint8_t superseded = 1, retired = 3;
  const bool revokes_key = signature.type == signature_type::key_revocation || signature.type == signature_type::subkey_revocation;
  return revokes_key && signature.reason != superseded && signature.reason != retired;
}

Result<Collected> collect(std::span<const Bytes> pieces, const Fingerprint& fingerprint, Read read) {
  std::map<std::tuple<int, std::string_view>, Part> parts;
  std::optional<Collected> collected;
  for (const Bytes& bytes : pieces) {
    auto piece = read == Read::whole ? read_piece(bytes) : open_piece(bytes, collected ? &collected->primary : nullptr);
    if (!piece || piece->primary.fingerprint != fingerprint) continue;
    if (!collected) collected = Collected{piece->primary, {}, false};
    if (piece->signature.type == signature_type::key_revocation && is_hard(piece->signature)) collected->hard_revoked = true;
    Part& part = parts[{rank_of(piece->component_tag), text(piece->component)}];
    part.tag = piece->component_tag;
    part.body = piece->component;
    part.signatures.push_back(std::move(*piece));
  }
  if (!collected) return fail(Code::not_found, "openpgp: certificate " + fingerprint.text() + ": not kept here");
  for (auto& [key, part] : parts) {
    sort_and_merge(part.signatures);
    collected->parts.push_back(std::move(part));
  }
  return std::move(*collected);
}

Result<Bytes> assemble(std::span<const Bytes> pieces, const Fingerprint& fingerprint) {
  TRY(const Collected certificate, collect(pieces, fingerprint, Read::order));
  std::size_t size = 0;
  for (const Bytes& piece : pieces) size += piece.size();
  Bytes out;
  out.reserve(size);
  append_packet(out, tag::public_key, certificate.primary.body);
  for (const Part& part : certificate.parts) {
    if (certificate.hard_revoked && !is_left(part)) continue;
    if (part.tag != 0) append_packet(out, part.tag, part.body);
    for (const PieceParts& piece : part.signatures)
      if (!certificate.hard_revoked || is_left(piece)) append_packet(out, tag::signature, piece.signature.body);
  }
  return out;
}

Result<crypto::Md5> sks_digest(View certificate) {
  std::vector<Packet> packets;
  for (PacketReader reader(certificate); !reader.done();) {
    TRY(const Packet packet, reader.next());
    packets.push_back(packet);
  }
  std::sort(packets.begin(), packets.end(), [](const Packet& a, const Packet& b) { return std::tuple(a.tag, text(a.body)) < std::tuple(b.tag, text(b.body)); });
  Bytes all;
  all.reserve(certificate.size() + 8 * packets.size());
  for (const Packet& packet : packets) {
    append_u32(all, packet.tag);
    append_u32(all, packet.body.size());
    append(all, packet.body);
  }
  return crypto::md5(all);
}

}  // namespace cm4it::evidence::openpgp
