// `ics init`: an ICS's directory, whole or not at all.
#pragma once

#include <string>

#include "apps/ics/context.h"

namespace cm4it::ics {

struct InitOptions { std::string directory, role, domain, listen = "127.0.0.1:8443", name, url, hkp, tls_key, log_key, ca; };
// malformed: names the option and its rule.
Result<void> check_options(const InitOptions& options);
Result<int> init(Context& context, const InitOptions& options);

}  // namespace cm4it::ics
