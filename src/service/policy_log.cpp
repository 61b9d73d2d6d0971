#include "service/policy_log.h"

#include <algorithm>

namespace cm4it::service {

Result<std::shared_ptr<const PolicyArrivals>> PolicyVersionLog::arrivals(const ledger::Reader& reader) const {
  return cache_.with([&](Cache& cached) -> Result<std::shared_ptr<const PolicyArrivals>> {
    if (cached.arrivals && cached.policies == reader.published().policies) return cached.arrivals;
    auto arrivals = std::make_shared<PolicyArrivals>();
    for (const auto& [domain, first] : reader.policies().chains()) {
      std::vector<evidence::StatementId> ids;
      for (const auto* chain : reader.policies().chains_of(domain)) {
        ids.insert(ids.end(), chain->rivals.begin(), chain->rivals.end());
        for (const auto& version : chain->versions) ids.push_back(version.statement);
      }
      for (const auto& id : ids) {
        auto known = cached.known.find(id);
        if (known == cached.known.end()) {
          TRY(const auto record, reader.record(id));
          if (!record) return fail(Code::internal, "journal: a policy is missing", "run `ics rebuild`");
          known = cached.known.emplace(id, PolicyArrival{record->position, domain, id, record->first_seen}).first;
        }
        arrivals->push_back(known->second);
      }
    }
    std::sort(arrivals->begin(), arrivals->end(), [](const auto& a, const auto& b) { return a.position < b.position; });
    cached.policies = reader.published().policies;
    cached.arrivals = std::move(arrivals);
    return cached.arrivals;
  });
}

}  // namespace cm4it::service
