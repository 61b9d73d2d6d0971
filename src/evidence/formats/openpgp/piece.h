// One piece of OpenPGP evidence, read. For this room's .cpp files.
#pragma once

#include "evidence/formats/openpgp/signature.h"

namespace cm4it::evidence::openpgp {

// Views into the piece.
struct PieceParts {
  Key primary;
  std::uint8_t component_tag = 0;  // tag::user_id, user_attribute, public_subkey; 0: none
  View component;
  std::optional<Key> subkey;
  Signature signature;
  std::optional<Signature> back_signature;  // where one is needed

  bool self() const { return made_by(signature, primary); }
  Digest component_digest() const;  // evidence::Component::digest
};

// malformed: not the canonical octets of such a piece, or a signature that does not belong where it stands. Also the errors
// of read_key() and read_signature(). No signature is verified.
Result<PieceParts> read_piece(View bytes);

// The same of a piece that read_piece() took when it came, and whose octets were compared with what was signed over them since: it is
// cut into its parts, and what its signature says is read. Neither `subkey` nor `back_signature` is set. `primary`, where given: the
// key of another piece, which is taken where this one begins with the same.
Result<PieceParts> open_piece(View bytes, const Key* primary);

Bytes write_piece(View primary, std::uint8_t component_tag, View component, View signature);

// What is asked of parts that were read one by one: does the signature belong there, may its maker make it, is its
// back-signature there? Sets the latter.
Result<void> check_parts(PieceParts& piece);
// too_large.
Result<void> check_component(std::uint8_t component_tag, View component);

// Whether a signature of that type may stand over such a component (RFC 9580 section 5.2.1).
bool belongs(std::uint8_t type, std::uint8_t component_tag);

// Whether a binding says that the subkey signs, which the subkey has to confirm (RFC 9580 section 5.2.1.8).
bool needs_back_signature(const Signature& binding, const Key& subkey);

}  // namespace cm4it::evidence::openpgp
