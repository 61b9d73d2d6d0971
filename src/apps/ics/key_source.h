// Public keys, however a person gives them.
#pragma once

#include <string>

#include "crypto/load_key.h"

namespace cm4it::ics {

// A file, or the URI of a key in a token: what public_key_at() reads.
bool is_key_place(const std::string& text);
// The file of a private key, a public key (PEM, or base64 or DER of a SubjectPublicKeyInfo) or an X.509 certificate (PEM, DER); or
// a pkcs11: URI.
Result<crypto::PublicKey> public_key_at(const std::string& place, const crypto::KeyAccess& access = {});
// Such a place, or base64 of a SubjectPublicKeyInfo, or PEM text. not_found: it looks like none of these.
Result<crypto::PublicKey> public_key_from(const std::string& text, const crypto::KeyAccess& access = {});
std::string public_pem(const crypto::PublicKey& key);
const char* algorithm_name(crypto::Algorithm algorithm);
Result<crypto::Algorithm> parse_algorithm(const std::string& name);

}  // namespace cm4it::ics
