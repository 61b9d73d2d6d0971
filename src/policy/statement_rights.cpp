#include "policy/statement_rights.h"

#include <algorithm>

namespace cm4it::policy {
namespace {

using evidence::Statement;
using evidence::SubjectId;

bool contains(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

}  // namespace

CountedAuthorities::Span StatementRights::find(Judgement& judgement, const Holder& holder) {
  const Statement& statement = judgement.fact->statement;
  CountedAuthorities::Span way;
  const bool self = subject_ == SubjectId::key(statement.issuer);
  const auto* silencing = compromised_.silencing(judgement);
  judgement.issuer_compromised = silencing || compromised_.since(statement.issuer);
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

CountedAuthorities::Span StatementRights::by_roles(Judgement& judgement, const std::vector<std::string>& allowed, std::string& why_not) {
  const Statement& statement = judgement.fact->statement;
  CountedAuthorities::Span way;
  if (statement.format == Format::x509) {
    way = certified_roles(judgement, allowed, why_not);
  } else {
    for (const auto& membership : policies_.roles_of(domain_.domain, statement.issuer, statement.format))
      play(judgement, allowed, membership, nullptr, why_not);
    if (judgement.roles.empty() && !statement.certificates.empty()) {
      const auto paths = authorities_.chain_paths(judgement);
      if (!paths.why_not.empty()) why_not = paths.why_not;
      for (const auto& path : paths.found) play(judgement, allowed, path.membership, &path, why_not);
    }
  }
  return way;
}

void StatementRights::play(Judgement& judgement, const std::vector<std::string>& allowed, const Policies::Membership& membership,
                           const Path* path, std::string& late) {
  if (!contains(allowed, membership.role) || contains(judgement.roles, membership.role)) return;
  if (!rules_.before_until(judgement, membership.until, membership.set_by) || (path && !authorities_.before_until(*path))) {
    late = "received after the issuer's role " + membership.role + " had ended (" + to_rfc3339(*membership.until) + ")";
    return;
  }
  judgement.roles.push_back(membership.role);
  if (path) judgement.by_paths.push_back(membership);
}

// Roles by certificates that count. An identity over some that have expired since counts no more, and once said whose the
// subject is: a seller's CA cannot unsell by growing old.
CountedAuthorities::Span StatementRights::certified_roles(Judgement& judgement, const std::vector<std::string>& allowed, std::string& why_not) {
  using Over = CountedAuthorities::Over;
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
  std::string list;
  for (const auto& role : allowed) list += (list.empty() ? "" : ", ") + role;
  std::string why = "its issuer plays no role that may say this in " + domain_.domain + " (" + to_string(judgement.fact->statement.kind()) +
                    ": " + list + ")";
  if (contains(allowed, "holder") && holder.contradiction) why += "; the holder is a contradiction";
  else if (contains(allowed, "holder") && !holder.domain.empty()) why += "; holder was " + holder.domain;
  return why;
}

bool StatementRights::spoke_for(const Holder& holder, const Judgement& judgement) {
  const Statement& statement = judgement.fact->statement;
  if (holder.contradiction || holder.domain.empty() || statement.format != Format::cose) return false;
  const auto voice = policies_.speaks_for(holder.domain, statement.issuer);
  if (!voice.speaks) return false;
  // An agent's time is up by the clock of the domain that set it, and of the domain spoken in.
  return rules_.before_until(judgement, voice.until, holder.domain) && (!voice.until || rules_.received_before(judgement, *voice.until));
}

}  // namespace cm4it::policy
