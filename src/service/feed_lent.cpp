#include "service/feed_lent.h"

namespace cm4it::service {

Result<bool> LentPolicies::is_lent(const std::string& domain) {
  const auto [known, first] = lent_.try_emplace(domain, false);
  if (!first) return known->second;
  std::vector<evidence::SubjectId> subjects;
  CHECK_OK(reader_.search("transferred", domain, {}, [&](const evidence::SubjectId& subject) {
    subjects.push_back(subject);
    return subjects.size() < most_transferred;
  }));
  bool lent = subjects.size() == most_transferred;  // one of so many is meant
  for (const auto& subject : subjects) {
    if (lent) break;
    TRY(const auto sent, was_transferred(subject, domain));
    lent = sent;
  }
  return lent_[domain] = lent;
}

Result<bool> LentPolicies::was_transferred(const evidence::SubjectId& subject, const std::string& domain) {
  TRY(const auto facts, reader_.facts(subject));
  const bool named = std::any_of(facts.about.begin(), facts.about.end(), [&](const policy::Fact& fact) {
    const auto* transfer = std::get_if<evidence::Transfer>(&fact.statement.body);
    return transfer && transfer->domain == domain &&
           std::any_of(fact.domains.begin(), fact.domains.end(), [&](const auto& issuing_domain) { return is_of_feed(issuing_domain); });
  });
  if (!named || selectors_.everything()) return named;
  TRY(const auto* view, selection_.view_of(subject));
  return view->chosen;
}

Result<bool> LentPolicies::plays_a_role(const KeyId& key) {
  const auto& policies = reader_.policies();
  for (const auto& domain : domains_)
    if (policies.plays_a_role(domain, key)) return true;
  for (const auto& [domain, chain] : policies.chains()) {
    if (is_of_feed(domain) || !policies.plays_a_role(domain, key)) continue;
    TRY(const bool lent, is_lent(domain));
    if (lent) return true;
  }
  return false;
}

}  // namespace cm4it::service
