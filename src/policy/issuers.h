// The candidate keys of an issuer: those that may have made the signature, as far as the evidence names them. Found before any signature
// is checked.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "evidence/evidence.h"
#include "policy/facts.h"
#include "policy/policies.h"

namespace cm4it::policy {

using evidence::Decoded;

// The keys and certificates in the store, by their names. The service answers out of its ledger; errors are the store's.
class KeyIndex {
 public:
  virtual ~KeyIndex() = default;
  // The keys that have this alias as their own, those that came here first before others. The visitor returns false to stop.
  virtual Result<void> visit_named(std::string_view name, const std::function<bool(const KeyId&)>& visit) const = 0;
  // Adds the certificates about these keys, and about those of the CAs above them, up to budget::authorities.
  virtual Result<void> add_authorities(std::vector<KeyId> keys, Authorities& to) const = 0;
  // The key itself, out of an identity of it; none: no such identity is stored.
  virtual Result<std::optional<crypto::PublicKey>> find_own_key(const KeyId& id) const = 0;
};

struct IssuerKeys {
  // To be tried in this order: one where the evidence names its issuer's key by id, or where only one of those of its name made the
  // signature; at most budget::candidate_keys.
  std::vector<crypto::PublicKey> keys;
  // Keys of the issuer's name about which something is stored, whether or not they are candidates.
  std::vector<KeyId> named;
  // Certificates about the issuer, about the keys of its chain, and about the CAs above them.
  Authorities authorities;
};

// The keys that may have signed evidence that speaks in these domains: a submission, or a copy of what a home received.
Result<IssuerKeys> candidate_keys(const Decoded& decoded, const std::vector<std::string>& domains, const Policies& policies, const KeyIndex& index);

// Of them those of a copy whose record says who signed it; where a name leaves it open, any key that a policy lists will do.
std::vector<crypto::PublicKey> keys_of_copy(const Decoded& decoded, const KeyId& claimed, const IssuerKeys& found, const Policies& policies);

// How it names its issuer, for people.
std::string issuer_text(const Decoded& decoded, const Policies& policies);

}  // namespace cm4it::policy
