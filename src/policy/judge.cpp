#include "policy/judge.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "base/budgets.h"
#include "policy/taken_back.h"

namespace cm4it::policy {
namespace {

using evidence::Identity;
using evidence::Statement;
using evidence::SubjectId;
using evidence::SubjectKind;

bool contains(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

// All that is known of one statement: its facts, however often it was given.
struct Known {
  const Fact* fact = nullptr;
  std::vector<std::string> domains;
  std::vector<ReceivedAt> receipts;
  Time first_seen;
};

std::vector<Known> gather(const std::vector<Fact>& about) {
  std::vector<const Fact*> sorted;
  sorted.reserve(about.size());
  for (const Fact& fact : about) sorted.push_back(&fact);
  std::sort(sorted.begin(), sorted.end(),
            [](const Fact* a, const Fact* b) { return a->statement.id < b->statement.id; });
  std::vector<Known> known;
  known.reserve(about.size());
  for (const Fact* fact : sorted) {
    if (known.empty() || known.back().fact->statement.id != fact->statement.id) {
      known.push_back({fact, fact->domains, fact->receipts, fact->first_seen});
      continue;
    }
    Known& same = known.back();
    for (const auto& domain : fact->domains)
      if (!contains(same.domains, domain)) same.domains.push_back(domain);
    same.receipts.insert(same.receipts.end(), fact->receipts.begin(), fact->receipts.end());
    same.first_seen = std::min(same.first_seen, fact->first_seen);
  }
  for (Known& one : known) std::sort(one.domains.begin(), one.domains.end());
  return known;
}

// When a home received a statement: the time, and the place in its log.
using Moment = std::pair<Time, std::uint64_t>;

// One walk over one subject's statements, in the order (received, leaf index, statement id). Receipts count seconds, and
// logs of different homes are not in step within one: of the statements of one second, those that have their right only
// after another of that second (a status by the holder that a transfer has just made) are taken after it.
class Judge {
 public:
  Judge(const SubjectId& subject, const Policies& policies, const Descriptor& domain, Time at)
      : subject_(subject), policies_(policies), domain_(domain), referenced_(domain.referenced()), at_(at) {}

  Judged run(const std::vector<Fact>& about) {
    known_ = gather(about);
    std::vector<Judgement> order;
    order.reserve(known_.size());
    for (const Known& known : known_) order.push_back(begin(known));
    std::sort(order.begin(), order.end(), earlier);
    withdrawals_.find(order, [this](Judgement& judgement) { return in_time(judgement); });
    superseded_ = superseded(subject_, order, at_);
    for (auto begin = order.begin(); begin != order.end();) {
      const auto end = std::find_if(begin, order.end(), [&](const auto& later) { return later.received != begin->received; });
      one_second(begin, end);
      begin = end;
    }
    for (Judgement& judgement : order) forget_withdrawn(judgement);
    return {std::move(order), holder(at_), next_change_};
  }

 private:
  using Iterator = std::vector<Judgement>::iterator;

  static bool earlier(const Judgement& a, const Judgement& b) {
    return std::tie(a.received, a.index, a.fact->statement.id) < std::tie(b.received, b.index, b.fact->statement.id);
  }

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

  Judgement begin(const Known& known) const {
    Judgement judgement;
    judgement.fact = known.fact;
    judgement.domains = known.domains;
    const auto received = received_in_domain(known);
    judgement.received = received ? received->first : known.first_seen;
    judgement.index = received ? received->second : 0;
    judgement.provisional = !received;
    return judgement;
  }

  const Known& known_of(const Judgement& judgement) const {
    return *std::lower_bound(
        known_.begin(), known_.end(), judgement.fact->statement.id,
        [](const Known& known, const StatementId& id) { return known.fact->statement.id < id; });
  }

  // The earliest receipt by a home of `of`, where the statement was made there.
  std::optional<Moment> received_by(const Known& known, std::string_view of) const {
    std::optional<Moment> earliest;
    if (!contains(known.domains, of)) return earliest;
    for (const ReceivedAt& receipt : known.receipts)
      if (receipt.domain == of && policies_.is_home_log(of, receipt.log))
        if (const Moment moment{receipt.time, receipt.index}; !earliest || moment < *earliest) earliest = moment;
    return earliest;
  }

  // model.md "Time, and who may say what": by a home of the domain where the statement names it, else by homes of
  // the referenced domain it was made in.
  std::optional<Moment> received_in_domain(const Known& known) const {
    if (contains(known.domains, domain_.domain)) return received_by(known, domain_.domain);
    std::optional<Moment> earliest;
    for (const auto& other : referenced_)
      if (auto moment = received_by(known, other))
        if (!earliest || *moment < *earliest) earliest = moment;
    return earliest;
  }

  bool relevant(const Known& known) const {
    if (contains(known.domains, domain_.domain)) return true;
    return std::any_of(referenced_.begin(), referenced_.end(),
                       [&](const auto& other) { return contains(known.domains, other); });
  }

  void changes_at(Time time) {
    if (time > at_ && time < next_change_) next_change_ = time;
  }

  // Everything about a statement but rights and withdrawal. False: it does not count, and why_not says why.
  bool in_time(Judgement& judgement) {
    const Statement& statement = judgement.fact->statement;
    if (!relevant(known_of(judgement))) {
      const auto& refused = judgement.fact->refused;
      judgement.why_not = refused.empty() ? "made in a domain that the policy of " + domain_.domain + " does not refer to"
                                          : "refused by the home of " + refused[0].first + ": " + refused[0].second;
    } else if (judgement.received > at_) {
      changes_at(judgement.received);
      judgement.why_not = "received later than the time asked about";
    } else if (statement.issued_at > judgement.received + budget::clock_skew_seconds) {
      judgement.why_not = "issued in the future: iat is more than 5 minutes beyond the time it was received";
    } else if (statement.not_before && *statement.not_before > at_) {
      changes_at(*statement.not_before);
      judgement.why_not = "not valid before " + to_rfc3339(*statement.not_before);
    } else if (statement.expires && *statement.expires <= at_) {
      judgement.why_not = "expired at " + to_rfc3339(*statement.expires);
    } else {
      if (statement.expires) changes_at(*statement.expires);
      return true;
    }
    return false;
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
    find_rights(judgement);
    if (judgement.roles.empty()) return;
    judgement.counts = timely;
    if (statement.kind() == Kind::identity) found(judgement);
    if (!timely) return;
    if (const auto* transfer = std::get_if<evidence::Transfer>(&statement.body)) move_to(judgement, transfer->domain);
  }

  bool expired_only(const Judgement& judgement) const {
    const Statement& statement = judgement.fact->statement;
    return relevant(known_of(judgement)) && judgement.received <= at_ && statement.expires &&
           *statement.expires <= at_ &&
           statement.issued_at <= judgement.received + budget::clock_skew_seconds;
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
  void found(const Judgement& judgement) {
    if (!gives_values(judgement, domain_)) return;
    const auto* withdrawal = withdrawals_.of(judgement.fact->statement.id);
    if (withdrawal && earlier(*withdrawal, judgement)) return;
    const Known& known = known_of(judgement);
    const Statement& statement = judgement.fact->statement;
    Founding founding{{}, statement.not_before.value_or(Time{}), statement.expires.value_or(Time::never())};
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

  void find_rights(Judgement& judgement) {
    const Statement& statement = judgement.fact->statement;
    const auto allowed = domain_.write.find(statement.kind());
    if (allowed == domain_.write.end()) {
      judgement.why_not = std::string("[write] lets nobody make statements of kind ") + to_string(statement.kind());
      return;
    }
    std::string late;
    for (const auto& membership : policies_.roles_of(domain_.domain, statement.issuer, statement.format)) {
      if (!contains(allowed->second, membership.role) || contains(judgement.roles, membership.role)) continue;
      if (before_until(judgement, membership.until, membership.set_by)) judgement.roles.push_back(membership.role);
      else late = "received after the issuer's role " + membership.role + " had ended (" +
                  to_rfc3339(*membership.until) + ")";
    }
    if (contains(allowed->second, "self") && subject_ == SubjectId::key(statement.issuer))
      judgement.roles.push_back("self");
    if (contains(allowed->second, "holder") && spoke_for_holder(judgement)) {
      judgement.by_holder_only = judgement.roles.empty();
      judgement.roles.push_back("holder");
    }
    if (!judgement.roles.empty()) return;
    judgement.why_not = !late.empty() ? late : no_right(judgement, allowed->second);
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

  // By a home of this domain. Nobody bears witness to when a provisional statement was made: it counts only while
  // `until` is still to come.
  bool before(const Judgement& judgement, Time until) {
    if (!judgement.provisional) return judgement.received < until;
    changes_at(until);
    return at_ < until;
  }

  // Received before `until` by a home of the domain that sets it. Without a receipt of such a home it counts only
  // while `until` is still to come.
  bool before_until(const Judgement& judgement, std::optional<Time> until, std::string_view set_by) {
    if (!until) return true;
    if (set_by == domain_.domain && contains(known_of(judgement).domains, set_by)) {
      return before(judgement, *until);
    }
    if (auto received = received_by(known_of(judgement), set_by)) return received->first < *until;
    changes_at(*until);
    return at_ < *until && judgement.received < *until;
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
  const Policies& policies_;
  const Descriptor& domain_;
  const std::vector<std::string> referenced_;
  const Time at_;

  std::vector<Known> known_;  // by statement id
  Withdrawals withdrawals_;
  std::map<StatementId, StatementId> superseded_;
  struct Founding { std::vector<std::string> places; Time from, to; };
  std::map<StatementId, Founding> founders_;  // identities: the domains they were made in, and when they are valid
  std::string transferred_to_;
  Time next_change_ = Time::never();
};

}  // namespace

Judged judge(const SubjectId& subject, const std::vector<Fact>& about, const Policies& policies,
             const Descriptor& domain, Time at) {
  return Judge(subject, policies, domain, at).run(about);
}

bool still_may(const Judgement& judgement, const Policies& policies, const Descriptor& domain, const Holder& holder,
               Time at) {
  const Statement& statement = judgement.fact->statement;
  const auto allowed = domain.write.find(statement.kind());
  if (allowed == domain.write.end()) return false;
  for (const auto& membership : policies.roles_of(domain.domain, statement.issuer, statement.format))
    if (contains(allowed->second, membership.role) && (!membership.until || at < *membership.until)) return true;
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
