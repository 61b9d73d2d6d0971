// Private keys. A Signer may be a file, a token or a TPM (load_key.h): callers see the public key and sign().
#pragma once

#include <filesystem>
#include <memory>

#include "crypto/key.h"
#include "crypto/secret.h"

namespace cm4it::crypto {

class Signer {
 public:
  virtual ~Signer() = default;
  virtual const PublicKey& public_key() const = 0;
  // Signature in COSE form over `message`. May be called from several threads.
  // Errors: unavailable (the token is gone), internal.
  virtual Result<Bytes> sign(View message) const = 0;
  // For TLS only: an EVP_PKEY* with the private part, owned by this signer; null where the key
  // cannot be used that way.
  virtual void* native() const = 0;
};

using SignerPtr = std::shared_ptr<const Signer>;

// A fresh key. rsa is 3072 bits.
Result<SignerPtr> generate(Algorithm algorithm);
// A deterministic Ed25519 or P-256 key out of a 32-byte seed, for simulations and tests.
Result<SignerPtr> from_seed(Algorithm algorithm, View seed32);

// PKCS#8 PEM. Encrypted: the passphrase is access's, and asked for only then; not_permitted: it is wrong, or there is none.
// Refused (not_permitted) when others than its owner may read the file.
Result<SignerPtr> load_key_file(const std::filesystem::path& path, const KeyAccess& access = {});
// Written as 0600 from the first byte, synced, never over an existing file (conflict). With a passphrase: encrypted.
Result<void> save_key_file(const Signer& signer, const std::filesystem::path& path, const Secret* passphrase = nullptr);
// PKCS#8 PEM text, as save_key_file writes it.
Result<std::string> private_pem(const Signer& signer, const Secret* passphrase = nullptr);

}  // namespace cm4it::crypto
