#include "policy/staleness.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"

namespace cm4it::policy {
namespace {

Result<Seconds> read_span(const TomlReader& at, std::string_view key, const std::string& text) {
  auto span = parse_duration(text);
  if (!span) return at.bad(key, span.error().message);
  return *span;
}

bool may_write(const Descriptor& descriptor, Kind kind, const std::string& role) {
  const auto allowed = descriptor.write.find(kind);
  return allowed != descriptor.write.end() && contains(allowed->second, role);
}

bool asks_for_labels(const Permit& permit) {
  return permit.from.globs.contains(Field::label) || permit.to.globs.contains(Field::label);
}

// Whether a statement in this role can change the answer about a subject of this type. A role that identifies only other types, as a
// developer identifies code, is taken to make statements about those types alone.
bool listens_to(const Descriptor& descriptor, Type type, const std::string& role) {
  const Admit& rules = descriptor.admit.at(type);
  if (contains(rules.identified_by, role) || rules.endorsed_by.contains(role)) return true;
  if (may_write(descriptor, Kind::transfer, role) || may_write(descriptor, Kind::assign, role)) return true;
  for (const auto& [other, admit] : descriptor.admit)
    if (contains(admit.identified_by, role)) return false;
  const bool labels = std::any_of(descriptor.permits.begin(), descriptor.permits.end(), asks_for_labels);
  return may_write(descriptor, Kind::status, role) || (labels && may_write(descriptor, Kind::endorse, role));
}

// Another domain, by the roles that it lends to this one.
News news_of(const Descriptor& descriptor, Type type, const std::string& domain, const std::vector<std::string>& roles) {
  News news;
  for (const auto& role : roles) news.counts = news.counts || listens_to(descriptor, type, role);
  const auto& most = descriptor.admit.at(type).max_staleness;
  if (!most) return news;
  std::optional<Seconds> named;
  if (const auto own_name = most->named.find(domain); own_name != most->named.end()) {
    named = own_name->second;
  } else {
    for (const auto& role : roles)
      if (const auto entry = most->named.find(role); entry != most->named.end()) named = std::min(named.value_or(entry->second), entry->second);
  }
  news.counts = news.counts || named;
  news.most = named.value_or(most->rest);
  return news;
}

// A domain that nothing refers to yet may be named: policies are often written before `ics trust`.
Result<void> check_names(const Descriptor& descriptor, Type type, const MaxStaleness& most) {
  const auto referenced = descriptor.referenced();
  for (const auto& [name, span] : most.named) {
    const bool domain = contains(referenced, name) || name == descriptor.domain || (evidence::is_domain_name(name) && name.find('.') != name.npos);
    if (!domain && !descriptor.roles.contains(name))
      return fail(Code::malformed, std::string("admit.") + to_string(type) + ".max_staleness." + name.substr(0, 80) +
                  ": neither \"own\", \"default\", a role of [roles] nor a domain", "docs/formats/descriptor.md");
  }
  return {};
}

}  // namespace

Result<MaxStaleness> read_max_staleness(const TomlReader& admit) {
  constexpr const char* key = "max_staleness";
  const auto* node = admit.table().get(key);
  MaxStaleness most;
  if (node && node->is_string()) {
    TRY(const auto text, admit.text(key));
    TRY(most.own, read_span(admit, key, text));
    most.only_own = true;
    return most;
  }
  if (!node || !node->is_table()) return admit.bad(key, "a string like \"24h\", or a table of them expected");
  TRY(const auto table, admit.child(key));
  if (table.table().empty()) return admit.bad(key, "an empty table; name \"own\", \"default\", roles or domains");
  if (table.table().size() > budget::descriptor_entries) return admit.bad(key, "too many entries");
  for (const auto& [name, value] : table.table()) {
    if (value.is_table()) return table.bad(name.str(), "a string expected; a domain's name stands in quotes, as in \"tuev.example\" = \"7d\"");
    TRY(const auto text, table.text(name.str()));
    TRY(const auto span, read_span(table, name.str(), text));
    if (name == "own") most.own = span;
    else if (name == "default") most.rest = span;
    else most.named.emplace(std::string(name.str()), span);
  }
  return most;
}

Result<void> find_news(Descriptor& descriptor) {
  std::map<std::string, std::vector<std::string>> lent;
  for (const auto& domain : descriptor.referenced()) lent[domain];
  for (const auto& [role, entries] : descriptor.roles)
    for (const auto& entry : entries)
      if (const auto* reference = std::get_if<RoleReference>(&entry.who)) lent[reference->domain].push_back(role);
  for (auto& [type, admit] : descriptor.admit) {
    if (admit.max_staleness) CHECK_OK(check_names(descriptor, type, *admit.max_staleness));
    for (const auto& [domain, roles] : lent) admit.news[domain] = news_of(descriptor, type, domain, roles);
  }
  return {};
}

Seconds MaxStaleness::of_own(const std::string& domain) const {
  const auto by_name = named.find(domain);
  return by_name != named.end() ? by_name->second : own.value_or(rest);
}

std::string MaxStaleness::text() const {
  if (only_own) return format_duration(*own);
  std::string text;
  const auto add = [&](const std::string& name, Seconds span) {
    const bool bare = std::all_of(name.begin(), name.end(), [](unsigned char c) { return c == '-' || c == '_' || std::isalnum(c); });
    text += (text.empty() ? "{ " : ", ") + (bare ? name : toml_quoted(name)) + " = " + format_duration(span);
  };
  if (own) add("own", *own);
  for (const auto& [name, span] : named) add(name, span);
  add("default", rest);
  return text + " }";
}

}  // namespace cm4it::policy
