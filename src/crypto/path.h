// Certification paths (RFC 5280 section 6): may these certificates follow one another? OpenSSL says so.
#pragma once

#include <span>

#include "crypto/certificate.h"

namespace cm4it::crypto {

// `path`: a certificate, that of its issuer, and so on; the last is by `anchor`, a key that is trusted for reasons of its own.
// `own`: the certificate that this key made of itself, whose constraints bind too; null: it has none. Looked at are names, CA
// flags, path lengths, key usage, name constraints, what the first one's extKeyUsage needs of those above, and critical
// extensions. Signatures were verified before, and time is asked about elsewhere. OpenSSL is asked once in each thread: what it said of one
// certificate is known of every other that is alike as far as paths are concerned.
// not_permitted: which certificate breaks what rule.
Result<void> check_path(std::span<const Certificate> path, const PublicKey& anchor, const Certificate* own = nullptr);

}  // namespace cm4it::crypto
