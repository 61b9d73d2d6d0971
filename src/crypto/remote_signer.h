// Signers whose private key is not in this process: in a token, in a TPM.
#pragma once

#include <functional>

#include "crypto/signer.h"

namespace cm4it::crypto {

// As Signer::sign().
using SignFunction = std::function<Result<Bytes>(View message)>;

// `name` says for people where the key is. May be used for TLS. It is tried once; unsupported: its signature is not one of `key`.
Result<SignerPtr> remote_signer(std::string name, PublicKey key, SignFunction sign);

}  // namespace cm4it::crypto
