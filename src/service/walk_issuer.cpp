// Who may have said it: the keys under which a piece of evidence is looked at.
#include <algorithm>

#include "base/budgets.h"
#include "evidence/codec.h"
#include "evidence/formats/x509/x509.h"
#include "policy/paths.h"
#include "service/walk_steps.h"

namespace cm4it::service {

using evidence::Decoded;
using evidence::Statement;

Result<void> Walk::find_authorities(const evidence::X509Issuer& issuer) {
  // Those that play a role come first: strangers may give their own CAs the same name, and any number of them.
  std::vector<KeyId> keys;
  for (const auto& domain : domains_)
    for (const auto& key : policies_.keys_playing(domain, evidence::certificate_format, budget::authorities / 2)) keys.push_back(key.id());
  CHECK_OK(context_.reader.named(evidence::x509::authority_name(issuer.name), [&](const evidence::SubjectId& subject, evidence::AliasRank) {
    keys.push_back(KeyId{subject.digest});
    return keys.size() < budget::authorities;
  }));
  CHECK_OK(context_.reader.add_authorities(keys, authorities_));
  std::vector<crypto::Certificate> kept;
  for (const KeyId& key : keys)
    for (const auto& fact : authorities_[key])
      if (policy::is_authority(fact.statement) && fact.statement.certificates[0].fields().subject_canonical == issuer.name)
        kept.push_back(fact.statement.certificates[0]);
  issuers_ = policy::issuers_of(decoded_, kept, policies_, domains_);
  if (!issuers_.certain || issuers_.keys.size() > 1) only_signer();
  // What these keys say of themselves binds what they say of others.
  keys.clear();
  for (const auto& key : issuers_.keys) keys.push_back(key.id());
  return context_.reader.add_authorities(std::move(keys), authorities_);
}

void Walk::only_signer() {
  const auto signer = std::find_if(issuers_.keys.begin(), issuers_.keys.end(),
                                   [&](const auto& key) { return evidence::check_signature(decoded_, key).has_value(); });
  const auto left = signer != issuers_.keys.end() ? signer : issuers_.identified > 0 ? issuers_.keys.begin() : issuers_.keys.end();
  issuers_.certain = left != issuers_.keys.end();
  if (issuers_.certain) issuers_.keys = {crypto::PublicKey(*left)};
  else issuers_.keys.clear();
}

Result<void> Walk::find_own_key(const Statement& statement) {
  if (policies_.find_key(statement.issuer) || decoded_.carried_key()) return {};
  TRY(const auto facts, context_.reader.facts(statement.subject));
  for (const auto& fact : facts.about) {
    const auto* identity = std::get_if<evidence::Identity>(&fact.statement.body);
    if (!identity || identity->spki.empty()) continue;
    auto key = crypto::PublicKey::from_canonical_spki(identity->spki);
    if (!key || key->id() != statement.issuer) continue;
    issuers_.keys = {std::move(*key)};
    return {};
  }
  return {};
}

Result<void> Walk::find_named() {
  if (const auto* authority = std::get_if<evidence::X509Issuer>(&decoded_.issuer())) return find_authorities(*authority);
  if (evidence::may_bear_chain(decoded_.format())) {  // what the CAs of its x5chain say of themselves
    std::vector<KeyId> keys;
    const auto& statement = decoded_.statements()[0];
    for (const auto& certificate : statement.certificates) keys.push_back(certificate.key_id());
    if (statement.subject == evidence::SubjectId::key(statement.issuer)) CHECK_OK(find_own_key(statement));
    if (statement.kind() == evidence::Kind::withdraw && !policies_.find_key(statement.issuer)) keys.push_back(statement.issuer);  // it may be a CA below another
    return context_.reader.add_authorities(std::move(keys), authorities_);
  }
  const auto* issuer = std::get_if<evidence::PgpIssuer>(&decoded_.issuer());
  if (!issuer) return {};
  const std::string kind = issuer->fingerprint.empty() ? "keyid:" : "fpr:";
  // What others bind as their subkey is not theirs to speak for. Of key ids, which can be made alike, those come first whose
  // keys a policy lists.
  std::vector<KeyId> others;
  std::size_t examined = 0;
  CHECK_OK(context_.reader.named(kind + issuer->text(), [&](const evidence::SubjectId& subject, evidence::AliasRank rank) {
    if (rank != evidence::AliasRank::own || subject.kind != evidence::SubjectKind::key) return false;
    const KeyId key{subject.digest};
    if (policies_.find_key(key)) named_.push_back(key);
    else if (others.size() < budget::candidate_keys) others.push_back(key);
    return named_.size() < budget::candidate_keys && ++examined < budget::names_examined;
  }));
  named_.insert(named_.end(), others.begin(), others.end());
  return {};
}

Result<void> Walk::find_issuer(const KeyId& claimed) {
  if (const auto* named = std::get_if<KeyId>(&decoded_.issuer())) {
    if (*named != claimed) return fail(Code::malformed, "record.3: not the issuer that the evidence names");
    if (const auto* key = policies_.find_key(*named)) keys_ = {*key};
    else if (decoded_.carried_key() && decoded_.carried_key()->id() == *named) keys_ = {*decoded_.carried_key()};
    else if (const auto* certified = policy::certified_key(*named, authorities_)) keys_ = {*certified};
    else keys_ = issuers_.keys;  // the subject's own
  } else if (const auto* method1 = std::get_if<evidence::Method1Id>(&decoded_.issuer())) {
    keys_ = policies_.find_keys(*method1);
  } else if (const auto* key = policies_.find_key(claimed)) {
    keys_ = {*key};
  } else {
    for (const auto& known : issuers_.keys)
      if (known.id() == claimed) keys_ = {known};
  }
  if (keys_.empty())
    return fail(Code::not_yet, "issuer: no policy that is known here lists the key " + claimed.text() +
                (decoded_.format() == evidence::certificate_format ? ", and no certificate of a CA with it is kept" : ""),
                "it is tried again when a policy comes");
  issuers_.certain = true;
  return {};
}

Result<void> Walk::authenticate() {
  const auto* claimed = std::get_if<KeyId>(&decoded_.issuer());
  const auto* key = claimed && !authentic_ ? policies_.find_key(*claimed) : nullptr;
  if (!key) return {};
  TRY(authentic_, evidence::verify(Decoded(decoded_), *key));
  return {};
}

}  // namespace cm4it::service
