#include "apps/ics/trust.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/ics/arguments.h"
#include "apps/ics/chains.h"
#include "apps/ics/files.h"
#include "apps/ics/follow_edit.h"
#include "apps/ics/json.h"
#include "apps/ics/own_policy.h"
#include "base/text.h"

namespace cm4it::ics {
namespace {

// The domain at the other end, as far as its own signatures prove it.
struct Peer {
  std::string domain, url;
  KeyId server_key;
  policy::Chain chain;
  std::vector<Bytes> policies;

  const policy::Descriptor& newest() const { return *chain.newest(); }
};

// --peer, or the one domain that the server is home of.
Result<std::string> domain_there(const json::object& answer, const TrustOptions& options) {
  if (!options.peer.empty()) return options.peer;
  std::vector<std::string> homes;
  for (const auto& entry : array_at(answer, "domains"))
    if (entry.is_object() && flag_at(entry.get_object(), "home")) homes.push_back(text_at(entry.get_object(), "domain"));
  if (homes.size() == 1) return homes[0];
  std::string list;
  for (const auto& name : homes) list += " " + name;
  return fail(homes.empty() ? Code::not_found : Code::ambiguous,
              options.url + (homes.empty() ? ": home of no domain" : ": home of several domains:" + list), "--peer DOMAIN");
}

Result<Peer> meet(Context& context, const TrustOptions& options) {
  TRY(const auto api, context.peer(options.url, {}));
  const auto reply = api.get("/v1/domains", "application/json");
  if (!reply && reply.error().code == Code::unavailable)
    return fail(Code::unavailable, reply.error().message, "is that the address of the other domain's server, and does that run?");
  if (!reply) return tl::unexpected(reply.error());
  TRY(const auto answer, api.get_json("/v1/domains"));
  Peer peer;
  peer.url = api.url();
  TRY(peer.domain, domain_there(answer, options));
  TRY(peer.policies, api.policies(peer.domain));
  std::optional<KeyId> owner;
  if (!options.owner.empty()) {
    auto id = KeyId::parse(options.owner);
    if (!id) return context.misuse("--owner: the whole id is needed, key: and 64 hex digits", "as its owner told you: copied from this screen it proves nothing");
    owner = *id;
  }
  auto chain = chain_of(peer.domain, peer.policies, owner);
  if (!chain && owner)
    return fail(Code::conflict, peer.domain + " at " + peer.url + " was not begun by " + owner->text() + ": " + chain.error().message,
                "ask its owner again, some other way than by this network; after a hand-over, for the id that began the domain");
  if (!chain) return tl::unexpected(chain.error());
  peer.chain = std::move(*chain);
  if (!reply->server_key) return fail(Code::unsupported, peer.url + ": it proves no key", "give its https:// URL");
  peer.server_key = reply->server_key->id();
  if (!peer.newest().server_with_key(peer.server_key))
    return fail(Code::bad_signature, peer.url + ": its key " + peer.server_key.text() + " is not among the servers that the policy of " + peer.domain + " names",
                "somebody may stand between you and it");
  return peer;
}

// The id that is pinned, compared by a person or by --owner; never by --yes. It is the one that signed version 1: whoever may
// sign that can name anybody as owner in version 2, so the newest owner's id proves nothing.
Result<void> confirm_owner(const Context& context, const Peer& peer, const TrustOptions& options) {
  const auto pinned = peer.chain.pinned_owner;
  if (!context.options.json) {
    context.console.line(peer.domain + ", policy version " + std::to_string(peer.newest().version) + ", at " + peer.url);
    context.console.line("owner  " + pinned.text(), Tone::bold);
    if (peer.newest().owner != pinned) context.console.line("       (it began the domain, and handed it over; the owner is now " + peer.newest().owner.text() + ")");
  }
  if (!options.owner.empty()) return {};
  TRY(const bool same, context.console.ask("Did " + peer.domain + " tell you this owner some other way?", "--owner key:…, as its owner told you, and --yes to sign"));
  if (!same) return fail(Code::not_permitted, "not trusted");
  return {};
}

// What a certifier says of single things cannot be selected by their holder: it does not know who that is.
policy::Selectors usual_selection(const std::string& as) {
  if (as == "developer") return policy::Selector{{{policy::Field::type, {"code"}}}};
  if (as == "copy" || as == "certifier") return {};
  return policy::Selector{{{policy::Field::holder, {"@self"}}}};
}

void note_never_matching(const Context& context, const policy::Selectors& select) {
  for (const auto& one : select.any_of)
    if (const auto why = policy::never_matches(one); !why.empty()) context.console.note("! nothing can ever match " + one.text() + ": " + why);
}

Result<void> edit_policy(Context& context, OwnPolicy& own, const Peer& peer, const TrustOptions& options) {
  auto& edit = own.edit();
  if (options.as != "copy") {
    const std::string name = options.role_name.empty() ? options.as : options.role_name;
    if (!peer.newest().roles.contains(name))
      return fail(Code::not_found, "the policy of " + peer.domain + " has no role \"" + name + "\"", "--role-name NAME, as it is called there");
    std::vector<policy::RoleEntry> entries;
    if (const auto known = edit.descriptor().roles.find(options.as); known != edit.descriptor().roles.end()) entries = known->second;
    const policy::RoleReference reference{peer.domain, name};
    const auto same = [&](const policy::RoleEntry& entry) { return entry.who == decltype(entry.who)(reference); };
    if (std::none_of(entries.begin(), entries.end(), same)) {
      entries.push_back({reference, {}, {evidence::native_format}});
      CHECK_OK(edit.set_role(options.as, entries));
    }
  }
  policy::CopyRule rule{peer.domain, peer.chain.pinned_owner, peer.url, usual_selection(options.as)};
  const auto& copies = edit.descriptor().copies;
  const auto known = std::find_if(copies.begin(), copies.end(), [&](const auto& copy) { return copy.domain == peer.domain; });
  if (known != copies.end()) {
    if (known->owner != rule.owner)
      return fail(Code::conflict, "copy." + peer.domain + ": another owner is pinned, " + known->owner.text(), "edit policy.toml if the domain really began anew");
    rule.select = known->select;
  }
  if (!options.select.empty()) {
    TRY(rule.select, context.usage(parse_select(options.select)));
  }
  if (options.as == "certifier" && rule.select.names(policy::Field::holder))
    context.console.note("! a certifier does not know who holds a thing: by holder only what it says of its own is copied; --select all copies everything");
  if (known == copies.end() || known->from != rule.from || known->select != rule.select) CHECK_OK(edit.set_copy(rule));
  return {};
}

// What either home needs of the other's rules, so that neither has to guess who is who. Repeats are free.
void introduce(Context& context, const OwnPolicy& own, const Peer& peer) {
  std::vector<evidence::Piece> pieces;
  for (const auto& version : own.versions()) pieces.push_back({evidence::native_format, version});
  const Api there(peer.url, context.connect(nullptr, peer.server_key));
  const auto answer = there.submit(pieces, "");
  const auto& console = context.console;
  const auto warn = [&](const Error& error) {
    console.note("ics trust: warning: " + peer.url + " did not take our policy: " + error.message);
    console.note("  → trust it again later; until then it does not know who speaks for " + own.newest().domain);
  };
  if (!answer) return warn(answer.error());
  const auto refused = std::find_if(answer->begin(), answer->end(), [](const auto& item) { return !item.entered(); });
  if (refused != answer->end()) warn(refused->error);
}

Result<int> trust_at_home(Context& context, const TrustOptions& options) {
  TRY(auto own, OwnPolicy::open(context, options.directory));
  TRY(const auto peer, meet(context, options));
  if (peer.domain == own.newest().domain) return fail(Code::malformed, peer.url + ": it is home of " + peer.domain + ", like this directory");
  CHECK_OK(edit_policy(context, own, peer, options));
  int outcome = exit_yes;
  if (own.changed()) {
    CHECK_OK(confirm_owner(context, peer, options));
    // Theirs first: files are submitted in order of their names.
    for (std::size_t i = 0; i < peer.policies.size() && !context.options.dry_run; ++i)
      CHECK_OK(own.directory().add_evidence("policy-of-" + peer.domain + "-" + std::to_string(i + 1), peer.policies[i]));
    TRY(outcome, own.sign(peer.policies));
  } else if (context.options.json) {
    context.print_json(json::object{{"items", json::array{}}});
  } else {
    context.console.line(peer.domain + " is trusted as " + options.as + " already");
  }
  if (!context.options.dry_run) introduce(context, own, peer);
  return outcome;
}

// icsd.toml of an infield ICS, with what it follows at the end.
Result<int> trust_infield(Context& context, const TrustOptions& options, const Directory& directory) {
  if (options.as != "copy") return fail(Code::malformed, "--as: an infield ICS keeps a copy and no roles of its own", "--as copy; roles are given at its domain's home");
  TRY(const auto peer, meet(context, options));
  const auto& config = directory.config();
  if (peer.domain != config.domain)
    return fail(Code::malformed, peer.url + ": home of " + peer.domain + "; this directory is for " + config.domain);
  TRY(const auto select, context.usage(parse_select(options.select)));
  auto followed = select;
  if (add_code(followed)) context.console.note(code_added);
  note_never_matching(context, followed);
  const auto file = directory.path() / "icsd.toml";
  TRY(auto text, read_file(file));
  const auto pin = std::find_if(config.pins.begin(), config.pins.end(), [&](const auto& one) { return one.domain == peer.domain; });
  const bool known = pin != config.pins.end();
  if (known && pin->owner != peer.chain.pinned_owner)
    return fail(Code::conflict, peer.domain + " at " + peer.url + " was begun by " + peer.chain.pinned_owner.text() + "; " + file.string() + " pins " + pin->owner.text(),
                "somebody may stand between you and it; edit [[pin]] only if the domain really began anew");
  const std::string before = text;
  if (!known) {
    CHECK_OK(confirm_owner(context, peer, options));
    text += fmt::format("\n[[pin]]   # whom this server believes to own the domain\ndomain = \"{}\"\nowner  = \"{}\"\n", peer.domain, peer.chain.pinned_owner.text());
  }
  const bool selects = !known || !options.select.empty();
  TRY(text, with_follow(text, {peer.domain, peer.url, peer.server_key.text(), selects ? std::optional(followed.text()) : std::nullopt}));
  const bool changed = text != before;
  if (changed && !context.options.dry_run) CHECK_OK(write_file(file, view(text)));
  if (!known && !context.options.dry_run)
    for (std::size_t i = 0; i < peer.policies.size(); ++i)
      CHECK_OK(directory.add_evidence("policy-of-" + peer.domain + "-" + std::to_string(i + 1), peer.policies[i]));
  TRY(const auto server, context.server_key_of(directory));
  TRY(const auto url, directory.url());
  const std::string line = "ics server add HOME " + shell_quoted(config.name) + " --key " + server.base64() + " --url " + url +
                           (select.everything() ? "" : " " + select_options(select));
  if (context.options.json) context.print_json(json::object{{"domain", peer.domain}, {"known", known}, {"changed", changed}, {"enrol", line}});
  else {
    const std::string would = context.options.dry_run ? " (--dry-run: nothing was written)" : " (restart icsd if it runs)";
    context.console.line(!changed ? peer.domain + " is followed already" : file.string() + ": " + peer.domain + " is followed from " + peer.url + would);
    context.console.line("→ at the home of " + peer.domain + ", HOME being its directory:");
    context.console.line("  " + line);
  }
  return exit_yes;
}

}  // namespace

Result<int> trust(Context& context, const TrustOptions& options) {
  constexpr const char* known[] = {"manufacturer", "developer", "certifier", "integrator", "maintainer", "copy"};
  if (!contains(known, options.as))
    return context.misuse("--as: \"" + options.as + "\" is none", "manufacturer, developer, certifier, integrator, maintainer or copy");
  context.options.dir = options.directory;
  TRY(const auto directory, Directory::open(options.directory));
  return directory.is_home() ? trust_at_home(context, options) : trust_infield(context, options, directory);
}

}  // namespace cm4it::ics
