#include "service/feed_lent.h"

#include <algorithm>

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
           std::any_of(fact.domains.begin(), fact.domains.end(), [&](const auto& made_in) { return std::find(domains_.begin(), domains_.end(), made_in) != domains_.end(); });
  });
  if (!named || selectors_.everything()) return named;
  TRY(const auto* view, selection_.of(subject));
  return view->chosen;
}

}  // namespace cm4it::service
