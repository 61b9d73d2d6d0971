// The descriptor's grammar (docs/formats/descriptor.md), section by section.
#include <algorithm>
#include <set>

#include "evidence/kinds.h"
#include "policy/descriptor.h"
#include "policy/staleness.h"
#include "policy/toml_reader.h"

namespace cm4it::policy {
namespace {

bool is_built_in(std::string_view role) {
  return std::find(std::begin(built_in_roles), std::end(built_in_roles), role) != std::end(built_in_roles);
}

// Names of keys, servers and roles.
bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

Result<void> check_url(const TomlReader& at, std::string_view key, const std::string& url) {
  if (!url.starts_with("https://") && !url.starts_with("http://")) return at.bad(key, "http:// or https:// expected");
  if (url.size() > budget::url_bytes) return at.bad(key, "at most " + std::to_string(budget::url_bytes) + " octets");
  return {};
}

class Parser {
 public:
  Parser(const toml::table& table, std::string_view text, Homes homes) : document_(table, ""), homes_(homes) { result_.text = text; }

  Result<Descriptor> run() {
    CHECK_OK(document_.only({"domain", "version", "owner", "keys", "servers", "roles", "read", "write", "admit", "permit",
                             "copy", "tokens"}));
    CHECK_OK(head());
    CHECK_OK(keys());
    CHECK_OK(owner());
    CHECK_OK(servers());
    CHECK_OK(roles());
    CHECK_OK(reading());
    CHECK_OK(writing());
    CHECK_OK(admission());
    CHECK_OK(permits());
    CHECK_OK(copies());
    CHECK_OK(tokens());
    CHECK_OK(find_news(result_));
    return std::move(result_);
  }

 private:
  Result<void> head() {
    TRY(result_.domain, document_.text("domain"));
    if (!evidence::is_domain_name(result_.domain)) return document_.bad("domain", "not a domain name (RFC 1123, lowercase)");
    TRY(const auto version, document_.integer("version"));
    if (version < 1 || version > (std::int64_t{1} << 53)) return document_.bad("version", "1 or more");
    result_.version = static_cast<std::uint64_t>(version);
    return {};
  }

  Result<void> keys() {
    TRY(const auto table, document_.child("keys"));
    if (table.table().size() > budget::descriptor_keys) return document_.bad("keys", "too many keys");
    for (const auto& [name, value] : table.table()) {
      if (!is_name(name.str())) return table.bad(name.str(), "a name is made of letters, digits, '-', '_' and '.'");
      TRY(const auto text, table.text(name.str()));
      auto key = crypto::PublicKey::from_text(text);
      if (!key) return table.bad(name.str(), key.error().message);
      for (const auto& [other, known] : result_.keys)
        if (known == *key) return table.bad(name.str(), "the same key as \"" + other + "\"");
      result_.keys.emplace(std::string(name.str()), std::move(*key));
    }
    return {};
  }

  // A key by its name in [keys], or by its id when it is listed there.
  Result<KeyId> key_named(const TomlReader& at, std::string_view field, const std::string& name) const {
    if (const auto known = result_.keys.find(name); known != result_.keys.end()) return known->second.id();
    if (auto id = KeyId::parse(name); id && result_.find_key(*id)) return *id;
    return at.bad(field, "\"" + name.substr(0, 80) + "\" is not in [keys]");
  }

  Result<void> owner() {
    TRY(const auto name, document_.text("owner"));
    TRY(result_.owner, key_named(document_, "owner", name));
    return {};
  }

  Result<void> servers() {
    if (!document_.has("servers")) return document_.bad("servers", "missing: a domain has at least one home");
    TRY(const auto table, document_.child("servers"));
    std::string home;
    for (const auto& [name, value] : table.table()) {
      if (!is_name(name.str())) return table.bad(name.str(), "a name is made of letters, digits, '-', '_' and '.'");
      TRY(const auto entry, table.child(name.str()));
      TRY(auto server, read_server(entry, std::string(name.str())));
      if (server.home && !home.empty() && homes_ == Homes::one)
        return entry.bad("home", "\"" + home + "\" is this domain's home; several homes of one domain come later");
      if (server.home) home = server.name;
      result_.servers.emplace(server.name, std::move(server));
    }
    if (home.empty()) return document_.bad("servers", "none of them is a home (home = true)");
    return {};
  }

