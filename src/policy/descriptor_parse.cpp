// The descriptor's grammar (docs/formats/descriptor.md), section by section.
#include "evidence/kinds.h"
#include "policy/descriptor_sections.h"

namespace cm4it::policy {
namespace {

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
    CHECK_OK(read_permits(document_, result_));
    CHECK_OK(read_copies(document_, result_));
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

  Result<void> owner() {
    TRY(const auto name, document_.text("owner"));
    TRY(result_.owner, key_named(document_, "owner", name, result_));
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
          TRY(entry.who, key_named(table, at, name->get(), result_));
          entries.push_back(std::move(entry));
        } else if (const auto* inline_table = node.as_table()) {
          TRY(auto entry, read_role_entry(TomlReader(*inline_table, table.path_of(at)), std::string(role.str()), result_));
          entries.push_back(std::move(entry));
        } else {
          return table.bad(at, "a name, { key = … } or { domain = …, role = … } expected");
        }
      }
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
      CHECK_OK(check_roles(table, key.str(), roles, true, result_));
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
      CHECK_OK(check_roles(table, key.str(), roles, false, result_));
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
      TRY(result_.admit[*type], read_admit(entry, result_));
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
