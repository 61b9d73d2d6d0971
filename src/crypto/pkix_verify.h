// Signatures of X.509's family, under the algorithm that an AlgorithmIdentifier names (RFC 5280 section 4.1.1.2).
#pragma once

#include "crypto/key.h"

namespace cm4it::crypto {

// `algorithm`: the AlgorithmIdentifier (DER). ECDSA and RSASSA-PKCS1-v1_5 over SHA-256, SHA-384 or SHA-512, RSASSA-PSS over
// those, Ed25519. SHA-1 and MD5 prove nothing any more. Errors: unsupported (the algorithm, named after
// `field`), bad_signature.
Result<void> check_pkix_algorithm(View algorithm, const char* field);
Result<void> verify_pkix(View algorithm, View to_be_signed, View signature, const PublicKey& key, const char* field);

}  // namespace cm4it::crypto
