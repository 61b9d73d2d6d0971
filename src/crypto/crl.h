// Certificate revocation lists (RFC 5280 section 5), read strictly: whole ones of version 2, by the CA itself.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/time.h"
#include "crypto/key.h"
#include "crypto/revocation_reason.h"

namespace cm4it::crypto {

struct CrlEntry {
  View serial;  // the octets of the INTEGER
  Time at;      // since when it is revoked
  RevocationReason reason = RevocationReason::unspecified;
};

// What a CRL is about. Views into the octets that were read: they outlive it.
struct Crl {
  View to_be_signed, algorithm, signature;  // algorithm: the AlgorithmIdentifier
  View issuer_name;                         // DER
  Bytes issuer_canonical;                   // as it is compared (crypto/name.h)
  std::string issuer_text;                  // RFC 4514, for people
  Time this_update;
  std::optional<Time> next_update;
  View number;                              // cRLNumber: the octets of the INTEGER, no longer than 20
  View authority_key_id;                    // empty: not given
  View scope;  // issuingDistributionPoint: CRLs of one scope are numbered together; empty: of everything
  bool users_only = false, authorities_only = false;  // onlyContainsUserCerts, onlyContainsCACerts
  View point;    // distributionPoint: the names of its fullName (GeneralNames without their head); empty: none
  View entries;  // revokedCertificates, one after another

  std::string number_text() const;  // hex, without leading zeros

  // malformed, too_large; unsupported: deltas, indirect CRLs, those of some reasons only, an algorithm or a critical extension
  // that is not known here, version 1, no number.
  static Result<Crl> parse(View der);
  // The same of what was parsed before: entries are not looked at.
  static Result<Crl> parse_known(View der);
};

// Visits entries in their order, until the visitor returns false.
Result<void> visit_crl_entries(const Crl& crl, const std::function<bool(const CrlEntry& entry)>& visit);

}  // namespace cm4it::crypto
