#include "service/policy_places.h"

#include <algorithm>

namespace cm4it::service {

Result<std::shared_ptr<const PolicyPlaces>> PolicyIndex::of(const ledger::Reader& reader) const {
  return kept_.with([&](Kept& kept) -> Result<std::shared_ptr<const PolicyPlaces>> {
    if (kept.places && kept.policies == reader.published().policies) return kept.places;
    auto places = std::make_shared<PolicyPlaces>();
    for (const auto& [domain, first] : reader.policies().chains()) {
      std::vector<evidence::StatementId> ids;
      for (const auto* chain : reader.policies().chains_of(domain)) {
        ids.insert(ids.end(), chain->rivals.begin(), chain->rivals.end());
        for (const auto& version : chain->versions) ids.push_back(version.statement);
      }
      for (const auto& id : ids) {
        auto known = kept.known.find(id);
        if (known == kept.known.end()) {
          TRY(const auto record, reader.record(id));
          if (!record) return fail(Code::internal, "journal: a policy is missing", "run `ics rebuild`");
          known = kept.known.emplace(id, PolicyPlace{record->position, domain, id, record->first_seen}).first;
        }
        places->push_back(known->second);
      }
    }
    std::sort(places->begin(), places->end(), [](const auto& a, const auto& b) { return a.position < b.position; });
    kept.policies = reader.published().policies;
    kept.places = std::move(places);
    return kept.places;
  });
}

}  // namespace cm4it::service
