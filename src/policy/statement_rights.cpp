#include "policy/statement_rights.h"

#include <algorithm>
#include <limits>

#include "base/text.h"

namespace cm4it::policy {
namespace {

using evidence::Statement;
using evidence::SubjectId;

constexpr Time beginning{std::numeric_limits<std::int64_t>::min()};

Heard heard(const Judgement& judgement) { return {judgement.received, judgement.received_by}; }

}  // namespace

CountedDelegation::Span StatementRights::find(Judgement& judgement, const Holder& holder) {
  const Statement& statement = judgement.fact->statement;
  CountedDelegation::Span way;
  played_.clear();
  const bool self = subject_ == SubjectId::key(statement.issuer);
  const auto* silencing = compromised_.silencing(judgement);
  if (const auto* since = silencing ? silencing : compromised_.since(statement.issuer)) judgement.issuer_compromised = since->time;
  const auto allowed = domain_.write.find(statement.kind());
  if (self && is_self_compromise(statement, statement.issuer)) {  // whatever [write] says: it can only lower
    judgement.roles.push_back("self");
    return way;
  }
  if (allowed == domain_.write.end()) {
    judgement.why_not = std::string("[write] lets nobody make statements of kind ") + to_string(statement.kind());
    return way;
  }
  std::string why_not;
  if (!silencing) way = by_roles(judgement, allowed->second, why_not);
  if (contains(allowed->second, "self") && self) judgement.roles.push_back("self");
  if (!silencing && contains(allowed->second, "holder") && spoke_for(holder, judgement)) {
    judgement.by_holder_only = judgement.roles.empty();
    judgement.roles.push_back("holder");
    judgement.spoke_for = holder;
  }
  if (!judgement.roles.empty()) return way;
  if (silencing) {
    judgement.why_not = CompromisedKeys::why_not(*silencing);
    judgement.decided_by = silencing->statement;
  } else {
    judgement.why_not = !why_not.empty() ? why_not : no_right(judgement, allowed->second, holder);
  }
  return way;
}

CountedDelegation::Span StatementRights::by_roles(Judgement& judgement, const std::vector<std::string>& allowed, std::string& why_not) {
  const Statement& statement = judgement.fact->statement;
  CountedDelegation::Span way;
  if (statement.is_certificate()) {
    way = certified_roles(judgement, allowed, why_not);
  } else {
    for (const auto& membership : roles_of(statement.issuer, statement.format))
      play(judgement, allowed, membership, nullptr, why_not);
    if (judgement.roles.empty() && !statement.credentials.empty()) {
      const auto paths = authorities_.chain_paths(judgement);
      if (!paths.why_not.empty()) why_not = paths.why_not;
      for (const auto& path : paths.found) play(judgement, allowed, path.membership, &path, why_not);
    }
  }
  if (judgement.roles.empty()) take_lent(judgement, allowed, way);
  return way;
}

// A long history has few issuers, and their memberships are strings: they are made once.
const std::vector<Policies::Membership>& StatementRights::roles_of(const KeyId& issuer, Format format) {
  const auto [known, fresh] = roles_.try_emplace({issuer, format});
  if (fresh) known->second = policies_.roles_of(domain_.domain, issuer, format);
  return known->second;
}

void StatementRights::play(Judgement& judgement, const std::vector<std::string>& allowed, const Policies::Membership& membership,
                           const Path* path, std::string& late) {
  // For an identity it matters which other domains lend its issuer the same role, and since when.
  const bool identity = judgement.fact->statement.kind() == Kind::identity, played = contains(judgement.roles, membership.role);
  if (!contains(allowed, membership.role) || (played && !identity)) return;
  if (!rules_.before_until(judgement, membership.until, membership.set_by) || (path && !authorities_.before_until(*path))) {
    late = "received after the issuer's role " + membership.role + " had ended (" + to_rfc3339(*membership.until) + ")";
    return;
  }
  // A transfer, or a status that lifts an alarm, needs its right at the time of receipt: lending the role later does not change the past.
  const KeyId& anchor = path ? path->anchor : judgement.fact->statement.issuer;
  const Statement& statement = judgement.fact->statement;
  const bool settles = statement.kind() == Kind::transfer || (statement.kind() == Kind::status && !is_alarm(statement));
  if (settles && lent_since(judgement, anchor, membership) > judgement.received) {
    late = "received before " + membership.set_by + " lent its issuer the role " + membership.role;
    return;
  }
  if (!played) judgement.roles.push_back(membership.role);
  if (identity) add_runs(judgement, anchor, membership, false);
  if (path) judgement.by_paths.push_back(membership);
}

// Roles by certificates that count. An identity over some that have expired since counts no more, and once said whose the
// subject is: a seller's CA cannot unsell by growing old.
CountedDelegation::Span StatementRights::certified_roles(Judgement& judgement, const std::vector<std::string>& allowed, std::string& why_not) {
  using Over = CountedDelegation::Over;
  const Statement& statement = judgement.fact->statement;
  auto paths = authorities_.paths(statement, statement.format);
  why_not = paths.why_not;
  for (const auto& path : paths.found) play(judgement, allowed, path.membership, &path, why_not);
  if (!judgement.roles.empty() || statement.kind() != Kind::identity) return authorities_.span(paths);
  paths = authorities_.paths(statement, statement.format, Over::expired_too);
  if (paths.found.empty()) return {};
  for (const auto& path : paths.found) play(judgement, allowed, path.membership, &path, why_not);
  auto way = authorities_.span(paths);
  way.to = std::min(way.to, rules_.at());
  judgement.why_not = "the certificates of the CAs above it have expired";
  return way;
}

std::string StatementRights::no_right(const Judgement& judgement, const std::vector<std::string>& allowed, const Holder& holder) const {
  std::string why = "its issuer plays no role that may say this in " + domain_.domain + " (" + to_string(judgement.fact->statement.kind()) +
                    ": " + joined(allowed) + ")";
  if (contains(allowed, "holder") && holder.contradiction) why += "; the holder is a contradiction";
  else if (contains(allowed, "holder") && !holder.domain.empty()) why += "; holder was " + holder.domain;
  return why;
}

// Another domain that takes back a role it lent unsays what was permitted in it. Alarms stay, and whose a subject was; also where that
// role is at the end of a certification path.
void StatementRights::take_lent(Judgement& judgement, const std::vector<std::string>& allowed, CountedDelegation::Span& way) {
  const Statement& statement = judgement.fact->statement;
  const bool identity = statement.kind() == Kind::identity;
  if (!identity && !is_alarm(statement) && statement.kind() != Kind::transfer) return;
  const auto take = [&](const Policies::Membership& lent, const KeyId& anchor) {
    const auto& [role, set_by, to] = lent;
    const bool played = contains(judgement.roles, role);
    if (!contains(allowed, role) || (played && !identity)) return false;
    if (!played) judgement.roles.push_back(role);
    if (identity) add_runs(judgement, anchor, lent, true);
    if (to) judgement.right_ended = std::max(judgement.right_ended.value_or(*to), *to);
    if (identity) judgement.why_not = set_by + " has taken back the role " + role + " that it lent its issuer";
    return true;
  };
  if (!statement.is_certificate())
    for (const auto& lent : policies_.lent_to(domain_.domain, statement.issuer, statement.format, heard(judgement)))
      if ((lent.then || is_alarm(statement)) && lent.set_by != domain_.domain) take({lent.role, lent.set_by, lent.to}, statement.issuer);
  if (judgement.roles.empty()) {
    const auto paths = authorities_.lent_paths(judgement);
    const auto held = authorities_.span(paths);
    for (const auto& path : paths.found) {
      if (!take(path.membership, path.anchor)) continue;
      judgement.by_paths.push_back(path.membership);
      way.from = std::max(way.from, held.from);
      way.to = std::min(way.to, held.to);
    }
  }
  if (identity && !judgement.roles.empty()) way.to = std::min({way.to, judgement.right_ended.value_or(rules_.at()), rules_.at()});
}

// `ended`: since when the role is no longer lent.
void StatementRights::add_runs(const Judgement& judgement, const KeyId& anchor, const Policies::Membership& membership, bool ended) {
  const Format format = anchor == judgement.fact->statement.issuer ? judgement.fact->statement.format : evidence::certificate_format;
  std::vector<Policies::Run> runs;
  if (membership.set_by != domain_.domain) runs = policies_.lent_runs(domain_.domain, anchor, format, membership, heard(judgement));
  if (runs.empty()) runs.push_back({beginning, Time::never()});
  if (!ended) runs.back().to = Time::never();
  for (const auto& run : runs) played_.push_back({membership.set_by, run});
}

// Lending a role later does not change who the holder was before.
Time StatementRights::lent_since(const Judgement& judgement, const KeyId& anchor, const Policies::Membership& membership) const {
  if (membership.set_by == domain_.domain) return beginning;
  Time since = Time::never();
  const Format format = anchor == judgement.fact->statement.issuer ? judgement.fact->statement.format : evidence::certificate_format;
  for (const auto& lent : policies_.lent_to(domain_.domain, anchor, format, heard(judgement)))
    if (lent.role == membership.role && lent.set_by == membership.set_by) since = std::min(since, lent.from);
  return since == Time::never() ? beginning : since;
}

bool StatementRights::spoke_for(const Holder& holder, const Judgement& judgement) {
  const Statement& statement = judgement.fact->statement;
  if (holder.contradiction || holder.domain.empty() || !statement.is_native()) return false;
  return policies_.spoke_for(holder, statement.issuer, heard(judgement), is_alarm(statement));
}

bool may_identify_in(const std::string& domain, const Judgement& judgement, const Policies& policies) {
  const Descriptor* descriptor = policies.newest(domain);
  const auto allowed = descriptor ? descriptor->write.find(Kind::identity) : decltype(descriptor->write.end()){};
  if (!descriptor || allowed == descriptor->write.end()) return false;
  const Statement& statement = judgement.fact->statement;
  for (const auto& membership : policies.roles_of(domain, statement.issuer, statement.format))
    if (contains(allowed->second, membership.role)) return true;
  for (const auto& membership : judgement.by_paths)
    if (membership.set_by == domain) return true;
  if (contains(allowed->second, "self") && statement.subject == SubjectId::key(statement.issuer)) return true;
  return policies.could_write(domain, Kind::identity, statement.issuer, statement.format, heard(judgement));
}

}  // namespace cm4it::policy
