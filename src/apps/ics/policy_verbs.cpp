// policy check, diff, show, sign, edit.
#include <CLI/CLI.hpp>

#include "apps/ics/chains.h"
#include "apps/ics/compromised_keys.h"
#include "apps/ics/files.h"
#include "apps/ics/json.h"
#include "apps/ics/own_policy.h"
#include "apps/ics/policy_edit.h"
#include "apps/ics/verbs.h"
#include "base/budgets.h"

namespace cm4it::ics {
namespace {

// Text, or signed: a file says which by its first octet (COSE_Sign1 is tag 18, 0xd2).
Result<policy::Descriptor> descriptor_in(const std::string& path) {
  TRY(const auto text, read_file(path, budget::evidence_bytes));
  if (text.empty() || static_cast<unsigned char>(text[0]) != 0xd2) {
    auto parsed = policy::parse_descriptor(text);
    if (!parsed) return within(path, std::move(parsed).error());
    return parsed;
  }
  auto decoded = evidence::decode(evidence::native_format, view(text));
  if (!decoded) return within(path, std::move(decoded).error());
  const auto* body = std::get_if<evidence::PolicyText>(&decoded->statements()[0].body);
  if (!body) return fail(Code::malformed, path + ": a statement, but no policy");
  return policy::parse_descriptor(body->descriptor);
}

// DIR/policy.toml is DIR's.
void guess_directory(Context& context, const std::string& file) {
  const auto beside = std::filesystem::absolute(file).parent_path();
  std::error_code none;
  if (context.options.dir.empty() && std::filesystem::exists(beside / "icsd.toml", none)) context.options.dir = beside.string();
}

// What `policy sign` would say: the version is not the next one. Nothing where no directory tells.
std::string unlike_next(Context& context, const std::string& file, const policy::Descriptor& descriptor) {
  guess_directory(context, file);
  if (context.options.dir.empty()) return {};
  const auto own = OwnPolicy::open_to_edit(context, context.options.dir);
  if (!own || own->newest().domain != descriptor.domain || own->newest().text == descriptor.text || descriptor.version == own->newest().version + 1) return {};
  return "version: " + std::to_string(descriptor.version) + ", but the newest signed is " + std::to_string(own->newest().version) + ": set version = " +
         std::to_string(own->newest().version + 1) + " before it is signed";
}

Result<int> check(Context& context, const std::string& file) {
  TRY(const auto descriptor, descriptor_in(file));
  auto lines = policy::advice(descriptor);
  for (auto& line : compromised_keys(context, descriptor)) lines.push_back(std::move(line));
  if (auto line = unlike_next(context, file, descriptor); !line.empty()) lines.insert(lines.begin(), std::move(line));
  if (context.options.json) {
    context.print_json(json::object{{"domain", descriptor.domain}, {"version", descriptor.version}, {"owner", descriptor.owner.text()},
                                    {"advice", json::array(lines.begin(), lines.end())}});
    return exit_yes;
  }
  context.console.line(file + ": in order: " + descriptor.domain + ", version " + std::to_string(descriptor.version) + ", owner " + descriptor.owner.text());
  for (const auto& line : lines) context.console.line("! " + line, Tone::warn);
  return exit_yes;
}

Result<int> compare(Context& context, const std::string& before, const std::string& after) {
  TRY(const auto old_one, descriptor_in(before));
  TRY(const auto new_one, descriptor_in(after));
  const auto lines = policy::diff(old_one, new_one);
  if (context.options.json) context.print_json(json::object{{"changes", json::array(lines.begin(), lines.end())}});
  else
    for (const auto& line : lines)
      context.console.line(line, line[0] == '-' ? Tone::bad : line[0] == '+' ? Tone::good : Tone::warn);
  return lines.empty() ? exit_yes : exit_no;
}

json::object version_json(const policy::SignedDescriptor& version) {
  const auto& descriptor = *version.descriptor;
  return {{"version", descriptor.version}, {"owner", descriptor.owner.text()}, {"signer", version.signer.text()},
          {"statement", version.statement.text()}, {"text", descriptor.text}};
}

std::string of_fork(const policy::Chain& chain) {
  std::string rivals = "the newest version has a rival, statement";
  for (const auto& rival : chain.rivals)
    if (rival != chain.versions.back().statement) rivals += " " + short_id(rival.text());
  return rivals + (chain.contested() ? ": they name different owners, so nobody can sign the next; nothing is admitted until those who pin the domain pin its rightful owner anew"
                                     : ": nothing is admitted until a higher one is signed");
}

Result<int> show(Context& context, std::uint64_t version, bool text_only) {
  TRY(const auto domain, context.own_domain());
  TRY(const auto* server, context.api());
  TRY(const auto evidence, server->policies(domain));
  TRY(const auto chain, chain_of(domain, evidence));
  if (version > chain.versions.size()) return fail(Code::not_found, "the policy of " + domain + " has no version " + std::to_string(version));
  const auto& shown = chain.versions[version ? version - 1 : chain.versions.size() - 1];
  if (context.options.json) {
    context.print_json(json::object{{"domain", domain}, {"pinned_owner", chain.pinned_owner.text()}, {"forked", chain.forked}, {"policy", version_json(shown)}});
    return exit_yes;
  }
  if (!text_only) {
    Table table({"VERSION", "OWNER", "SIGNED BY", "STATEMENT"});
    for (const auto& one : chain.versions)
      table.add({std::to_string(one.descriptor->version), short_id(one.descriptor->owner.text()), short_id(one.signer.text()), short_id(one.statement.text())});
    table.print(context.console);
    context.console.line("peers pin  " + chain.pinned_owner.text());
    if (chain.forked) context.console.line(of_fork(chain), Tone::bad);
    context.console.line();
  }
  std::istringstream lines(shown.descriptor->text);
  for (std::string line; std::getline(lines, line);) context.console.line(line);
  return exit_yes;
}

Result<int> sign(Context& context, const std::string& file) {
  guess_directory(context, file);
  if (context.options.dir.empty()) return context.misuse("no ICS directory given", "--dir DIR, or set ICS_DIR");
  TRY(const auto text, read_file(file, budget::descriptor_bytes));
  TRY(auto own, OwnPolicy::open_to_sign(context, context.options.dir, text));
  return own.sign();
}

}  // namespace

void add_policy_verbs(CLI::App& app, Context& context) {
  struct Given { std::string file, other; std::uint64_t version = 0; bool text = false; };
  auto* group = add_group(app, "policy", "the policy: edit, check, compare, show, sign");
  auto given = std::make_shared<Given>();
  auto* checking = add_verb(*group, context, "check", "say what is wrong with a descriptor, and what is probably not meant",
                            [&context, given] { return check(context, given->file); });
  checking->add_option("FILE", given->file, "text, or signed")->required();
  auto* comparing = add_verb(*group, context, "diff", "say how two descriptors differ; exit 1 if they do",
                             [&context, given] { return compare(context, given->file, given->other); });
  comparing->add_option("A", given->file, "text, or signed")->required();
  comparing->add_option("B", given->other, "text, or signed")->required();
  auto* showing = add_verb(*group, context, "show", "the versions of a domain's policy, and the text of one",
                           [&context, given] { return show(context, given->version, given->text); });
  showing->add_option("--version", given->version, "which; default: the newest");
  showing->add_flag("--text", given->text, "the text alone");
  auto* signing = add_verb(*group, context, "sign", "sign a descriptor as the next version, and submit it",
                           [&context, given] { return sign(context, given->file); });
  signing->add_option("FILE", given->file, "the text")->required();
  add_dry_run(*signing, context);
  auto* editing = add_verb(*group, context, "edit", "edit the policy in $EDITOR, then sign it as the next version", [&context] { return edit_policy_text(context); });
  add_dry_run(*editing, context);
}

}  // namespace cm4it::ics
