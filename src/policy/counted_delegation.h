// Delegation within one fold: certification paths over those authorities' certificates that count at the time of the fold.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "policy/compromised.h"
#include "policy/delegation.h"
#include "policy/taken_back.h"
#include "policy/temporal_rules.h"

namespace cm4it::policy {

class CountedDelegation {
 public:
  CountedDelegation(const Authorities& authorities, const CompromisedKeys& compromised, const Policies& policies, const Descriptor& domain, Time at)
      : authorities_(authorities), compromised_(compromised), policies_(policies), domain_(domain), at_(at), signers_(authorities, policies, domain, at) {}

  // The paths for this statement over certificates that count; or over those too that counted until they expired. Which roles
  // they give is for the caller to ask: a role may end.
  enum class Over { counted, expired_too };
  Paths paths(const evidence::Statement& statement, Format format, Over over = Over::counted);
  // The paths of a native statement over its x5chain, whose certificates must have held when it was received, and must not have
  // been taken back; nor may one of those who made them have said by then that its key is compromised.
  Paths chain_paths(const Judgement& judgement);
  // Either of these, for an identity, an alarm or a transfer, over roles that other domains had lent when it was received, and when the
  // CAs' certificates on the path were: what they take back later does not change what was settled. Until when they lent the role is the
  // `until` of the memberships.
  Paths lent_paths(const Judgement& judgement);
  // When all the CAs' certificates on one of these paths hold: from the earliest beginning to the latest end.
  struct Span {
    Time from{}, to = Time::never();
  };
  Span span(const Paths& paths) const;
  // Were all the CAs' certificates on this path received before the role at its end had ended?
  bool before_until(const Path& path);
  // The earliest time at which one of the certificates looked at begins or ends to count.
  Time next_change() const;
  // Of the CRLs by which one of them may have been taken back: see Verdict.
  std::string crl_not_found() const;

 private:
  struct Authority {
    TemporalRules rules;
    std::vector<Judgement> order;
    Withdrawals withdrawals;
    Links counted, expired_too;
  };
  Authority& authority(const KeyId& key);
  Paths chain_paths(const Judgement& judgement, const RolesOf& roles);
  std::vector<Policies::Membership> lent_to(const KeyId& ca, const Judgement& judgement) const;
  bool links_came_while_lent(const Path& path);

  const Authorities& authorities_;
  const CompromisedKeys& compromised_;
  const Policies& policies_;
  const Descriptor& domain_;
  const Time at_;
  ListSigners signers_;
  std::map<KeyId, std::unique_ptr<Authority>> known_;
};

}  // namespace cm4it::policy
