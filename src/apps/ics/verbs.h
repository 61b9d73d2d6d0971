// The verbs, a file for each group: what may be typed, and what is done then. Output and exit codes: docs/cli.md.
#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <functional>
#include <string>

#include "apps/ics/context.h"

namespace cm4it::ics {

// "verb", or "group verb" of a group that add_group made. The verb's own options are added to what is returned; `action`
// runs after everything was parsed, and returns the exit code.
CLI::App* add_verb(CLI::App& parent, Context& context, const std::string& name, const std::string& description,
                   std::function<Result<int>()> action);
CLI::App* add_group(CLI::App& app, const std::string& name, const std::string& description);

// --dry-run, of verbs that sign.
void add_dry_run(CLI::App& verb, Context& context);

void add_setup_verbs(CLI::App& app, Context& context);      // init, trust
void add_rule_verbs(CLI::App& app, Context& context);       // server; and role, permit
void add_role_verbs(CLI::App& app, Context& context);       // role add, end, replace, remove, list
void add_policy_verbs(CLI::App& app, Context& context);     // policy check, diff, show, sign, edit
void add_statement_verbs(CLI::App& app, Context& context);  // identify, endorse, status, transfer, assign, withdraw
void add_bulk_verbs(CLI::App& app, Context& context);       // push, import, export
void add_question_verbs(CLI::App& app, Context& context);   // find, show, history, why, may, domains, peers; and token, watch
void add_token_verbs(CLI::App& app, Context& context);      // token, token show, verify
void add_watch_verb(CLI::App& app, Context& context);
void add_permit_verbs(CLI::App& app, Context& context);     // permit add, list, remove
void add_key_verbs(CLI::App& app, Context& context);        // key new, id, show, pub
void add_log_verbs(CLI::App& app, Context& context);        // log verify, audit; and the two that follow
void add_rebuild_verb(CLI::App& app, Context& context);
void add_forgive_verb(CLI::App& app, Context& context);
void add_gpg_verb(CLI::App& app, Context& context);        // gpg-notations
void add_ocsp_verb(CLI::App& app, Context& context);       // ocsp-cert
void add_help_verbs(CLI::App& app, Context& context);       // help, version, man, completion

// The whole command line, and what it runs: for main, man, completion and tests.
void build_command_line(CLI::App& app, Context& context);
// Parses and runs; the exit code.
int run(int argc, const char* const* argv, Context& context);

}  // namespace cm4it::ics
