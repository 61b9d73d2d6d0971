#include "policy/list_signers.h"

#include <algorithm>

#include "base/budgets.h"
#include "base/text.h"

namespace cm4it::policy {
// The certificates about this key that this domain has received by now, expired ones too.
const std::vector<ListSigners::Received>& ListSigners::received(const KeyId& key) {
  const auto [entry, fresh] = known_.try_emplace(key);
  const auto facts = authorities_.find(key);
  if (!fresh || facts == authorities_.end()) return entry->second;
  TemporalRules rules(policies_, domain_, at_);
  auto order = rules.order_by_receipt(*facts->second);
  for (Judgement& judgement : order)
    if (is_authority(judgement.fact->statement) && (rules.in_time(judgement) || rules.expired_only(judgement)))
      entry->second.push_back({judgement.fact->statement.credentials[0].get(), judgement.fact->statement.issuer});
  return entry->second;
}

ListSigners::Named ListSigners::named(const KeyId& key, View name) {
  Named found;
  for (const Received& one : received(key)) {
    if (!equal(one.certificate->subject_name(), name)) continue;
    found.issuers.push_back(one.issuer);
    if (one.certificate->is_self_issued()) found.self_issued_by.push_back(one.issuer);
  }
  return found;
}

bool ListSigners::plays_a_role(const KeyId& key) const {
  return !policies_.roles_of(domain_.domain, key, evidence::certificate_format).empty();
}

// `from`: the key that made certificates in this name.
bool ListSigners::linked(const KeyId& from, const KeyId& to, View name) {
  const Named of_from = named(from, name), of_to = named(to, name);
  // The CA certified its new key under its own name.
  if (contains(of_to.self_issued_by, from)) return true;
  // A superior CA certified both keys under the same name.
  if (std::any_of(of_to.issuers.begin(), of_to.issuers.end(),
                  [&](const KeyId& above) { return above != to && contains(of_from.issuers, above); }))
    return true;
  // The new key certified the old one, and all rights of the old one come from that. A key with a right of its own belongs to nobody else.
  const auto from_there = [&](const KeyId& issuer) { return issuer == to || issuer == from; };
  return contains(of_from.self_issued_by, to) && !plays_a_role(from) &&
         std::all_of(of_from.issuers.begin(), of_from.issuers.end(), from_there);
}

// Key after key, in the order of their ids: a CA may have changed its key more than once.
bool ListSigners::reaches(const KeyId& from, const KeyId& to, View name) {
  std::vector<KeyId> reached{from};
  for (std::size_t next = 0; next < reached.size() && reached.size() <= budget::crl_signers; ++next) {
    if (linked(reached[next], to, name)) return true;
    for (const auto& [key, facts] : authorities_)
      if (!contains(reached, key) && key != to && linked(reached[next], key, name)) reached.push_back(key);
  }
  return false;
}

bool ListSigners::speaks_for(const evidence::Statement& list, const KeyId& issuer) {
  if (list.issuer == issuer) return true;
  const auto [answer, fresh] = answers_.try_emplace({issuer, list.issuer, list.revocations->issuer_name}, false);
  if (fresh) answer->second = reaches(issuer, list.issuer, list.revocations->issuer_name);
  return answer->second;
}

bool ListSigners::has_other_names(const evidence::Statement& list) {
  const auto& certificates = received(list.issuer);
  return !certificates.empty() && std::none_of(certificates.begin(), certificates.end(), [&](const Received& one) {
    return equal(one.certificate->subject_name(), list.revocations->issuer_name);
  });
}

// Decided by its certificates of that name or, where there is none, by all of them.
std::string ListSigners::why_not(const evidence::Statement& list) {
  std::vector<const evidence::Credential*> all, of_name;
  for (const Received& one : received(list.issuer)) {
    all.push_back(one.certificate);
    if (equal(one.certificate->subject_name(), list.revocations->issuer_name)) of_name.push_back(one.certificate);
  }
  const auto& asked = of_name.empty() ? all : of_name;
  if (asked.empty() || std::any_of(asked.begin(), asked.end(), [](const auto* one) { return one->may_sign_lists(); })) return {};
  return "keyUsage: no certificate of its signer has cRLSign: it may not sign CRLs (RFC 5280 section 6.3.3 (f))";
}

}  // namespace cm4it::policy
