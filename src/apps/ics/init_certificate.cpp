// The TLS certificate that `ics init` gives a server, for clients that look at names: browsers, curl.
#include "apps/ics/files.h"
#include "apps/ics/init.h"
#include "base/budgets.h"
#include "crypto/certificate.h"
#include "crypto/pem.h"
#include "net/tls.h"

namespace cm4it::ics {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_in_chain = 10;

// What icsd would refuse at its start, or warn of.
Result<void> check_certificate(const std::string& pem, const std::string& name, const crypto::Signer& key, Time now) {
  if (const auto context = net::TlsContext::server(key, name, true, pem); !context) return tl::unexpected(context.error());
  TRY(const auto all, crypto::certificates_in_file(pem, most_in_chain));
  for (const auto& der : all) {
    const auto one = crypto::Certificate::from_der(der);
    if (!one) continue;  // a critical extension that is not known here: clients decide
    const auto& fields = one->fields();
    if (fields.not_before > now) return fail(Code::malformed, fields.subject_text + " holds only from " + to_rfc3339(fields.not_before) + " on");
    if (fields.not_after && *fields.not_after < now) return fail(Code::malformed, fields.subject_text + " expired at " + to_rfc3339(*fields.not_after));
  }
  return {};
}

}  // namespace

Result<std::string> server_certificate(const fs::path& directory, const InitOptions& options, const crypto::Signer& key, Time now) {
  const std::string name = options.name + "." + options.domain;
  if (!options.san.empty()) {
    TRY(const auto certificate, net::self_signed_certificate(key, name, now, Time::never(), options.san));
    CHECK_OK(write_file(directory / "tls.pem", view(certificate.pem)));
    return std::string("tls.pem");
  }
  if (options.certificate.empty()) return std::string();
  TRY(const auto pem, read_file(options.certificate, budget::certificate_file_bytes));
  if (auto checked = check_certificate(pem, name, key, now); !checked) return within("--certificate: " + options.certificate, std::move(checked).error());
  return fs::absolute(options.certificate).lexically_normal().string();
}

}  // namespace cm4it::ics
