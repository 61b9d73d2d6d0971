#include "policy/admission.h"

#include <algorithm>

#include "base/text.h"
#include "policy/news.h"

namespace cm4it::policy {
namespace {

using Outcome = Reason::Outcome;

// Applies the rules of one admission; each rule adds a reason to the verdict.
class Admission {
 public:
  Admission(const Facts& facts, const Policies& policies, const Descriptor& domain, Verdict& verdict)
      : facts_(facts), policies_(policies), domain_(domain), verdict_(verdict) {}

  void run() {
    const auto found = verdict_.type ? domain_.admit.find(*verdict_.type) : domain_.admit.end();
    const Admit* const rules_of_type = found == domain_.admit.end() ? nullptr : &found->second;
    const auto heard = last_heard(facts_, domain_, rules_of_type, verdict_.holder);
    verdict_.newest_head = oldest_head(heard);
    held_here();
    not_in_doubt(heard);
    no_fork();
    if (!facts_.whole)
      add(Outcome::unknown, "subject", "more statements about it are kept here than are judged at once; alarms are among those that are", {});
    if (facts_.about.empty()) {
      add(Outcome::unknown, "subject", "nothing about this subject is kept here", {});
    } else if (!verdict_.type) {
      const auto& revoked = verdict_.revoked;
      add(Outcome::failed, "identified_by", not_identified() + (revoked ? "; " + revoked->text : ""),
          revoked ? std::optional(revoked->crl) : std::nullopt);
    } else if (!rules_of_type) {
      add(Outcome::failed, "admit", std::string("the policy has no [admit.") + to_string(*verdict_.type) +
          "]: nothing of this type is admitted", verdict_.identity_statement);
    } else {
      rules(*rules_of_type, heard);
    }
    conclude();
  }

 private:
  void add(Outcome outcome, std::string rule, std::string text, std::optional<StatementId> statement) {
    verdict_.reasons.push_back({outcome, std::move(rule), std::move(text), statement});
  }

  std::vector<std::string> asked_domains() const {
    std::vector<std::string> domains = domain_.referenced();
    domains.insert(domains.begin(), domain_.domain);
    return domains;
  }

  void held_here() {
    for (const auto& name : asked_domains()) {
      const auto state = facts_.domains.find(name);
      if (state == facts_.domains.end())
        add(Outcome::unknown, "domain", name + " is not kept here", {});
      else if (state->second.restricted)
        add(Outcome::unknown, "domain", "this copy of " + name + " may not read every kind of statement", {});
    }
  }

  void not_in_doubt(const std::vector<LastHeard>& heard) {
    const auto listened_to = [&](const std::string& name) {
      return std::any_of(heard.begin(), heard.end(), [&](const LastHeard& one) { return one.domain == name; });
    };
    for (const auto& name : asked_domains())
      if (const auto state = facts_.domains.find(name); state != facts_.domains.end() && state->second.doubt)
        if (const auto& doubt = *state->second.doubt; doubt.of_subject || listened_to(name)) add(Outcome::unknown, doubt.rule, doubt.text, {});
  }

  void no_fork() {
    for (const auto& name : asked_domains())
      if (policies_.forked(name))
        add(Outcome::failed, "policy-fork", "two descriptors of one version of " + name +
            "'s policy were signed: nothing is admitted until a higher version", {});
  }

  std::string not_identified() const {
    std::string roles;
    for (const auto& [type, admit] : domain_.admit)
      roles += (roles.empty() ? "" : "; ") + std::string(to_string(type)) + ": " + joined(admit.identified_by);
    return "no identity that counts" + (roles.empty() ? std::string() : ", by a role that may identify (" + roles + ")");
  }

  void rules(const Admit& admit, const std::vector<LastHeard>& heard) {
    if (verdict_.contradiction)
      add(Outcome::failed, "holder", "identified in several domains: contradiction", verdict_.identity_statement);
    add(Outcome::met, "identified_by", "identified as " + std::string(to_string(*verdict_.type)) + " by one of: " +
        joined(admit.identified_by), verdict_.identity_statement);
    for (const auto& [role, labels] : admit.endorsed_by)
      for (const auto& label : labels) endorsed(role, label);
    status(admit);
    if (admit.max_staleness) staleness(heard);
    crl_staleness(admit);
  }

  void endorsed(const std::string& role, const std::string& label) {
    const auto found = std::find_if(
        verdict_.endorsements.begin(), verdict_.endorsements.end(), [&](const Endorsement& endorsement) {
          return endorsement.label == label &&
                 contains(endorsement.roles, role);
        });
    const std::string rule = "endorsed_by." + role;
    if (found == verdict_.endorsements.end())
      add(Outcome::failed, rule, "not endorsed as \"" + label + "\" by the role " + role, {});
    else
      add(Outcome::met, rule, "endorsed as \"" + label + "\"" + (found->of_model ? " (its model)" : ""),
          found->statement);
  }

  void status(const Admit& admit) {
    const std::string now = verdict_.status ? to_string(*verdict_.status) : "unset";
    // An alarm refuses admission even if the policy lists no statuses that it requires.
    const bool alarm = verdict_.status && is_alarm(*verdict_.status);
    const bool listed = verdict_.status && contains(admit.status, *verdict_.status);
    if (listed || (admit.status.empty() && !alarm)) {
      add(Outcome::met, "status", "status is " + now, verdict_.status_statement);
      return;
    }
    std::vector<std::string> wanted;
    wanted.reserve(admit.status.size());
    for (const Status status : admit.status) wanted.emplace_back(to_string(status));
    add(Outcome::failed, "status", "status is " + now + (wanted.empty() ? "" : ", not " + joined(wanted)),
        verdict_.status_statement);
  }