  Result<Server> read_server(const TomlReader& entry, std::string name) const {
    CHECK_OK(entry.only({"key", "log", "url", "home", "select"}));
    TRY(const auto key_text, entry.text("key"));
    auto key = crypto::PublicKey::from_text(key_text);
    if (!key) return entry.bad("key", key.error().message);
    if (key->algorithm() != crypto::Algorithm::es256)
      return entry.bad("key", "a server's key is P-256, for TLS and tokens");
    Server server{std::move(name), std::move(*key), {}, {}, false, {}};
    TRY(server.url, entry.text("url"));
    CHECK_OK(check_url(entry, "url", server.url));
    if (entry.has("home")) {
      TRY(server.home, entry.boolean("home"));
    }
    if (entry.has("log")) {
      TRY(const auto log_text, entry.text("log"));
      auto log = crypto::PublicKey::from_text(log_text);
      if (!log) return entry.bad("log", log.error().message);
      if (log->algorithm() != crypto::Algorithm::eddsa) return entry.bad("log", "a log key is Ed25519");
      server.log = std::move(*log);
    }
    if (server.home != server.log.has_value())
      return entry.bad("log", server.home ? "a home has a log key" : "only homes have a log key");
    if (entry.has("select")) {
      if (server.home) return entry.bad("select", "a home keeps the whole domain");
      TRY(server.select, read_selectors(entry, "select"));
    }
    return server;
  }

  Result<void> roles() {
    if (!document_.has("roles")) return {};
    TRY(const auto table, document_.child("roles"));
    for (const auto& [role, value] : table.table()) {
      if (is_built_in(role.str())) return table.bad(role.str(), "a built-in role; it cannot be defined");
      if (!is_name(role.str())) return table.bad(role.str(), "a name is made of letters, digits, '-', '_' and '.'");
      const auto* array = value.as_array();
      if (!array) return table.bad(role.str(), "a list of who plays it expected");
      auto& entries = result_.roles[std::string(role.str())];
      for (std::size_t i = 0; i < array->size(); ++i) {
        if (++role_entries_ > budget::descriptor_entries) return table.bad(role.str(), "too many entries");
        const std::string at = std::string(role.str()) + "[" + std::to_string(i) + "]";
        const auto& node = *array->get(i);
        if (const auto* name = node.as_string()) {
          RoleEntry entry;
          TRY(entry.who, key_named(table, at, name->get()));
          entries.push_back(std::move(entry));
        } else if (const auto* inline_table = node.as_table()) {
          TRY(auto entry, read_entry(TomlReader(*inline_table, table.path_of(at)), std::string(role.str())));
          entries.push_back(std::move(entry));
        } else {
          return table.bad(at, "a name, { key = … } or { domain = …, role = … } expected");
        }
      }
    }
    return {};
  }

  Result<RoleEntry> read_entry(const TomlReader& entry, const std::string& role) const {
    CHECK_OK(entry.only({"key", "until", "formats", "domain", "role"}));
    RoleEntry result;
    if (entry.has("domain")) {
      if (entry.has("key") || entry.has("until") || entry.has("formats"))
        return entry.bad("domain", "a reference has domain and role alone; until and formats are the other policy's");
      if (role == "agent") return entry.bad("domain", "agents are keys, not references");
      RoleReference reference;
      TRY(reference.domain, entry.text("domain"));
      TRY(reference.role, entry.text("role"));
      if (!evidence::is_domain_name(reference.domain)) return entry.bad("domain", "not a domain name");
      if (reference.domain == result_.domain) return entry.bad("domain", "a reference to the domain itself");
      if (!is_name(reference.role) || is_built_in(reference.role)) return entry.bad("role", "a role that a policy can define expected");
      result.who = std::move(reference);
      return result;
    }
    TRY(const auto name, entry.text("key"));
    TRY(result.who, key_named(entry, "key", name));
    if (entry.has("until")) {
      TRY(result.until, entry.time("until"));
    }
    if (entry.has("formats")) {
      TRY(const auto names, entry.texts("formats"));
      result.formats.clear();
      for (const auto& text : names) {
        auto format = evidence::parse_format(text);
        if (!format) return entry.bad("formats", format.error().message);
        result.formats.insert(*format);
      }
      if (result.formats.empty()) return entry.bad("formats", "at least one format");
    }
    return result;
  }

  Result<void> check_roles(const TomlReader& at, std::string_view key, const std::vector<std::string>& roles,
                           bool reading) const {
    for (const auto& role : roles) {
      if (role == "anyone" && !reading) return at.bad(key, "\"anyone\" may read, but not write");
      if (!is_built_in(role) && !result_.roles.contains(role) && role != "agent")
        return at.bad(key, "role \"" + role.substr(0, 64) + "\" is neither built in nor in [roles]");
    }
    return {};
  }

  Result<void> reading() {
    if (!document_.has("read")) return {};
    TRY(const auto table, document_.child("read"));
    for (const auto& [key, value] : table.table()) {
      if (key.str() != "default" && key.str() != "verdict") {
        const auto kind = evidence::parse_kind(key.str());
        if (!kind) return table.bad(key.str(), "a kind of statement, \"verdict\" or \"default\" expected");
        if (!evidence::row_of(*kind).read_by_roles)
          return table.bad(key.str(), "a policy is read by whoever can name the domain; not to be set");
      }
      TRY(auto roles, table.texts(key.str()));
      CHECK_OK(check_roles(table, key.str(), roles, true));
      result_.read[std::string(key.str())] = std::move(roles);
    }
    return {};
  }

