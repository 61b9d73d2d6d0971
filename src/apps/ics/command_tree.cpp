#include "apps/ics/command_tree.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <sstream>

namespace cm4it::ics {
namespace {

const CLI::Option* find_option(const CLI::App& verb, const std::string& name) {
  for (const auto* app = &verb; app; app = app->get_parent())
    for (const auto* option : app->get_options())
      if (!option->get_positional() && option->check_name(name)) return option;
  return nullptr;
}

}  // namespace

std::vector<const CLI::App*> verbs_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* verb) { return !verb->get_name().empty(); });
}

std::vector<std::string> verb_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* verb : verbs_of(app)) names.push_back(verb->get_name());
  return names;
}

const CLI::App* find_verb(const CLI::App& app, const std::vector<std::string>& words) {
  const CLI::App* found = &app;
  for (const auto& word : words) {
    const auto below = found->get_subcommands([&](const CLI::App* verb) { return verb->get_name() == word; });
    if (below.empty()) return nullptr;
    found = below[0];
  }
  return found;
}

std::string name_of(const CLI::App& verb) {
  const auto* parent = verb.get_parent();
  return !parent ? "" : parent->get_parent() ? parent->get_name() + " " + verb.get_name() : verb.get_name();
}

std::vector<const CLI::Option*> options_of(const CLI::App& verb, bool positional) {
  return verb.get_options(
      [positional](const CLI::Option* option) { return !option->get_group().empty() && option->get_positional() == positional; });
}

std::vector<std::string> option_names(const CLI::App& verb) {
  std::vector<std::string> names;
  for (const auto* app = &verb; app; app = app->get_parent())
    for (const auto* option : app->get_options())
      for (const auto& name : option->get_lnames())
        if (!option->get_group().empty()) names.push_back("--" + name);
  return names;
}

// "TEXT:{a,b}" is a text that must be a or b.
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

std::string positional_usage(const CLI::Option& option) {
  std::string name = option.get_name(true);
  if (option.get_items_expected_max() > 1) name += "…";
  return option.get_required() ? name : "[" + name + "]";
}

std::string usage_of(const CLI::App& verb) {
  std::string usage = "ics " + name_of(verb);
  for (const auto* option : verb.get_options())
    if (option->get_positional()) usage += " " + positional_usage(*option);
    else if (option->get_required()) usage += " " + option->get_name() + " …";
  return usage + "   (ics help " + name_of(verb) + ")";
}


Typed read_words(const CLI::App& app, const std::vector<std::string>& words) {
  Typed typed;
  typed.verb = &app;
  if (const char* set = std::getenv("ICS_DIR")) typed.directory = set;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto& word = words[i];
    if (typed.waiting) {
      if (word == "=") continue;  // bash takes --dir=x apart
      if (typed.waiting->check_lname("dir")) typed.directory = word;
      typed.waiting = nullptr;
    } else if (word.starts_with("-") && word != "-") {
      const auto equals = word.find('=');
      const auto* option = find_option(*typed.verb, word.substr(0, equals));
      if (!option || option->get_items_expected_max() == 0) continue;
      if (equals == word.npos) typed.waiting = option;
      else if (option->check_lname("dir")) typed.directory = word.substr(equals + 1);
    } else if (const auto* below = typed.positionals.empty() ? find_verb(*typed.verb, {word}) : nullptr) {
      typed.verb = below;
      typed.after_verb = i + 1;
    } else {
      typed.positionals.push_back(word);
    }
  }
  return typed;
}

std::vector<std::string> with_directory(const CLI::App& app, const std::vector<std::string>& words) {
  const auto typed = read_words(app, words);
  const auto wanted = options_of(*typed.verb, true);
  const auto required = static_cast<std::size_t>(std::count_if(wanted.begin(), wanted.end(), [](const auto* option) { return option->get_required(); }));
  const bool takes = !wanted.empty() && wanted[0]->get_required() && wanted[0]->get_name() == "DIR" && typed.verb->get_name() != "init";
  if (!takes || typed.directory.empty() || typed.positionals.size() + 1 != required) return words;
  auto all = words;
  all.insert(all.begin() + static_cast<std::ptrdiff_t>(typed.after_verb), typed.directory);
  return all;
}

}  // namespace cm4it::ics