  // The hint that says where to ask the domain's home.
  std::string url_of(const std::string& name) const {
    if (const auto* policy = policies_.newest(name); policy && !policy->home_url().empty()) return ": " + policy->home_url();
    for (const auto& copy : domain_.copies)
      if (copy.domain == name) return ": " + copy.from;
    return {};
  }

  void staleness(const std::vector<LastHeard>& heard) {
    const LastHeard* oldest = nullptr;
    bool fresh = true;
    for (const LastHeard& one : heard) {
      if (one.newest && verdict_.at <= *one.newest + *one.most) {
        verdict_.valid_until = std::min(verdict_.valid_until, *one.newest + *one.most + 1);
        if (!oldest || *one.newest < *oldest->newest) oldest = &one;
        continue;
      }
      fresh = false;
      refused_for_want_of_a_head();
      if (one.newest)
        add(Outcome::failed, "max_staleness", one.domain + " has not been heard of since " + to_rfc3339(*one.newest) + ", more than " +
            format_duration(*one.most) + " ago" + url_of(one.domain), {});
      else
        add(Outcome::unknown, "max_staleness", "no head of a home of " + one.domain + " has come yet" + url_of(one.domain), {});
      verdict_.reasons.back().domain = one.domain;
    }
    if (fresh)
      add(Outcome::met, "max_staleness", "the newest head is of " + to_rfc3339(*oldest->newest) +
          (oldest->domain == domain_.domain ? "" : " (" + oldest->domain + ")"), {});
  }

  // Past its nextUpdate a CRL is stale (RFC 5280 section 5.1.2.5). What it took back stays taken back; that it names an identity
  // not is believed for as long again as heads are (decisions/0024).
  void crl_staleness(const Admit& admit) {
    if (!verdict_.crl_not_found.empty())
      add(Outcome::unknown, "crl", "what " + verdict_.crl_not_found + " and its like took back at this time is not known: too many of them are kept", {});
    if (!verdict_.crl_due) return;
    const auto& [due, name, crl, domains] = *verdict_.crl_due;
    const auto most = most_of_crl(domain_, admit, domains);
    const std::string text = name + " was to be followed by the next one at " + to_rfc3339(due) + ": it is stale";
    if (verdict_.at <= due) {
      verdict_.valid_until = std::min(verdict_.valid_until, due + 1);
    } else if (most && verdict_.at > due + *most) {
      add(Outcome::failed, "max_staleness", text, crl);
    } else {
      add(Outcome::met, "crl", text, crl);
      if (most) verdict_.valid_until = std::min(verdict_.valid_until, due + *most + 1);
    }
  }

  // A head may come at any moment, and no statement announces it: such an answer is valid for one second.
  void refused_for_want_of_a_head() { verdict_.valid_until = std::min(verdict_.valid_until, verdict_.at + 1); }

  void conclude() {
    const auto has = [&](Outcome outcome) {
      return std::any_of(verdict_.reasons.begin(), verdict_.reasons.end(),
                         [&](const Reason& reason) { return reason.outcome == outcome; });
    };
    verdict_.admitted = has(Outcome::unknown) ? Admitted::unknown : has(Outcome::failed) ? Admitted::no : Admitted::yes;
    // The reasons that decided come first: failed rules, then unknown ones, then those that were met.
    const auto rank = [](Outcome outcome) {
      return outcome == Outcome::failed ? 0 : outcome == Outcome::unknown ? 1 : 2;
    };
    std::stable_sort(verdict_.reasons.begin(), verdict_.reasons.end(), [&](const Reason& a, const Reason& b) {
      return rank(a.outcome) < rank(b.outcome);
    });
  }

  const Facts& facts_;
  const Policies& policies_;
  const Descriptor& domain_;
  Verdict& verdict_;
};

}  // namespace

void admit(const Facts& facts, const Policies& policies, const Descriptor& domain, Verdict& verdict) {
  Admission(facts, policies, domain, verdict).run();
}

May may(const Verdict& from, const Verdict& to, const Policies& policies) {
  May answer;
  answer.valid_until = std::min(from.valid_until, to.valid_until);
  const auto both = [&](const Verdict& verdict, const char* who) {
    for (const Reason& reason : verdict.reasons)
      if (reason.outcome != Outcome::met)
        answer.reasons.push_back({reason.outcome, std::string(who) + "." + reason.rule, reason.text, reason.statement, reason.domain});
  };
  both(from, "from");
  both(to, "to");
  const Descriptor* domain = policies.newest(to.domain);
  const auto permit = [&](const Permit& rule) { return rule.from.matches(from.values) && rule.to.matches(to.values); };
  if (domain) {
    const auto found = std::find_if(domain->permits.begin(), domain->permits.end(), permit);
    if (found == domain->permits.end())
      answer.reasons.push_back({Outcome::failed, "permit", "no [[permit]] of " + to.domain + " lets them cooperate", {}});
    else
      answer.reasons.push_back({Outcome::met, "permit",
                                "permit " + std::to_string(found - domain->permits.begin() + 1) + " of " + to.domain +
                                    ": from " + found->from.text() + " to " + found->to.text(), {}});
  }
  const bool failed = std::any_of(answer.reasons.begin(), answer.reasons.end(),
                                  [](const Reason& reason) { return reason.outcome == Outcome::failed; });
  if (from.admitted == Admitted::unknown || to.admitted == Admitted::unknown) answer.allowed = Admitted::unknown;
  else if (failed || from.admitted == Admitted::no || to.admitted == Admitted::no) answer.allowed = Admitted::no;
  else answer.allowed = Admitted::yes;
  return answer;
}

}  // namespace cm4it::policy
