#include "policy/counted_delegation.h"

#include <algorithm>
#include <limits>

#include "base/budgets.h"
#include "policy/revoked.h"

namespace cm4it::policy {
namespace {

const std::vector<Fact> nothing;

void add(Links& links, const Judgement& judgement, bool usable, const std::string& why_not) {
  if (usable) links.certificates.push_back(judgement.fact);
  else if (judgement.fact->statement.subject == evidence::SubjectId::key(judgement.fact->statement.issuer))
    links.self_signed_problem = "its certificate: " + why_not;
}

void finish(Links& links, const KeyId& key) {
  std::sort(links.certificates.begin(), links.certificates.end(),
            [](const Fact* a, const Fact* b) { return a->statement.id < b->statement.id; });
  if (std::any_of(links.certificates.begin(), links.certificates.end(),
                  [&](const Fact* fact) { return fact->statement.issuer == key; }))
    links.self_signed_problem.clear();
}

}  // namespace

CountedDelegation::Authority& CountedDelegation::authority(const KeyId& key) {
  auto& entry = known_[key];
  if (entry) return *entry;
  entry = std::make_unique<Authority>(Authority{TemporalRules(policies_, domain_, at_), {}, {}, {}, {}});
  Authority& made = *entry;
  const auto facts = authorities_.find(key);
  made.order = made.rules.order_by_receipt(facts == authorities_.end() ? nothing : *facts->second);
  made.withdrawals.find(made.order, [&](Judgement& judgement) { return made.rules.in_time(judgement); }, signers_);
  for (Judgement& judgement : made.order) {
    const auto& statement = judgement.fact->statement;
    if (!is_authority(statement)) continue;
    const auto* silencing = compromised_.silencing(judgement);
    // A new certificate that a compromised key makes of itself neither helps nor harms what it certified before.
    if (silencing && statement.subject == evidence::SubjectId::key(statement.issuer)) continue;
    const bool stands = !made.withdrawals.withdrawal_of(statement.id) && !silencing, counts = made.rules.in_time(judgement);
    const std::string why_not = stands ? judgement.why_not : silencing ? CompromisedKeys::why_not(*silencing) : "taken back by its issuer";
    add(made.counted, judgement, stands && counts, why_not);
    add(made.expired_too, judgement, stands && (counts || made.rules.expired_only(judgement)), why_not);
  }
  for (Links* links : {&made.counted, &made.expired_too}) finish(*links, key);
  return made;
}

Paths CountedDelegation::paths(const evidence::Statement& statement, Format format, Over over) {
  const auto links = [&](const KeyId& key) -> const Links& {
    const Authority& of = authority(key);
    return over == Over::counted ? of.counted : of.expired_too;
  };
  return paths_of(statement, links, [&](const KeyId& key) { return policies_.roles_of(domain_.domain, key, format); }, policies_);
}

Paths CountedDelegation::chain_paths(const Judgement& judgement) {
  const Format format = judgement.fact->statement.format;
  return chain_paths(judgement, [&](const KeyId& ca) { return policies_.signing_roles_of(domain_.domain, ca, format); });
}

// Roles that other domains had lent this CA when the statement was received; of an alarm also those that they lent it later.
std::vector<Policies::Membership> CountedDelegation::lent_to(const KeyId& ca, const Judgement& judgement) const {
  std::vector<Policies::Membership> memberships;
  const auto& statement = judgement.fact->statement;
  const Heard heard{judgement.received, judgement.received_by};
  const auto* change = std::get_if<evidence::StatusChange>(&statement.body);
  const bool alarm = change && evidence::is_alarm(change->status);
  const auto with_certificates = policies_.lent_to(domain_.domain, ca, evidence::certificate_format, heard);
  for (const auto& lent : policies_.lent_to(domain_.domain, ca, statement.format, heard)) {
    if (lent.set_by == domain_.domain || !(lent.then || alarm)) continue;
    const bool both = std::any_of(with_certificates.begin(), with_certificates.end(), [&](const auto& other) {
      return other.role == lent.role && other.set_by == lent.set_by && (other.then || alarm);
    });
    if (both) memberships.push_back({lent.role, lent.set_by, lent.to});
  }
  return memberships;
}

bool CountedDelegation::links_came_while_lent(const Path& path) {
  return std::all_of(path.links.begin(), path.links.end(), [&](const Fact* link) {
    const Authority& of = authority(KeyId{link->statement.subject.digest});
    const auto judgement = std::find_if(of.order.begin(), of.order.end(), [&](const Judgement& one) { return one.fact == link; });
    const auto lent = lent_to(path.anchor, *judgement);
    return std::any_of(lent.begin(), lent.end(), [&](const auto& then) {
      return then.role == path.membership.role && then.set_by == path.membership.set_by;
    });
  });
}

Paths CountedDelegation::lent_paths(const Judgement& judgement) {
  const auto& statement = judgement.fact->statement;
  const auto roles = [&](const KeyId& ca) { return lent_to(ca, judgement); };
  if (!statement.is_certificate()) return statement.credentials.empty() ? Paths{} : chain_paths(judgement, roles);
  auto paths = paths_of(statement, [&](const KeyId& key) -> const Links& { return authority(key).expired_too; }, roles, policies_);
  std::erase_if(paths.found, [&](const Path& path) { return !links_came_while_lent(path); });
  return paths;
}

Paths CountedDelegation::chain_paths(const Judgement& judgement, const RolesOf& roles) {
  const Time received = judgement.received;
  const auto why_not = [&](const evidence::Credential& certificate, const KeyId& issuer) -> std::string {
    const Time begins = certificate.not_before();
    const auto ends = certificate.not_after();
    if (received < begins) return "not valid before " + to_rfc3339(begins);
    if (ends && *ends < received) return "expired at " + to_rfc3339(*ends);
    if (const auto* silencing = compromised_.silencing(judgement, issuer)) return CompromisedKeys::why_not(*silencing);
    return authority(certificate.key_id()).withdrawals.withdrawal_of(certificate.statement_id(issuer)) ? "taken back by its issuer" : "";
  };
  const auto links = [&](const KeyId& key) -> const Links& { return authority(key).expired_too; };
  return chain_paths_of(judgement.fact->statement, why_not, links, roles, policies_);
}

CountedDelegation::Span CountedDelegation::span(const Paths& paths) const {
  Span widest{Time::never(), Time{std::numeric_limits<std::int64_t>::min()}};
  for (const Path& path : paths.found) {
    Span span{Time{std::numeric_limits<std::int64_t>::min()}, Time::never()};
    for (const Fact* link : path.links) {
      span.from = std::max(span.from, link->statement.not_before.value_or(span.from));
      span.to = std::min(span.to, link->statement.expires.value_or(Time::never()));
    }
    widest = {std::min(widest.from, span.from), std::max(widest.to, span.to)};
  }
  return widest;
}

bool CountedDelegation::before_until(const Path& path) {
  return std::all_of(path.links.begin(), path.links.end(), [&](const Fact* link) {
    Authority& of = authority(KeyId{link->statement.subject.digest});
    const auto judgement = std::find_if(of.order.begin(), of.order.end(), [&](const Judgement& one) { return one.fact == link; });
    return of.rules.before_until(*judgement, path.membership.until, path.membership.set_by);
  });
}

std::string CountedDelegation::crl_not_found() const {
  for (const auto& [key, authority] : known_)
    if (auto name = policy::crl_not_found(authority->order); !name.empty()) return name;
  return {};
}

Time CountedDelegation::next_change() const {
  Time next = Time::never();
  for (const auto& [key, authority] : known_) next = std::min(next, authority->rules.next_change());
  return next;
}

}  // namespace cm4it::policy
