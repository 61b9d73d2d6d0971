// Extensions as certificates, CRLs and OCSP bear them (RFC 5280 section 4.1), read strictly. For this room's .cpp files.
#pragma once

#include "base/der.h"

namespace cm4it::crypto {

// Extensions ::= SEQUENCE OF SEQUENCE { extnID OBJECT IDENTIFIER, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }
// `list` stands in the outer SEQUENCE. Of each: take(extnID, critical, extnValue), whose error ends it. malformed: `field` is named.
template <class F>
Result<void> each_extension(DerReader list, const char* field, F&& take) {
  while (!list.at_end()) {
    TRY(auto extension, list.enter(der::sequence, field));
    TRY(const View oid, extension.object(field));
    bool critical = false;
    if (extension.next_is(der::boolean)) {
      TRY(critical, extension.boolean(field));
      if (!critical) return fail(Code::malformed, std::string(field) + ": a default that is written out", "X.690 section 11.5");
    }
    TRY(const View value, extension.take(der::octet_string, field));
    CHECK_OK(extension.end(field));
    CHECK_OK(take(oid, critical, value));
  }
  return {};
}

}  // namespace cm4it::crypto
