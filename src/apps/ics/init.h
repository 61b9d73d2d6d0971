// `ics init`: an ICS's directory, whole or not at all.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "apps/ics/context.h"
#include "crypto/signer.h"

namespace cm4it::ics {

struct InitOptions { std::string directory, role, domain, listen = "127.0.0.1:8443", name, url, hkp, tls_key, log_key, ca, certificate; std::vector<std::string> san; };
// malformed: names the option and its rule.
Result<void> check_options(const InitOptions& options);
// What `certificate` of icsd.toml is to name, empty: nothing. With --san a self-signed one of `key` for these names, written to
// `directory`/tls.pem; with --certificate that file, absolute: it must be of `key`, and hold now.
Result<std::string> server_certificate(const std::filesystem::path& directory, const InitOptions& options, const crypto::Signer& key, Time now);
Result<int> init(Context& context, const InitOptions& options);

}  // namespace cm4it::ics
