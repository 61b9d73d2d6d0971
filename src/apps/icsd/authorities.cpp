#include "apps/icsd/authorities.h"

#include <fstream>
#include <sstream>

#include "base/budgets.h"
#include "crypto/load_key.h"
#include "crypto/pem.h"

namespace cm4it::icsd {
namespace {

constexpr std::size_t most_in_answer = 8;  // that one answer bears

// PEM, DER, or a bundle (PKCS #7).
Result<std::vector<Bytes>> certificates_in(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::stringstream content;
  if (!in || !(content << in.rdbuf())) return fail(Code::not_found, file.string() + ": cannot be read");
  const std::string bytes = content.str();
  if (bytes.size() > budget::certificate_file_bytes)
    return fail(Code::too_large, file.string() + ": more than " + std::to_string(budget::certificate_file_bytes) + " octets");
  auto found = crypto::certificates_in_file(bytes, most_in_answer);
  if (!found) return within(file.string(), std::move(found).error());
  return found;
}

Result<ocsp::Authority> read_authority(const Config& config, const OcspEntry& entry) {
  TRY(const auto ca, certificates_in(entry.ca));
  std::vector<Bytes> certificates;
  if (!entry.certificates.empty()) {
    TRY(certificates, certificates_in(entry.certificates));
  }
  TRY(auto key, crypto::load_key(entry.key, {config.directory, entry.key_pass, {}}));
  auto responder = crypto::ocsp::Responder::make(std::move(key), ca[0], certificates);
  if (!responder) return within("ocsp, " + entry.ca.string(), std::move(responder).error());
  return ocsp::Authority{std::move(*responder), entry.domain, entry.lifetime};
}

}  // namespace

Result<std::vector<ocsp::Authority>> read_authorities(const Config& config) {
  std::vector<ocsp::Authority> authorities;
  for (const auto& entry : config.ocsp) {
    TRY(auto authority, read_authority(config, entry));
    authorities.push_back(std::move(authority));
  }
  return authorities;
}

}  // namespace cm4it::icsd
