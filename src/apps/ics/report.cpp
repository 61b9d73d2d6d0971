#include "apps/ics/report.h"

#include <algorithm>

#include "apps/ics/json.h"
#include "apps/ics/topics.h"
#include "base/text.h"

namespace cm4it::ics {
namespace {

Cell counts_cell(const Counted* counts) {
  if (!counts) return {};
  if (!counts->counts) return {"no: " + counts->why_not, Tone::bad};
  return {counts->roles.empty() ? "yes" : "as " + joined(counts->roles), Tone::good};
}

json::object item_json(const std::string& head, const std::string& label, const Submitted& item, const Counted* counts) {
  json::object shown{{head, label}, {"result", item.outcome == Submitted::Outcome::received      ? "received"
                                               : item.outcome == Submitted::Outcome::provisional ? "provisional"
                                               : item.outcome == Submitted::Outcome::not_yet     ? "not-yet"
                                                                                                 : "refused"}};
  if (!item.statement.empty()) shown["statement"] = item.statement;
  if (!item.entered()) {
    shown["error"] = {{"title", to_string(item.error.code)}, {"detail", item.error.message}, {"hint", item.error.detail}};
    return shown;
  }
  shown["new"] = item.is_new;
  json::array received;
  for (const auto& place : item.received)
    received.push_back({{"domain", place.domain}, {"index", place.index}, {"time", place.time}});
  shown["received"] = std::move(received);
  shown["forwarded_to"] = json::array(item.forwarded_to.begin(), item.forwarded_to.end());
  if (!item.warnings.empty()) shown["warnings"] = json::array(item.warnings.begin(), item.warnings.end());
  if (!item.not_taken.empty()) {
    json::array not_taken;
    for (const auto& [domain, why] : item.not_taken) not_taken.push_back({{"domain", domain}, {"why", why}});
    shown["not_taken"] = std::move(not_taken);
  }
  if (counts) {
    shown["counts"] = counts->counts;
    shown["roles"] = json::array(counts->roles.begin(), counts->roles.end());
    if (!counts->counts) shown["why_not"] = counts->why_not;
  }
  return shown;
}

}  // namespace

std::optional<Counted> counted(const Api& api, const std::string& subject, const std::string& statement, const std::string& domain) {
  const auto history = api.get_json(target({"v1", "subjects", subject, "history"}, {{"domain", domain}}));
  if (!history) return {};
  for (const auto& entry : array_at(*history, "statements"))
    if (entry.is_object() && text_at(entry.get_object(), "statement") == statement) {
      const auto& one = entry.get_object();
      return Counted{flag_at(one, "counts"), texts_at(one, "roles"), text_at(one, "why_not")};
    }
  return {};
}

int report(const Context& context, const std::string& head, const std::vector<std::string>& labels, const std::vector<Submitted>& items,
           const std::map<std::size_t, Counted>& counts) {
  const bool all = std::all_of(items.begin(), items.end(), [](const auto& item) { return item.entered(); });
  const auto counts_of = [&](std::size_t i) {
    const auto found = counts.find(i);
    return found == counts.end() ? nullptr : &found->second;
  };
  if (context.options.json) {
    json::array shown;
    for (std::size_t i = 0; i < items.size(); ++i) shown.push_back(item_json(head, labels[i], items[i], counts_of(i)));
    context.print_json(json::object{{"items", std::move(shown)}});
  } else {
    Table table({uppercase(head), "STATEMENT", "RESULT", "COUNTS"});
    for (std::size_t i = 0; i < items.size(); ++i) {
      const Tone tone = !items[i].entered() ? Tone::bad : items[i].received.empty() ? Tone::warn : Tone::good;
      // As many digits in every table: enough to be typed again. --json has all.
      table.add({head == "subject" ? short_id(labels[i]) : labels[i],
                 items[i].statement.empty() ? "-" : short_id(items[i].statement),
                 {items[i].text(), tone},
                 counts_cell(counts_of(i))});
    }
    table.print(context.console);
  }
  std::string warned;
  for (const auto& item : items)
    for (const auto& warning : item.warnings)
      if (warning != warned) context.console.note("! " + (warned = warning));
  if (!warned.empty()) context.console.note("  → a name that leads to both leads to neither: `ics withdraw` what is wrong (`ics history SUBJECT` shows the statement)");
  const auto idle = std::count_if(counts.begin(), counts.end(), [](const auto& entry) { return !entry.second.counts; });
  if (idle > 0) context.console.note(std::string("! kept, but it counts for nothing now") + (idle > 1 ? " (" + std::to_string(idle) + " of them)" : ""));
  std::string last;
  for (const auto& item : items)
    if (!item.entered() && !item.error.detail.empty() && item.error.detail != last)
      context.console.note("  → " + with_topics(last = item.error.detail));
  return all ? exit_yes : exit_failed;
}

}  // namespace cm4it::ics
