#include <CLI/CLI.hpp>
#include <filesystem>
#include <new>
#include <sstream>

#include "apps/ics/command_tree.h"
#include "apps/ics/completion.h"
#include "apps/ics/examples.h"
#include "apps/ics/misread.h"
#include "apps/ics/topics.h"
#include "apps/ics/verbs.h"

namespace cm4it::ics {
namespace {

void add_common_options(CLI::App& app, Context& context) {
  auto& options = context.options;
  app.add_option("--dir", options.dir, "an ICS's directory: gives key, server and domain (or set ICS_DIR)")->envname("ICS_DIR")->type_name("DIR");
  app.add_option("--key", options.key, "the key that signs, and is proven to the server: a file, pkcs11:… or handle:…; default DIR/owner.key (or set ICS_KEY)")->envname("ICS_KEY")->type_name("FILE");
  app.add_option("--key-pass", options.key_pass, "a file with that key's passphrase or PIN; without it they are asked for")->type_name("FILE");
  app.add_option("--server", options.server, "the server; default: DIR's own")->type_name("URL");
  app.add_option("--server-key", options.server_key, "the only key to accept of that server (key:…)")->type_name("KEY");
  app.add_option("--domain", options.domains, "the domains a statement is made in; of questions, the first is asked")->type_name("NAME")->delimiter(',');
  app.add_flag("--json", options.json, "JSON on standard output, for machines");
  app.add_flag("--yes", options.yes, "do not ask before what cannot be undone: policies, transfers, alarms over many subjects");
}

int failed(const Context& context, const Error& error) {
  context.console.note("ics" + (context.verb.empty() ? "" : " " + context.verb) + ": " + error.message);
  // What comes next may take several lines, a candidate each.
  std::istringstream lines(with_topics(error.detail));
  const char* before = "  → ";
  for (std::string line; std::getline(lines, line); before = "    ") context.console.note(before + line);
  return context.misused ? exit_usage : exit_failed;
}

// What the standard library reports by exceptions (a path that is too long, a directory that is gone, no memory) ends a verb
// like any other error.
Result<int> act(const Context& context) {
  try {
    return context.action();
  } catch (const std::filesystem::filesystem_error& error) {
    const auto path = error.path1().string();
    return fail(Code::unavailable, path.empty() ? error.code().message() : path + ": " + error.code().message());
  } catch (const std::bad_alloc&) {
    return fail(Code::unavailable, "not enough memory");
  } catch (const std::exception& error) {
    return fail(Code::internal, error.what());
  }
}

// What was said must have arrived, or it was not said: a full disk is a failure. A reader that had enough (`| head`) is not.
int finished(const Context& context, const Result<int>& outcome) {
  const auto written = context.console.flush();
  if (!outcome) return failed(context, outcome.error());
  if (!written && !context.console.reader_gone()) return failed(context, written.error());
  return *outcome;
}

// In the order in which they are met.
void group_verbs(CLI::App& app) {
  const std::pair<const char*, std::vector<const char*>> groups[] = {
      {"Begin", {"init", "trust", "key"}},
      {"Say", {"identify", "endorse", "status", "assign", "transfer", "withdraw"}},
      {"Ask", {"find", "show", "history", "why", "may", "token", "watch", "domains", "peers"}},
      {"Rule", {"role", "permit", "server", "policy"}},
      {"Evidence in any amount", {"push", "import", "export", "gpg-notations"}},
      {"Maintain", {"log", "rebuild", "forgive", "ocsp-cert"}},
      {"Help", {"help", "version", "man", "completion"}}};
  for (const auto& [title, names] : groups)
    for (const char* name : names) app.get_subcommand(name)->group(title);
}

}  // namespace

CLI::App* add_verb(CLI::App& parent, Context& context, const std::string& name, const std::string& description,
                   std::function<Result<int>()> action) {
  auto* verb = parent.add_subcommand(name, description)->group("Verbs");
  const std::string full = parent.get_parent() ? parent.get_name() + " " + name : name;
  verb->callback([&context, verb, full, action = std::move(action)] {
    if (!verb->get_subcommands().empty()) return;  // the word behind it was meant
    context.verb = full;
    context.action = action;
  });
  verb->fallthrough();
  return verb;
}

void add_dry_run(CLI::App& verb, Context& context) {
  verb.add_flag("--dry-run", context.options.dry_run, "show what would be signed, and sign nothing");
}

CLI::App* add_group(CLI::App& app, const std::string& name, const std::string& description) {
  auto* group = app.add_subcommand(name, description)->group("Verbs");
  group->require_subcommand(1);
  group->fallthrough();
  return group;
}

void build_command_line(CLI::App& app, Context& context) {
  app.name("ics");
  app.description("ics: make and sign statements about things, submit them, and ask");
  app.set_version_flag("--version", CM4IT_VERSION);
  app.require_subcommand(0, 1);
  app.get_formatter()->column_width(34);
  app.get_formatter()->label("SUBCOMMAND", "VERB");
  add_common_options(app, context);
  // In the order in which they are met: so help shows them.
  add_setup_verbs(app, context);
  add_key_verbs(app, context);
  add_statement_verbs(app, context);
  add_question_verbs(app, context);
  add_rule_verbs(app, context);
  add_policy_verbs(app, context);
  add_bulk_verbs(app, context);
  add_log_verbs(app, context);
  add_gpg_verb(app, context);
  add_ocsp_verb(app, context);
  add_help_verbs(app, context);
  group_verbs(app);
  add_examples(app);
}

int run(int argc, const char* const* argv, Context& context) {
  CLI::App app;
  build_command_line(app, context);
  std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  // What is being typed is no command line yet.
  if (words.size() > 2 && words[0] == "completion" && words[1] == "words") {
    for (const auto& word : completions(app, context, {words.begin() + 2, words.end()})) context.console.line(word);
    return finished(context, exit_yes);
  }
  words = with_directory(app, words);
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
      app.exit(error, context.console.out, context.console.err);
      return finished(context, exit_yes);
    }
    const auto said = misread(app, error, words);
    context.verb = said.verb;
    context.misused = true;
    return failed(context, {Code::malformed, said.what, said.next});
  }
  if (!context.action) {
    context.console.err << app.help();
    return exit_usage;
  }
  return finished(context, act(context));
}

}  // namespace cm4it::ics
