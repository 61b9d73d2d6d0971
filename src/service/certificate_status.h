// Whether one X.509 certificate still stands, as OCSP asks (RFC 6960 section 2.2): out of the verdict of its subject.
#pragma once

#include <optional>

#include "crypto/ocsp.h"
#include "service/service.h"

namespace cm4it::service {

struct CertificateStatus {
  crypto::ocsp::Single::Status status = crypto::ocsp::Single::Status::unknown;
  crypto::ocsp::Revocation revocation;   // where it is revoked
  Time valid_until = Time::never();      // when this can next change by the clock alone
  // Of whom it was said, and the stamp under which: as long as it is the present one nothing else came. None: more than
  // one subject, or none that is kept here, or not everybody would be told.
  std::optional<SubjectId> subject;
  Stamp stamp;
};

// Revoked: its identity was taken back (a withdrawal, a CRL), or its subject is in alarm. Good: its identity counts in the
// domain. Unknown: nothing of it is kept, or may be read by `who`, or its CA plays no role there. `issuer_name`: DER of the
// CA's distinguished name; `serial`: the INTEGER's octets.
Result<CertificateStatus> certificate_status(Service& service, const KeyId& ca, View issuer_name, View serial,
                                             std::string_view domain, const Principal& who);

}  // namespace cm4it::service
