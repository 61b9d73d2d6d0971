// The policies this server knows: for each pinned domain its chain of versions, and who plays which role.
// Immutable once assembled; shared by all threads; replaced when a policy or a pin comes.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "evidence/evidence.h"
#include "policy/descriptor.h"

namespace cm4it::policy {

using evidence::StatementId;

// One signed descriptor, verified, as evidence of kind policy gives it.
struct SignedDescriptor {
  std::shared_ptr<const Descriptor> descriptor;
  StatementId statement;
  KeyId signer;
};

// The owner this server believes a domain to have, and who told it.
struct Pin {
  std::string domain;
  KeyId owner;
  enum class Source { configuration, copy_rule, transfer } source = Source::configuration;
};

// model.md "Domains and their policy": version n counts iff the owner named in n−1 signed it, version 1 iff the
// pinned owner did; the highest unbroken version applies; two of one version are a fork until a higher one counts.
struct Chain {
  std::string domain;
  KeyId pinned_owner;
  Pin::Source pinned_by = Pin::Source::configuration;
  std::vector<SignedDescriptor> versions;  // 1 … n, unbroken (of a fork: the lowest statement id)
  bool forked = false;                     // the highest version has a rival: nothing is admitted
  std::vector<StatementId> rivals;         // of the highest version, when forked
  std::vector<std::uint64_t> beyond_gap;   // versions seen that a missing one keeps from counting
  std::vector<std::uint64_t> past_forks;

  const Descriptor* newest() const { return versions.empty() ? nullptr : versions.back().descriptor.get(); }
};

class Policies {
 public:
  Policies() = default;
  // Pins of the configuration first; then those of [[copy]] rules of chains already pinned, to a fixed point; then
  // those of transfers. The first pin of a domain wins, in that order and by domain name: the order of the arguments
  // does not matter.
  static Policies assemble(std::span<const SignedDescriptor> descriptors, std::span<const Pin> pins);

  const Chain* chain(std::string_view domain) const;
  const Descriptor* newest(std::string_view domain) const;  // null: no policy counts
  bool forked(std::string_view domain) const;
  const std::map<std::string, Chain, std::less<>>& chains() const { return chains_; }

  // A role an issuer plays in `domain`: by an entry of its own policy, or one imported from another's, one step.
  struct Membership {
    std::string role;
    std::string set_by;         // the domain whose policy lists the key: its homes' receipts count for `until`
    std::optional<Time> until;
  };
  // Every role of `domain` that `issuer` plays with evidence of `format`; literal and imported, `until` or not.
  // Built-in roles are not among them, but for owner and home.
  std::vector<Membership> roles_of(std::string_view domain, const KeyId& issuer, Format format) const;

  // May it speak for this domain where that is a holder: its owner, or one of its agents. Holders speak natively alone.
  struct Voice { bool speaks = false; std::optional<Time> until; };
  Voice speaks_for(std::string_view domain, const KeyId& issuer) const;

  // The key with this name, wherever a policy lists it (what is needed to verify); null: unknown.
  const crypto::PublicKey* find_key(const KeyId& id) const;
  std::vector<crypto::PublicKey> find_keys(const evidence::Method1Id& id) const;  // at most budget::candidate_keys
  std::string name_of(const KeyId& id) const;  // "acme.example/signing"; empty: unknown

  // Is this the log key of a home in the domain's newest policy.
  bool is_home_log(std::string_view domain, const KeyId& log) const;
  // Domains a server of which this is the TLS key belongs to, with its entry.
  struct ServerOf { std::string domain; const Server* server; };
  std::vector<ServerOf> servers_with_key(const KeyId& key) const;

 private:
  struct Member { Membership membership; std::set<Format> formats; };
  void index();
  void index_roles(const Descriptor& descriptor);

  std::map<std::string, Chain, std::less<>> chains_;
  // Made from chains_ once: every key a counted version lists, with its name; who plays what in each domain.
  std::map<KeyId, std::pair<crypto::PublicKey, std::string>> keys_;
  std::map<std::string, std::map<KeyId, std::vector<Member>>, std::less<>> roles_;
};

using PoliciesPtr = std::shared_ptr<const Policies>;

}  // namespace cm4it::policy
