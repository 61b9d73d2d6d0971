// A certificate's pieces in their order. For this room's .cpp files.
#pragma once

#include "evidence/formats/openpgp/piece.h"

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

// not_found: no piece is of that certificate. `Read::order`: of each piece only what its place hangs on (open_piece()).
enum class Read { whole, order };
Result<Collected> collect(std::span<const Bytes> pieces, const Fingerprint& fingerprint, Read read);

// A revocation of the key or of a subkey that puts in doubt all that was before (RFC 9580 section 5.2.3.31): for any reason but
// "superseded" and "retired"; without a reason, or with one that is not known, the worst is assumed.
bool is_hard(const Signature& signature);

}  // namespace cm4it::evidence::openpgp
