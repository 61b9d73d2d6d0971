// How evidence names the key that signed it, before any signature is checked.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/key.h"

namespace cm4it::evidence {

struct IssuerHint {
  // The very key. Else `names` lead to it: they are claims, and the signature tells which of the keys that have them it is.
  std::optional<KeyId> key;
  // Names as the index of aliases has them ("fpr:HEX", "keyid:HEX", "x509-ca:HEX"), or hashes of the key alone ("method1:HEX"), the
  // surest first. Where there are several the last is the one that evidence is stored under, and the others tell which of it is meant.
  std::vector<std::string> names;
  // Keys of the certificates that came along, the issuer's own first: they lead from it to an authority (RFC 9360 x5chain, CMS).
  std::vector<KeyId> chain;
  // Words for people that follow "the issuer": "named CN=ca". Empty if `key` names the issuer.
  std::string text;

  bool operator==(const IssuerHint&) const = default;
  // Its names are hashes of the key and nothing else: the key that signed must have one of them.
  bool by_hash_alone() const;
};

// "method1:" and the hex of SHA-1 over a subjectPublicKey (RFC 5280 section 4.2.1.2, method 1): 20 octets.
inline constexpr std::size_t method1_octets = 20;
std::string method1_name(View identifier);

// The identifier in such a name; none: it is another name, or its hex is none of 20 octets.
std::optional<Bytes> method1_of(std::string_view name);

// Is it a name that the key's own octets tell, so that no evidence about it is needed?
bool is_hash_of_key(std::string_view name);
// Does the key have this name by its own octets?
bool is_named(const crypto::PublicKey& key, std::string_view name);

}  // namespace cm4it::evidence
