#include "policy/issuers.h"

#include <algorithm>

#include "base/budgets.h"
#include "policy/paths.h"

namespace cm4it::policy {
namespace {

struct Candidates {
  const Decoded& decoded;
  const Policies& policies;
  const Context& context;

  std::vector<crypto::PublicKey> operator()(const KeyId& id) const {
    if (const auto* key = policies.find_key(id)) return {*key};
    if (decoded.carried_key() && decoded.carried_key()->id() == id) return {*decoded.carried_key()};
    // Whoever certified something may take it back, also where no policy lists the key: a CA below another.
    if (const auto* key = context.authorities ? certified_key(id, *context.authorities) : nullptr) return {*key};
    for (const auto& key : context.issuers)  // the subject's own, out of an identity of it
      if (key.id() == id) return {key};
    return {};
  }
  std::vector<crypto::PublicKey> operator()(const evidence::Method1Id& id) const { return policies.find_keys(id); }
  std::vector<crypto::PublicKey> operator()(const evidence::X509Issuer&) const { return context.issuers; }
  std::vector<crypto::PublicKey> operator()(const evidence::PgpIssuer&) const {
    std::vector<crypto::PublicKey> keys;
    for (const KeyId& id : context.named)
      if (const auto* key = policies.find_key(id); key && keys.size() < budget::candidate_keys) keys.push_back(*key);
    return keys;
  }
};

}  // namespace

std::vector<crypto::PublicKey> candidates(const Decoded& decoded, const Policies& policies, const Context& context) {
  return std::visit(Candidates{decoded, policies, context}, decoded.issuer());
}

namespace {

struct IssuerText {
  const Policies& policies;
  std::string operator()(const evidence::X509Issuer& id) const { return "named " + id.text; }
  std::string operator()(const KeyId& id) const { return key_words(id, policies); }
  std::string operator()(const evidence::Method1Id& id) const { return "with key identifier " + to_hex(id.octets); }
  std::string operator()(const evidence::PgpIssuer& id) const { return "with OpenPGP " + std::string(id.fingerprint.empty() ? "key id " : "fingerprint ") + id.text(); }
};

}  // namespace

std::string issuer_text(const Decoded& decoded, const Policies& policies) { return std::visit(IssuerText{policies}, decoded.issuer()); }

Issuers issuers_of(const Decoded& decoded, const std::vector<crypto::Certificate>& kept, const Policies& policies,
                   const std::vector<std::string>& domains) {
  Issuers issuers;
  const auto* name = std::get_if<evidence::X509Issuer>(&decoded.issuer());
  if (!name) return issuers;
  const auto add = [&](const crypto::PublicKey& key) {
    if (issuers.keys.size() < budget::authority_candidates && std::find(issuers.keys.begin(), issuers.keys.end(), key) == issuers.keys.end())
      issuers.keys.push_back(key);
  };
  // RFC 5280 section 4.2.1.2: CAs may number their keys as they like; most hash them by method 1.
  if (evidence::Method1Id id; name->key_id.size() == id.octets.size()) {
    std::copy(name->key_id.begin(), name->key_id.end(), id.octets.begin());
    for (const auto& key : policies.find_keys(id)) add(key);
    if (decoded.carried_key() && equal(decoded.carried_key()->method1_id(), name->key_id)) add(*decoded.carried_key());
    for (const auto& certificate : kept)
      if (equal(certificate.key().method1_id(), name->key_id)) add(certificate.key());
  }
  issuers.identified = issuers.keys.size();
  issuers.certain = !issuers.keys.empty();
  if (issuers.certain) return issuers;
  for (const auto& certificate : kept)
    if (!name->key_id.empty() && certificate.fields().subject_key_id == name->key_id) add(certificate.key());
  issuers.identified = issuers.keys.size();
  if (decoded.carried_key()) add(*decoded.carried_key());
  for (const auto& certificate : kept) add(certificate.key());
  for (const auto& domain : domains)
    for (const auto& key : policies.keys_playing(domain, evidence::certificate_format, budget::authority_candidates)) add(key);
  return issuers;
}

}  // namespace cm4it::policy
