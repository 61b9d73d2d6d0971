// Of whom this server has heard nothing for too long to admit anything (docs/verdict.md, "Staleness").
#include <algorithm>

#include "service/impl.h"

namespace cm4it::service {

std::vector<Service::Silent> Service::silent() const {
  const auto published = impl_->ledger->published();
  const std::string& own = impl_->options.default_domain;
  const auto* policy = published->policies->newest(own);
  if (!policy) return {};
  const Time now = impl_->now(*published);
  std::vector<Silent> all;
  const auto check = [&](const std::string& domain, evidence::Type type, Seconds most) {
    if (impl_->is_home(domain)) return;
    const auto state = published->domains.find(domain);
    const auto head = state == published->domains.end() ? std::nullopt : state->second.newest_head;
    if (head ? now <= *head + most : domain != own) return;  // another domain that was never heard has not fallen silent
    auto known = std::find_if(all.begin(), all.end(), [&](const Silent& one) { return one.domain == domain; });
    if (known == all.end()) known = all.insert(all.end(), {domain, head, most, {}});
    known->most = std::min(known->most, most);
    known->types.push_back(evidence::to_string(type));
  };
  for (const auto& [type, admit] : policy->admit) {
    if (!admit.max_staleness) continue;
    check(own, type, admit.max_staleness->of_own(own));
    for (const auto& [domain, news] : admit.news)
      if (news.counts && news.most) check(domain, type, *news.most);
  }
  return all;
}

}  // namespace cm4it::service
