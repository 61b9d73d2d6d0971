#include "policy/judge.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "policy/authorities.h"

namespace cm4it::policy {
namespace {

using evidence::Identity;
using evidence::Statement;
using evidence::SubjectId;
using evidence::SubjectKind;

bool contains(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

// One walk over one subject's statements, in the order (received, leaf index, statement id). Receipts count seconds, and
// logs of different homes are not in step within one: of the statements of one second, those that have their right only
// after another of that second (a status by the holder that a transfer has just made) are taken after it.
class Judge : private Timely {
 public:
  Judge(const SubjectId& subject, const Authorities& authorities, const Policies& policies, const Descriptor& domain, Time at)
      : Timely(policies, domain, at), subject_(subject), authorities_(authorities, policies, domain, at) {}

  Judged run(const std::vector<Fact>& about) {
    auto order = take(about);
    withdrawals_.find(order, [this](Judgement& judgement) { return in_time(judgement); });
    superseded_ = superseded(subject_, order, at_);
    for (auto begin = order.begin(); begin != order.end();) {
      const auto end = std::find_if(begin, order.end(), [&](const auto& later) { return later.received != begin->received; });
      one_second(begin, end);
      begin = end;
    }
    for (Judgement& judgement : order) forget_withdrawn(judgement);
    return {std::move(order), holder(at_), std::min(next_change(), authorities_.next_change())};
  }

 private:
  using Iterator = std::vector<Judgement>::iterator;

  void one_second(Iterator begin, Iterator end) {
    std::vector<Judgement*> left;
    for (auto judgement = begin; judgement != end; ++judgement) left.push_back(&*judgement);
    for (bool progress = true; progress && !left.empty();) {
      progress = false;
      for (auto& judgement : left) {
        step(*judgement);
        if (judgement->roles.empty()) continue;
        judgement = nullptr;
        progress = true;
      }
      std::erase(left, nullptr);
    }
  }

  void step(Judgement& judgement) {
    const Statement& statement = judgement.fact->statement;
    if (statement.kind() == Kind::withdraw) return apply_withdrawal(judgement);
    if (statement.kind() == Kind::policy) return judge_policy(judgement);
    judgement.why_not.clear();
    if (const auto newer = superseded_.find(statement.id); newer != superseded_.end()) {
      judgement.decided_by = newer->second;
      judgement.why_not = "the key has made a newer one since";
      return;
    }
    // Whether an identity that has expired since once said whose the subject is: see found().
    const bool timely = in_time(judgement);
    if (!timely && !(statement.kind() == Kind::identity && expired_only(judgement))) return;
    const CountedAuthorities::Span way = find_rights(judgement);
    if (judgement.roles.empty()) return;
    judgement.counts = timely && at_ < way.to;
    if (statement.kind() == Kind::identity) found(judgement, way);
    if (!judgement.counts) return;
    if (const auto* transfer = std::get_if<evidence::Transfer>(&statement.body)) move_to(judgement, transfer->domain);
  }

  void judge_policy(Judgement& judgement) const {
    for (const auto& domain : judgement.fact->statement.domains)
      if (const Chain* chain = policies_.chain(domain))
        for (const auto& version : chain->versions)
          if (version.statement == judgement.fact->statement.id) judgement.counts = true;
    if (!judgement.counts) judgement.why_not = "no version of its domain's policy chain";
    else judgement.roles.push_back("owner");
  }

  // An identity says whose the subject is at first, while it is valid and not taken back. What its issuer does with it
  // after a counted transfer does not undo that transfer: a seller cannot unsell.
  void found(const Judgement& judgement, const CountedAuthorities::Span& way) {
    if (!gives_values(judgement, domain_)) return;
    const auto* withdrawal = withdrawals_.of(judgement.fact->statement.id);
    if (withdrawal && earlier(*withdrawal, judgement)) return;
    const Known& known = known_of(judgement);
    const Statement& statement = judgement.fact->statement;
    Founding founding{{}, std::max(statement.not_before.value_or(way.from), way.from),
                      std::min(statement.expires.value_or(way.to), way.to)};
    if (contains(known.domains, domain_.domain)) founding.places.push_back(domain_.domain);
    else
      for (const auto& other : referenced_)
        if (contains(known.domains, other)) founding.places.push_back(other);
    founders_[statement.id] = std::move(founding);
  }

  void apply_withdrawal(const Judgement& judgement) {
    std::erase_if(founders_, [&](const auto& founder) { return withdrawals_.of(founder.first) == &judgement; });
  }

  // As of the statements taken so far. A model belongs to the domain in its name.
  Holder holder(Time when) const {
    std::string first;
    if (subject_.kind == SubjectKind::model) {
      first = subject_.model.substr(0, subject_.model.find('/'));
    } else {
      for (const auto& [id, founding] : founders_) {
        if (when < founding.from || when >= founding.to) continue;
        for (const auto& place : founding.places) {
          if (!first.empty() && first != place) return {{}, true};
          first = place;
        }
      }
    }
    return {transferred_to_.empty() ? first : transferred_to_, false};
  }

  void move_to(Judgement& judgement, const std::string& to) {
    if (holder(judgement.received).contradiction) {
      judgement.counts = false;
      judgement.why_not = "identified in several domains: whose it is to give away is a contradiction";
      return;
    }
    transferred_to_ = to;
  }

  // From when to when the issuer's certificates hold, where its right is a matter of those.
  CountedAuthorities::Span find_rights(Judgement& judgement) {
    const Statement& statement = judgement.fact->statement;
    CountedAuthorities::Span way;
    const auto allowed = domain_.write.find(statement.kind());
    if (allowed == domain_.write.end()) {
      judgement.why_not = std::string("[write] lets nobody make statements of kind ") + to_string(statement.kind());
      return way;
    }
    std::string why_not;
    if (statement.format == Format::x509) {
      way = certified_roles(judgement, allowed->second, why_not);
    } else {
      for (const auto& membership : policies_.roles_of(domain_.domain, statement.issuer, statement.format))
        play(judgement, allowed->second, membership, nullptr, why_not);
      if (judgement.roles.empty() && !statement.certificates.empty()) {
        const auto paths = authorities_.chain_paths(statement, judgement.received);
        if (!paths.why_not.empty()) why_not = paths.why_not;
        for (const auto& path : paths.found) play(judgement, allowed->second, path.membership, &path, why_not);
      }
    }
    if (contains(allowed->second, "self") && subject_ == SubjectId::key(statement.issuer))
      judgement.roles.push_back("self");
    if (contains(allowed->second, "holder") && spoke_for_holder(judgement)) {
      judgement.by_holder_only = judgement.roles.empty();
      judgement.roles.push_back("holder");
    }
    if (judgement.roles.empty()) judgement.why_not = !why_not.empty() ? why_not : no_right(judgement, allowed->second);
    return way;
  }

  void play(Judgement& judgement, const std::vector<std::string>& allowed, const Policies::Membership& membership, const Path* path,
            std::string& late) {
    if (!contains(allowed, membership.role) || contains(judgement.roles, membership.role)) return;
    if (!before_until(judgement, membership.until, membership.set_by) || (path && !authorities_.before_until(*path))) {
      late = "received after the issuer's role " + membership.role + " had ended (" + to_rfc3339(*membership.until) + ")";
      return;
    }
    judgement.roles.push_back(membership.role);
    if (path) judgement.by_paths.push_back(membership);
  }

  // Roles by certificates that count. An identity over some that have expired since counts no more, and once said whose the
  // subject is: a seller's CA cannot unsell by growing old.
  CountedAuthorities::Span certified_roles(Judgement& judgement, const std::vector<std::string>& allowed, std::string& why_not) {
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
    way.to = std::min(way.to, at_);
    judgement.why_not = "the certificates of the CAs above it have expired";
    return way;
  }

  std::string no_right(const Judgement& judgement, const std::vector<std::string>& allowed) const {
    const Holder then = holder(judgement.received);
    std::string list;
    for (const auto& role : allowed) list += (list.empty() ? "" : ", ") + role;
    std::string why = "its issuer plays no role that may say this in " + domain_.domain + " (" +
                      to_string(judgement.fact->statement.kind()) + ": " + list + ")";
    if (contains(allowed, "holder") && then.contradiction) why += "; the holder is a contradiction";
    else if (contains(allowed, "holder") && !then.domain.empty()) why += "; holder was " + then.domain;
    return why;
  }

  bool spoke_for_holder(const Judgement& judgement) {
    const Holder now = holder(judgement.received);
    const Statement& statement = judgement.fact->statement;
    if (now.contradiction || now.domain.empty() || statement.format != Format::cose) return false;
    const auto voice = policies_.speaks_for(now.domain, statement.issuer);
    if (!voice.speaks) return false;
    // An agent's time is up by the clock of the domain that set it, and of the domain spoken in.
    return before_until(judgement, voice.until, now.domain) && (!voice.until || before(judgement, *voice.until));
  }

  void forget_withdrawn(Judgement& judgement) {
    const auto* withdrawal = withdrawals_.of(judgement.fact->statement.id);
    if (!withdrawal || !judgement.counts) return;
    judgement.counts = false;
    judgement.decided_by = withdrawal->fact->statement.id;
    judgement.why_not = "taken back by its issuer";
  }

  const SubjectId& subject_;
  CountedAuthorities authorities_;
  Withdrawals withdrawals_;
  std::map<StatementId, StatementId> superseded_;
  struct Founding { std::vector<std::string> places; Time from, to; };
  std::map<StatementId, Founding> founders_;  // identities: the domains they were made in, and when they are valid
  std::string transferred_to_;
};

}  // namespace

Judged judge(const SubjectId& subject, const std::vector<Fact>& about, const Authorities& authorities, const Policies& policies,
             const Descriptor& domain, Time at) {
  return Judge(subject, authorities, policies, domain, at).run(about);
}

bool still_may(const Judgement& judgement, const Policies& policies, const Descriptor& domain, const Holder& holder,
               Time at) {
  const Statement& statement = judgement.fact->statement;
  const auto allowed = domain.write.find(statement.kind());
  if (allowed == domain.write.end()) return false;
  for (const auto& membership : policies.roles_of(domain.domain, statement.issuer, statement.format))
    if (contains(allowed->second, membership.role) && (!membership.until || at < *membership.until)) return true;
  for (const auto& membership : judgement.by_paths)
    if (!membership.until || at < *membership.until) return true;
  if (contains(judgement.roles, "self")) return true;
  if (!contains(judgement.roles, "holder") || holder.domain.empty()) return false;
  const auto voice = policies.speaks_for(holder.domain, statement.issuer);
  return voice.speaks && (!voice.until || at < *voice.until);
}

bool gives_values(const Judgement& judgement, const Descriptor& domain) {
  const auto* identity = std::get_if<Identity>(&judgement.fact->statement.body);
  if (!identity || judgement.fact->statement.supporting) return false;
  const auto admit = domain.admit.find(identity->type);
  if (admit == domain.admit.end()) return true;
  return std::any_of(judgement.roles.begin(), judgement.roles.end(),
                     [&](const auto& role) { return contains(admit->second.identified_by, role); });
}

}  // namespace cm4it::policy
