// A home's log, checked from outside.
#include <algorithm>
#include <iostream>

#include "apps/ics/files.h"
#include "apps/ics/json.h"
#include "apps/ics/log_reading.h"
#include "apps/ics/verbs.h"

namespace cm4it::ics {
namespace {

constexpr std::size_t note_bytes = 64 * 1024;

struct LogSource {
  const Api* api;
  std::string domain;
  LogPolicy policy;
  std::string note;
};

Result<LogSource> open_log(Context& context) {
  TRY(auto domain, context.own_domain());
  TRY(const auto* api, context.api());
  TRY(auto note, fetch_note(*api, domain));
  TRY(auto policy, log_policy(context, *api, domain));
  return LogSource{api, std::move(domain), std::move(policy), std::move(note)};
}

json::object head_json(const SignedHead& signed_head) {
  const auto& head = signed_head.head;
  return {{"origin", head.origin},
          {"size", head.size},
          {"root", to_base64(head.root)},
          {"time", to_rfc3339(head.time)},
          {"signed_by", signed_head.signer}};
}

json::object policy_json(const LogPolicy& policy) {
  return {{"owner", policy.chain.pinned_owner.text()},
          {"owner_is_ours", policy.pinned},
          {"version", policy.chain.versions.back().descriptor->version}};
}

// Who stands behind a key, and how we know.
std::string policy_words(const LogPolicy& policy) {
  return "policy of " + policy.chain.domain + ", version " + std::to_string(policy.chain.versions.back().descriptor->version) +
         ", owner " + policy.chain.pinned_owner.text() +
         (policy.pinned ? "" : " (as the server says: compare it with what the owner told you)");
}

// Exit 1, loudly.
int denied(const Context& context, const LogSource& log, const std::string& what, const std::vector<std::string>& next) {
  const auto& console = context.console;
  if (context.options.json) {
    context.print_json(json::object{{"domain", log.domain}, {"ok", false}, {"why", what}, {"policy", policy_json(log.policy)}});
    return exit_no;
  }
  console.out << console.toned(clean("NO: " + what), Tone::bad) << '\n';
  for (const auto& line : next) console.line("  → " + line);
  return exit_no;
}

Result<SignedHead> present_head(const LogSource& log) {
  auto head = open_present_note(log.note, log.policy);
  if (!head) return head;
  const auto& origin = head->head.origin;
  if (!origin.ends_with("/" + log.domain)) return fail(Code::bad_signature, "the head is one of another log, " + origin);
  return head;
}

Result<std::string> keep_head(const Context& context, const SignedHead& head) {
  if (context.options.dir.empty()) return std::string();
  TRY(const auto directory, context.directory());
  TRY(const auto file, remember_head(heads_of(directory), head));
  return file.string();
}

void print_head(const Console& console, const LogSource& log, const SignedHead& head, const std::string& result) {
  Table table({"", ""});
  table.add({"log", {head.head.origin, Tone::bold}});
  table.add({"head", grouped(head.head.size) + " entries, " + to_rfc3339(head.head.time)});
  table.add({"root", to_base64(head.head.root)});
  table.add({"signed by", head.signer + ": " + policy_words(log.policy)});
  table.add({"result", {result, Tone::good}});
  table.print(console);
}

Result<int> verify(Context& context) {
  TRY(const auto log, open_log(context));
  const auto head = present_head(log);
  if (!head && head.error().code == Code::bad_signature)
    return denied(context, log, head.error().message, {policy_words(log.policy)});
  if (!head) return tl::unexpected(head.error());
  const auto& console = context.console;
  const auto made = recompute(*log.api, log.domain, head->head.size, [&](std::uint64_t done) {
    if (console.progress)
      console.err << "\r" << grouped(done) << " of " << grouped(head->head.size) << " entries\033[K" << std::flush;
  });
  if (console.progress) console.err << "\r\033[K" << std::flush;
  if (!made) return tl::unexpected(made.error());
  TRY(const auto saved_to, keep_head(context, *head));
  if (made->root != head->head.root)
    return denied(context, log, "the entries of " + head->head.origin + " give another root than its signed head",
                  {"signed: " + to_base64(head->head.root), "recomputed: " + to_base64(made->root),
                   saved_to.empty() ? "keep the note (--dir DIR remembers it)" : "keep the note, it convicts the server: " + saved_to});
  const std::string result = made->claimed == 0  ? "every entry hashed, up to the root"
                             : made->hashed == 0 ? "the entries may not be read: the root recomputed from their hashes"
                                                 : grouped(made->hashed) + " entries hashed; of " + grouped(made->claimed) +
                                                       ", too long or not to be read, the server's hashes taken";
  if (context.options.json)
    context.print_json(json::object{{"domain", log.domain},
                                    {"ok", true},
                                    {"head", head_json(*head)},
                                    {"policy", policy_json(log.policy)},
                                    {"entries_hashed", made->hashed},
                                    {"hashes_taken", made->claimed},
                                    {"kept", saved_to}});
  else print_head(console, log, *head, result);
  return exit_yes;
}

// An earlier head against the present one; the reason if it is no prefix of it.
Result<std::optional<std::string>> contradiction(const tlog::Head& earlier, const tlog::Head& present,
                                                 const tlog::NodeReader& nodes) {
  if (earlier.size > present.size)
    return std::optional("the log had " + grouped(earlier.size) + " entries, and has " + grouped(present.size) + " now");
  if (earlier.size == present.size || earlier.size == 0) {
    const Digest& expected = earlier.size == 0 ? tlog::empty_root() : present.root;
    if (earlier.root == expected) return std::optional<std::string>{};
    return std::optional("two heads of " + grouped(earlier.size) + " entries have different roots");
  }
  TRY(const auto path, tlog::consistency_path(earlier.size, present.size, nodes));
  if (tlog::check_consistency(earlier.size, earlier.root, present.size, present.root, path))
    return std::optional<std::string>{};
  return std::optional("the first " + grouped(earlier.size) + " entries are not what they were");
}

struct Earlier {
  std::string file;
  SignedHead head;
};

// What is to be compared: the one file given, or every remembered head of the same log.
Result<std::vector<Earlier>> earlier_heads(const Context& context, const LogSource& log, const SignedHead& present,
                                           const std::string& since) {
  std::vector<Earlier> earlier;
  if (!since.empty()) {
    TRY(const auto note, read_file(since, note_bytes));
    auto head = open_earlier_note(note, log.policy);
    if (!head) return within(since, head.error());
    if (head->head.origin != present.head.origin)
      return fail(Code::malformed, since + ": a head of another log, " + head->head.origin);
    earlier.push_back({since, std::move(*head)});
    return earlier;
  }
  TRY(const auto directory, context.directory());
  TRY(const auto files, remembered_heads(heads_of(directory)));
  for (const auto& file : files) {
    TRY(const auto note, read_file(file, note_bytes));
    auto head = open_earlier_note(note, log.policy);
    if (head && head->head.origin == present.head.origin) earlier.push_back({file.string(), std::move(*head)});
    if (!head) {
      // Of another domain; or of this log, under a key that no version of the policy names any more.
      const auto body = tlog::read_checkpoint_body(note);
      if (!body || body->origin == present.head.origin) return within(file.string(), head.error());
    }
  }
  std::sort(earlier.begin(), earlier.end(), [](const auto& a, const auto& b) { return a.head.head.size < b.head.head.size; });
  return earlier;
}

Result<int> audit(Context& context, const std::string& since) {
  TRY(const auto log, open_log(context));
  const auto present = present_head(log);
  if (!present && present.error().code == Code::bad_signature)
    return denied(context, log, present.error().message, {policy_words(log.policy)});
  if (!present) return tl::unexpected(present.error());
  TRY(const auto earlier, earlier_heads(context, log, *present, since));
  const auto nodes = nodes_at(*log.api, log.domain, present->head.size);
  for (const auto& one : earlier) {
    TRY(const auto why, contradiction(one.head.head, present->head, nodes));
    if (!why) continue;
    TRY(auto saved_to, keep_head(context, *present));
    if (saved_to.empty()) {
      saved_to = since + ".present";
      CHECK_OK(write_file(saved_to, view(present->note)));
    }
    return denied(context, log, present->head.origin + " does not go on from its earlier head: " + *why,
                  {"keep both notes, they convict the server: " + one.file + ", " + saved_to});
  }
  TRY(const auto saved_to, keep_head(context, *present));
  json::array compared;
  for (const auto& one : earlier)
    compared.push_back({{"file", one.file}, {"size", one.head.head.size}, {"time", to_rfc3339(one.head.head.time)}});
  if (context.options.json)
    context.print_json(json::object{{"domain", log.domain},
                                    {"ok", true},
                                    {"head", head_json(*present)},
                                    {"policy", policy_json(log.policy)},
                                    {"compared", std::move(compared)},
                                    {"kept", saved_to}});
  else
    print_head(context.console, log, *present,
               earlier.empty()
                   ? "no earlier head to compare with: this one is remembered"
                   : "goes on from " + grouped(earlier.size()) + (earlier.size() == 1 ? " earlier head" : " earlier heads") +
                         ", the first of " + to_rfc3339(earlier.front().head.head.time));
  return exit_yes;
}

}  // namespace

void add_log_verbs(CLI::App& app, Context& context) {
  auto* group = add_group(app, "log", "a home's log, checked from outside");
  add_verb(*group, context, "verify", "recomputes every hash up to the root, and verifies the signed head",
           [&context] { return verify(context); });
  auto since = std::make_shared<std::string>();
  auto* audit_verb =
      add_verb(*group, context, "audit", "proves that earlier heads are prefixes of the present one; exit 1: they are not",
               [&context, since] { return audit(context, *since); });
  audit_verb->add_option("--since", *since, "a signed note; default: those remembered in DIR/heads")->type_name("FILE");
  add_rebuild_verb(app, context);
  add_forgive_verb(app, context);
}

}  // namespace cm4it::ics
