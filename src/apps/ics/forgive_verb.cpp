// A home that contradicted itself is followed anew, once its operator and ours have settled which history is right.
#include <iostream>

#include "apps/ics/json.h"
#include "apps/ics/stopped_store.h"
#include "apps/ics/verbs.h"
#include "base/text.h"
#include "ledger/forgive.h"

namespace cm4it::ics {
namespace {

void show(const Console& console, const ledger::KnownLogs& known) {
  for (const auto& how : known.broken) console.line("broken since " + how);
  Table table({"LOG", "SIZE", "ROOT", "SIGNED"});
  for (const auto& head : known.heads) table.add({head.origin, grouped(head.size), head.root, head.time});
  if (!table.empty()) table.print(console);
}

Result<int> forgive(Context& context, const std::string& domain) {
  TRY(const auto directory, context.directory());
  TRY(const auto store, open_stopped_store(directory));
  const auto& homes = directory.config().homes;
  if (contains(homes, domain))
    return fail(Code::not_permitted, "this server is the home of " + domain + ": it has nobody else's log to forget");
  TRY(const auto known, ledger::known_logs(*store, domain));
  if (known.broken.empty() && known.heads.empty()) return fail(Code::not_found, "nothing is known here of a log of " + domain, "ics peers shows whom this server follows");
  if (!context.options.json) show(context.console, known);
  if (!context.options.yes) {
    TRY(const bool agreed, context.console.ask("Was it settled with the operator of " + domain + " which history is right, and is its home on that one now? "
                                               "What is known here of its logs is forgotten then, and it is followed anew.", "--yes"));
    if (!agreed) return fail(Code::not_permitted, "nothing was changed");
  }
  CHECK_OK(ledger::forget_logs(*store, domain));
  if (context.options.json) context.print_json(json::object{{"domain", domain}, {"heads", known.heads.size()}, {"broken", known.broken.size()}});
  else context.console.line(domain + " is followed anew when icsd starts. What came of the other history stays; `ics history` shows it");
  return exit_yes;
}

}  // namespace

void add_forgive_verb(CLI::App& app, Context& context) {
  auto given = std::make_shared<std::string>();
  auto* verb = add_verb(app, context, "forgive", "follows a home anew that contradicted itself (broken); icsd must not be running",
                        [&context, given] { return forgive(context, *given); });
  verb->add_option("DOMAIN", *given, "the domain whose copy here is broken")->required();
}

}  // namespace cm4it::ics
