#include "policy/holder_claims.h"

namespace cm4it::policy {

HolderClaims::HolderClaims(const evidence::SubjectId& subject) {
  if (subject.kind == evidence::SubjectKind::model) model_domain_ = subject.model.substr(0, subject.model.find('/'));
}

std::string HolderClaims::transfer(const Judgement& judgement) {
  const auto& transfer = std::get<evidence::Transfer>(judgement.fact->statement.body);
  if (!model_domain_.empty()) return "a model belongs to the domain in its name, and is never transferred";
  if (holder_at(judgement.received).contradiction) return "identified in several domains: whose it is to give away is a contradiction";
  if (!handovers_.empty() && !judgement.spoke_for) return "it was handed over before: only its holder, " + handovers_.back().to.domain + ", hands it on";
  handovers_.push_back({{judgement.received, judgement.index, judgement.fact->statement.id}, {transfer.domain, false, transfer.owner}});
  return {};
}

Holder HolderClaims::holder_at(Time when) const {
  if (!model_domain_.empty()) return {model_domain_, false};
  if (!handovers_.empty()) return handovers_.back().to;
  std::string first;
  for (const auto& [identity, claims] : claims_)
    for (const HolderClaim& claim : claims) {
      if (when < claim.from || when >= claim.to) continue;
      if (!first.empty() && first != claim.domain) return {{}, true};
      first = claim.domain;
    }
  return {first, false};
}

}  // namespace cm4it::policy
