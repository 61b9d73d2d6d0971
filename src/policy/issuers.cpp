#include "policy/issuers.h"

#include <algorithm>

#include "base/budgets.h"
#include "base/text.h"
#include "evidence/codec.h"
#include "policy/delegation.h"
#include "policy/possession.h"

namespace cm4it::policy {
namespace {

using evidence::Statement;

// For evidence that names its issuer's key by id: the key may come from any source, since the id proves it.
class NamedKey {
 public:
  NamedKey(const Decoded& decoded, const Policies& policies, const KeyIndex& index)
      : decoded_(decoded), id_(*decoded.issuer().key), policies_(policies), index_(index) {}

  Result<IssuerKeys> find() {
    IssuerKeys found;
    const Statement& statement = decoded_.statements().at(0);
    const auto* listed = policies_.find_key(id_);
    if (evidence::may_bear_chain(decoded_.format())) {
      std::vector<KeyId> keys = decoded_.issuer().chain;  // what the CAs above it say of themselves
      // An issuer of a certificate may revoke it even if no policy lists its key, as that of a subordinate CA.
      if (statement.kind() == evidence::Kind::withdraw && !listed) keys.push_back(id_);
      CHECK_OK(index_.add_authorities(std::move(keys), found.authorities));
    }
    if (listed) found.keys = {*listed};
    else if (decoded_.carried_key() && decoded_.carried_key()->id() == id_) found.keys = {*decoded_.carried_key()};
    else if (const auto* certified = certified_key(id_, found.authorities)) found.keys = {*certified};
    if (!found.keys.empty() || decoded_.carried_key() || statement.subject != evidence::SubjectId::key(id_)) return found;
    // For a statement by the subject about itself: its key stands in an identity of it.
    TRY(const auto own, index_.find_own_key(id_));
    if (own) found.keys = {*own};
    return found;
  }

 private:
  const Decoded& decoded_;
  const KeyId id_;
  const Policies& policies_;
  const KeyIndex& index_;
};

// Names that hash the key, or under which evidence of it is stored. Only keys that a policy lists are tried: no other has a right.
Result<IssuerKeys> listed_keys(const Decoded& decoded, const Policies& policies, const KeyIndex& index) {
  IssuerKeys found;
  std::vector<KeyId> others;
  std::size_t examined = 0;
  for (const auto& name : decoded.issuer().names) {
    if (evidence::is_hash_of_key(name)) {
      for (auto& key : policies.find_keys(name)) found.keys.push_back(std::move(key));
      continue;
    }
    // Keys with the same short name can be generated on purpose, so the keys that a policy lists come first.
    CHECK_OK(index.visit_named(name, [&](const KeyId& key) {
      if (policies.find_key(key)) found.named.push_back(key);
      else if (others.size() < budget::candidate_keys) others.push_back(key);
      return found.named.size() < budget::candidate_keys && ++examined < budget::names_examined;
    }));
  }
  for (const KeyId& id : found.named) found.keys.push_back(*policies.find_key(id));
  if (found.keys.size() > budget::candidate_keys) found.keys.erase(found.keys.begin() + budget::candidate_keys, found.keys.end());
  found.named.insert(found.named.end(), others.begin(), others.end());
  return found;
}

// The keys of CAs that may have signed a certificate or a CRL: first those of the identifier that it gives; unless one of them has it
// by its hash also those of its issuer's name that are stored, its own where it is self-issued, and those that play a role with
// certificates. Identifiers are claims: any CA may give its key that of another (RFC 5280 section 4.2.1.1).
class AuthorityKeys {
 public:
  AuthorityKeys(const Decoded& decoded, const std::vector<std::string>& domains, const Policies& policies, const KeyIndex& index)
      : decoded_(decoded), names_(decoded.issuer().names), domains_(domains), policies_(policies), index_(index) {}

  Result<IssuerKeys> find() {
    CHECK_OK(find_stored());
    add_by_hash();
    const bool certain = !keys_.empty();
    std::size_t identified = keys_.size();
    if (!certain) {
      add_identified();
      identified = keys_.size();
      add_others();
    }
    if (!certain || keys_.size() > 1) only_signer(identified);
    for (const auto& key : keys_) found_.named.push_back(key.id());
    found_.keys = std::move(keys_);
    // The certificates that these keys made of themselves constrain those that they made of others.
    CHECK_OK(index_.add_authorities(found_.named, found_.authorities));
    return std::move(found_);
  }

