// The store, made anew out of its own records.
#include <iostream>

#include "apps/ics/json.h"
#include "apps/ics/stopped_store.h"
#include "apps/ics/verbs.h"
#include "ledger/ledger.h"

namespace cm4it::ics {
namespace {

Result<int> rebuild(Context& context, const std::string& path) {
  if (!path.empty()) context.options.dir = path;
  TRY(const auto directory, context.directory());
  TRY(const auto store, open_stopped_store(directory));
  const std::string place = directory.config().store.string();
  const auto& console = context.console;
  const auto done = ledger::rebuild(*store, [&](std::uint64_t so_far, std::uint64_t of) {
    if (console.progress) console.err << "\r" << grouped(so_far) << " of " << grouped(of) << " records\033[K" << std::flush;
  });
  if (console.progress) console.err << "\r\033[K" << std::flush;
  if (!done) return tl::unexpected(done.error());
  if (context.options.json) context.print_json(json::object{{"store", place}, {"records", *done}});
  else console.line(place + ": every index made anew from " + grouped(*done) + " records");
  return exit_yes;
}

}  // namespace

void add_rebuild_verb(CLI::App& app, Context& context) {
  auto path = std::make_shared<std::string>();
  auto* rebuild_verb = add_verb(app, context, "rebuild", "makes every index of the store anew; icsd must not be running",
                                [&context, path] { return rebuild(context, *path); });
  rebuild_verb->add_option("DIR", *path, "an ICS's directory; default: --dir's");
}

}  // namespace cm4it::ics
