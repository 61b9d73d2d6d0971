// role add, end, replace, remove, list: who plays which role in our domain.
#include <CLI/CLI.hpp>

#include <algorithm>

#include "apps/ics/arguments.h"
#include "apps/ics/json.h"
#include "apps/ics/key_source.h"
#include "apps/ics/misread.h"
#include "apps/ics/own_policy.h"
#include "apps/ics/verbs.h"
#include "base/text.h"

namespace cm4it::ics {
namespace {

struct RoleGiven { std::string directory, role, name, successor, key, until; std::vector<std::string> formats; };

// A key that is only named by its id: our server must know it.
Result<crypto::PublicKey> role_key(Context& context, const std::string& text) {
  const auto id = KeyId::parse(text);
  if (!id) return public_key_from(text, context.key_access());
  TRY(const auto* server, context.api());
  TRY(const auto reply, server->get(target({"v1", "keys", text})));
  TRY(auto key, crypto::PublicKey::from_spki(view(reply.body)));
  if (key.id() != *id) return fail(Code::malformed, server->url() + ": answered with another key than " + text);
  return key;
}

// A role that nothing mentions is a slip, or one that [read] and [write] are to name yet.
void warn_of_new_role(const Context& context, const policy::Descriptor& descriptor, const RoleGiven& given) {
  std::vector<std::string> known;
  for (const auto& [role, entries] : descriptor.roles) known.push_back(role);
  for (const auto& [kind, roles] : descriptor.write) known.insert(known.end(), roles.begin(), roles.end());
  for (const auto& [kind, roles] : descriptor.read) known.insert(known.end(), roles.begin(), roles.end());
  if (contains(known, given.role)) return;
  context.console.note("! \"" + given.role + "\" is a new role, named neither in [read] nor in [write]: it lets nobody do anything yet");
  if (const auto meant = did_you_mean(given.role, known); !meant.empty()) context.console.note("  → " + meant);
}

Result<int> add_role(Context& context, const RoleGiven& given) {
  TRY(auto own, OwnPolicy::open(context, given.directory));
  TRY(const auto key, role_key(context, given.key));
  auto& edit = own.edit();
  warn_of_new_role(context, edit.descriptor(), given);
  TRY(const auto name, edit.add_key(given.name, key));
  if (name != given.name) context.console.note("the key is called " + name + " in [keys]");
  policy::RoleEntry entry{key.id(), {}, {evidence::native_format}};
  if (!given.until.empty()) {
    const auto until = parse_when("--until", given.until, context.clock());
    if (!until) return context.misuse(until.error().message, until.error().detail);
    entry.until = *until;
  }
  if (!given.formats.empty()) entry.formats.clear();
  for (const auto& text : split_commas(given.formats)) {
    const auto format = evidence::parse_format(text);
    if (!format) return context.misuse("--formats: " + format.error().message);
    entry.formats.insert(*format);
  }
  std::vector<policy::RoleEntry> entries;
  if (const auto known = edit.descriptor().roles.find(given.role); known != edit.descriptor().roles.end()) entries = known->second;
  std::erase_if(entries, [&](const auto& other) { return other.who == entry.who; });
  entries.push_back(std::move(entry));
  CHECK_OK(edit.set_role(given.role, entries));
  return own.sign();
}

// The entries of a role, and which of them is that key's.
Result<std::pair<std::vector<policy::RoleEntry>, std::size_t>> entry_of(const policy::Descriptor& descriptor, const RoleGiven& given) {
  const auto key = descriptor.keys.find(given.name);
  const auto role = descriptor.roles.find(given.role);
  if (role == descriptor.roles.end()) return fail(Code::not_found, "roles." + given.role + ": no such role", "ics role list " + shell_quoted(given.directory));
  for (std::size_t i = 0; i < role->second.size(); ++i)
    if (const auto* id = std::get_if<KeyId>(&role->second[i].who); id && key != descriptor.keys.end() && *id == key->second.id())
      return std::pair(role->second, i);
  return fail(Code::not_found, "roles." + given.role + ": \"" + given.name + "\" is not in it", "ics role list " + shell_quoted(given.directory));
}

Result<int> end_role(Context& context, const RoleGiven& given) {
  TRY(auto own, OwnPolicy::open(context, given.directory));
  const auto until = parse_when("--until", given.until, context.clock());
  if (!until) return context.misuse(until.error().message, until.error().detail);
  TRY(auto found, entry_of(own.edit().descriptor(), given));
  auto& entry = found.first[found.second];
  if (entry.until && *entry.until <= context.clock() && *entry.until <= *until) {
    context.console.line(given.name + "'s role " + given.role + " ended at " + to_rfc3339(*entry.until) + " already: nothing changes");
    return exit_yes;
  }
  entry.until = *until;
  CHECK_OK(own.edit().set_role(given.role, found.first));
  return own.sign();
}

// The successor has from now on what the other had, in the same formats; one version.
Result<int> replace_role(Context& context, const RoleGiven& given) {
  TRY(auto own, OwnPolicy::open(context, given.directory));
  auto& edit = own.edit();
  const auto known = edit.descriptor().keys.find(given.name);
  const auto next = "ics role list " + shell_quoted(given.directory);
  if (known == edit.descriptor().keys.end()) return fail(Code::not_found, "keys." + given.name + ": no such key in the policy", next);
  const KeyId before = known->second.id();
  TRY(const auto key, role_key(context, given.key));
  if (key.id() == before) return fail(Code::conflict, "--key: it is the key of " + given.name + " itself");
  const auto until = parse_when("--until", given.until, context.clock());
  if (!until) return context.misuse(until.error().message, until.error().detail);
  TRY(const auto name, edit.add_key(given.successor, key));
  if (name != given.successor) context.console.note("the key is called " + name + " in [keys]");
  bool any = false;
  for (const auto& [role, had] : std::map(edit.descriptor().roles)) {
    auto entries = had;
    std::optional<std::set<evidence::Format>> formats;
    for (auto& entry : entries) {
      const bool over = entry.until && *entry.until <= context.clock();
      if (entry.who != decltype(entry.who)(before) || over || (!given.role.empty() && role != given.role)) continue;
      entry.until = *until;
      formats = entry.formats;
    }
    if (!formats) continue;
    any = true;
    std::erase_if(entries, [&](const auto& entry) { return entry.who == decltype(entry.who)(key.id()); });
    entries.push_back({key.id(), {}, *formats});
    CHECK_OK(edit.set_role(role, entries));
  }
  if (!any) return fail(Code::not_found, given.name + " plays no role" + (given.role.empty() ? "" : " " + given.role) + " now", next);
  return own.sign();
}

Result<int> remove_role(Context& context, const RoleGiven& given) {
  TRY(auto own, OwnPolicy::open(context, given.directory));
  TRY(auto found, entry_of(own.edit().descriptor(), given));
  found.first.erase(found.first.begin() + static_cast<std::ptrdiff_t>(found.second));
  CHECK_OK(own.edit().set_role(given.role, found.first));
  context.console.note("! everything that " + given.name + " ever said as " + given.role + " will count no more; `ics role end` keeps what was said before");
  return own.sign();
}

Result<int> list_roles(Context& context, const std::string& directory) {
  TRY(const auto own, OwnPolicy::open_to_edit(context, directory));
  const auto& descriptor = own.newest();
  json::array shown;
  Table table({"ROLE", "WHO", "FORMATS", "UNTIL"});
  for (const auto& [role, entries] : descriptor.roles) {
    if (entries.empty()) table.add({role, {"nobody", Tone::dim}});
    for (const auto& entry : entries) {
      const auto* key = std::get_if<KeyId>(&entry.who);
      const auto* reference = std::get_if<policy::RoleReference>(&entry.who);
      const std::string who = key ? descriptor.name_of(*key) : reference->role + " of " + reference->domain;
      const std::string formats = joined(entry.formats, ", ", [](evidence::Format format) { return evidence::to_string(format); });
      const bool over = entry.until && *entry.until <= context.clock();
      table.add({role, who, formats, {entry.until ? to_rfc3339(*entry.until) : "", over ? Tone::warn : Tone::plain}});
      shown.push_back({{"role", role}, {"who", who}, {"key", key ? key->text() : ""}, {"formats", formats}, {"until", entry.until ? to_rfc3339(*entry.until) : ""}});
    }
  }
  if (context.options.json) context.print_json(json::object{{"roles", std::move(shown)}});
  else table.print(context.console);
  return exit_yes;
}

}  // namespace

void add_role_verbs(CLI::App& app, Context& context) {
  auto* group = add_group(app, "role", "who plays which role in our domain");
  const auto about = [&](const char* name, const char* what, Result<int> (*action)(Context&, const RoleGiven&)) {
    auto given = std::make_shared<RoleGiven>();
    auto* verb = add_verb(*group, context, name, what, [&context, given, action] { return action(context, *given); });
    verb->add_option("DIR", given->directory, "our directory")->required();
    verb->add_option("ROLE", given->role, "integrator, maintainer, agent, …")->required();
    verb->add_option("NAME", given->name, "of the key in our policy")->required();
    add_dry_run(*verb, context);
    return std::pair(verb, given);
  };
  const auto [add, added] = about("add", "let a key play a role", add_role);
  add->add_option("--key", added->key, "a key file, base64, or key:… that our server knows")->required();
  add->add_option("--formats", added->formats, "cose, manifest, …: what it may speak in; default: cose");
  add->add_option("--until", added->until, "what is received later does not count");
  const auto [end, ended] = about("end", "end a key's role; what was received before counts on", end_role);
  end->add_option("--until", ended->until, "when; now, or a time")->required();
  auto replaced = std::make_shared<RoleGiven>();
  replaced->until = "now";
  auto* replace = add_verb(*group, context, "replace", "another key takes over what one plays: its roles end, the successor's begin",
                           [&context, replaced] { return replace_role(context, *replaced); });
  replace->add_option("DIR", replaced->directory, "our directory")->required();
  replace->add_option("OLD", replaced->name, "the name of the key that leaves")->required();
  replace->add_option("NEW", replaced->successor, "the name of its successor")->required();
  replace->add_option("--key", replaced->key, "the successor's key: a file, base64, or key:… that our server knows")->required();
  replace->add_option("--role", replaced->role, "this role alone; default: all that it plays");
  replace->add_option("--until", replaced->until, "when the old one ends")->capture_default_str();
  add_dry_run(*replace, context);
  about("remove", "strike a key from a role: nothing that it ever said in it counts any more", remove_role);
  auto listed = std::make_shared<std::string>();
  add_verb(*group, context, "list", "who plays which role", [&context, listed] { return list_roles(context, *listed); })
      ->add_option("DIR", *listed, "our directory")->required();
}

}  // namespace cm4it::ics
