// A key's revocation that came without the key, and what a revocation weighs.
#include <algorithm>

#include "evidence/formats/openpgp/certificate.h"
#include "evidence/formats/openpgp/packet.h"

namespace cm4it::evidence::openpgp {

int revocation_weight(View piece) {
  const auto parts = read_piece(piece);
  if (!parts || parts->signature.type != signature_type::key_revocation) return 0;
  return is_hard(parts->signature) ? 2 : 1;
}

std::optional<SignatureIssuer> loose_revocation(View piece) {
  PacketReader reader(piece);
  if (reader.done()) return {};
  const auto packet = reader.next();
  if (!packet || packet->tag != tag::signature || !reader.done()) return {};
  const auto signature = read_signature(packet->body);
  if (!signature || signature->type != signature_type::key_revocation) return {};
  return issuer_of(*signature);
}

Result<Piece> complete(View revocation, View certificate) {
  TRY(const Packet loose, PacketReader(revocation).next());
  TRY(const Packet first, PacketReader(certificate).next());
  if (first.tag != tag::public_key) return bad("certificate", "a public key comes first", "10.1");
  TRY(const Key key, read_key(first.body));
  TRY(Signature signature, read_signature(loose.body));
  if (!made_by(signature, key)) return fail(Code::not_found, "openpgp: a revocation of another key");
  const Bytes digest = crypto::digest(signature.hash, signed_input(signature, key, 0, {}, nullptr));
  std::copy_n(digest.begin(), signature.digest_begin.size(), signature.digest_begin.begin());
  return Piece{Format::openpgp, write_piece(key.body, 0, {}, canonical_signature(signature, false))};
}

}  // namespace cm4it::evidence::openpgp
