// help, version, man, completion.
#include <CLI/CLI.hpp>
#include <iostream>

#include "apps/ics/command_tree.h"
#include "apps/ics/completion.h"
#include "apps/ics/documents.h"
#include "apps/ics/json.h"
#include "apps/ics/manual.h"
#include "apps/ics/misread.h"
#include "apps/ics/topics.h"
#include "apps/ics/verbs.h"

namespace cm4it::ics {
namespace {

void show_help(const Context& context, const CLI::App& verb) {
  // Not help(): that of the whole tells about the verb that was typed, which is this one.
  std::string name = verb.get_name();
  for (const auto* parent = verb.get_parent(); parent; parent = parent->get_parent()) name = parent->get_name() + " " + name;
  context.console.out << verb.get_formatter()->make_help(&verb, name, CLI::AppFormatMode::Normal);
}

void show_topic(const Context& context, const Topic& topic) {
  const auto& console = context.console;
  bool heading = true;
  for (const auto& line : as_lines(text_of(topic))) {
    console.out << (heading ? console.toned(clean(line), Tone::bold) : clean(line)) << '\n';
    heading = false;
  }
}

void list_topics(const Context& context) {
  const auto& console = context.console;
  console.line();
  console.line("Topics (ics help TOPIC):");
  Table table({"", ""});
  for (const auto& topic : topics()) table.add({"  " + std::string(topic.name), std::string(topic.is)});
  table.print(console);
}

Result<int> help(Context& context, const CLI::App& app, const std::vector<std::string>& words) {
  if (words.empty()) {
    show_help(context, app);
    list_topics(context);
    return exit_yes;
  }
  if (const auto* verb = find_verb(app, words)) {
    show_help(context, *verb);
    return exit_yes;
  }
  if (const auto* topic = words.size() == 1 ? find_topic(words[0]) : nullptr) {
    show_topic(context, *topic);
    return exit_yes;
  }
  auto names = verb_names(app);
  for (const auto& topic : topics()) names.emplace_back(topic.name);
  const auto near = nearest(words[0], names);
  std::string typed;
  for (const auto& word : words) typed += (typed.empty() ? "" : " ") + word;
  return context.misuse("no verb or topic \"" + typed + "\"", near.empty() ? "ics help lists both" : "ics help " + near.front());
}

Result<int> man(const Context& context, const CLI::App& app, const std::string& program) {
  if (program == "ics") write_manual(app, context.console.out);
  else
    for (const auto& document : documents())
      if (document.path == "docs/icsd.8") context.console.out << document.text;
  return exit_yes;
}

}  // namespace

void add_help_verbs(CLI::App& app, Context& context) {
  app.footer("ics help VERB says what a verb does and takes, with examples; ics help TOPIC explains: ics help lists the topics.");
  auto words = std::make_shared<std::vector<std::string>>();
  auto* help_verb = add_verb(app, context, "help", "what a verb does and takes; or a topic, explained", [&app, &context, words] { return help(context, app, *words); });
  help_verb->add_option("TOPIC", *words, "a verb, or two words of one (key new); or a topic");
  add_verb(app, context, "version", "which version this is", [&context]() -> Result<int> {
    if (context.options.json) context.print_json(json::object{{"version", CM4IT_VERSION}});
    else context.console.line("ics " CM4IT_VERSION);
    return exit_yes;
  });
  auto program = std::make_shared<std::string>("ics");
  auto* man_verb = add_verb(app, context, "man", "prints a manual page", [&app, &context, program] { return man(context, app, *program); });
  man_verb->add_option("PROGRAM", *program, "ics or icsd; default: ics")->check(CLI::IsMember({"ics", "icsd"}));
  auto* group = add_group(app, "completion", "completion scripts for shells");
  for (const std::string shell : {"bash", "zsh", "fish"})
    add_verb(*group, context, shell, "prints a script for " + shell, [&context, shell]() -> Result<int> {
      context.console.out << completion_script(shell);
      return exit_yes;
    });
}

}  // namespace cm4it::ics
