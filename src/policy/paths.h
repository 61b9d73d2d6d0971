// Which roles a certificate's issuer has by the certificates of CAs above it (docs/x509.md, "Who may issue").
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "policy/facts.h"
#include "policy/policies.h"

namespace cm4it::policy {

// What is known of a CA's key: certificates that paths may lead over, and why none of those that it made of itself may
// (empty: it made none, or some may).
struct Links {
  std::vector<const Fact*> certificates;  // by statement id
  std::string own_ended;
};
using LinksOf = std::function<const Links&(const KeyId&)>;

// A way from a certificate up to a key that plays a role.
struct Path {
  Policies::Membership membership;
  std::vector<const Fact*> links;  // the CAs' certificates on it, from below; none: its issuer plays the role itself
  KeyId anchor;                    // the key that plays the role
};
struct Paths {
  std::vector<Path> found;
  std::string why_not;  // of those that lead to a role and do not hold, the last
};

// The roles that a key plays, for what is asked: as the policies are now, or as they had been received.
using RolesOf = std::function<std::vector<Policies::Membership>(const KeyId&)>;

// The ways for a statement whose issuer was certified: of x509 its own certificate's issuer is statement.issuer.
Paths paths_of(const evidence::Statement& statement, const LinksOf& links, const RolesOf& roles, const Policies& policies);

// The ways of a native statement over its x5chain: it leads to a key that plays a role, by `roles` with certificates and natively. That key
// stands in the chain, or made its last certificate. `why_not`: why a certificate by this issuer may not be used; empty: it may.
using WhyNot = std::function<std::string(const crypto::Certificate& certificate, const KeyId& issuer)>;
Paths chain_paths_of(const evidence::Statement& statement, const WhyNot& why_not, const LinksOf& links, const RolesOf& roles,
                     const Policies& policies);

// Without asking when they hold: the certificates about a key that were made in this domain or one it refers to.
Links kept_links(const KeyId& key, const Authorities& authorities, const Descriptor& domain);

// The key itself, out of a certificate about it; null: none is kept.
const crypto::PublicKey* certified_key(const KeyId& key, const Authorities& authorities);

// A CA's certificate, as paths lead over it, or that of a key that signs CRLs.
bool is_authority(const evidence::Statement& statement);

}  // namespace cm4it::policy
