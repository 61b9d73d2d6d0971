// Keys in PKCS#11 tokens. For load_key.cpp.
#pragma once

#include <string_view>

#include "crypto/secret.h"
#include "crypto/signer.h"

namespace cm4it::crypto {

// A token that went away is looked for again at the next use; a PIN that was refused is not tried again.
Result<SignerPtr> pkcs11_signer(std::string_view uri, const KeyAccess& access);
// Public objects need no login; it is made where there is none.
Result<PublicKey> pkcs11_public_key(std::string_view uri, const KeyAccess& access);
// It has the URI's label and id; of an id that is not named, eight octets by chance.
Result<SignerPtr> pkcs11_new_key(std::string_view uri, Algorithm algorithm, const KeyAccess& access);

}  // namespace cm4it::crypto
