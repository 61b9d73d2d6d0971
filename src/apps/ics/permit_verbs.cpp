// permit add, list, remove: who may open conversations with whom.
#include <CLI/CLI.hpp>
#include <algorithm>

#include "apps/ics/arguments.h"
#include "apps/ics/json.h"
#include "apps/ics/own_policy.h"
#include "apps/ics/verbs.h"

namespace cm4it::ics {
namespace {

struct GivenPermit { std::string directory; std::vector<std::string> from, to; std::size_t number = 0; };

Result<int> add_permit(Context& context, const GivenPermit& given) {
  if (given.directory.empty() || given.from.empty() || given.to.empty())
    return context.misuse("DIR, --from and --to are needed", "ics permit add DIR --from type=device --to type=gateway");
  TRY(auto own, OwnPolicy::open(context, given.directory));
  policy::Permit permit;
  TRY(permit.from, context.usage(parse_selector(given.from)));
  TRY(permit.to, context.usage(parse_selector(given.to)));
  const auto& permits = own.newest().permits;
  const auto known = std::find_if(permits.begin(), permits.end(), [&](const auto& one) { return one.from.text() == permit.from.text() && one.to.text() == permit.to.text(); });
  if (known != permits.end()) {
    if (context.options.json) context.print_json(json::object{{"items", json::array{}}});
    else context.console.line("permit " + std::to_string(known - permits.begin() + 1) + " says so already: nothing changes");
    return exit_yes;
  }
  CHECK_OK(own.edit().add_permit(permit));
  return own.sign();
}

Result<int> list_permits(Context& context, const GivenPermit& given) {
  TRY(const auto own, OwnPolicy::open_to_edit(context, given.directory));
  json::array shown;
  Table table({"NUMBER", "FROM", "TO"});
  const auto words = [](const policy::Selector& selector) { return selector.globs.empty() ? std::string("everybody") : selector.text(); };
  for (const auto& permit : own.newest().permits) {
    shown.push_back({{"number", shown.size() + 1}, {"from", permit.from.text()}, {"to", permit.to.text()}});
    table.add({std::to_string(shown.size()), words(permit.from), words(permit.to)});
  }
  if (context.options.json) context.print_json(json::object{{"permits", std::move(shown)}});
  else if (table.empty()) context.console.line("no permits: nobody may open a conversation with anybody");
  else table.print(context.console);
  return exit_yes;
}

Result<int> remove_permit(Context& context, const GivenPermit& given) {
  TRY(auto own, OwnPolicy::open(context, given.directory));
  if (given.number == 0 || given.number > own.newest().permits.size())
    return fail(Code::not_found, "permit " + std::to_string(given.number) + ": there are " + std::to_string(own.newest().permits.size()), "ics permit list " + shell_quoted(given.directory));
  CHECK_OK(own.edit().remove_permit(given.number - 1));
  return own.sign();
}

void add_selectors(CLI::App& verb, GivenPermit& given) {
  verb.add_option("--from", given.from, "who opens: field=glob[,glob], or all");
  verb.add_option("--to", given.to, "with whom");
}

}  // namespace

void add_permit_verbs(CLI::App& app, Context& context) {
  auto given = std::make_shared<GivenPermit>();
  // Without a word behind it, it is `permit add`.
  auto* group = add_verb(app, context, "permit", "who may open conversations with whom", [&context, given] { return add_permit(context, *given); });
  group->add_option("DIR", given->directory, "our directory");
  add_selectors(*group, *given);
  add_dry_run(*group, context);
  auto* add = add_verb(*group, context, "add", "let subjects open conversations with others", [&context, given] { return add_permit(context, *given); });
  add->add_option("DIR", given->directory, "our directory")->required();
  add_selectors(*add, *given);
  add_dry_run(*add, context);
  auto* list = add_verb(*group, context, "list", "the permits of our policy, by number", [&context, given] { return list_permits(context, *given); });
  list->add_option("DIR", given->directory, "our directory")->required();
  auto* remove = add_verb(*group, context, "remove", "strike a permit", [&context, given] { return remove_permit(context, *given); });
  remove->add_option("DIR", given->directory, "our directory")->required();
  remove->add_option("NUMBER", given->number, "as `ics permit list` shows it")->required();
  add_dry_run(*remove, context);
}

}  // namespace cm4it::ics
