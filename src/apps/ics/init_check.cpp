// What `ics init` was told, checked before anything is made.
#include <algorithm>
#include <cctype>

#include "apps/ics/first_policy.h"
#include "apps/ics/init.h"
#include "evidence/statement.h"
#include "net/address.h"
#include "net/http/url.h"
#include "net/tls.h"

namespace cm4it::ics {
namespace {

std::string why_no_domain(const std::string& text) {
  if (text.empty()) return "empty";
  if (text.size() > 253) return std::to_string(text.size()) + " octets; a domain name has 253 at most";
  const std::string named = "\"" + text + "\": ";
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find('.', begin), text.size());
    const auto label = text.substr(begin, end - begin);
    if (label.empty()) return named + "a label between dots is empty";
    if (label.size() > 63) return named + "a label of " + std::to_string(label.size()) + " octets; 63 at most";
    if (label.front() == '-' || label.back() == '-') return named + "a label neither begins nor ends with -";
    begin = end + 1;
  }
  return named + "labels are of a to z, 0 to 9 and -";
}

Result<void> check_server_name(const std::string& name) {
  const bool plain = std::all_of(name.begin(), name.end(), [](unsigned char c) { return c < 128 && (std::isalnum(c) || c == '-' || c == '_' || c == '.'); });
  if (name.size() > 64 || !plain) return fail(Code::malformed, "--name: \"" + name.substr(0, 100) + "\": at most 64 letters, digits, '-', '_', '.'");
  return {};
}

Result<void> check_places(const InitOptions& options) {
  if (const auto listen = net::check_address(options.listen); !listen) return within("--listen", listen.error());
  if (options.hkp.empty()) return {};
  if (const auto hkp = net::check_address(options.hkp); !hkp) return within("--hkp", hkp.error());
  return {};
}

Result<void> check_certificate_options(const InitOptions& options) {
  for (const auto& name : options.san)
    if (const auto known = net::alternative_name(name); !known) return within("--san", known.error());
  if (!options.san.empty() && !options.certificate.empty())
    return fail(Code::malformed, "--san, --certificate: one of them", "--san makes a self-signed certificate; the other takes one that there is");
  if (!options.certificate.empty() && options.tls_key.empty())
    return fail(Code::malformed, "--certificate: it is of no key that there is yet", "--tls-key KEY, which it certifies; or later, of DIR/server.key: ics help keys");
  return {};
}

}  // namespace

Result<void> check_options(const InitOptions& options) {
  if (!makes_domain(options.role) && options.role != "infield")
    return fail(Code::malformed, "--role: \"" + options.role + "\" is none", "manufacturer, developer, maintenance, infield, certifier or keyserver");
  if (!evidence::is_domain_name(options.domain)) return fail(Code::malformed, "--domain: " + why_no_domain(options.domain), "for example --domain plant7.example (RFC 1123 section 2.1)");
  CHECK_OK(check_server_name(options.name));
  CHECK_OK(check_places(options));
  if (!options.url.empty())
    if (const auto url = net::check_base_url(options.url); !url) return within("--url", url.error());
  CHECK_OK(check_certificate_options(options));
  if (!options.ca.empty() && options.role != "manufacturer")
    return fail(Code::malformed, "--ca: goes with --role manufacturer", "elsewhere: ics role add DIR ROLE NAME --key CA.pem --formats x509");
  return {};
}

}  // namespace cm4it::ics
