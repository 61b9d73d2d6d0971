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

#include "policy/chain_history.h"

namespace cm4it::policy {

// The holder of a subject.
struct Holder {
  std::string domain;  // empty: nobody's
  bool contradiction = false;
  std::optional<KeyId> owner = {};  // under which owner, where a transfer named one: a domain's name is whose key is pinned for it
  bool operator==(const Holder&) const = default;
};

// When something was received, and by whose homes: policies are compared with it by receipts of the same ones, where there are any.
struct Heard {
  Time when;
  std::string_view by;
};

class Policies {
 public:
  Policies() = default;
  // Pins of the configuration first; then those of [[copy]] rules of chains already pinned, to a fixed point; then
  // those of transfers. The first pin of a domain wins, in that order and by domain name: the order of the arguments
  // does not matter. What other pins name are owners that a domain has as a holder alone.
  static Policies assemble(std::span<const SignedDescriptor> descriptors, std::span<const Pin> pins);

  const Chain* chain(std::string_view domain) const;
  const Descriptor* newest(std::string_view domain) const;  // null: no policy counts
  bool forked(std::string_view domain) const;
  const std::map<std::string, Chain, std::less<>>& chains() const { return chains_; }
  // Under every owner that is pinned for it; that of chain() first.
  std::vector<const Chain*> chains_of(std::string_view domain) const;
  std::vector<Pin> pins() const;  // of all these chains

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

  // May it speak for this holder now: its owner, or one of its agents (until when). Holders speak natively alone. `alarm`: as for
  // spoke_for().
  struct Voice { bool speaks = false; std::optional<Time> until; };
  Voice speaks_for(const Holder& holder, const KeyId& issuer, bool alarm = false) const;
  Voice speaks_for(std::string_view domain, const KeyId& issuer) const { return speaks_for(Holder{std::string(domain)}, issuer); }
  // Whether it spoke for the holder when this was received, by the holder's policy as it had been received by then. While a domain is
  // contested nobody speaks for it; who did before may still raise alarms.
  bool spoke_for(const Holder& holder, const KeyId& issuer, const Heard& heard, bool alarm) const;
  // When a key that spoke for the holder then ceased to do so; none: it still does.
  std::optional<Time> voice_ended(const Holder& holder, const KeyId& issuer, const Heard& heard) const;
  // Whether a chain of policies of that domain under that owner is known, so that a transfer to this holder leads to somebody.
  bool knows_holder(const Holder& holder, const Heard& heard) const { return line_of(holder, heard) != nullptr; }
  bool same_holder(const Holder& a, const Holder& b, const Heard& heard) const;

  // A role of `domain` that another's policy lends this issuer, had lent it when something was heard, or lent it later.
  struct Lent {
    std::string role;
    std::string set_by;
    bool then = false;        // it had been received before
    Time from;                // since when it was lent without a break, or later was
    std::optional<Time> to;   // since when it is lent no more: its `until`, or the receipt of the version that struck it; none: it is lent still
  };
  std::vector<Lent> lent_to(std::string_view domain, const KeyId& issuer, Format format, const Heard& heard) const;

  // When that role was lent, as this was received by whoever heard the other: all the times without a break, in order.
  struct Run { Time from, to; };
  std::vector<Run> lent_runs(std::string_view domain, const KeyId& issuer, Format format, const Membership& lent, const Heard& heard) const;

  // Could this key say such things in the domain, by its own policy as it had been received; of a contested domain as before.
  bool could_write(std::string_view domain, Kind kind, const KeyId& issuer, Format format, const Heard& heard) const;

  // Whether the issuer plays any role in this domain, in whatever format.
  bool plays_a_role(std::string_view domain, const KeyId& key) const;

  // The key with this name, wherever a policy lists it (what is needed to verify); null: unknown.
  const crypto::PublicKey* find_key(const KeyId& id) const;
  // Those that a hash of them names ("method1:HEX", evidence/issuer_hint.h), at most budget::candidate_keys.
  std::vector<crypto::PublicKey> find_keys(std::string_view name) const;
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
  // A domain under one owner: as its homes, or another domain's, had received it.
  struct Line {
    ChainHistory own;
    std::map<std::string, ChainHistory, std::less<>> by_homes_of;
    const ChainHistory& heard_by(std::string_view domain) const;
  };
  void index();
  void index_roles(const Chain& chain, const Descriptor& descriptor);
  void index_lines(const Descriptors& all);
  void add_line(const Chain& chain, const Descriptors& all);
  std::optional<Time> received_at(const SignedDescriptor& version, std::string_view by) const;
  const Line* line_of(const Holder& holder, const Heard& heard) const;

  std::map<std::string, Chain, std::less<>> chains_;
  std::map<std::pair<std::string, KeyId>, Chain> holder_chains_;  // under other owners than those of chains_
  // Made from chains_ once: every key a counted version lists, with its name; who plays what in each domain.
  std::map<KeyId, std::pair<crypto::PublicKey, std::string>> keys_;
  std::map<std::string, std::map<KeyId, std::vector<Member>>, std::less<>> roles_;
  std::map<std::string, std::map<KeyId, Line>, std::less<>> lines_;  // by domain and pinned owner
};

using PoliciesPtr = std::shared_ptr<const Policies>;

}  // namespace cm4it::policy
