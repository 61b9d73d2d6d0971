// PKCS#11 modules: shared libraries that speak to tokens. For this room's .cpp files.
#pragma once

#define CRYPTOKI_GNU
#include <p11-kit/pkcs11.h>

#include <string>

#include "crypto/pkcs11_uri.h"

namespace cm4it::crypto {

using Pkcs11 = ck_function_list*;

// The module that the URI names; p11-kit's, which knows all that are configured on the machine, if it names none. It is loaded
// and initialized once in a process, and stays: other threads may be in it until the process ends.
// Errors: not_found (no such library), unsupported (no PKCS#11 2.x module, or not for several threads), unavailable.
Result<Pkcs11> pkcs11_module(const Pkcs11Uri& uri);

// `where` is token and key. not_permitted: the PIN; unavailable: everything else. The detail says what to do.
tl::unexpected<Error> pkcs11_failed(const std::string& where, const char* function, ck_rv_t code);

}  // namespace cm4it::crypto
