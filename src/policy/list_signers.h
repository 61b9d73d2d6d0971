// Which keys may sign CRLs in a CA's name, and of whose certificates those speak (RFC 5280 section 6.3.3 (b) and (f)).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "policy/delegation.h"
#include "policy/temporal_rules.h"

namespace cm4it::policy {

// A CA is a name; its key may change, and it may have another key for its CRLs. A CRL by another key than the certificate's
// counts for it where the CA itself, or who stands above it, said that both keys are the CA's (decisions/0036). Whether the
// certificates that say so were taken back, or have expired, does not matter: a CRL can only take away.
class ListSigners {
 public:
  ListSigners(const Authorities& authorities, const Policies& policies, const Descriptor& domain, Time at)
      : authorities_(authorities), policies_(policies), domain_(domain), at_(at) {}

  // Empty: its signer may sign CRLs. A key whose certificates all have a keyUsage without cRLSign may not.
  std::string why_not(const evidence::Statement& list);
  // There are certificates of its signer, and none has the CRL's name.
  bool has_other_names(const evidence::Statement& list);
  // Does this CRL speak of certificates that `issuer` made in the CRL's name?
  bool speaks_for(const evidence::Statement& list, const KeyId& issuer);

 private:
  // What certificates say of a key in a name: who made them.
  struct Named {
    std::vector<KeyId> issuers;                // of those with this subject name
    std::vector<KeyId> self_issued_by;         // of them those in which it is the issuer's name too
  };
  Named named(const KeyId& key, View name);
  bool linked(const KeyId& from, const KeyId& to, View name);
  bool reaches(const KeyId& from, const KeyId& to, View name);
  bool plays_a_role(const KeyId& key) const;

  struct Received {
    const evidence::Credential* certificate;
    KeyId issuer;
  };
  const std::vector<Received>& received(const KeyId& key);

  const Authorities& authorities_;
  const Policies& policies_;
  const Descriptor& domain_;
  const Time at_;
  std::map<KeyId, std::vector<Received>> known_;
  std::map<std::tuple<KeyId, KeyId, Bytes>, bool> answers_;
};

}  // namespace cm4it::policy
