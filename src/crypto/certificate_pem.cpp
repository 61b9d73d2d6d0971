// PEM (RFC 7468), leniently where it says so: text around blocks, any line length.
#include "base/budgets.h"
#include "crypto/certificate.h"

namespace cm4it::crypto {
namespace {

constexpr std::string_view begin_line = "-----BEGIN CERTIFICATE-----", end_line = "-----END CERTIFICATE-----";

}  // namespace

std::string certificate_pem(View der) {
  const std::string base64 = to_base64(der);
  std::string pem = std::string(begin_line) + "\n";
  for (std::size_t at = 0; at < base64.size(); at += 64) pem += base64.substr(at, 64) + "\n";
  return pem + std::string(end_line) + "\n";
}

Result<std::vector<Bytes>> certificates_in_pem(std::string_view text, std::size_t most) {
  if (text.find("PRIVATE KEY-----") != text.npos)
    return fail(Code::not_permitted, "PEM: a private key; nothing of it was kept", "send certificates alone");
  std::vector<Bytes> certificates;
  for (std::size_t at = 0; (at = text.find(begin_line, at)) != text.npos;) {
    at += begin_line.size();
    const std::size_t end = text.find(end_line, at);
    const std::string where = "PEM, certificate " + std::to_string(certificates.size() + 1);
    if (end == text.npos) return fail(Code::malformed, where + ": the input ends inside it", "RFC 7468");
    if (certificates.size() == most)
      return fail(Code::too_large, "PEM: more than " + std::to_string(most) + " certificates", "send it in parts");
    std::string digits;
    for (const char c : text.substr(at, end - at))
      if (c != '\n' && c != '\r' && c != ' ' && c != '\t') digits.push_back(c);
    auto der = from_base64(digits);
    if (!der) return within(where, std::move(der).error());
    certificates.push_back(std::move(*der));
    at = end + end_line.size();
  }
  return certificates;
}

}  // namespace cm4it::crypto
