// What a person should know before signing a descriptor: how it differs from the last, and what is probably not meant.
#include <algorithm>
#include <utility>

#include "base/budgets.h"
#include "base/text.h"
#include "policy/descriptor.h"

namespace cm4it::policy {
namespace {

std::string words_or_nobody(const std::vector<std::string>& words) { return words.empty() ? "nobody" : joined(words); }

std::string short_key(const KeyId& id) { return id.text().substr(0, 4 + 16); }

std::string entry_words(const Descriptor& descriptor, const RoleEntry& entry) {
  if (const auto* reference = std::get_if<RoleReference>(&entry.who)) return reference->role + " of " + reference->domain;
  const auto& id = std::get<KeyId>(entry.who);
  std::string text = descriptor.name_of(id) + " (" + short_key(id) + ")";
  if (entry.until) text += " until " + to_rfc3339(*entry.until);
  if (entry.formats != std::set{evidence::native_format}) {
    text += " by";
    for (const auto format : entry.formats) text += std::string(" ") + evidence::to_string(format);
  }
  return text;
}

std::string server_words(const Server& server) {
  std::string text = short_key(server.key.id()) + " at " + server.url;
  if (server.home) text += ", home, log " + short_key(server.log->id());
  if (server.select) text += ", holds " + server.select->text();
  return text;
}

// Every fact of a descriptor as path → words, in the order of the document's sections.
using Lines = std::vector<std::pair<std::string, std::string>>;

void add_admissions(Lines& facts, const Descriptor& descriptor) {
  for (const auto& [type, admit] : descriptor.admit) {
    const std::string at = std::string("admit.") + evidence::to_string(type);
    facts.emplace_back(at + ".identified_by", words_or_nobody(admit.identified_by));
    for (const auto& [role, labels] : admit.endorsed_by)
      facts.emplace_back(at + ".endorsed_by." + role, words_or_nobody(labels));
    std::vector<std::string> states;
    states.reserve(admit.status.size());
    for (const auto status : admit.status) states.emplace_back(evidence::to_string(status));
    if (!states.empty()) facts.emplace_back(at + ".status", words_or_nobody(states));
    if (admit.max_staleness) facts.emplace_back(at + ".max_staleness", admit.max_staleness->text());
  }
}

Lines facts_of(const Descriptor& descriptor) {
  Lines facts;
  facts.emplace_back("owner", descriptor.name_of(descriptor.owner) + " (" + descriptor.owner.text() + ")");
  for (const auto& [name, key] : descriptor.keys) facts.emplace_back("keys." + name, key.id().text());
  for (const auto& [name, server] : descriptor.servers) facts.emplace_back("servers." + name, server_words(server));
  for (const auto& [role, entries] : descriptor.roles)
    for (const auto& entry : entries) facts.emplace_back("roles." + role, entry_words(descriptor, entry));
  for (const auto& [kind, roles] : descriptor.read) facts.emplace_back("read." + kind, words_or_nobody(roles));
  for (const auto& [kind, roles] : descriptor.write)
    facts.emplace_back(std::string("write.") + evidence::to_string(kind), words_or_nobody(roles));
  add_admissions(facts, descriptor);
  for (const auto& permit : descriptor.permits)
    facts.emplace_back("permit", "from " + permit.from.text() + " to " + permit.to.text());
  for (const auto& rule : descriptor.copies)
    facts.emplace_back("copy." + rule.domain,
                       "owner " + rule.owner.text() + ", from " + rule.from + ", " + (rule.select.everything() ? "everything" : rule.select.text()));
  facts.emplace_back("tokens.ttl", format_duration(descriptor.token_ttl));
  return facts;
}

bool holds(const Lines& facts, const Lines::value_type& fact) {
  return contains(facts, fact);
}

// Paths that bear one value: their change is one line, not two.
const std::string* only_value(const Lines& facts, const std::string& path) {
  const auto same = [&](const auto& fact) { return fact.first == path; };
  const auto found = std::find_if(facts.begin(), facts.end(), same);
  if (found == facts.end() || std::count_if(facts.begin(), facts.end(), same) != 1) return nullptr;
  return path.starts_with("roles.") || path == "permit" ? nullptr : &found->second;
}

// Heads are signed every minute, and domains that nothing refers to are not waited for.
void advise_on_staleness(const Descriptor& descriptor, std::vector<std::string>& lines) {
  constexpr Seconds least = 2 * budget::head_interval_seconds;
  const auto referenced = descriptor.referenced();
  for (const auto& [type, admit] : descriptor.admit) {
    if (!admit.max_staleness) continue;
    const auto& most = *admit.max_staleness;
    const std::string at = std::string("admit.") + evidence::to_string(type) + ".max_staleness";
    const auto short_span = [&](const std::string& entry, Seconds span) {
      if (span < least) lines.push_back(at + entry + " is below 2m: homes sign a head every minute, so one that is late refuses everything");
    };
    if (most.own) short_span(most.only_own ? "" : ".own", *most.own);
    for (const auto& [name, span] : most.named) {
      short_span("." + name, span);
      if (!descriptor.roles.contains(name) && name != descriptor.domain && !contains(referenced, name))
        lines.push_back(at + "." + name + ": no role and no [[copy]] refers to this domain");
    }
    short_span(".default", most.rest);
    if (!most.own && !most.named.contains(descriptor.domain))
      lines.push_back(at + " names no \"own\": a copy that is cut off from " + descriptor.domain + " goes on admitting for " + format_duration(most.rest));
    if (most.only_own && *most.own > most.rest && !referenced.empty())
      lines.push_back(at + " is a time for this domain alone: other domains may not be silent for more than " + format_duration(most.rest) +
                      "; for another time: { own = …, default = … }");
  }
}

void advise_on_selections(const Descriptor& descriptor, std::vector<std::string>& lines) {
  const auto check = [&](const std::string& at, const Selectors& select) {
    for (const Selector& one : select.any_of)
      if (const auto why = never_matches(one); !why.empty()) lines.push_back(at + ".select: nothing can ever match " + one.text() + ": " + why);
  };
  for (const auto& [name, server] : descriptor.servers)
    if (server.select) check("servers." + name, *server.select);
  for (const auto& rule : descriptor.copies) check("copy." + rule.domain, rule.select);
}

}  // namespace

std::vector<std::string> diff(const Descriptor& before, const Descriptor& after) {
  std::vector<std::string> lines;
  if (before.domain != after.domain) lines.push_back("~ domain " + before.domain + " → " + after.domain);
  if (before.version != after.version)
    lines.push_back("~ version " + std::to_string(before.version) + " → " + std::to_string(after.version));
  const Lines old_facts = facts_of(before), new_facts = facts_of(after);
  for (const auto& fact : old_facts)
    if (!holds(new_facts, fact) && !only_value(new_facts, fact.first))
      lines.push_back("- " + fact.first + " " + fact.second);
  for (const auto& fact : new_facts) {
    if (holds(old_facts, fact)) continue;
    const auto* old = only_value(old_facts, fact.first);
    if (old && only_value(new_facts, fact.first)) lines.push_back("~ " + fact.first + " " + *old + " → " + fact.second);
    else lines.push_back("+ " + fact.first + " " + fact.second);
  }
  return lines;
}

std::vector<std::string> advice(const Descriptor& descriptor) {
  std::vector<std::string> lines;
  // Of those who let things cooperate: a maker admits devices and has no gateways, a developer neither.
  const bool pairs = descriptor.admit.contains(Type::device) && descriptor.admit.contains(Type::gateway);
  for (const auto type : {Type::device, Type::gateway})
    if (!descriptor.permits.empty() && !descriptor.admit.contains(type))
      lines.push_back(std::string("no [admit.") + evidence::to_string(type) + "]: no " + evidence::to_string(type) +
                      " is ever admitted");
  if (pairs && descriptor.permits.empty())
    lines.push_back("no [[permit]]: nobody may open a conversation with anybody (from = {} and to = {}: everybody)");
  for (const auto kind : {Kind::identity, Kind::status})
    if (const auto found = descriptor.write.find(kind); found == descriptor.write.end() || found->second.empty())
      lines.push_back(std::string("write.") + evidence::to_string(kind) + " names nobody: no " + evidence::to_string(kind) +
                      " is ever taken");
  for (const auto& [role, entries] : descriptor.roles) {
    bool used = role == "agent";
    for (const auto& [kind, roles] : descriptor.write) used |= std::count(roles.begin(), roles.end(), role) > 0;
    for (const auto& [kind, roles] : descriptor.read) used |= std::count(roles.begin(), roles.end(), role) > 0;
    if (!used && !entries.empty()) lines.push_back("roles." + role + " may neither read nor write anything here");
  }
  advise_on_staleness(descriptor, lines);
  advise_on_selections(descriptor, lines);
  for (const auto& [type, admit] : descriptor.admit)
    for (const auto& [role, labels] : admit.endorsed_by)
      if (labels.empty())
        lines.push_back(std::string("admit.") + evidence::to_string(type) + ".endorsed_by." + role +
                        " lists no label: it asks for nothing");
  for (const auto& domain : descriptor.referenced()) {
    const bool copied = std::any_of(descriptor.copies.begin(), descriptor.copies.end(),
                                    [&](const auto& rule) { return rule.domain == domain; });
    if (!copied)
      lines.push_back("a role refers to " + domain + ", but no [[copy]] brings its statements: verdicts will be unknown");
  }
  return lines;
}

}  // namespace cm4it::policy
