// Makes manifest elements of the form that secure-element makers deliver: for simulations, tests and benchmarks.
#pragma once

#include <vector>

#include "crypto/signer.h"

namespace cm4it::evidence {

struct ManifestDevice {
  std::string serial_hex, maker, model, part_number;
  crypto::PublicKey key;                        // slot 0, P-256
  std::vector<crypto::PublicKey> other_slots;   // P-256
  std::string provisioned_at;                   // RFC 3339
  std::vector<Bytes> certificates = {};         // of slot 0, its own first, in DER: x5c
};

// One flattened JWS, signed ES256. unsupported: a key that is not P-256.
Result<Bytes> make_manifest_element(const ManifestDevice& device, const crypto::Signer& signer);

}  // namespace cm4it::evidence
