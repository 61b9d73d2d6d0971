// Signatures as X.509's family has them: an AlgorithmIdentifier, and a bit string (RFC 5280 section 4.1.1.3).
#pragma once

#include "crypto/signer.h"

namespace cm4it::crypto {

// DER of the AlgorithmIdentifier of this algorithm's signatures (RFC 5758, RFC 8410, RFC 4055). Empty: it makes none.
const Bytes& algorithm_identifier(Algorithm algorithm);

// SEQUENCE { to_be_signed, signatureAlgorithm, signature BIT STRING, more… }: certificates, requests for them, OCSP answers.
// ECDSA with SHA-256 or SHA-384 (RFC 5758 section 3.2), Ed25519 (RFC 8410), RSASSA-PSS with SHA-256 (RFC 4055 section 3.1).
Result<Bytes> pkix_signed(const Signer& signer, View to_be_signed, View more = {});

}  // namespace cm4it::crypto
