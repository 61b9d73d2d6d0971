#include "policy/status.h"

#include <algorithm>
#include <limits>
#include <map>

#include "base/text.h"
#include "policy/revoked.h"
#include "policy/temporal_rules.h"

namespace cm4it::policy {
namespace {

using evidence::Statement;

// The place in the order at which the issuer of a counted status lost its right to say it.
struct RightEnd {
  Place after;                    // what is behind this place came later
  Time time;
  std::optional<Holder> holder;   // it spoke for this holder, which is still the holder, by other keys
};

struct StatusClaim {
  Status status;
  Time said_at;
  KeyId issuer;
  Place place;
  bool by_self_alone;
  std::optional<Holder> spoke_for;
  std::optional<RightEnd> right_ended;
};

// The newest first; at equal times the worse, so that two servers never disagree.
bool newer(const StatusClaim& a, const StatusClaim& b) {
  if (a.said_at != b.said_at) return a.said_at > b.said_at;
  if (a.status != b.status) return a.status > b.status;
  return a.place > b.place;
}

RightEnd at_time(Time time) { return {{time + -1, std::numeric_limits<std::uint64_t>::max(), {}}, time, {}}; }

// When a status that was set on behalf of a holder ends: when that holder transferred the subject, else when the issuer ceased to speak
// for it.
std::optional<RightEnd> end_as_holder(const Judgement& judgement, const Judged& judged, const Policies& policies) {
  const Heard heard{judgement.received, judgement.received_by};
  for (const Handover& handover : judged.handovers)
    if (handover.at > place_of(judgement) && !policies.same_holder(handover.to, *judgement.spoke_for, heard))
      return RightEnd{handover.at, handover.at.received, {}};
  const auto ended = policies.voice_ended(*judgement.spoke_for, judgement.fact->statement.issuer, heard);
  if (!ended) return {};
  RightEnd end = at_time(*ended);
  end.holder = judgement.spoke_for;
  return end;
}

// None: it still may.
std::optional<RightEnd> right_end(const Judgement& judgement, const Judged& judged, const Policies& policies, const Descriptor& domain) {
  const Statement& statement = judgement.fact->statement;
  std::optional<RightEnd> last;
  bool still = contains(judgement.roles, "self");
  const auto consider = [&](const std::optional<RightEnd>& end) {
    if (!end) still = true;
    else if (!last || last->after < end->after) last = end;
  };
  const auto until = [&](const std::optional<Time>& time) { consider(time ? std::optional(at_time(*time)) : std::nullopt); };
  const auto allowed = domain.write.find(Kind::status);  // a key's own alarm counts also where there is none
  const Heard heard{judgement.received, judgement.received_by};
  for (const auto& membership : policies.roles_of(domain.domain, statement.issuer, statement.format)) {
    if (allowed == domain.write.end() || !contains(allowed->second, membership.role)) continue;
    auto end = membership.until;  // or when it was received that it had ended; of rivals by one owner the one that ends it last tells
    if (end)
      for (const auto& role : policies.lent_to(domain.domain, statement.issuer, statement.format, heard)) {
        if (role.role != membership.role || role.set_by != membership.set_by) continue;
        if (role.to) end = std::max(*end, *role.to);
        else if (role.set_by != domain.domain) end.reset();
        break;
      }
    until(end);
  }
  for (const auto& membership : judgement.by_paths) until(membership.until);
  if (judgement.right_ended) until(judgement.right_ended);
  std::optional<RightEnd> as_holder;
  if (judgement.spoke_for) consider(as_holder = end_as_holder(judgement, judged, policies));
  if (still) last.reset();
  if (!judgement.issuer_compromised) return last;
  // A key that declared itself compromised has no right since then, in any role: its holder can lift its alarms with another key.
  RightEnd silenced = at_time(*judgement.issuer_compromised);
  if (judgement.by_holder_only && (!as_holder || as_holder->holder)) silenced.holder = judgement.spoke_for;
  return last && last->after < silenced.after ? last : silenced;
}

std::vector<StatusClaim> counted_statuses(const Judged& judged, const Policies& policies, const Descriptor& domain) {
  std::vector<StatusClaim> claims;
  for (const Judgement& judgement : judged.judgements) {
    const auto* change = std::get_if<evidence::StatusChange>(&judgement.fact->statement.body);
    if (!change || !judgement.counts) continue;
    claims.push_back({change->status, TemporalRules::said_at(judgement), judgement.fact->statement.issuer, place_of(judgement),
                      judgement.roles == std::vector<std::string>{"self"}, judgement.spoke_for,
                      right_end(judgement, judged, policies, domain)});
  }
  return claims;
}

// Does what was said by one who may no longer say it yield to this word of another: a life-cycle status that was said and received
// after that. While the one it spoke for is still the holder, only the holder's own.
bool yields_to(const StatusClaim& claim, const StatusClaim& other, const Policies& policies) {
  const RightEnd& end = *claim.right_ended;
  if (is_alarm(other.status) || other.by_self_alone || other.place <= end.after || other.said_at < end.time) return false;
  return !end.holder || (other.spoke_for && policies.same_holder(*other.spoke_for, *end.holder, {other.place.received, {}}));
}

// The newest status of each issuer, without those that yield to another.
std::vector<StatusClaim> current(const std::vector<StatusClaim>& claims, const Policies& policies) {
  std::map<KeyId, const StatusClaim*> newest;
  for (const StatusClaim& claim : claims) {
    const StatusClaim*& latest = newest[claim.issuer];
    if (!latest || newer(claim, *latest)) latest = &claim;
  }
  std::vector<StatusClaim> result;
  for (const auto& [issuer, claim] : newest)
    if (!claim->right_ended || std::none_of(claims.begin(), claims.end(), [&, said = claim](const StatusClaim& other) {
          return other.issuer != said->issuer && yields_to(*said, other, policies);
        }))
      result.push_back(*claim);
  return result;
}

}  // namespace

StatusResult status_of(const Judged& own, const std::vector<Judged>& of_models, const Policies& policies, const Descriptor& domain) {
  std::vector<StatusClaim> claims = current(counted_statuses(own, policies, domain), policies);
  for (const Judged& model : of_models)
    for (const StatusClaim& claim : current(counted_statuses(model, policies, domain), policies))
      if (is_alarm(claim.status)) claims.push_back(claim);

  // A CRL repeats it each time, so no other statement of its issuer replaces it.
  if (const auto compromise = key_compromise(own.judgements, domain))
    claims.push_back({Status::compromised, compromise->since, compromise->crl->fact->statement.issuer, place_of(*compromise->crl), false, {}, {}});

  // A key cannot undo its own declaration that it is compromised.
  for (const Judgement& judgement : own.judgements) {
    const auto& statement = judgement.fact->statement;
    const auto* change = std::get_if<evidence::StatusChange>(&statement.body);
    if (change && judgement.counts && is_self_compromise(statement, statement.issuer))
      claims.push_back({change->status, TemporalRules::said_at(judgement), statement.issuer, place_of(judgement), true, {}, {}});
  }

  const StatusClaim* decisive = nullptr;
  for (const StatusClaim& claim : claims) {
    if (!decisive) {
      decisive = &claim;
    } else if (is_alarm(claim.status) || is_alarm(decisive->status)) {
      if (claim.status > decisive->status || (claim.status == decisive->status && newer(claim, *decisive))) decisive = &claim;
    } else if (newer(claim, *decisive)) {
      decisive = &claim;
    }
  }
  if (!decisive) return {};
  return {decisive->status, decisive->place.id};
}

}  // namespace cm4it::policy
