// What a submission of OpenPGP packets comes to: its pieces within their bounds, those that restrict first, and what was dropped.
// For this room's .cpp files.
#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "evidence/formats/openpgp/piece.h"

namespace cm4it::evidence::openpgp {

// What goes first, and has room of its own: a flood of one kind shuts out none of another. A hard revocation of the key ends it,
// whatever soft ones a thief has made before.
enum Urgency : std::size_t { hard_revocation, own_revocation, own, others_revocation, others, urgencies };
Urgency urgency_of(const Signature& signature, const Key& primary);

class Gathered {
 public:
  void drop(std::string what, std::string why);
  // It depends on something that was dropped and reported before, so it is only counted.
  void drop_along() { ++split_.dropped_count; }
  void add_certificate(const Fingerprint& fingerprint);
  // `place`: the component, in words, for the report of what was dropped.
  void add(const Key& primary, std::uint8_t component_tag, View component, View signature, Urgency urgency, const std::string& place);
  // A signature packet's body behind no key that it could be of: kept where it is a revocation of a key.
  void add_without_key(View signature);
  SplitCertificates result() &&;

 private:
  SplitCertificates split_;
  std::vector<Piece> urgent_;                    // revocations
  std::unordered_set<Digest, DigestHash> seen_;  // pieces
  std::unordered_set<std::string> names_;        // certificates
  std::size_t bytes_ = 0, without_key_ = 0;
};

}  // namespace cm4it::evidence::openpgp
