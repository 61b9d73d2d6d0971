#include "apps/ics/completion.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <set>

#include "apps/ics/arguments.h"
#include "apps/ics/command_tree.h"
#include "apps/ics/files.h"
#include "apps/ics/json.h"
#include "apps/ics/topics.h"
#include "base/budgets.h"
#include "evidence/statement.h"

namespace cm4it::ics {
namespace {

using Words = std::set<std::string>;

void add_types(Words& words) {
  for (unsigned number = 1; number <= 7; ++number) words.insert(evidence::to_string(static_cast<evidence::Type>(number)));
}

void add_statuses(Words& words) {
  for (unsigned number = 1; number < 256; ++number)
    if (const std::string status = evidence::to_string(static_cast<evidence::Status>(number)); evidence::parse_status(status)) words.insert(status);
}

// What the directory's policy names. Its text may be newer than what is signed: that does not matter here.
std::optional<policy::Descriptor> policy_in(const std::string& directory) {
  if (directory.empty()) return {};
  const auto text = read_file(std::filesystem::path(directory) / "policy.toml", budget::descriptor_bytes);
  auto parsed = text ? policy::parse_descriptor(*text) : tl::unexpected(text.error());
  return parsed ? std::optional(std::move(*parsed)) : std::nullopt;
}

void add_labels(Words& words, const std::string& directory) {
  if (const auto policy = policy_in(directory))
    for (const auto& [type, admit] : policy->admit)
      for (const auto& [role, labels] : admit.endorsed_by) words.insert(labels.begin(), labels.end());
}

void add_domains(Words& words, const std::string& directory) {
  const auto policy = policy_in(directory);
  if (!policy) return;
  words.insert(policy->domain);
  for (const auto& copy : policy->copies) words.insert(copy.domain);
}

// "name" of [keys], [roles] or [servers].
template <class Named>
void add_names(Words& words, const Named& named) {
  for (const auto& [name, value] : named) words.insert(name);
}

// Serials and names, else digits of the id (bash takes words apart at ':'); or the clouds that subjects work in.
void add_subjects(Words& words, Context& context, const std::string& directory, bool clouds) {
  if (directory.empty()) return;
  context.options.dir = directory;
  const auto server = context.api();
  if (!server) return;
  const auto page = (*server)->get_json(target({"v1", "subjects"}, {{"limit", std::to_string(budget::search_results)}}));
  if (!page) return;
  for (const auto& entry : array_at(*page, "subjects")) {
    if (!entry.is_object()) continue;
    const auto& one = entry.get_object();
    if (clouds) {
      words.insert(text_at(one, "cloud"));
      continue;
    }
    const auto& identity = object_at(one, "identity");
    auto word = text_at(identity, "serial");
    if (word.empty()) word = text_at(identity, "name");
    if (const auto id = text_at(one, "subject"); word.empty() && !id.starts_with("model:")) word = short_id(id).substr(id.find(':') + 1);
    words.insert(word);
  }
}

void add_values(Words& words, const CLI::Option& option, const Typed& typed, Context& context) {
  const std::string verb = name_of(*typed.verb);
  const std::string name = option.get_positional() ? option.get_name() : option.get_lnames().empty() ? "" : "--" + option.get_lnames()[0];
  if (const auto values = values_of(option); !values.empty()) words.insert(values.begin(), values.end());
  const auto places = options_of(*typed.verb, true);
  const bool as_a_word = !typed.positionals.empty() && !places.empty() && places[0]->get_name() == "DIR";
  const std::string directory = as_a_word ? typed.positionals[0] : typed.directory;
  const auto policy = name == "ROLE" || name == "NAME" || name == "OLD" ? policy_in(directory) : std::nullopt;
  if (name == "--type") add_types(words);
  else if (name == "--status") add_statuses(words);
  else if (name == "--role" && verb == "init") words = {"manufacturer", "developer", "maintenance", "certifier", "infield", "keyserver"};
  else if (name == "--as") words = {"manufacturer", "developer", "certifier", "integrator", "maintainer", "copy"};
  else if (name == "--label") add_labels(words, directory);
  else if (name == "--domain" || name == "--to" || name == "--holder") add_domains(words, directory);
  else if (name == "--cloud") add_subjects(words, context, typed.directory, true);
  else if ((name == "ROLE" || name == "--role") && policy) add_names(words, policy->roles);
  else if ((name == "NAME" || name == "OLD") && policy && verb.starts_with("role")) add_names(words, policy->keys);
  else if (name == "NAME" && policy && verb.starts_with("server")) add_names(words, policy->servers);
  else if (name == "SUBJECT" || name == "FROM" || name == "TO") add_subjects(words, context, typed.directory, false);
  if (name == "SUBJECT" && !typed.positionals.empty() && verb == "status") add_statuses(words);
  if (name == "SUBJECT" && !typed.positionals.empty() && verb == "endorse") add_labels(words, directory);
}

}  // namespace

std::vector<std::string> completions(const CLI::App& app, Context& context, const std::vector<std::string>& words) {
  if (words.empty()) return {};
  const std::string begun = words.back() == "=" ? "" : words.back();
  const auto typed = read_words(app, {words.begin(), words.end() - 1});
  Words found;
  const auto positionals = options_of(*typed.verb, true);
  if (typed.waiting) {
    add_values(found, *typed.waiting, typed, context);
  } else if (begun.starts_with("-")) {
    for (const auto& name : option_names(*typed.verb)) found.insert(name);
  } else if (typed.verb->get_name() == "help") {
    const auto* verb = find_verb(app, typed.positionals);
    for (const auto& name : verb ? verb_names(*verb) : std::vector<std::string>()) found.insert(name);
    if (typed.positionals.empty())
      for (const auto& topic : topics()) found.emplace(topic.name);
  } else {
    if (typed.positionals.empty())
      for (const auto& name : verb_names(*typed.verb)) found.insert(name);
    if (!positionals.empty())
      if (const auto at = std::min(typed.positionals.size(), positionals.size() - 1);
          at == typed.positionals.size() || positionals[at]->get_items_expected_max() > 1) {
        add_values(found, *positionals[at], typed, context);
        // DIR may be left out where ICS_DIR is set.
        if (at == 0 && positionals.size() > 1 && positionals[0]->get_name() == "DIR" && !typed.directory.empty()) add_values(found, *positionals[1], typed, context);
      }
  }
  std::vector<std::string> fitting;
  for (const auto& word : found)
    if (word.starts_with(begun) && shell_quoted(word) == word) fitting.push_back(word);  // a server's word is never more than a word
  return fitting;
}

std::string completion_script(const std::string& shell) {
  if (shell == "bash")
    return R"sh(# bash completion of ics: source it, or put it where bash-completion looks.
_ics() {
  local IFS=$'\n'
  COMPREPLY=($(ics completion words "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _ics ics
)sh";
  if (shell == "zsh")
    return R"sh(#compdef ics
# zsh completion of ics: source it, or put it as _ics into a directory of $fpath.
_ics() {
  local -a found
  found=(${(f)"$(ics completion words "${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if (( $#found )); then compadd -a found; else _files; fi
}
if (( ${+compstate} )); then _ics "$@"; else compdef _ics ics; fi
)sh";
  return R"sh(# fish completion of ics: put it as ics.fish into ~/.config/fish/completions.
function __ics_words
    set -l typed (commandline -opc)
    set -l begun (commandline -ct)
    set -l found (ics completion words $typed[2..-1] "$begun" 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\n' $found
    else
        __fish_complete_path "$begun"
    end
end
complete -c ics -f -a '(__ics_words)'
)sh";
}

}  // namespace cm4it::ics
