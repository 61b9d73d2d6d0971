#include "policy/descriptor_sections.h"

#include <algorithm>
#include <set>

#include "base/text.h"

namespace cm4it::policy {
namespace {

Result<void> check_url(const TomlReader& at, std::string_view key, const std::string& url) {
  if (!url.starts_with("https://") && !url.starts_with("http://")) return at.bad(key, "http:// or https:// expected");
  if (url.size() > budget::url_bytes) return at.bad(key, "at most " + std::to_string(budget::url_bytes) + " octets");
  return {};
}

}  // namespace

bool is_built_in(std::string_view role) {
  return contains(built_in_roles, role);
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

Result<KeyId> key_named(const TomlReader& at, std::string_view field, const std::string& name, const Descriptor& known) {
  if (const auto key = known.keys.find(name); key != known.keys.end()) return key->second.id();
  if (auto id = KeyId::parse(name); id && known.find_key(*id)) return *id;
  return at.bad(field, "\"" + name.substr(0, 80) + "\" is not in [keys]");
}

Result<Server> read_server(const TomlReader& entry, std::string name) {
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

Result<RoleEntry> read_role_entry(const TomlReader& entry, const std::string& role, const Descriptor& known) {
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
    if (reference.domain == known.domain) return entry.bad("domain", "a reference to the domain itself");
    if (!is_name(reference.role) || is_built_in(reference.role)) return entry.bad("role", "a role that a policy can define expected");
    result.who = std::move(reference);
    return result;
  }
  TRY(const auto name, entry.text("key"));
  TRY(result.who, key_named(entry, "key", name, known));
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

Result<void> check_roles(const TomlReader& at, std::string_view key, const std::vector<std::string>& roles, bool reading, const Descriptor& known) {
  for (const auto& role : roles) {
    if (role == "anyone" && !reading) return at.bad(key, "\"anyone\" may read, but not write");
    if (!is_built_in(role) && !known.roles.contains(role) && role != "agent")
      return at.bad(key, "role \"" + role.substr(0, 64) + "\" is neither built in nor in [roles]");
  }
  return {};
}

Result<Admit> read_admit(const TomlReader& entry, const Descriptor& known) {
  CHECK_OK(entry.only({"identified_by", "endorsed_by", "status", "max_staleness"}));
  Admit admit;
  TRY(admit.identified_by, entry.texts("identified_by"));
  if (admit.identified_by.empty()) return entry.bad("identified_by", "at least one role");
  CHECK_OK(check_roles(entry, "identified_by", admit.identified_by, false, known));
  if (entry.has("endorsed_by")) {
    TRY(const auto table, entry.child("endorsed_by"));
    for (const auto& [role, value] : table.table()) {
      CHECK_OK(check_roles(table, role.str(), {std::string(role.str())}, false, known));
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

Result<void> read_permits(const TomlReader& document, Descriptor& to) {
  TRY(const auto entries, document.children("permit"));
  for (const auto& entry : entries) {
    CHECK_OK(entry.only({"from", "to"}));
    Permit permit;
    TRY(const auto from, read_selector(entry, "from"));
    TRY(const auto whereto, read_selector(entry, "to"));
    permit.from = from.resolved(to.domain);  // nobody asks for a permit: "@self" is this domain
    permit.to = whereto.resolved(to.domain);
    to.permits.push_back(std::move(permit));
  }
  return {};
}

Result<void> read_copies(const TomlReader& document, Descriptor& to) {
  TRY(const auto entries, document.children("copy"));
  std::set<std::string> seen;
  for (const auto& entry : entries) {
    CHECK_OK(entry.only({"domain", "owner", "from", "select"}));
    CopyRule rule;
    TRY(rule.domain, entry.text("domain"));
    if (!evidence::is_domain_name(rule.domain)) return entry.bad("domain", "not a domain name");
    if (rule.domain == to.domain) return entry.bad("domain", "the domain itself");
    if (!seen.insert(rule.domain).second) return entry.bad("domain", "copied twice");
    TRY(const auto owner, entry.text("owner"));
    if (auto id = KeyId::parse(owner)) rule.owner = *id;
    else {
      TRY(rule.owner, key_named(entry, "owner", owner, to));
    }
    TRY(rule.from, entry.text("from"));
    CHECK_OK(check_url(entry, "from", rule.from));
    if (entry.has("select")) {
      TRY(rule.select, read_selectors(entry, "select"));
    }
    to.copies.push_back(std::move(rule));
  }
  return {};
}

}  // namespace cm4it::policy
