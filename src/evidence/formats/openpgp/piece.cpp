#include "evidence/formats/openpgp/piece.h"

#include <array>

#include "base/budgets.h"
#include "evidence/formats/openpgp/packet.h"

namespace cm4it::evidence::openpgp {
namespace {

const char* name_of_component(std::uint8_t component_tag) {
  switch (component_tag) {
    case tag::user_id: return "a user id";
    case tag::user_attribute: return "a user attribute";
    case tag::public_subkey: return "a subkey";
    default: return "the key itself";
  }
}

Result<void> check_maker(const PieceParts& piece) {
  const Signature& signature = piece.signature;
  if (!piece.self()) {
    if (signature.weak) return too_weak(signature);
    if (signature.type == signature_type::key_revocation || signature.type == signature_type::subkey_revocation)
      return fail(Code::unsupported, "openpgp: " + type_text(signature.type) + ": by another key; revokers that a key designates are not heard");
    if (signature.type == signature_type::subkey_binding) return bad("signature", "a subkey is bound by its primary key alone", "5.2.1.8");
    return {};
  }
  if (signature.created < piece.primary.created || (piece.subkey && signature.created < piece.subkey->created))
    return bad("signature", "made before its key was: on " + to_rfc3339(signature.created), "5.2.3.11");
  return {};
}

// RFC 9580 sections 5.2.1.8 and 5.2.1.9: what signs has agreed to be bound.
Result<void> read_back_signature(PieceParts& piece) {
  if (piece.signature.type != signature_type::subkey_binding || !needs_back_signature(piece.signature, *piece.subkey)) return {};
  constexpr std::string_view where = "back-signature";
  if (!is_key_here(*piece.subkey))
    return fail(Code::unsupported, "openpgp: a signing subkey of " + algorithm_text(*piece.subkey) + ", whose back-signature cannot be checked");
  if (!can_sign(*piece.subkey)) return bad("subkey", "said to sign, which its " + algorithm_text(*piece.subkey) + " does not", "5.2.3.29");
  if (piece.signature.back_signature.empty()) return bad(where, "missing: the subkey signs, and has not agreed", "5.2.1.8");
  auto back = read_signature(piece.signature.back_signature);
  if (!back) return within("openpgp: back-signature", std::move(back).error());
  if (back->type != signature_type::primary_binding) return bad(where, type_text(back->type) + " instead of 0x19", "5.2.3.34");
  if (!made_by(*back, *piece.subkey)) return bad(where, "not by the subkey", "5.2.1.9");
  piece.back_signature = std::move(*back);
  return {};
}

}  // namespace

bool belongs(std::uint8_t type, std::uint8_t component_tag) {
  switch (component_tag) {
    case 0:
      return type == signature_type::direct_key || type == signature_type::key_revocation ||
             type == signature_type::certification_revocation;
    case tag::public_subkey: return type == signature_type::subkey_binding || type == signature_type::subkey_revocation;
    default: return is_certification(type) || type == signature_type::certification_revocation;
  }
}

Digest PieceParts::component_digest() const {
  if (component_tag == 0) return crypto::sha256(primary.body);
  return crypto::sha256({primary.body, View(&component_tag, 1), component});
}

bool needs_back_signature(const Signature& binding, const Key& subkey) {
  constexpr std::uint8_t certifies_or_signs = 0x03;
  if (binding.key_flags) return (*binding.key_flags & certifies_or_signs) != 0;
  return can_sign(subkey) && !std::holds_alternative<Key::Rsa>(subkey.numbers);  // RSA without flags: old, for encryption
}

Result<void> check_component(std::uint8_t component_tag, View component) {
  const std::size_t most = component_tag == tag::user_id          ? budget::user_id_bytes
                           : component_tag == tag::user_attribute ? budget::user_attribute_bytes
                                                                  : budget::openpgp_key_bytes;
  if (component.size() <= most) return {};
  return fail(Code::too_large, "openpgp: " + std::string(name_of_component(component_tag)) + " of more than " + std::to_string(most) + " octets");
}

Result<void> check_parts(PieceParts& piece) {
  const bool carried = piece.subkey && piece.subkey->version == 5 && piece.primary.version == 4;  // by GnuPG
  if (piece.subkey && piece.subkey->version != piece.primary.version && !carried)
    return bad("subkey", "of another version than its primary key", "10.1");
  if (!belongs(piece.signature.type, piece.component_tag))
    return bad("signature", type_text(piece.signature.type) + ", which is none over " + name_of_component(piece.component_tag), "5.2.1");
  CHECK_OK(check_maker(piece));
  return read_back_signature(piece);
}

Bytes write_piece(View primary, std::uint8_t component_tag, View component, View signature) {
  Bytes piece;
  append_packet(piece, tag::public_key, primary);
  if (component_tag != 0) append_packet(piece, component_tag, component);
  append_packet(piece, tag::signature, signature);
  return piece;
}

namespace {

// The packets of a piece: a key, at most one component, a signature.
struct PiecePackets {
  View primary, component, signature;
  std::uint8_t component_tag = 0;  // 0: none
};

Result<PiecePackets> packets_of(View bytes) {
  PacketReader reader(bytes);
  std::array<Packet, 3> packets;
  std::size_t count = 0;
  for (; !reader.done(); ++count) {
    TRY(const Packet packet, reader.next());
    if (packet.tag == tag::secret_key || packet.tag == tag::secret_subkey)
      return fail(Code::not_permitted, "openpgp: a secret key; nothing of it was kept");
    if (count == packets.size()) break;
    packets[count] = packet;
  }
  if (!reader.done() || count < 2 || packets[0].tag != tag::public_key || packets[count - 1].tag != tag::signature)
    return bad("piece", "a public key, at most one component of it, and one signature expected");
  PiecePackets found{packets[0].body, {}, packets[count - 1].body, 0};
  if (count == 2) return found;
  found.component_tag = packets[1].tag;
  found.component = packets[1].body;
  if (found.component_tag != tag::user_id && found.component_tag != tag::user_attribute && found.component_tag != tag::public_subkey)
    return bad("piece", "a packet of type " + std::to_string(found.component_tag) + ", which is no component of a certificate");
  return found;
}

}  // namespace

Result<PieceParts> read_piece(View bytes) {
  TRY(const PiecePackets packets, packets_of(bytes));
  PieceParts piece;
  piece.component_tag = packets.component_tag;
  piece.component = packets.component;
  if (piece.component_tag != 0) CHECK_OK(check_component(piece.component_tag, piece.component));
  TRY(piece.primary, read_key(packets.primary));
  if (piece.component_tag == tag::public_subkey) {
    TRY(piece.subkey, read_key(piece.component));
  }
  TRY(piece.signature, read_certificate_signature(packets.signature));
  CHECK_OK(check_parts(piece));
  const Bytes canonical = write_piece(piece.primary.body, piece.component_tag, piece.component,
                                      canonical_signature(piece.signature, piece.back_signature.has_value()));
  if (!equal(canonical, bytes))
    return bad("piece", "not in its one encoding: headers with the shortest lengths, and no unhashed subpackets but the needed ones");
  return piece;
}

Result<PieceParts> open_piece(View bytes, const Key* primary) {
  TRY(const PiecePackets packets, packets_of(bytes));
  PieceParts piece;
  piece.component_tag = packets.component_tag;
  piece.component = packets.component;
  if (primary && equal(primary->body, packets.primary)) {
    piece.primary = *primary;
  } else {
    TRY(piece.primary, read_key(packets.primary));
  }
  TRY(piece.signature, read_certificate_signature(packets.signature));
  return piece;
}

}  // namespace cm4it::evidence::openpgp
