// Distinguished names (RFC 5280 section 4.1.2.4), as they are compared and as they are shown.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace cm4it::crypto {

// What all encodings of one name have in common (RFC 5280 section 7.1), as a Name in DER: every text is a UTF8String in lower
// case, without blanks around it and with single ones in it; the parts of a multi-valued RDN are sorted. Two names are the
// same if these octets are. Letters beyond ASCII keep their case, as in OpenSSL's X509_NAME_cmp (decisions/0035).
// `name`: the whole SEQUENCE. malformed, after `field`.
Result<Bytes> canonical_name(View name, const char* field);

// RFC 4514, as `openssl x509 -nameopt RFC2253` prints it, but for letters beyond ASCII, which stay. Empty: no Name.
std::string name_text(View name);

}  // namespace cm4it::crypto
