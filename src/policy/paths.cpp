#include "policy/paths.h"

#include <algorithm>
#include <span>

#include "base/budgets.h"
#include "crypto/path.h"
#include "evidence/formats/x509/x509.h"

namespace cm4it::policy {
namespace {

using crypto::Certificate;
using evidence::Statement;

bool own_certificate(const Fact& fact) { return fact.statement.subject == evidence::SubjectId::key(fact.statement.issuer); }

const Certificate& certificate_of(const Fact& fact) { return fact.statement.certificates.at(0); }

// The constraints in what a role's key says of itself bind too; where it says nothing, the policy alone does.
Result<void> check_under(std::span<const Certificate> path, const crypto::PublicKey& anchor, const Links& links) {
  Result<void> outcome;
  bool any = false;
  for (const Fact* fact : links.certificates) {
    if (!own_certificate(*fact) || certificate_of(*fact).fields().subject_canonical != path.back().fields().issuer_canonical)
      continue;
    any = true;
    outcome = crypto::check_path(path, anchor, &certificate_of(*fact));
    if (outcome) return outcome;
  }
  if (any) return outcome;
  if (!links.own_ended.empty())
    return fail(Code::not_permitted, "path: " + path.back().fields().issuer_text + ": " + links.own_ended);
  return crypto::check_path(path, anchor);
}

// Depth first, in the order of statement ids: the same ways are found everywhere, and no more than the budgets let.
class Climb {
 public:
  Climb(const Statement& statement, const LinksOf& links, const RolesOf& roles, const Policies& policies)
      : statement_(statement), links_(links), roles_(roles), policies_(policies) {}

  Paths run() {
    if (!statement_.certificates.empty()) certificates_ = {statement_.certificates[0]};  // a CRL has none
    up(statement_.issuer);
    return std::move(paths_);
  }

 private:
  bool spent() const { return checked_ >= budget::paths_checked || visited_ >= budget::authorities * 4; }

  void up(const KeyId& key) {
    ++visited_;
    for (const auto& membership : roles_(key)) arrive(key, membership);
    if (certificates_.size() >= budget::path_certificates) {
      if (!links_(key).certificates.empty())
        paths_.why_not =
            "path: more than " + std::to_string(budget::path_certificates) + " certificates up to a key that plays a role";
      return;
    }
    for (const Fact* fact : links_(key).certificates) {
      const KeyId& issuer = fact->statement.issuer;
      if (spent()) return;
      if (own_certificate(*fact) || issuer == statement_.issuer || passed(issuer)) continue;  // round in a circle
      path_.push_back(fact);
      certificates_.push_back(certificate_of(*fact));
      up(issuer);
      certificates_.pop_back();
      path_.pop_back();
    }
  }

  bool passed(const KeyId& issuer) const {
    return std::any_of(path_.begin(), path_.end(), [&](const Fact* fact) { return fact->statement.issuer == issuer; });
  }

  void arrive(const KeyId& key, const Policies::Membership& membership) {
    if (auto holds = check(key); holds) paths_.found.push_back({membership, path_, key});
    else paths_.why_not = std::move(holds).error().message;
  }

  Result<void> check(const KeyId& key) {
    // A CA's certificate of itself, when that is what is asked about; a CRL by the key that plays the role.
    if (certificates_.empty() || (path_.empty() && statement_.subject == evidence::SubjectId::key(key))) return {};
    ++checked_;
    const crypto::PublicKey* anchor = policies_.find_key(key);
    if (!anchor) return fail(Code::not_permitted, "path: the key at its end is not known");
    return check_under(certificates_, *anchor, links_(key));
  }

  const Statement& statement_;
  const LinksOf& links_;
  const RolesOf& roles_;
  const Policies& policies_;
  std::vector<const Fact*> path_;
  std::vector<Certificate> certificates_;  // the one asked about, and those of path_
  std::size_t checked_ = 0, visited_ = 0;
  Paths paths_;
};

// One key at the end of the first certificates of a chain.
void end_chain(std::span<const Certificate> path, const crypto::PublicKey& key, const WhyNot& why_not, const LinksOf& links,
               const RolesOf& roles, Paths& paths) {
  const auto memberships = roles(key.id());
  if (memberships.empty()) return;
  for (std::size_t i = 0; i < path.size(); ++i) {
    std::string reason = why_not(path[i], i + 1 < path.size() ? path[i + 1].key_id() : key.id());
    if (!reason.empty()) paths.why_not = "x5chain: " + path[i].fields().subject_text + ": " + reason;
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
  const std::span<const Certificate> chain(statement.certificates);
  // Of a native statement this was asked when it was read; a list may also be by a key that plays a role itself.
  if (const auto signs = evidence::x509::check_signs_statements(chain[0]); !signs) {
    paths.why_not = signs.error().message;
    return paths;
  }
  for (std::size_t i = 1; i < chain.size(); ++i)
    end_chain(chain.first(i), chain[i].key(), why_not, links, roles, paths);
  // The identifier is a claim: the signature proves it.
  const Bytes& claimed = chain.back().fields().authority_key_id;
  if (!paths.found.empty() || claimed.size() != evidence::method1_octets) return paths;
  for (const auto& key : policies.find_keys(evidence::method1_name(claimed)))
    if (!roles(key.id()).empty() && chain.back().verify(key)) end_chain(chain, key, why_not, links, roles, paths);
  return paths;
}

const crypto::PublicKey* certified_key(const KeyId& key, const Authorities& authorities) {
  const auto facts = authorities.find(key);
  if (facts == authorities.end()) return nullptr;
  for (const Fact& fact : facts->second)
    if (fact.statement.is_certificate() && !fact.statement.certificates.empty()) return &certificate_of(fact).key();
  return nullptr;
}

bool is_authority(const Statement& statement) {
  return statement.is_certificate() && !statement.certificates.empty() && statement.certificates[0].fields().of_authority();
}

Links kept_links(const KeyId& key, const Authorities& authorities, const Descriptor& domain) {
  Links links;
  const auto facts = authorities.find(key);
  if (facts == authorities.end()) return links;
  auto places = domain.referenced();
  places.push_back(domain.domain);
  for (const Fact& fact : facts->second)
    if (is_authority(fact.statement) &&
        std::find_first_of(places.begin(), places.end(), fact.domains.begin(), fact.domains.end()) != places.end())
      links.certificates.push_back(&fact);
  std::sort(links.certificates.begin(), links.certificates.end(),
            [](const Fact* a, const Fact* b) { return a->statement.id < b->statement.id; });
  return links;
}

Paths paths_of(const Statement& statement, const LinksOf& links, const RolesOf& roles, const Policies& policies) {
  return Climb(statement, links, roles, policies).run();
}

}  // namespace cm4it::policy
