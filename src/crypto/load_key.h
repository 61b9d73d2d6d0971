// Private keys wherever they are: a file, "pkcs11:…" or "handle:0x81…" of a TPM (docs/keys.md).
#pragma once

#include <string>
#include <string_view>

#include "crypto/secret.h"
#include "crypto/signer.h"

namespace cm4it::crypto {

// Not the name of a file.
bool is_key_uri(std::string_view where);
// A URI that cannot be one: malformed, unsupported. Anything else is a file's name.
Result<void> check_key_name(std::string_view where);
// The same key, from whatever directory it is asked for: file names, of PINs too, begin at the root.
Result<std::string> absolute_key_name(const std::string& where);

// Errors: as load_key_file(); unavailable (no such token); not_permitted (a wrong PIN or passphrase, or none to be had).
Result<SignerPtr> load_key(const std::string& where, const KeyAccess& access = {});
// Without its private half where that can be: no PIN is needed then.
Result<PublicKey> load_public_key(const std::string& where, const KeyAccess& access = {});
// A fresh key, in a file or a token. conflict: there is one already; unsupported: a TPM's handles are given by its own programs.
Result<SignerPtr> make_key(const std::string& where, Algorithm algorithm, const KeyAccess& access = {});

// A fresh key that only this machine's TPM can use, in a file.
Result<SignerPtr> make_tpm_key_file(const std::filesystem::path& path, Algorithm algorithm);

}  // namespace cm4it::crypto
