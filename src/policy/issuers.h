// Whose key made the signature, as far as the evidence tells: the keys that are tried, before any signature is checked.
#pragma once

#include <string>
#include <vector>

#include "policy/eligible.h"

namespace cm4it::policy {

// The keys that evidence may have been signed with: one by its id, a few by a shorter name.
std::vector<crypto::PublicKey> candidates(const Decoded& decoded, const Policies& policies, const Context& context);
// How it names its issuer, for people.
std::string issuer_text(const Decoded& decoded, const Policies& policies);

// The keys that may have signed a certificate or a CRL: first those with the identifier it gives; unless one of them has it by its
// hash also those of its issuer's name that are kept (`kept`), its own where it is self-issued, and those that play a role with
// certificates. Identifiers are claims: any CA may give its key that of another.
struct Issuers {
  std::vector<crypto::PublicKey> keys;
  std::size_t identified = 0;  // of them, the first ones: with the identifier that it gives
  bool certain = false;        // there is no other that it could be
};
Issuers issuers_of(const Decoded& decoded, const std::vector<crypto::Certificate>& kept, const Policies& policies,
                   const std::vector<std::string>& domains);

}  // namespace cm4it::policy
