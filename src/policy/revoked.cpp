#include "policy/revoked.h"

#include <algorithm>
#include <tuple>

namespace cm4it::policy {
namespace {

using evidence::CrlPart;
using evidence::Statement;

const CrlPart* crl_of(const Judgement& judgement) { return judgement.fact->statement.crl.get(); }

// Of equal numbers the newer one, so that two servers never disagree.
bool lower(const Judgement& a, const Judgement& b) {
  const CrlPart &one = *crl_of(a), &other = *crl_of(b);
  if (crypto::crl_number_less(one.number, other.number)) return true;
  if (crypto::crl_number_less(other.number, one.number)) return false;
  return std::tie(one.this_update, a.fact->statement.id) < std::tie(other.this_update, b.fact->statement.id);
}

}  // namespace

const CrlPart::Entry* entry_of(const Statement& crl, const Statement& identity) {
  if (!crl.crl || crl.issuer != identity.issuer || identity.kind() != Kind::identity) return nullptr;
  for (const auto& certificate : identity.certificates) {
    if (!equal(certificate.fields().issuer_name, crl.crl->issuer_name)) continue;
    for (const auto& entry : crl.crl->entries)
      if (equal(entry.serial, certificate.fields().serial)) return &entry;
  }
  return nullptr;
}

void find_revoked(std::vector<Judgement>& order, const std::function<bool(Judgement&)>& in_time,
                  std::map<StatementId, const Judgement*>& withdrawals) {
  std::map<std::tuple<KeyId, Bytes, Digest>, Judgement*> highest;
  std::vector<Judgement*> others;
  for (Judgement& judgement : order) {
    const CrlPart* crl = crl_of(judgement);
    if (!crl || !in_time(judgement)) continue;
    Judgement*& first = highest[{judgement.fact->statement.issuer, crl->issuer_name, crl->scope}];
    if (first && lower(judgement, *first)) {
      others.push_back(&judgement);
      continue;
    }
    if (first) others.push_back(first);
    first = &judgement;
  }
  for (Judgement* judgement : others) {
    const CrlPart& crl = *crl_of(*judgement);
    const Judgement& newer = *highest.at({judgement->fact->statement.issuer, crl.issuer_name, crl.scope});
    judgement->decided_by = newer.fact->statement.id;
    judgement->why_not = crl_of(newer)->name + ", of a higher number, counts in its place";
  }
  for (const auto& [scope, judgement] : highest) {
    judgement->counts = true;
    judgement->roles = {"issuer"};
    for (const Judgement& identity : order)
      if (entry_of(judgement->fact->statement, identity.fact->statement))
        withdrawals.try_emplace(identity.fact->statement.id, judgement);
  }
}

std::optional<KeyCompromise> key_compromise(const std::vector<Judgement>& judgements, const Descriptor& domain) {
  const auto allowed = domain.write.find(Kind::status);
  if (allowed == domain.write.end()) return {};
  std::optional<KeyCompromise> found;
  for (const Judgement& crl : judgements) {
    if (!crl_of(crl) || !crl.counts) continue;
    for (const Judgement& identity : judgements) {
      const auto* entry = entry_of(crl.fact->statement, identity.fact->statement);
      if (!entry || entry->reason != crypto::RevocationReason::key_compromise) continue;
      const bool entitled = std::any_of(identity.roles.begin(), identity.roles.end(), [&](const auto& role) {
        return std::find(allowed->second.begin(), allowed->second.end(), role) != allowed->second.end();
      });
      if (entitled && (!found || entry->at < found->since)) found = KeyCompromise{entry->at, &crl};
    }
  }
  return found;
}

std::optional<Verdict::CrlDue> crl_due(const std::vector<Judgement>& judgements, const Statement& identity) {
  std::optional<Verdict::CrlDue> due;
  for (const Judgement& judgement : judgements) {
    const CrlPart* crl = crl_of(judgement);
    if (!crl || !judgement.counts || !crl->next_update || judgement.fact->statement.issuer != identity.issuer) continue;
    const bool of_it = std::any_of(identity.certificates.begin(), identity.certificates.end(), [&](const auto& certificate) {
      return equal(certificate.fields().issuer_name, crl->issuer_name);
    });
    if (of_it && (!due || *crl->next_update < due->next_update))
      due = Verdict::CrlDue{*crl->next_update, crl->name, judgement.fact->statement.id};
  }
  return due;
}

}  // namespace cm4it::policy
