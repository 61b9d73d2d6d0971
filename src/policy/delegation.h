// Delegation: which roles a key has by the certificates of authorities above it (docs/x509.md, "Who may issue"). Whether certificates may
// follow one another is their format's to say (evidence::Credential::check_path); here it is decided over which of them paths are looked
// for, and which keys they may end at. Admission goes over all that are stored, the fold over those that count (counted_delegation.h).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "evidence/credential.h"
#include "policy/facts.h"
#include "policy/policies.h"

namespace cm4it::policy {

// What is known of an authority's key: certificates that paths may lead over, and why none of those that it made of itself may
// (empty: it made none, or some may).
struct Links {
  std::vector<const Fact*> certificates;  // by statement id
  std::string self_signed_problem;
};
using LinksOf = std::function<const Links&(const KeyId&)>;

// A certification path: from a certificate up to a key that plays a role.
struct Path {
  Policies::Membership membership;
  std::vector<const Fact*> links;  // the authorities' certificates on it, from below; none: its issuer plays the role itself
  KeyId anchor;                    // the key that plays the role
};
struct Paths {
  std::vector<Path> found;
  std::string why_not;  // of those that lead to a role and do not hold, the last
};

// The roles that a key plays, for what is asked: as the policies are now, or as they had been received.
using RolesOf = std::function<std::vector<Policies::Membership>(const KeyId&)>;

// The paths for a statement whose issuer was certified: of a certificate its own issuer is statement.issuer. No more than
// budget::paths_checked are checked, none longer than budget::path_certificates.
Paths paths_of(const evidence::Statement& statement, const LinksOf& links, const RolesOf& roles, const Policies& policies);

// The paths of a statement over the certificates that came along with it: they lead to a key that plays a role, by `roles` with certificates
// and natively. That key stands in the chain, or made its last certificate. `why_not`: why a certificate by this issuer may not be used;
// empty: it may.
using WhyNot = std::function<std::string(const evidence::Credential& certificate, const KeyId& issuer)>;
Paths chain_paths_of(const evidence::Statement& statement, const WhyNot& why_not, const LinksOf& links, const RolesOf& roles,
                     const Policies& policies);

// For admission: by which roles could this statement count in the domain, over certificates of authorities that are stored and were made
// there or in a domain that it refers to. When they hold is for the fold to ask. `statement.issuer` is set.
Paths stored_paths(const evidence::Statement& statement, const Authorities& authorities, const Policies& policies, const Descriptor& domain);

// The key itself, taken from a certificate about it; null: no such certificate is stored.
const crypto::PublicKey* certified_key(const KeyId& key, const Authorities& authorities);

// An authority's certificate, as paths lead over it, or that of a key that signs lists that take certificates back.
bool is_authority(const evidence::Statement& statement);

}  // namespace cm4it::policy
