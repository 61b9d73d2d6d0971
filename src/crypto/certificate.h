// X.509 certificates (RFC 5280), read strictly. What a CA may issue is OpenSSL's to say (crypto/path.h).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "crypto/key.h"

namespace cm4it::crypto {

// RFC 4108 section 5, in the subjectAltName of an IEEE 802.1AR device: a type's object identifier, and the serial number.
struct HardwareModule {
  std::string type;
  Bytes serial;
};

struct CertificateFields {
  // DER, views into Certificate::der().
  View to_be_signed, issuer_name, subject_name, serial;  // serial: the octets of the INTEGER
  Bytes signature;
  std::string issuer_text, subject_text;                 // RFC 4514, for people
  Time not_before;
  std::optional<Time> not_after;                         // none: 99991231235959Z, "no well-defined expiration" (4.1.2.5)
  Bytes spki;                                            // as it came: the key may have a shorter or longer form
  std::string common_name, organization, serial_number;  // of the subject, the most specific of each; UTF-8 as it stands
  std::vector<std::string> dns, uris, mails, addresses;  // subjectAltName
  std::optional<HardwareModule> hardware;
  Bytes subject_key_id, authority_key_id;                // empty: not given
  bool authority = false;                                // basicConstraints cA TRUE
  std::optional<std::uint32_t> key_usage;                // OpenSSL's KU_ bits; none: not given
  std::optional<std::vector<std::string>> purposes;      // extKeyUsage, dotted; none: not given

  bool self_issued() const { return equal(issuer_name, subject_name); }
  bool for_purpose(std::string_view oid) const;          // extKeyUsage lists it
};

// Immutable and cheap to copy; may be shared between threads.
class Certificate {
 public:
  // One certificate of version 3, and nothing after it. malformed, too_large, unsupported: a subject key, a signature
  // algorithm or a critical extension that is not known here.
  static Result<Certificate> from_der(View der);

  View der() const;
  const CertificateFields& fields() const;
  const PublicKey& key() const;  // the subject's
  std::string serial_text() const { return to_hex(fields().serial); }

  // Of the whole certificate, and by method 1 of RFC 5280 section 4.2.1.2 or the issuer's own: may the key be its issuer's?
  bool names_issuer(const PublicKey& key) const;
  // Its signature, under the algorithm that it names. bad_signature, whatever the reason.
  Result<void> verify(const PublicKey& issuer) const;

  // For OpenSSL only: an X509*, owned by this certificate.
  void* native() const;

  struct Impl;
  explicit Certificate(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

 private:
  std::shared_ptr<const Impl> impl_;
};

// "-----BEGIN CERTIFICATE-----" and base64 in lines of 64, as openssl writes it.
std::string certificate_pem(View der);
// Every CERTIFICATE block of a text, as DER; what stands between blocks is passed over. malformed: a block that does not end
// or is no base64. not_permitted: a private key is in it.
Result<std::vector<Bytes>> certificates_in_pem(std::string_view text, std::size_t most);

}  // namespace cm4it::crypto
