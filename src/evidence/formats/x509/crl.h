// CRLs as evidence (docs/x509.md, "CRLs"). A piece of evidence of Format::crl is one DER CRL. It is one statement by its issuer,
// about the issuer's key; what it says of certificates is looked up where those are judged, entry by entry: a hundred thousand
// statements it is not (docs/decisions/0023).
#pragma once

#include "base/bytes.h"

namespace cm4it::evidence::crl {

bool looks_like_crl(View bytes);  // DER, of any version

}  // namespace cm4it::evidence::crl
