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
  Bytes issuer_canonical, subject_canonical;             // those names as they are compared (crypto/name.h)
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
  std::vector<Bytes> crl_points;                         // cRLDistributionPoints (4.2.1.13): all their names, each a GeneralName in DER
  bool policy_constraints = false;                       // has policyConstraints (4.2.1.11)
  bool policies = false;                                 // has certificatePolicies (4.2.1.4)
  bool name_constraints = false;                         // has nameConstraints (4.2.1.10)
  bool ordinary = false;                                 // no extension but those that say who and what for: see check_path()

  bool self_issued() const { return issuer_canonical == subject_canonical; }
  // RFC 5280 section 4.2.1.3: cRLSign. Without a keyUsage the key may be used for anything.
  bool may_sign_crls() const { return !key_usage || (*key_usage & 0x02) != 0; }
  // A CA's certificate, or one that says of its key that it signs CRLs (a CA may keep another key for them).
  bool of_authority() const { return authority || (key_usage && (*key_usage & 0x02) != 0); }
  bool for_purpose(std::string_view oid) const;          // extKeyUsage lists it
};

// Immutable and cheap to copy; may be shared between threads. OpenSSL's object of it and its key are made when they are asked for.
class Certificate {
 public:
  // One certificate of version 3, and nothing after it. malformed, too_large, unsupported: a subject key, a signature
  // algorithm or a critical extension that is not known here.
  static Result<Certificate> from_der(View der);
  // One that from_der() took before, and what findings() gave then: nothing is examined again, and OpenSSL reads nothing.
  // malformed: these findings are not of this certificate.
  static Result<Certificate> from_known(View der, View findings);
  // What reading it costs most, in CBOR, for whoever keeps it: names, extensions, the ids of the certificate and its key.
  Bytes findings() const;
  // How many of this process OpenSSL has read.
  static std::uint64_t read_by_openssl();

  View der() const;
  const Digest& digest() const;  // SHA-256 of der()
  const CertificateFields& fields() const;
  const KeyId& key_id() const;   // the subject's
  const PublicKey& key() const;  // of one from from_known() that this release reads no more: a key that verifies nothing
  std::string serial_text() const { return to_hex(fields().serial); }

  // Of the whole certificate, and by method 1 of RFC 5280 section 4.2.1.2 or the issuer's own: may the key be its issuer's?
  bool names_issuer(const PublicKey& key) const;
  // Its signature, under the algorithm that it names. bad_signature, whatever the reason.
  Result<void> verify(const PublicKey& issuer) const;

  // For OpenSSL only: an X509*, owned by this certificate. Null: one from from_known() that OpenSSL reads no more.
  void* native() const;

  struct Impl;
  explicit Certificate(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

 private:
  std::shared_ptr<const Impl> impl_;
};

}  // namespace cm4it::crypto
