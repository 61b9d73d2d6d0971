// The policy descriptor of a domain (docs/formats/descriptor.md): parsed, strict, immutable.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "crypto/key.h"
#include "evidence/statement.h"
#include "policy/selector.h"

namespace cm4it::policy {

using evidence::Format;
using evidence::Kind;
using evidence::Status;
using evidence::Type;

// "volta" · { key = "tuev", until = …, formats = […] } · { domain = "acme.example", role = "manufacturer" }
struct RoleReference { std::string domain, role; bool operator==(const RoleReference&) const = default; };
struct RoleEntry {
  std::variant<KeyId, RoleReference> who;
  std::optional<Time> until;
  std::set<Format> formats{evidence::native_format};
};

struct Server {
  std::string name;
  crypto::PublicKey key;                 // P-256: TLS and tokens
  std::optional<crypto::PublicKey> log;  // Ed25519: heads and receipts; homes only, and homes always
  std::string url;
  bool home = false;
  std::optional<Selectors> select;       // what a copy holds; none: everything its domain's policy shows it
};

// How old the newest head of a domain may be, in seconds, before nothing is admitted any more (docs/decisions/0048).
struct MaxStaleness {
  bool only_own = false;                  // written as one duration
  std::optional<Seconds> own;             // of the domain that is asked; none: rest
  std::map<std::string, Seconds> named;   // of other domains, by name or by a role that they lend
  Seconds rest = 7 * 86'400;              // of those that are not named

  Seconds of_own(const std::string& domain) const;
  std::string text() const;  // "1d", "{ own = 1d, manufacturer = 30d, default = 7d }"
};

// Whether news of another domain matter to subjects of a type, and how old they may be (none: of any age).
struct News {
  bool counts = false;
  std::optional<Seconds> most;
};

// [admit.TYPE]: what it takes to cooperate; all of it.
struct Admit {
  std::vector<std::string> identified_by;                     // roles, any of them
  std::map<std::string, std::vector<std::string>> endorsed_by;  // role → labels, every one of them
  std::vector<Status> status;                                 // any of them; empty: no rule
  std::optional<MaxStaleness> max_staleness;
  std::map<std::string, News> news{};                         // by domain that is referred to; follows from the rest
};

struct Permit { Selector from, to; };

struct CopyRule {
  std::string domain;
  KeyId owner;       // pinned
  std::string from;  // URL
  Selectors select;
};

// Built-in roles; a descriptor cannot define them.
inline constexpr const char* built_in_roles[] = {"owner", "home", "self", "holder", "anyone"};

struct Descriptor {
  std::string text;  // as its author wrote it
  std::string domain;
  std::uint64_t version = 0;
  KeyId owner;
  std::map<std::string, crypto::PublicKey> keys;     // by name
  std::map<std::string, Server> servers;             // by name
  std::map<std::string, std::vector<RoleEntry>> roles;
  std::map<std::string, std::vector<std::string>> read;  // kind, "verdict" or "default" → roles
  std::map<Kind, std::vector<std::string>> write;
  std::map<Type, Admit> admit;
  std::vector<Permit> permits;
  std::vector<CopyRule> copies;
  Seconds token_ttl = 15 * 60;

  // The key of this id, if the descriptor lists it: in [keys] or [servers].
  const crypto::PublicKey* find_key(const KeyId& id) const;
  std::string name_of(const KeyId& id) const;          // its name in [keys] or [servers]; empty: none
  const Server* server_with_key(const KeyId& id) const;  // by its TLS key
  const Server* home_with_log(const KeyId& id) const;
  std::string home_url() const;  // empty: rivals agree on no home
  const std::vector<std::string>& readers(Kind kind) const;  // falls back to default; default: anyone
  const std::vector<std::string>& verdict_readers() const;
  const std::vector<std::string>& default_readers() const;  // of what has no line of its own, heads and tiles among it
  // Domains named in a role or a [[copy]], sorted, without its own.
  std::vector<std::string> referenced() const;
};

// How many homes a descriptor may list. One, in whatever is written, signed or submitted; several in what a home has taken
// before that was the rule (decisions/0029).
enum class Homes { one, several };

// malformed names the key's path ("roles.certifier[0].until") and the rule. Unknown keys, roles that are read or
// written but not defined, names missing from [keys], a home without log, log keys that are not Ed25519, server
// keys that are not P-256, a reference to the domain itself, no home, a second home: all refused.
Result<Descriptor> parse_descriptor(std::string_view toml, Homes homes = Homes::one);

// What a person should know before signing: each change between two descriptors, a line each, in the order of the
// descriptor's sections ("+ roles.maintainer volta", "- …", "~ version 2 → 3").
std::vector<std::string> diff(const Descriptor& before, const Descriptor& after);

// Well-formed but probably not meant: "no [admit.device]: devices are never admitted", "no permits", …
std::vector<std::string> advice(const Descriptor& descriptor);

}  // namespace cm4it::policy
