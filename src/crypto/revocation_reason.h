// Why a certificate was revoked (RFC 5280 section 5.3.1). The numbers are on the wire.
#pragma once

#include <cstdint>

namespace cm4it::crypto {

enum class RevocationReason : std::uint8_t {
  unspecified = 0,
  key_compromise = 1,
  ca_compromise = 2,
  affiliation_changed = 3,
  superseded = 4,
  cessation_of_operation = 5,
  certificate_hold = 6,
  remove_from_crl = 8,
  privilege_withdrawn = 9,
  aa_compromise = 10
};

const char* to_string(RevocationReason reason);  // "keyCompromise", as the RFC spells it

}  // namespace cm4it::crypto
