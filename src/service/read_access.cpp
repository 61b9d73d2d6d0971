#include "service/read_access.h"

#include <algorithm>

#include "base/text.h"

namespace cm4it::service {

bool ReadAccess::statement(Kind kind, const std::vector<std::string>& domains) {
  if (!reads(domain_, kind)) return false;
  // Said in another domain: that it is kept here opens it to nobody.
  if (domains.empty() || contains(domains, domain_)) return true;
  return std::any_of(domains.begin(), domains.end(), [&](const auto& domain) { return reads(domain, kind); });
}

std::set<StatementId> ReadAccess::hidden() {
  std::set<StatementId> hidden;
  const auto collect = [&](const std::vector<policy::Fact>& about) {
    for (const auto& fact : about) {
      if (fact.refused.empty() && statement(fact.statement.kind(), fact.domains)) continue;
      auto domains = fact.domains;
      for (const auto& [domain, why] : fact.refused) domains.push_back(domain);  // it was said there all the same
      if (!statement(fact.statement.kind(), domains)) hidden.insert(fact.statement.id);
    }
  };
  collect(facts_.about);
  for (const auto& [model, about] : facts_.models) collect(about);
  for (const auto& [key, about] : facts_.compromises) collect(about);
  return hidden;
}

bool ReadAccess::reads(const std::string& domain, std::optional<Kind> kind) {
  auto& known = known_[domain];
  for (const auto& [of, reads] : known.kinds)
    if (of == kind) return reads;
  bool reads = access_.may_read(policies_, domain, kind, {}, who_);
  // Only the roles holder and self depend on the subject.
  if (!reads && who_) {
    if (!known.holder) known.holder = policy::holder_of(facts_, policies_, domain, access_.now());
    reads = access_.may_read(policies_, domain, kind, {*known.holder, &facts_.subject}, who_);
  }
  known.kinds.emplace_back(kind, reads);
  return reads;
}

}  // namespace cm4it::service
