// The CAs of [[ocsp]], with what their answers are signed.
#pragma once

#include "apps/icsd/config.h"
#include "frontends/ocsp/ocsp.h"

namespace cm4it::icsd {

// Errors name the file. Whether a delegate's certificate is good for it is asked here, not by whoever gets its answers.
Result<std::vector<ocsp::Authority>> read_authorities(const Config& config);

}  // namespace cm4it::icsd
