// Whether one X.509 certificate still stands, as OCSP asks (RFC 6960 section 2.2): out of the verdict of its subject.
#pragma once

#include <functional>
#include <optional>

#include "crypto/ocsp.h"
#include "service/answers.h"
#include "service/caller.h"
#include "service/service.h"
#include "service/stamps.h"

namespace cm4it::ocsp {

struct CertificateStatus {
  crypto::ocsp::Single::Status status = crypto::ocsp::Single::Status::unknown;
  crypto::ocsp::Revocation revocation;   // where it is revoked
  Time valid_until = Time::never();      // when this can next change by the clock alone
  // Of whom it was said, and the stamp under which: as long as it is the present one nothing else came. None: more than
  // one subject, or none that is stored here, or not everybody would be told.
  std::optional<evidence::SubjectId> subject;
  service::Stamp stamp;
};

// Revoked: its identity was taken back (a withdrawal, a CRL), or its subject is in alarm. Good: its identity counts in the
// domain. Unknown: nothing of it is stored, or may be read by `who`, or its CA plays no role there.
struct AskedCertificate {
  KeyId ca;
  View issuer_name;  // the CA's distinguished name, as it is compared (crypto/name.h)
  View serial;       // the INTEGER's octets
  // May the certificate say its issuer's name in these octets (DER)? A CertID has their hash, and a name may be written in several
  // ways.
  std::function<bool(View)> so_written;
};
Result<CertificateStatus> certificate_status(service::Service& service, const AskedCertificate& asked, std::string_view domain, const service::Principal& who);

}  // namespace cm4it::ocsp
