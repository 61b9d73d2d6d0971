// Public keys, however a person gives them.
#pragma once

#include <string>

#include "crypto/key.h"

namespace cm4it::ics {

// The file of a private key, a public key (PEM, or base64 or DER of a SubjectPublicKeyInfo) or an X.509 certificate (PEM, DER).
Result<crypto::PublicKey> public_key_in_file(const std::string& path);
// Such a file, or base64 of a SubjectPublicKeyInfo, or PEM text. not_found: it looks like none of these.
Result<crypto::PublicKey> public_key_from(const std::string& text);
std::string public_pem(const crypto::PublicKey& key);
const char* algorithm_name(crypto::Algorithm algorithm);
Result<crypto::Algorithm> parse_algorithm(const std::string& name);

}  // namespace cm4it::ics
