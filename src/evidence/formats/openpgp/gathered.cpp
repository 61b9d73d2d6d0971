#include "evidence/formats/openpgp/gathered.h"

#include <iterator>

#include "base/budgets.h"
#include "evidence/formats/openpgp/certificate.h"
#include "evidence/formats/openpgp/packet.h"

namespace cm4it::evidence::openpgp {

Urgency urgency_of(const Signature& signature, const Key& primary) {
  const bool revokes = is_revocation(signature.type);
  if (!made_by(signature, primary)) return revokes ? others_revocation : others;
  if (signature.type == signature_type::key_revocation && is_hard(signature)) return hard_revocation;
  return revokes ? own_revocation : own;
}

void Gathered::drop(std::string what, std::string why) {
  if (++split_.dropped_count > budget::openpgp_dropped) return;
  split_.dropped.push_back({std::move(what), std::move(why)});
}

void Gathered::add_certificate(const Fingerprint& fingerprint) {
  if (names_.insert(fingerprint.text()).second) split_.certificates.push_back(fingerprint);
}

void Gathered::add(const Key& primary, std::uint8_t component_tag, View component, View signature, Urgency urgency, const std::string& place) {
  const std::size_t size = primary.body.size() + component.size() + signature.size() + 18;  // three headers
  const bool urgent = urgency != own && urgency != others;
  const std::size_t reserve = urgent ? budget::openpgp_signatures : 0;
  const std::size_t room = budget::submission_items + (urgency == hard_revocation ? 2 : 1) * reserve;
  if (split_.pieces.size() + urgent_.size() >= room || bytes_ + size > budget::openpgp_pieces_bytes + reserve * budget::openpgp_key_bytes)
    return drop(place, "more than one submission may hold; send it in parts");
  Bytes piece = write_piece(primary.body, component_tag, component, signature);
  if (!seen_.insert(crypto::sha256(piece)).second) return;
  bytes_ += piece.size();
  auto& list = urgent ? urgent_ : split_.pieces;
  list.insert(urgency == hard_revocation ? list.begin() : list.end(), Piece{Format::openpgp, std::move(piece)});
}

void Gathered::add_without_key(View body) {
  const auto signature = read_signature(body);
  if (!signature || signature->type != signature_type::key_revocation) return drop("a signature", "no key before it");
  if (names_nobody(*signature)) return drop("a revocation", "without its key, and it does not say whose it is");
  if (without_key_ == budget::openpgp_loose) return drop("a revocation", "one of too many without their keys");
  ++without_key_;
  Bytes piece;
  append_packet(piece, tag::signature, canonical_signature(*signature, false));
  if (seen_.insert(crypto::sha256(piece)).second) urgent_.push_back({Format::openpgp, std::move(piece)});
}

// Pieces that restrict come first, so that nothing else in the submission can use up their room.
SplitCertificates Gathered::result() && {
  urgent_.insert(urgent_.end(), std::make_move_iterator(split_.pieces.begin()), std::make_move_iterator(split_.pieces.end()));
  split_.pieces = std::move(urgent_);
  return std::move(split_);
}

}  // namespace cm4it::evidence::openpgp
