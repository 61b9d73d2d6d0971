// Keys in a TPM 2.0, over OpenSSL's provider "tpm2". For load_key.cpp and key_file.cpp.
#pragma once

#include <string>
#include <string_view>

#include "crypto/secret.h"
#include "crypto/signer.h"

namespace cm4it::crypto {

// The TPM is the one that TPM2OPENSSL_TCTI names; the machine's, if it names none. The provider is loaded when the first such key
// is, and again when it lost its TPM. unavailable: no provider, no TPM, or the key is not in it.

// "handle:0x81…": a key that stays in the TPM.
Result<SignerPtr> tpm_signer(const std::string& handle, const KeyAccess& access);
// A file with "-----BEGIN TSS2 PRIVATE KEY-----": only that TPM can use what is in it.
bool is_tpm_key(std::string_view pem);
Result<SignerPtr> tpm_file_signer(const std::string& name, std::string pem, const KeyAccess& access);
// Such a file's text. P-256, P-384 and RSA of 2048 bits: unsupported otherwise.
Result<std::string> tpm_new_key(Algorithm algorithm);

}  // namespace cm4it::crypto
