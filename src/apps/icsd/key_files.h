// The TLS key and the certificates that go with it, as the configuration names them.
#pragma once

#include <optional>
#include <string>

#include "apps/icsd/config.h"
#include "base/time.h"
#include "crypto/signer.h"

namespace cm4it::icsd {

Result<crypto::SignerPtr> load_tls_key(const Config& config);
// PEM; empty: a self-signed certificate is to be made. Errors: not_found, too_large, malformed; they name the file.
Result<std::string> load_chain(const Config& config);
// When the first of these certificates (PEM) expires; none: none does, or it cannot be read here.
std::optional<Time> first_end(const std::string& chain);
// null: a server that is home of nothing has none.
Result<crypto::SignerPtr> load_log_key(const Config& config);

}  // namespace cm4it::icsd
