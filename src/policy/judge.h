// Which statements count in a domain, and why the others do not: the first half of the fold.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "policy/fold.h"

namespace cm4it::policy {

// The place of a statement in the order in which statements take effect.
struct Place {
  Time received;
  std::uint64_t index = 0;
  StatementId id;
  auto operator<=>(const Place&) const = default;
};
inline Place place_of(const Judgement& judgement) { return {judgement.received, judgement.index, judgement.fact->statement.id}; }

// A counted transfer: from its place in the order on, the subject belonged to this holder.
struct Handover {
  Place at;
  Holder to;
};

// The result of judging the statements about one subject.
struct Judged {
  std::vector<Judgement> judgements;  // in the order (received, leaf index, statement id)
  Holder holder;                      // at the end of the pass
  std::vector<Handover> handovers;    // in that order
  Time next_change = Time::never();   // the earliest time at which a judgement can change by the clock alone
  std::string crl_not_found;          // see Verdict
};

// Judges the statements `about`, all of one `subject`, in `domain`, whose policy must be known. From `facts` it uses only what concerns
// their issuers.
Judged judge(const evidence::SubjectId& subject, const std::vector<Fact>& about, const Facts& facts, const Policies& policies,
             const Descriptor& domain, Time at);

// Does this identity give values: its role is one of [admit.T].identified_by, or there is no [admit.T].
bool gives_values(const Judgement& judgement, const Descriptor& domain);

}  // namespace cm4it::policy
