// The journal positions at which the policy versions that count here arrived. Feeds use them: they send new versions, and ask what the
// verdict on a subject was before a version changed it.
#pragma once

#include <map>
#include <memory>

#include "base/guarded.h"
#include "ledger/ledger.h"

namespace cm4it::service {

struct PolicyArrival {
  std::uint64_t position = 0;
  std::string domain;
  evidence::StatementId id;
  Time arrived_at;
};
using PolicyArrivals = std::vector<PolicyArrival>;  // by position

class PolicyVersionLog {
 public:
  // Cached: computed again only after the policies changed.
  Result<std::shared_ptr<const PolicyArrivals>> arrivals(const ledger::Reader& reader) const;

 private:
  struct Cache {
    policy::PoliciesPtr policies;
    std::shared_ptr<const PolicyArrivals> arrivals;
    std::map<evidence::StatementId, PolicyArrival> known;
  };
  mutable Guarded<Cache> cache_;
};

}  // namespace cm4it::service
