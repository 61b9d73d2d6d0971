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

#include "policy/chain.h"

namespace cm4it::policy {

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
  // Built-in roles are not among them, but for home, owner, and former owners in that role.
  std::vector<Membership> roles_of(std::string_view domain, const KeyId& issuer, Format format) const;

  // Those of them in which it speaks in this format too: a CA whose signers may make statements (docs/x509.md).
  std::vector<Membership> signing_roles_of(std::string_view domain, const KeyId& ca, Format format) const;

  // May it speak for this domain where that is a holder: its owner, one it had before, or one of its agents. Holders
  // speak natively alone.
  struct Voice { bool speaks = false; std::optional<Time> until; };
  Voice speaks_for(std::string_view domain, const KeyId& issuer) const;

  // Does it play any role in this domain, in whatever format.
  bool plays_a_role(std::string_view domain, const KeyId& key) const;

  // The key with this name, wherever a policy lists it (what is needed to verify); null: unknown.
  const crypto::PublicKey* find_key(const KeyId& id) const;
  std::vector<crypto::PublicKey> find_keys(const evidence::Method1Id& id) const;  // at most budget::candidate_keys
  // Those that play a role of `domain` with evidence of this format, by key id; no more than `most`.
  std::vector<crypto::PublicKey> keys_playing(std::string_view domain, Format format, std::size_t most) const;
  std::string name_of(const KeyId& id) const;  // "acme.example/signing"; empty: unknown

  // Is this the log key of a home in the domain's newest policy.
  bool is_home_log(std::string_view domain, const KeyId& log) const;
  // Domains a server of which this is the TLS key belongs to, with its entry.
  struct ServerOf { std::string domain; const Server* server; };
  std::vector<ServerOf> servers_with_key(const KeyId& key) const;

 private:
  struct Member { Membership membership; std::set<Format> formats; };
  void index();
  void index_roles(const Chain& chain, const Descriptor& descriptor);

  std::map<std::string, Chain, std::less<>> chains_;
  // Made from chains_ once: every key a counted version lists, with its name; who plays what in each domain.
  std::map<KeyId, std::pair<crypto::PublicKey, std::string>> keys_;
  std::map<std::string, std::map<KeyId, std::vector<Member>>, std::less<>> roles_;
};

using PoliciesPtr = std::shared_ptr<const Policies>;

}  // namespace cm4it::policy