  Result<void> writing() {
    if (!document_.has("write")) return {};
    TRY(const auto table, document_.child("write"));
    for (const auto& [key, value] : table.table()) {
      const auto kind = evidence::parse_kind(key.str());
      if (!kind) return table.bad(key.str(), "a kind of statement expected");
      if (!evidence::row_of(*kind).written_by_roles)
        return table.bad(key.str(), *kind == Kind::policy ? "always the owner; not to be set" : "always the issuer of what is taken back; not to be set");
      TRY(auto roles, table.texts(key.str()));
      CHECK_OK(check_roles(table, key.str(), roles, false));
      result_.write[*kind] = std::move(roles);
    }
    return {};
  }

  Result<void> admission() {
    if (!document_.has("admit")) return {};
    TRY(const auto table, document_.child("admit"));
    for (const auto& [key, value] : table.table()) {
      const auto type = evidence::parse_type(key.str());
      if (!type) return table.bad(key.str(), "a type of subject expected");
      TRY(const auto entry, table.child(key.str()));
      TRY(result_.admit[*type], read_admit(entry));
    }
    return {};
  }

  Result<Admit> read_admit(const TomlReader& entry) const {
    CHECK_OK(entry.only({"identified_by", "endorsed_by", "status", "max_staleness"}));
    Admit admit;
    TRY(admit.identified_by, entry.texts("identified_by"));
    if (admit.identified_by.empty()) return entry.bad("identified_by", "at least one role");
    CHECK_OK(check_roles(entry, "identified_by", admit.identified_by, false));
    if (entry.has("endorsed_by")) {
      TRY(const auto table, entry.child("endorsed_by"));
      for (const auto& [role, value] : table.table()) {
        CHECK_OK(check_roles(table, role.str(), {std::string(role.str())}, false));
        TRY(admit.endorsed_by[std::string(role.str())], table.texts(role.str()));
      }
    }
    if (entry.has("status")) {
      TRY(const auto names, entry.texts("status"));
      for (const auto& name : names) {
        auto status = evidence::parse_status(name);
        if (!status) return entry.bad("status", status.error().message);
        admit.status.push_back(*status);
      }
    }
    if (entry.has("max_staleness")) {
      TRY(admit.max_staleness, read_max_staleness(entry));
    }
    return admit;
  }

  Result<void> permits() {
    TRY(const auto entries, document_.children("permit"));
    for (const auto& entry : entries) {
      CHECK_OK(entry.only({"from", "to"}));
      Permit permit;
      TRY(const auto from, read_selector(entry, "from"));
      TRY(const auto to, read_selector(entry, "to"));
      permit.from = from.resolved(result_.domain);  // nobody asks for a permit: "@self" is this domain
      permit.to = to.resolved(result_.domain);
      result_.permits.push_back(std::move(permit));
    }
    return {};
  }

  Result<void> copies() {
    TRY(const auto entries, document_.children("copy"));
    std::set<std::string> seen;
    for (const auto& entry : entries) {
      CHECK_OK(entry.only({"domain", "owner", "from", "select"}));
      CopyRule rule;
      TRY(rule.domain, entry.text("domain"));
      if (!evidence::is_domain_name(rule.domain)) return entry.bad("domain", "not a domain name");
      if (rule.domain == result_.domain) return entry.bad("domain", "the domain itself");
      if (!seen.insert(rule.domain).second) return entry.bad("domain", "copied twice");
      TRY(const auto owner, entry.text("owner"));
      if (auto id = KeyId::parse(owner)) rule.owner = *id;
      else {
        TRY(rule.owner, key_named(entry, "owner", owner));
      }
      TRY(rule.from, entry.text("from"));
      CHECK_OK(check_url(entry, "from", rule.from));
      if (entry.has("select")) {
        TRY(rule.select, read_selectors(entry, "select"));
      }
      result_.copies.push_back(std::move(rule));
    }
    return {};
  }

  Result<void> tokens() {
    if (!document_.has("tokens")) return {};
    TRY(const auto table, document_.child("tokens"));
    CHECK_OK(table.only({"ttl"}));
    TRY(const auto text, table.text("ttl"));
    auto ttl = parse_duration(text);
    if (!ttl) return table.bad("ttl", ttl.error().message);
    if (*ttl < 10 || *ttl > 7 * 86'400) return table.bad("ttl", "10s to 7d");
    result_.token_ttl = *ttl;
    return {};
  }

  const TomlReader document_;
  const Homes homes_;
  Descriptor result_;
  std::size_t role_entries_ = 0;
};

}  // namespace

Result<Descriptor> parse_descriptor(std::string_view toml, Homes homes) {
  TRY(const auto table, parse_toml(toml));
  return Parser(table, toml, homes).run();
}

}  // namespace cm4it::policy
