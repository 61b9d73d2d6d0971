// Keys that declare themselves compromised: what they sign from then on counts in no role (decisions/0030).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "policy/fold.h"

namespace cm4it::policy {

// The compromised keys as one domain sees them at one time. Such a declaration can only take rights away, so it is believed in whatever
// domain it was made and whatever [write] says; it needs no role, and `nbf` and `exp` do not limit it.
class CompromisedKeys {
 public:
  CompromisedKeys(const Compromises& said, const Policies& policies, const Descriptor& domain, Time at);

  // When a key's own word was received: by a home of this domain or of one that it refers to; without such a receipt, when this
  // server first saw it.
  struct Moment {
    Time time;
    std::uint64_t index = 0;
    StatementId statement;
    bool operator<(const Moment& other) const { return std::tie(time, index, statement) < std::tie(other.time, other.index, other.statement); }
  };
  // Since when this key is compromised, or the component of its certificate that signed (OpenPGP: a subkey); null: by its own word never.
  const Moment* since(const KeyId& key, const std::optional<Digest>& component = {}) const;
  // The declaration because of which this statement does not count: the statement was received after it, or by no home at all (but for
  // alarms that this server saw before). Null: none.
  const Moment* silencing(const Judgement& judgement) const;
  // The same of another key that the statement leads over: a CA's.
  const Moment* silencing(const Judgement& judgement, const KeyId& key) const;

  static std::string why_not(const Moment& moment);

 private:
  using ByComponent = std::map<std::optional<Digest>, Moment>;
  std::map<KeyId, ByComponent> since_;
};

}  // namespace cm4it::policy
