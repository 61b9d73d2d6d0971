#include "policy/delegation.h"

#include <algorithm>
#include <map>
#include <span>

#include "base/budgets.h"
#include "evidence/codec.h"

namespace cm4it::policy {
namespace {

using evidence::Credential;
using evidence::CredentialPtr;
using evidence::Statement;

bool is_self_signed(const Fact& fact) { return fact.statement.subject == evidence::SubjectId::key(fact.statement.issuer); }

const CredentialPtr& credential_of(const Fact& fact) { return fact.statement.credentials.at(0); }

// The constraints in the anchor's self-signed certificate bind too; without such a certificate only the policy does.
Result<void> check_under(std::span<const CredentialPtr> path, const crypto::PublicKey& anchor, const Links& links) {
  Result<void> outcome;
  bool any = false;
  for (const Fact* fact : links.certificates) {
    if (!is_self_signed(*fact) || !equal(credential_of(*fact)->subject_name(), path.back()->issuer_name())) continue;
    any = true;
    outcome = path[0]->check_path(path, anchor, credential_of(*fact).get());
    if (outcome) return outcome;
  }
  if (any) return outcome;
  if (!links.self_signed_problem.empty())
    return fail(Code::not_permitted, "path: " + path.back()->issuer_text() + ": " + links.self_signed_problem);
  return path[0]->check_path(path, anchor, nullptr);
}

// Depth first, in the order of statement ids: the same paths are found everywhere, and no more than the budgets let.
class PathBuilder {
 public:
  PathBuilder(const Statement& statement, const LinksOf& links, const RolesOf& roles, const Policies& policies)
      : statement_(statement), links_(links), roles_(roles), policies_(policies) {}

  Paths build() {
    if (!statement_.credentials.empty()) credentials_ = {statement_.credentials[0]};  // a list that takes back has none
    extend(statement_.issuer);
    return std::move(paths_);
  }

 private:
  bool spent() const { return checked_ >= budget::paths_checked || visited_ >= budget::authorities * 4; }

  // Finds all paths from here on: this key may be an anchor, and so may the keys above it.
  void extend(const KeyId& key) {
    ++visited_;
    for (const auto& membership : roles_(key)) anchor_reached(key, membership);
    if (credentials_.size() >= budget::path_certificates) {
      if (!links_(key).certificates.empty())
        paths_.why_not =
            "path: more than " + std::to_string(budget::path_certificates) + " certificates up to a key that plays a role";
      return;
    }
    for (const Fact* fact : links_(key).certificates) {
      const KeyId& issuer = fact->statement.issuer;
      if (spent()) return;
      if (is_self_signed(*fact) || issuer == statement_.issuer || is_on_path(issuer)) continue;  // a circle
      path_.push_back(fact);
      credentials_.push_back(credential_of(*fact));
      extend(issuer);
      credentials_.pop_back();
      path_.pop_back();
    }
  }

  bool is_on_path(const KeyId& issuer) const {
    return std::any_of(path_.begin(), path_.end(), [&](const Fact* fact) { return fact->statement.issuer == issuer; });
  }

  void anchor_reached(const KeyId& key, const Policies::Membership& membership) {
    if (auto holds = check(key); holds) paths_.found.push_back({membership, path_, key});
    else paths_.why_not = std::move(holds).error().message;
  }

  Result<void> check(const KeyId& key) {
    // An authority's certificate of itself, when that is what is asked about; a list by the key that plays the role.
    if (credentials_.empty() || (path_.empty() && statement_.subject == evidence::SubjectId::key(key))) return {};
    ++checked_;
    const crypto::PublicKey* anchor = policies_.find_key(key);
    if (!anchor) return fail(Code::not_permitted, "path: the key at its end is not known");
    return check_under(credentials_, *anchor, links_(key));
  }

