// One piece of evidence of Format::sums, taken apart. For this room's .cpp files.
#pragma once

#include "evidence/openpgp_signature.h"

namespace cm4it::evidence::sums {

// Packets' bodies; where the signer is no subkey, the last two are empty.
struct Signer { Bytes primary, subkey, binding; };

struct PieceContent { View text, signature; Signer signer; };

// Deterministic CBOR: [1, text, signature, primary, ? (subkey, binding)].
Bytes write_piece(const PieceContent& content);

}  // namespace cm4it::evidence::sums
