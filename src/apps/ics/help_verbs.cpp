// The manual page and the completion script, out of the same tree that parses the command line.
#include <CLI/CLI.hpp>
#include <sstream>

#include "apps/ics/misread.h"
#include "apps/ics/verbs.h"
#include "evidence/statement.h"

namespace cm4it::ics {
namespace {

constexpr const char* terms =
    "SUBJECT: a whole id (key:…, code:…, model:domain/name), the file of a key, a unique prefix of at least 8 hex digits,\n"
    "or an alias: serial:42 or just 42, urn:dev:…, a package URL. Verbs that make statements take several; - reads them\n"
    "from standard input.\n"
    "TIME: RFC 3339 (2026-12-31T00:00:00Z), a date, now, or a span from now (90d, 12h; -1h is an hour ago).\n"
    "SELECTOR: field=glob[,glob], repeated, or a TOML inline table; all is everything.\n"
    "Exit: 0 yes, done; 1 no: the verdict, the permission or the audit says so; 2 wrong usage; 3 failed.";

std::vector<const CLI::App*> verbs_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* verb) { return !verb->get_name().empty(); });
}

std::vector<const CLI::Option*> options_of(const CLI::App& app, bool positional) {
  return app.get_options(
      [positional](const CLI::Option* option) { return !option->get_group().empty() && option->get_positional() == positional; });
}

// What an option takes: "TEXT", "FILE"; of one with a set of values, these: "TEXT:{a,b}" → a b.
std::string type_of(const CLI::Option& option) {
  const auto type = option.get_type_name();
  return type.substr(0, type.find(':'));
}
std::vector<std::string> values_of(const CLI::Option& option) {
  const auto type = option.get_type_name();
  const auto begin = type.find('{'), end = type.rfind('}');
  std::vector<std::string> values;
  if (begin == type.npos || end == type.npos || end < begin) return values;
  std::istringstream list(type.substr(begin + 1, end - begin - 1));
  for (std::string value; std::getline(list, value, ',');) values.push_back(value);
  return values;
}

// For completion also of what is checked later, with a better error: "status" the verb, --status, --type, …
std::vector<std::string> completions_of(const CLI::Option& option, const std::string& verb) {
  auto values = values_of(option);
  const std::string name = option.get_positional() ? verb : option.get_lnames().empty() ? "" : option.get_lnames()[0];
  if (!values.empty()) return values;
  if (name == "role" && verb == "init") return {"manufacturer", "developer", "maintenance", "certifier", "infield"};
  if (name == "as") return {"manufacturer", "developer", "certifier", "integrator", "maintainer", "copy"};
  for (unsigned number = 1; number < 256; ++number) {
    const std::string type = number <= 7 ? evidence::to_string(static_cast<evidence::Type>(number)) : "";
    const std::string status = evidence::to_string(static_cast<evidence::Status>(number));
    if (name == "type" && !type.empty()) values.push_back(type);
    if (name == "status" && !status.empty() && evidence::parse_status(status)) values.push_back(status);
  }
  return values;
}

std::string troff(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\') escaped += "\\e";
    else if (c == '-') escaped += "\\-";
    else if ((c == '.' || c == '\'') && (escaped.empty() || escaped.back() == '\n')) escaped += std::string("\\&") + c;
    else escaped += c;
  }
  return escaped;
}

void man_option(std::ostream& out, const CLI::Option& option) {
  out << ".TP\n\\fB" << troff(option.get_positional() ? option.get_name(true) : option.get_name()) << "\\fR";
  const auto values = values_of(option);
  if (!option.get_positional() && option.get_items_expected_max() > 0 && values.empty())
    out << " \\fI" << troff(type_of(option)) << "\\fR";
  for (std::size_t i = 0; i < values.size(); ++i) out << (i == 0 ? " " : "|") << troff(values[i]);
  out << "\n" << troff(option.get_description());
  if (!option.get_default_str().empty()) out << " (default: " << troff(option.get_default_str()) << ")";
  out << "\n";
}

void man_verb(std::ostream& out, const CLI::App& verb, const std::string& name) {
  const auto below = verbs_of(verb);
  if (!below.empty()) {
    for (const auto* one : below) man_verb(out, *one, name + " " + one->get_name());
    return;
  }
  out << ".SS " << troff(name);
  for (const auto* option : options_of(verb, true)) out << " " << troff(positional_usage(*option));
  out << "\n" << troff(verb.get_description()) << ".\n";
  for (const auto* option : options_of(verb, true)) man_option(out, *option);
  for (const auto* option : options_of(verb, false))
    if (option != verb.get_help_ptr()) man_option(out, *option);
}

