#include "policy/news.h"

#include <algorithm>

namespace cm4it::policy {

std::vector<LastHeard> last_heard(const Facts& facts, const Descriptor& domain, const Admit* admit, const std::string& holder) {
  std::vector<LastHeard> heard;
  const auto add = [&](const std::string& name, std::optional<Seconds> most) {
    const auto state = facts.domains.find(name);
    heard.push_back({name, state == facts.domains.end() ? std::nullopt : state->second.newest_head, most});
  };
  if (!admit) {
    add(domain.domain, {});
    for (const auto& name : domain.referenced()) add(name, {});
    return heard;
  }
  add(domain.domain, admit->max_staleness ? std::optional(admit->max_staleness->of_own(domain.domain)) : std::nullopt);
  for (const auto& [name, news] : admit->news)
    if (news.counts || name == holder) add(name, news.most);
  return heard;
}

std::optional<Time> oldest_head(const std::vector<LastHeard>& heard) {
  Time oldest = Time::never();
  for (const auto& one : heard) {
    if (!one.newest) return {};
    oldest = std::min(oldest, *one.newest);
  }
  return oldest;
}

std::optional<Seconds> most_of_crl(const Descriptor& domain, const Admit& admit, const std::vector<std::string>& domains) {
  if (!admit.max_staleness) return {};
  const Seconds own = admit.max_staleness->of_own(domain.domain);
  std::optional<Seconds> least;
  for (const auto& name : domains) {
    const auto other = admit.news.find(name);
    if (name == domain.domain) least = std::min(least.value_or(own), own);
    else if (other != admit.news.end() && other->second.most) least = std::min(least.value_or(*other->second.most), *other->second.most);
  }
  return least.value_or(own);
}

}  // namespace cm4it::policy
