// Determines the holder of a subject: identities claim it for a domain, and counted transfers settle it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "policy/judge.h"

namespace cm4it::policy {

// What one identity claims: that its subject is this domain's, from one time to another.
struct HolderClaim {
  std::string domain;
  Time from, to;
};

// Fed with the statements of one subject, in the order in which they take effect.
class HolderClaims {
 public:
  explicit HolderClaims(const evidence::SubjectId& subject);

  void claim(const StatementId& identity, std::vector<HolderClaim> claims) { claims_[identity] = std::move(claims); }
  void forget(const StatementId& identity) { claims_.erase(identity); }
  // Why this transfer changes nothing; empty: it counts, and from then on only the holder it made can move the subject on.
  std::string transfer(const Judgement& judgement);

  // As of the statements taken so far. What was handed over is settled; before, a model belongs to the domain in its name, and
  // other subjects to the one domain that identities claim them for.
  Holder holder_at(Time when) const;
  std::vector<Handover> handovers() && { return std::move(handovers_); }

 private:
  std::string model_domain_;  // empty: no model
  std::map<StatementId, std::vector<HolderClaim>> claims_;
  std::vector<Handover> handovers_;
};

}  // namespace cm4it::policy