 private:
  struct StoredAuthority {
    const Statement* statement;
    const crypto::PublicKey* key;
  };

  Result<void> find_stored() {
    // Those that play a role come first: strangers may give their own CAs the same name, and any number of them.
    std::vector<KeyId> ids;
    for (const auto& domain : domains_)
      for (const auto& key : policies_.keys_playing(domain, evidence::certificate_format, budget::authorities / 2)) ids.push_back(key.id());
    CHECK_OK(index_.visit_named(names_.back(), [&](const KeyId& id) {
      ids.push_back(id);
      return ids.size() < budget::authorities;
    }));
    CHECK_OK(index_.add_authorities(ids, found_.authorities));
    for (const KeyId& id : ids) {
      const auto facts = found_.authorities.find(id);
      if (facts == found_.authorities.end()) continue;
      for (const auto& fact : *facts->second)
        if (is_authority(fact.statement) && gives_name(fact.statement, names_.back()))
          stored_.push_back({&fact.statement, &fact.statement.credentials[0]->key()});
    }
    return {};
  }

  void add(const crypto::PublicKey& key) {
    if (keys_.size() < budget::authority_candidates && !contains(keys_, key)) keys_.push_back(key);
  }

  void add_by_hash() {
    const auto& carried = decoded_.carried_key();
    for (const auto& name : names_) {
      if (!evidence::is_hash_of_key(name)) continue;
      for (const auto& key : policies_.find_keys(name)) add(key);
      if (carried && evidence::is_named(*carried, name)) add(*carried);
      for (const StoredAuthority& authority : stored_)
        if (evidence::is_named(*authority.key, name)) add(*authority.key);
    }
  }

  void add_identified() {
    for (std::size_t i = 0; i + 1 < names_.size(); ++i)
      for (const StoredAuthority& authority : stored_)
        if (gives_name(*authority.statement, names_[i])) add(*authority.key);
  }

  void add_others() {
    if (decoded_.carried_key()) add(*decoded_.carried_key());
    for (const StoredAuthority& authority : stored_) add(*authority.key);
    for (const auto& domain : domains_)
      for (const auto& key : policies_.keys_playing(domain, evidence::certificate_format, budget::authority_candidates)) add(key);
  }

  // Names and roles leave several keys, and only the signature tells which of them it is: a few, and bounded. Where it is none of
  // those that it names by their identifier either, the signature is what is wrong.
  void only_signer(std::size_t identified) {
    const auto signer = std::find_if(keys_.begin(), keys_.end(), [&](const auto& key) { return evidence::check_signature(decoded_, key).has_value(); });
    const auto left = signer != keys_.end() ? signer : identified > 0 ? keys_.begin() : keys_.end();
    if (left == keys_.end()) keys_.clear();
    else keys_ = {crypto::PublicKey(*left)};
  }

  const Decoded& decoded_;
  const std::vector<std::string>& names_;
  const std::vector<std::string>& domains_;
  const Policies& policies_;
  const KeyIndex& index_;
  IssuerKeys found_;
  std::vector<StoredAuthority> stored_;  // certificates of CAs of the issuer's name, in found_.authorities
  std::vector<crypto::PublicKey> keys_;
};

}  // namespace

Result<IssuerKeys> candidate_keys(const Decoded& decoded, const std::vector<std::string>& domains, const Policies& policies, const KeyIndex& index) {
  const evidence::IssuerHint& hint = decoded.issuer();
  if (hint.key) return NamedKey(decoded, policies, index).find();
  if (hint.names.empty()) return IssuerKeys{};
  if (evidence::signed_by_authorities(decoded.format())) return AuthorityKeys(decoded, domains, policies, index).find();
  return listed_keys(decoded, policies, index);
}

std::vector<crypto::PublicKey> keys_of_copy(const Decoded& decoded, const KeyId& claimed, const IssuerKeys& found, const Policies& policies) {
  const evidence::IssuerHint& hint = decoded.issuer();
  if (hint.key || hint.by_hash_alone()) return found.keys;
  if (const auto* key = policies.find_key(claimed)) return {*key};
  for (const auto& key : found.keys)
    if (key.id() == claimed) return {key};
  return {};
}

std::string issuer_text(const Decoded& decoded, const Policies& policies) {
  const evidence::IssuerHint& hint = decoded.issuer();
  return hint.key ? key_words(*hint.key, policies) : hint.text;
}

}  // namespace cm4it::policy
