// Whose a subject is: what its identities claim, and what counted transfers made of it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "policy/fold.h"

namespace cm4it::policy {

// What one identity claims: it was made in these domains, and says so from one time to another.
struct HolderClaim {
  std::vector<std::string> domains;
  Time from, to;
};

// Built up along the statements of one subject, in the order in which they are taken.
class HolderClaims {
 public:
  explicit HolderClaims(const evidence::SubjectId& subject);

  void claim(const StatementId& identity, HolderClaim claim) { claims_[identity] = std::move(claim); }
  void forget(const StatementId& identity) { claims_.erase(identity); }
  void transfer_to(std::string domain) { transferred_to_ = std::move(domain); }

  // As of the statements taken so far. A model belongs to the domain in its name.
  Holder holder_at(Time when) const;

 private:
  std::string model_domain_;  // empty: no model
  std::map<StatementId, HolderClaim> claims_;
  std::string transferred_to_;
};

}  // namespace cm4it::policy
