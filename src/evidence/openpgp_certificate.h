// A certificate's pieces in their order. For this room's .cpp files.
#pragma once

#include "evidence/openpgp_piece.h"

namespace cm4it::evidence::openpgp {

// Views into the pieces. The key itself comes first (tag 0), then user ids, attributes, subkeys: each kind by its octets.
struct Part {
  std::uint8_t tag = 0;
  View body;
  std::vector<PieceParts> signatures;  // the key's own first, then by creation and octets
};
struct Collected {
  Key primary;
  std::vector<Part> parts;
  bool hard_revoked = false;  // whatever else it says, it is to be used for nothing any more
};

// not_found: no piece is of that certificate.
Result<Collected> collect(std::span<const Bytes> pieces, const Fingerprint& fingerprint);

// RFC 9580 section 5.2.3.31: superseded (1) and retired (3) leave what was before as it was; every other reason does not.
bool is_hard(const Signature& revocation);

}  // namespace cm4it::evidence::openpgp
