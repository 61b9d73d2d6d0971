// For tests of TLS: keys.
#pragma once

#include "crypto/signer.h"

namespace cm4it::net {

inline crypto::SignerPtr make_key(crypto::Algorithm algorithm = crypto::Algorithm::es256) { return crypto::generate(algorithm).value(); }

}  // namespace cm4it::net
