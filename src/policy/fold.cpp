#include "policy/fold.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "policy/admission.h"
#include "policy/judge.h"
#include "policy/revoked.h"
#include "policy/statement_rights.h"
#include "policy/status.h"

namespace cm4it::policy {
namespace {

using evidence::Identity;
using evidence::SubjectId;

// Keeps the newest of some statements; of two that were made at the same time, the one received last.
void keep_newest(const Judgement*& newest, const Judgement& judgement) {
  if (!newest || TemporalRules::said_at(judgement) >= TemporalRules::said_at(*newest)) newest = &judgement;
}

// The newest of the identities that may give the subject its values.
const Judgement* identity_in_force(const Judged& own, const Descriptor& domain) {
  const Judgement* newest = nullptr;
  for (const Judgement& judgement : own.judgements)
    if (judgement.counts && gives_values(judgement, domain)) keep_newest(newest, judgement);
  return newest;
}

using Models = std::map<std::string, std::vector<Fact>, std::less<>>;  // as Facts has them

// The models of which something is stored and that an identity makes its subject one of: in the domains it was made in, as far as its
// issuer may identify there.
void add_models(const Judgement& judgement, const Models& stored, const Policies& policies, const Descriptor& domain, std::set<std::string_view>& to) {
  const auto& identity = std::get<Identity>(judgement.fact->statement.body);
  if (identity.type == Type::model || stored.empty()) return;
  for (const auto& issuing_domain : *judgement.domains)
    if (const auto model = stored.find(SubjectId::model_text(issuing_domain, identity.model));
        model != stored.end() && (issuing_domain == domain.domain || may_identify_in(issuing_domain, judgement, policies)))
      to.insert(model->first);
}

// True where the only reason why it does not count is that another domain took back the role that it had lent the issuer.
bool taken_back_elsewhere(const Judgement& judgement) {
  return !judgement.counts && !judgement.roles.empty() && judgement.right_ended && !judgement.decided_by;
}

// Alarms about a model reach what anyone's newest identity makes one of it: nobody lifts them by identifying it anew for another, nor
// another domain by striking who identified it.
std::set<std::string_view> models_of_alarms(const Judged& own, const Models& stored, const Policies& policies, const Descriptor& domain) {
  std::set<std::string_view> models;
  if (stored.empty()) return models;
  std::map<KeyId, const Judgement*> newest;
  for (const Judgement& judgement : own.judgements)
    if ((judgement.counts || taken_back_elsewhere(judgement)) && gives_values(judgement, domain))
      keep_newest(newest[judgement.fact->statement.issuer], judgement);
  for (const auto& [issuer, judgement] : newest) add_models(*judgement, stored, policies, domain, models);
  return models;
}

void add_endorsements(const Judged& judged, bool of_model, std::vector<Endorsement>& to) {
  for (const Judgement& judgement : judged.judgements)
    if (const auto* endorse = std::get_if<evidence::Endorse>(&judgement.fact->statement.body))
      if (judgement.counts)
        to.push_back({judgement.roles, endorse->label, judgement.fact->statement.issuer, judgement.fact->statement.id,
                      of_model});
}

void set_cloud(const Judged& own, Verdict& verdict) {
  const Judgement* newest = nullptr;
  for (const Judgement& judgement : own.judgements) {
    if (!judgement.counts || judgement.fact->statement.kind() != Kind::assign) continue;
    keep_newest(newest, judgement);
  }
  if (!newest) return;
  verdict.cloud = std::get<evidence::Assign>(newest->fact->statement.body).cloud;
  verdict.cloud_statement = newest->fact->statement.id;
}

Values values_of(const Verdict& verdict, bool holder_is_known) {
  Values values;
  const auto add = [&](Field field, const std::string& text) {
    if (!text.empty()) values.emplace(field, text);
  };
  add(Field::id, verdict.subject.text());
  if (verdict.identity) {
    add(Field::type, to_string(verdict.identity->type));
    add(Field::name, verdict.identity->name);
    add(Field::maker, verdict.identity->maker);
    add(Field::model, verdict.identity->model);
    add(Field::serial, verdict.identity->serial);
    add(Field::version, verdict.identity->version);
  }
  if (verdict.status) add(Field::status, to_string(*verdict.status));
  // A holder with the name of a known domain but with another owner is somebody else.
  if (holder_is_known) add(Field::holder, verdict.holder);
  add(Field::cloud, verdict.cloud);
  for (const auto& endorsement : verdict.endorsements) add(Field::label, endorsement.label);
  return values;
}

// The statement that a rule misses may have been made by a key that declared itself compromised.
void name_compromised(const Judged& own, std::vector<Reason>& reasons) {
  for (Reason& reason : reasons) {
    const bool identity = reason.rule == "identified_by";
    if (reason.outcome != Reason::Outcome::failed || (!identity && !reason.rule.starts_with("endorsed_by."))) continue;
    for (const Judgement& judgement : own.judgements) {
      if (judgement.fact->statement.kind() != (identity ? Kind::identity : Kind::endorse) || judgement.counts || !judgement.issuer_compromised) continue;
      reason.text += "; one by " + judgement.fact->statement.issuer.text() + " does not count: " + judgement.why_not;
      reason.statement = judgement.fact->statement.id;
      break;
    }
  }
}

Verdict unknown_domain(Verdict verdict) {
  verdict.reasons.push_back({Reason::Outcome::unknown, "domain",
                             "no policy of " + verdict.domain + " counts here: its owner is not pinned, or version 1 "
                             "has not come", {}});
  return verdict;
}

}  // namespace

const char* to_string(Admitted admitted) {
  switch (admitted) {
    case Admitted::no: return "no";
    case Admitted::yes: return "yes";
    case Admitted::unknown: return "unknown";
  }
  return "unknown";
}

Verdict fold(const Facts& facts, const Policies& policies, std::string_view domain_name, Time at) {
  Verdict verdict;
  verdict.subject = facts.subject;
  verdict.domain = domain_name;
  verdict.at = at;
  const Descriptor* domain = policies.newest(domain_name);
  if (!domain) return unknown_domain(std::move(verdict));

  Judged own = judge(facts.subject, facts.about, facts, policies, *domain, at);
  const Judgement* in_force = identity_in_force(own, *domain);
  std::set<std::string_view> models_in_force;  // whose endorsements count: a superseded identity lends none
  if (in_force) add_models(*in_force, facts.models, policies, *domain, models_in_force);
  std::vector<Judged> of_models;
  for (const auto& text : models_of_alarms(own, facts.models, policies, *domain)) {
    of_models.push_back(judge(*SubjectId::parse(text), facts.models.find(text)->second, facts, policies, *domain, at));
    if (models_in_force.contains(text)) add_endorsements(of_models.back(), true, verdict.endorsements);
  }

  verdict.holder = own.holder.domain;
  verdict.holder_owner = own.holder.owner;
  verdict.contradiction = own.holder.contradiction;
  if (in_force) {
    verdict.identity = std::get<Identity>(in_force->fact->statement.body);
    verdict.identity_statement = in_force->fact->statement.id;
    verdict.type = verdict.identity->type;
    verdict.crl_due = crl_due(own.judgements, in_force->fact->statement);
    if (verdict.crl_due) verdict.crl_due->domains = *in_force->domains;
    verdict.crl_not_found = own.crl_not_found;
  } else {
    verdict.revoked = last_revoked(own.judgements);
  }
  const StatusResult status = status_of(own, of_models, policies, *domain);
  verdict.status = status.status;
  verdict.status_statement = status.statement;
  set_cloud(own, verdict);
  add_endorsements(own, false, verdict.endorsements);
  std::sort(verdict.endorsements.begin(), verdict.endorsements.end(), [](const Endorsement& a, const Endorsement& b) {
    return std::tie(a.roles, a.label, a.statement) < std::tie(b.roles, b.label, b.statement);
  });
  verdict.values = values_of(verdict, !policies.chain(verdict.holder) || policies.same_holder(own.holder, {verdict.holder}, {at, domain->domain}));

  verdict.valid_until = own.next_change;
  for (const Judged& model : of_models) verdict.valid_until = std::min(verdict.valid_until, model.next_change);
  admit(facts, policies, *domain, verdict);
  name_compromised(own, verdict.reasons);
  verdict.judgements = std::move(own.judgements);
  // CRLs that say nothing about this subject were needed only to find which ones count; they are left out of the result.
  std::erase_if(verdict.judgements, [](const Judgement& judgement) {
    const auto& crl = judgement.fact->statement.revocations;
    return crl && crl->entries.empty();
  });
  return verdict;
}

Holder holder_of(const Facts& facts, const Policies& policies, std::string_view domain_name, Time at) {
  const Descriptor* domain = policies.newest(domain_name);
  return domain ? judge(facts.subject, facts.about, facts, policies, *domain, at).holder : Holder{};
}

std::vector<SubjectId> models_of(const std::vector<Fact>& about) {
  std::set<std::pair<std::string_view, std::string_view>> names;
  for (const Fact& fact : about)
    if (const auto* identity = std::get_if<Identity>(&fact.statement.body); identity && identity->type != Type::model && !identity->model.empty())
      for (const auto& issuing_domain : fact.domains) names.emplace(issuing_domain, identity->model);
  std::vector<SubjectId> models;
  for (const auto& [issuing_domain, name] : names)
    if (auto model = SubjectId::model_of(issuing_domain, name)) models.push_back(std::move(*model));
  std::sort(models.begin(), models.end());
  return models;
}

}  // namespace cm4it::policy