void manual(const CLI::App& app, std::ostream& out) {
  out << ".TH ICS 1 \"\" \"CM4IT " << troff(CM4IT_VERSION) << "\" \"User Commands\"\n"
      << ".SH NAME\nics \\- make and sign statements about things, submit them, and ask\n"
      << ".SH SYNOPSIS\n\\fBics\\fR [\\fIOPTIONS\\fR] \\fIVERB\\fR …\n"
      << ".SH DESCRIPTION\n"
      << troff(app.get_description()) << ".\n";
  std::istringstream paragraphs(terms);
  for (std::string line; std::getline(paragraphs, line);) {
    const bool begins = line.find(": ") != line.npos && std::isupper(static_cast<unsigned char>(line[0]));
    out << (begins ? ".PP\n" : "") << troff(line) << "\n";
  }
  out << ".SH OPTIONS OF EVERY VERB\n";
  for (const auto* option : options_of(app, false)) man_option(out, *option);
  out << ".SH VERBS\n";
  for (const auto* verb : verbs_of(app)) man_verb(out, *verb, "ics " + verb->get_name());
}

std::string words_of(const std::vector<const CLI::Option*>& options) {
  std::string words;
  for (const auto* option : options)
    for (const auto& name : option->get_lnames()) words += (words.empty() ? "--" : " --") + name;
  return words;
}

std::string joined(const std::vector<std::string>& words) {
  std::string line;
  for (const auto& word : words) line += (line.empty() ? "" : " ") + word;
  return line;
}

struct CompletionTables {
  std::ostringstream path, words, options, values;
};

// One line in each table for every verb and group: how it is reached, what may follow.
void add_to(CompletionTables& tables, const CLI::App& app, const std::string& path) {
  std::vector<std::string> names, values;
  for (const auto* verb : verbs_of(app)) names.push_back(verb->get_name());
  for (const auto* option : options_of(app, true))
    for (const auto& value : completions_of(*option, app.get_name())) values.push_back(value);
  tables.words << "    '" << path << "') words='" << joined(names) << "' values='" << joined(values) << "' ;;\n";
  if (!path.empty()) tables.options << "    '" << path << "') options+=' " << words_of(options_of(app, false)) << "' ;;\n";
  for (const auto* option : options_of(app, false))
    if (const auto allowed = completions_of(*option, app.get_name()); !allowed.empty())
      for (const auto& name : option->get_lnames())
        tables.values << "    '" << path << " --" << name << "') words='" << joined(allowed) << "' ;;\n";
  for (const auto* verb : verbs_of(app)) {
    const auto below = path.empty() ? verb->get_name() : path + " " + verb->get_name();
    tables.path << "      '" << path << (path.empty() ? "" : " ") << verb->get_name() << "') verb='" << below
                << "'; after=0 ;;\n";
    add_to(tables, *verb, below);
  }
}

void bash_completion(const CLI::App& app, std::ostream& out) {
  CompletionTables tables;
  add_to(tables, app, "");
  out << "# bash completion of ics: source it, or put it where bash-completion looks.\n"
         "_ics() {\n"
         "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb='' after=0 i word words='' values=''\n"
         "  local options='"
      << words_of(options_of(app, false))
      << "'\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    word=${COMP_WORDS[i]}\n"
         "    case \"${verb:+$verb }$word\" in\n"
      << tables.path.str()
      << "      *) [[ $word == -* ]] || after=$((after + 1)) ;;\n"
         "    esac\n"
         "  done\n"
         "  case \"$verb $prev\" in\n"
      << tables.values.str()
      << "  esac\n"
         "  if [[ -n $words ]]; then COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")); return; fi\n"
         "  if [[ $prev == --dir ]]; then COMPREPLY=($(compgen -d -- \"$cur\")); return; fi\n"
         "  case \"$verb\" in\n"
      << tables.words.str()
      << "  esac\n"
         "  case \"$verb\" in\n"
      << tables.options.str()
      << "  esac\n"
         "  if [[ $cur == -* ]]; then words=$options\n"
         "  elif ((after > 0)); then words+=\" $values\"; fi\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
         "}\n"
         "complete -o default -F _ics ics\n";
}

}  // namespace

void add_help_verbs(CLI::App& app, Context& context) {
  app.footer(terms);
  auto words = std::make_shared<std::vector<std::string>>();
  auto* help = add_verb(app, context, "help", "says what a verb does and takes", [&app, &context, words]() -> Result<int> {
    const auto* verb = find_verb(app, *words);
    if (!verb) {
      const auto near = nearest(words->front(), verb_names(app));
      return context.misuse("no verb \"" + words->front() + "\"", near.empty() ? "ics help" : "ics help " + near.front());
    }
    // Not help(): that of the whole tells about the verb that was typed, which is this one.
    std::string name = verb->get_name();
    for (const auto* parent = verb->get_parent(); parent; parent = parent->get_parent()) name = parent->get_name() + " " + name;
    context.console.out << verb->get_formatter()->make_help(verb, name, CLI::AppFormatMode::Normal);
    return exit_yes;
  });
  help->add_option("VERB", *words, "a verb, or two words of one: key new");
  add_verb(app, context, "man", "prints a manual page: ics man | man -l -", [&app, &context]() -> Result<int> {
    manual(app, context.console.out);
    return exit_yes;
  });
  auto* group = add_group(app, "completion", "completion scripts for shells");
  add_verb(*group, context, "bash", "prints a script: source <(ics completion bash)", [&app, &context]() -> Result<int> {
    bash_completion(app, context.console.out);
    return exit_yes;
  });
}

}  // namespace cm4it::ics
