// What a PublicKey is made of. For this room's .cpp files.
#pragma once

#include "crypto/digest.h"
#include "crypto/key.h"
#include "crypto/openssl.h"
#include "crypto/signer.h"

namespace cm4it::crypto {

struct PublicKey::Impl {
  Algorithm algorithm;
  Bytes spki;                              // canonical
  KeyId id;
  std::array<std::uint8_t, 20> method1{};  // RFC 5280 section 4.2.1.2 (1)
  Bytes bits;                              // the subjectPublicKey: point, RSAPublicKey or 32 octets
  PkeyPtr pkey;
};

// Octets of one coordinate, and so of r and of s. 0: not an ECDSA algorithm.
constexpr std::size_t coordinate_bytes(Algorithm algorithm) {
  return algorithm == Algorithm::es256 ? 32 : algorithm == Algorithm::es384 ? 48 : 0;
}

// SubjectPublicKeyInfo of an Ed25519 key, up to its 32 octets (RFC 8410).
const Bytes& ed25519_prefix();

// Fetched once; owned by the library.
const EVP_MD* evp_md(Hash hash);

// A public key out of OpenSSL's, in its canonical form. unsupported where it is no key of ours.
Result<PublicKey> public_key_of(EVP_PKEY* key);

// A new file of mode 0600, synced. conflict: there is one.
Result<void> write_key_file(std::string_view pem, const std::filesystem::path& path);

// A signer with this private key in this process's memory.
Result<SignerPtr> signer_of(PkeyPtr key);

// ECDSA-Sig-Value (RFC 3279 section 2.2.3) ⇄ r ‖ s of fixed size (RFC 9053 section 2.1).
Result<Bytes> ecdsa_to_fixed(View der, std::size_t coordinate);
Result<Bytes> ecdsa_to_der(View fixed, std::size_t coordinate);

}  // namespace cm4it::crypto
