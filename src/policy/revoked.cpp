#include "policy/revoked.h"

#include <algorithm>
#include <tuple>

#include "base/text.h"

namespace cm4it::policy {
namespace {

using evidence::RevocationList;
using evidence::Statement;

const RevocationList* crl_of(const Judgement& judgement) { return judgement.fact->statement.revocations.get(); }

// Of two with equal numbers the newer one comes first, so that two servers never disagree.
bool lower(const Judgement& a, const Judgement& b) {
  const RevocationList &one = *crl_of(a), &other = *crl_of(b);
  if (evidence::list_number_less(one.number, other.number)) return true;
  if (evidence::list_number_less(other.number, one.number)) return false;
  return std::tie(one.this_update, a.fact->statement.id) < std::tie(other.this_update, b.fact->statement.id);
}

using Scope = std::tuple<KeyId, Bytes, Digest>;  // issuer, name, scope
Scope scope_of(const Judgement& judgement) {
  const RevocationList& crl = *crl_of(judgement);
  return {judgement.fact->statement.issuer, crl.issuer_name, crl.scope};
}

bool speaks_of(const Judgement& crl, const Statement& identity) {
  return identity.kind() == Kind::identity && contains(crl.crl_for, identity.issuer);
}

// Of the CRLs whose signer may sign them, the one with the highest number of each scope counts.
std::map<Scope, Judgement*> highest_of(std::vector<Judgement>& order, const std::function<bool(Judgement&)>& in_time, ListSigners& signers) {
  std::map<Scope, Judgement*> highest;
  for (Judgement& judgement : order) {
    if (!crl_of(judgement) || !in_time(judgement)) continue;
    judgement.why_not = signers.why_not(judgement.fact->statement);
    if (!judgement.why_not.empty()) continue;
    Judgement*& first = highest[scope_of(judgement)];
    if (!first || lower(*first, judgement)) first = &judgement;
  }
  return highest;
}

}  // namespace

const RevocationList::Entry* entry_of(const Judgement& crl, const Statement& identity) {
  if (!crl_of(crl) || !speaks_of(crl, identity)) return nullptr;
  for (const auto& credential : identity.credentials) {
    if (!equal(credential->issuer_name(), crl_of(crl)->issuer_name)) continue;
    for (const auto& entry : crl_of(crl)->entries)
      if (equal(entry.handle, credential->handle())) return &entry;
  }
  return nullptr;
}

void find_revoked(std::vector<Judgement>& order, const std::function<bool(Judgement&)>& in_time, ListSigners& signers,
                  std::map<StatementId, const Judgement*>& withdrawals) {
  const auto highest = highest_of(order, in_time, signers);
  if (highest.empty()) return;
  std::vector<KeyId> issuers;
  for (const Judgement& judgement : order)
    if (judgement.fact->statement.kind() == Kind::identity && !judgement.fact->statement.credentials.empty() &&
        !contains(issuers, judgement.fact->statement.issuer))
      issuers.push_back(judgement.fact->statement.issuer);
  for (Judgement& judgement : order) {
    if (!crl_of(judgement) || !judgement.why_not.empty()) continue;
    const Judgement& newer = *highest.at(scope_of(judgement));
    if (&newer == &judgement) continue;
    judgement.decided_by = newer.fact->statement.id;
    judgement.why_not = crl_of(newer)->name + ", of a higher number, counts in its place";
  }
  for (const auto& [scope, judgement] : highest) {
    for (const KeyId& issuer : issuers)
      if (signers.speaks_for(judgement->fact->statement, issuer)) judgement->crl_for.push_back(issuer);
    judgement->counts = true;
    judgement->roles = {"issuer"};
    for (const Judgement& identity : order)
      if (entry_of(*judgement, identity.fact->statement)) withdrawals.try_emplace(identity.fact->statement.id, judgement);
  }
}

std::string crl_not_found(const std::vector<Judgement>& judgements) {
  for (const Judgement& cut : judgements)
    if (crl_of(cut) && crl_of(cut)->cut &&
        std::none_of(judgements.begin(), judgements.end(),
                     [&](const Judgement& one) { return crl_of(one) && one.counts && scope_of(one) == scope_of(cut); }))
      return crl_of(cut)->name;
  return {};
}

std::optional<KeyCompromise> key_compromise(const std::vector<Judgement>& judgements, const Descriptor& domain) {
  const auto allowed = domain.write.find(Kind::status);
  if (allowed == domain.write.end()) return {};
  std::optional<KeyCompromise> found;
  for (const Judgement& crl : judgements) {
    if (!crl_of(crl) || !crl.counts) continue;
    for (const Judgement& identity : judgements) {
      const auto* entry = entry_of(crl, identity.fact->statement);
      if (!entry || entry->reason != crypto::RevocationReason::key_compromise) continue;
      const bool entitled = std::any_of(identity.roles.begin(), identity.roles.end(), [&](const auto& role) {
        return contains(allowed->second, role);
      });
      if (entitled && (!found || entry->at < found->since)) found = KeyCompromise{entry->at, &crl};
    }
  }
  return found;
}

std::optional<Verdict::CrlDue> crl_due(const std::vector<Judgement>& judgements, const Statement& identity) {
  std::optional<Verdict::CrlDue> surely, perhaps;
  for (const Judgement& judgement : judgements) {
    const RevocationList* crl = crl_of(judgement);
    if (!crl || !judgement.counts || !speaks_of(judgement, identity)) continue;
    for (const auto& credential : identity.credentials) {
      if (!equal(credential->issuer_name(), crl->issuer_name)) continue;
      const Verdict::CrlDue due{crl->next_update.value_or(Time::never()), crl->name, judgement.fact->statement.id};
      const auto coverage = crl->coverage_of(*credential);
      if (coverage == RevocationList::Coverage::surely) {
        if (!surely || due.next_update > surely->next_update) surely = due;
      } else if (coverage == RevocationList::Coverage::perhaps) {
        if (!perhaps || due.next_update < perhaps->next_update) perhaps = due;
      }
    }
  }
  const auto& due = surely ? surely : perhaps;
  return due && due->next_update != Time::never() ? due : std::nullopt;
}

std::optional<Verdict::Revoked> last_revoked(const std::vector<Judgement>& judgements) {
  std::optional<Verdict::Revoked> last;
  for (const Judgement& identity : judgements) {
    if (!identity.decided_by || identity.roles.empty()) continue;
    for (const Judgement& crl : judgements) {
      const auto* entry = crl.fact->statement.id == *identity.decided_by ? entry_of(crl, identity.fact->statement) : nullptr;
      if (entry)
        last = Verdict::Revoked{"the certificate of serial number " + to_hex(entry->handle) + " was taken back by " + crl_of(crl)->name + ": " +
                                    to_string(entry->reason) + ", since " + to_rfc3339(entry->at),
                                crl.fact->statement.id};
    }
  }
  return last;
}

InForce in_force(const Fact& crl, const Policies& policies, const Descriptor& domain, Time at) {
  TemporalRules rules(policies, domain, at);
  const std::vector<Fact> alone{crl};
  auto order = rules.order_by_receipt(alone);
  if (rules.in_time(order.at(0))) return InForce::yes;
  return rules.next_change() != Time::never() ? InForce::later : InForce::no;
}

}  // namespace cm4it::policy
