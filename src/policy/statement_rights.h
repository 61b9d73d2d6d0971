// The roles in which an issuer may make a statement in one domain: the part of judging that consults the policies.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "policy/counted_delegation.h"
#include "policy/temporal_rules.h"

namespace cm4it::policy {

class StatementRights {
 public:
  StatementRights(const evidence::SubjectId& subject, const Facts& facts, const Policies& policies, const Descriptor& domain,
                  TemporalRules& rules)
      : subject_(subject), policies_(policies), domain_(domain), rules_(rules), compromised_(facts.compromises, policies, domain, rules.at()),
        authorities_(facts.authorities, compromised_, policies, domain, rules.at()) {}

  // Sets the roles of a judgement, or else why it has none. `holder`: of the subject, when the statement was received. From when to
  // when the issuer has its right, where that is a matter of certificates, or of a role that another domain lent it.
  CountedDelegation::Span find(Judgement& judgement, const Holder& holder);

  Time next_change() const { return authorities_.next_change(); }
  std::string crl_not_found() const { return authorities_.crl_not_found(); }

  // Of an identity that find() gave a role: when one of its roles was played. A role that another domain took back and lent again was
  // not played meanwhile, whoever it is lent to now.
  struct Played { std::string set_by; Policies::Run run; };
  const std::vector<Played>& played() const { return played_; }

 private:
  void play(Judgement& judgement, const std::vector<std::string>& allowed, const Policies::Membership& membership, const Path* path,
            std::string& late);
  CountedDelegation::Span by_roles(Judgement& judgement, const std::vector<std::string>& allowed, std::string& why_not);
  CountedDelegation::Span certified_roles(Judgement& judgement, const std::vector<std::string>& allowed, std::string& why_not);
  void take_lent(Judgement& judgement, const std::vector<std::string>& allowed, CountedDelegation::Span& way);
  const std::vector<Policies::Membership>& roles_of(const KeyId& issuer, Format format);
  void add_runs(const Judgement& judgement, const KeyId& anchor, const Policies::Membership& membership, bool ended);
  Time lent_since(const Judgement& judgement, const KeyId& anchor, const Policies::Membership& membership) const;
  bool spoke_for(const Holder& holder, const Judgement& judgement);
  std::string no_right(const Judgement& judgement, const std::vector<std::string>& allowed, const Holder& holder) const;

  const evidence::SubjectId& subject_;
  const Policies& policies_;
  const Descriptor& domain_;
  TemporalRules& rules_;
  const CompromisedKeys compromised_;
  CountedDelegation authorities_;
  std::map<std::pair<KeyId, Format>, std::vector<Policies::Membership>> roles_;  // of issuers that were looked up
  std::vector<Played> played_;  // of one find()
};

// May the issuer of an identity that counts identify in this domain too: by its policy now, or as it had been received then.
bool may_identify_in(const std::string& domain, const Judgement& judgement, const Policies& policies);

}  // namespace cm4it::policy
