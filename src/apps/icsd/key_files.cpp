#include "apps/icsd/key_files.h"

#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/budgets.h"
#include "crypto/certificate.h"
#include "crypto/load_key.h"
#include "crypto/pem.h"

namespace cm4it::icsd {

Result<crypto::SignerPtr> load_tls_key(const Config& config) { return crypto::load_key(config.key, {config.directory, config.key_pass, {}}); }

Result<std::string> load_chain(const Config& config) {
  if (config.certificate.empty()) return std::string();
  const std::string named = "certificate " + config.certificate.string() + ": ";
  std::ifstream in(config.certificate, std::ios::binary);
  if (!in) return fail(Code::not_found, named + std::strerror(errno));
  std::string pem(budget::certificate_file_bytes + 1, '\0');
  if (!in.read(pem.data(), static_cast<std::streamsize>(pem.size())).eof())
    return fail(Code::too_large, named + "more than " + std::to_string(budget::certificate_file_bytes) + " octets");
  pem.resize(static_cast<std::size_t>(in.gcount()));
  if (pem.empty()) return fail(Code::malformed, named + "empty");
  return pem;
}

std::optional<Time> first_end(const std::string& chain) {
  constexpr std::size_t most = 10;
  const auto certificates = crypto::certificates_in_file(chain, most);
  std::optional<Time> end;
  if (!certificates) return end;
  for (const auto& der : *certificates)
    if (const auto one = crypto::Certificate::from_der(der); one && one->fields().not_after && (!end || *one->fields().not_after < *end)) end = *one->fields().not_after;
  return end;
}

Result<crypto::SignerPtr> load_log_key(const Config& config) {
  if (config.log.empty()) return crypto::SignerPtr();
  return crypto::load_key(config.log, {config.directory, config.log_pass, {}});
}

}  // namespace cm4it::icsd