  const Statement& statement_;
  const LinksOf& links_;
  const RolesOf& roles_;
  const Policies& policies_;
  std::vector<const Fact*> path_;
  std::vector<CredentialPtr> credentials_;  // the one asked about, and those of path_
  std::size_t checked_ = 0, visited_ = 0;
  Paths paths_;
};

// One key at the end of the first certificates of a chain.
void end_chain(std::span<const CredentialPtr> path, const crypto::PublicKey& key, const WhyNot& why_not, const LinksOf& links,
               const RolesOf& roles, Paths& paths) {
  const auto memberships = roles(key.id());
  if (memberships.empty()) return;
  for (std::size_t i = 0; i < path.size(); ++i) {
    std::string reason = why_not(*path[i], i + 1 < path.size() ? path[i + 1]->key_id() : key.id());
    if (!reason.empty()) paths.why_not = "x5chain: " + path[i]->subject_text() + ": " + reason;
    if (!reason.empty()) return;
  }
  if (auto holds = check_under(path, key, links(key.id())); !holds) paths.why_not = std::move(holds).error().message;
  else
    for (const auto& membership : memberships) paths.found.push_back({membership, {}, key.id()});
}

}  // namespace

Paths chain_paths_of(const Statement& statement, const WhyNot& why_not, const LinksOf& links, const RolesOf& roles,
                     const Policies& policies) {
  Paths paths;
  const std::span<const CredentialPtr> chain(statement.credentials);
  // Of a native statement this was asked when it was read; a list may also be by a key that plays a role itself.
  if (const auto signs = chain[0]->check_signs_statements(); !signs) {
    paths.why_not = signs.error().message;
    return paths;
  }
  for (std::size_t i = 1; i < chain.size(); ++i)
    end_chain(chain.first(i), chain[i]->key(), why_not, links, roles, paths);
  // The identifier is only a claim, so the signature is checked.
  if (!paths.found.empty()) return paths;
  for (const auto& key : policies.find_keys(chain.back()->issuer_key_name()))
    if (!roles(key.id()).empty() && chain.back()->verify(key)) end_chain(chain, key, why_not, links, roles, paths);
  return paths;
}

const crypto::PublicKey* certified_key(const KeyId& key, const Authorities& authorities) {
  const auto facts = authorities.find(key);
  if (facts == authorities.end()) return nullptr;
  for (const Fact& fact : *facts->second)
    if (fact.statement.is_certificate() && !fact.statement.credentials.empty()) return &credential_of(fact)->key();
  return nullptr;
}

bool is_authority(const Statement& statement) {
  return statement.is_certificate() && !statement.credentials.empty() && statement.credentials[0]->is_authority();
}

namespace {

// The certificates about a key that were made in this domain or in one that it refers to, whenever they are valid.
Links stored_links(const KeyId& key, const Authorities& authorities, const Descriptor& domain) {
  Links links;
  const auto facts = authorities.find(key);
  if (facts == authorities.end()) return links;
  auto places = domain.referenced();
  places.push_back(domain.domain);
  for (const Fact& fact : *facts->second)
    if (is_authority(fact.statement) &&
        std::find_first_of(places.begin(), places.end(), fact.domains.begin(), fact.domains.end()) != places.end())
      links.certificates.push_back(&fact);
  std::sort(links.certificates.begin(), links.certificates.end(),
            [](const Fact* a, const Fact* b) { return a->statement.id < b->statement.id; });
  return links;
}

}  // namespace

Paths stored_paths(const Statement& statement, const Authorities& authorities, const Policies& policies, const Descriptor& domain) {
  std::map<KeyId, Links> known;
  const auto links = [&](const KeyId& key) -> const Links& {
    const auto [entry, fresh] = known.try_emplace(key);
    if (fresh) entry->second = stored_links(key, authorities, domain);
    return entry->second;
  };
  if (!evidence::may_bear_chain(statement.format))
    return paths_of(statement, links, [&](const KeyId& key) { return policies.roles_of(domain.domain, key, evidence::certificate_format); }, policies);
  return chain_paths_of(statement, [](const Credential&, const KeyId&) { return std::string(); }, links,
                        [&](const KeyId& ca) { return policies.signing_roles_of(domain.domain, ca, statement.format); }, policies);
}

Paths paths_of(const Statement& statement, const LinksOf& links, const RolesOf& roles, const Policies& policies) {
  return PathBuilder(statement, links, roles, policies).build();
}

}  // namespace cm4it::policy
