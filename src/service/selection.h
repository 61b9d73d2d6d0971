// Which subjects the selectors of a feed choose. A subject that was chosen once stays in the feed; since nothing is remembered about
// that, the fold is asked again for each moment at which its answer could change: a statement, a policy, or the clock.
#pragma once

#include <map>
#include <set>

#include "policy/fold.h"
#include "service/policy_log.h"

namespace cm4it::service {

class Selection {
 public:
  // `domains`: the one asked for, and those that its policy refers to.
  Selection(const ledger::Reader& reader, const PolicyArrivals& arrivals, const policy::Selectors& selectors,
            std::vector<std::string> domains, Time now);

  struct View {
    bool chosen = false;
    // Its statements up to the one that was the first to find it in view: what came before such a one was passed over.
    std::set<evidence::StatementId> passed_over;
  };
  Result<const View*> view_of(const evidence::SubjectId& subject);

  // The number of statements folded so far; a page ends when there were too many.
  std::size_t spent() const { return spent_; }

 private:
  struct Progress;
  static constexpr std::size_t never = static_cast<std::size_t>(-1);
  bool decides(evidence::Kind kind) const;
  bool could_match(const policy::Facts& facts) const;
  static bool could_match(const policy::Facts& facts, const policy::Selector& selector);
  Result<std::size_t> first_in_view(const policy::Facts& facts);
  bool matches(const policy::Facts& facts, const policy::Policies& policies, Time at, Progress& progress);
  bool matches_until(const policy::Facts& facts, const policy::Policies& policies, Time until, Progress& progress);
  const policy::Policies& policies_before(std::size_t epoch);

  const ledger::Reader& reader_;
  const policy::Selectors& selectors_;
  const std::vector<std::string> domains_;
  const Time now_;
  PolicyArrivals epochs_;  // each policy version of these domains begins one
  std::map<std::size_t, policy::Policies> earlier_;
  std::map<evidence::SubjectId, View> views_;
  std::size_t spent_ = 0;
};

}  // namespace cm4it::service
