#include "policy/holder_claims.h"

namespace cm4it::policy {

HolderClaims::HolderClaims(const evidence::SubjectId& subject) {
  if (subject.kind == evidence::SubjectKind::model) model_domain_ = subject.model.substr(0, subject.model.find('/'));
}

Holder HolderClaims::holder_at(Time when) const {
  std::string first = model_domain_;
  if (first.empty())
    for (const auto& [identity, claim] : claims_) {
      if (when < claim.from || when >= claim.to) continue;
      for (const auto& domain : claim.domains) {
        if (!first.empty() && first != domain) return {{}, true};
        first = domain;
      }
    }
  return {transferred_to_.empty() ? first : transferred_to_, false};
}

}  // namespace cm4it::policy
