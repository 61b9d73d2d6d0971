// One subject, as a server knows it.
#include <set>

#include "apps/ics/answers.h"
#include "apps/ics/questions.h"
#include "base/text.h"

namespace cm4it::ics {
namespace {

void add_identity(Table& table, const json::object& identity) {
  for (const char* field : {"type", "name", "maker", "model", "serial", "version"})
    if (const auto value = text_at(identity, field); !value.empty()) table.add({field, value});
  for (const auto& uri : texts_at(identity, "uris")) table.add({"uri", uri});
  const auto& attributes = object_at(identity, "attributes");
  for (const auto& attribute : attributes)
    table.add({"  " + std::string(attribute.key()), text_at(attributes, std::string(attribute.key()).c_str())});
}

void add_status(Table& table, const json::object& status) {
  const auto word = text_at(status, "status"), reason = text_at(status, "reason");
  std::string line = word;
  if (flag_at(status, "of_model")) line += ", of its model";
  else if (const auto issuer = issuer_of(status); !issuer.empty()) line += ", said by " + issuer;
  if (const auto time = text_at(status, "time"); !time.empty()) line += " " + time;
  if (!reason.empty()) line += ": " + reason;
  table.add({"status", {line, tone_of_status(word)}});
}

// One that was said again is shown once.
void add_endorsements(Table& table, const json::array& endorsements) {
  std::set<std::string> shown;
  for (const auto& entry : endorsements) {
    if (!entry.is_object()) continue;
    const auto& one = entry.get_object();
    std::string line = text_at(one, "label") + " by " + issuer_of(one);
    if (const auto roles = joined(texts_at(one, "roles")); !roles.empty()) line += " (" + roles + ")";
    if (flag_at(one, "of_model")) line += ", of its model";
    if (shown.insert(line).second) table.add({"endorsed", line});
  }
}

// What a server knows only as a domain's own sign of an impossibility.
Cell holder_cell(const std::string& holder) {
  if (holder == "contradiction") return {"contradiction: several domains say it is theirs", Tone::bad};
  return {holder};
}

}  // namespace

Result<int> show(Context& context, const std::string& subject) {
  TRY(const auto answer, ask_about(context, subject, ""));
  if (context.options.json) {
    context.print_json(answer);
    return exit_yes;
  }
  Table table({"", ""});
  table.add({"subject", {text_at(answer, "subject"), Tone::bold}});
  if (const auto& identity = object_at(answer, "identity"); !identity.empty()) add_identity(table, identity);
  else table.add({"identity", {"none that counts", Tone::warn}});
  if (const auto& status = object_at(answer, "status"); !status.empty()) add_status(table, status);
  if (const auto holder = text_at(answer, "holder"); !holder.empty()) table.add({"holder", holder_cell(holder)});
  if (const auto cloud = text_at(answer, "cloud"); !cloud.empty()) table.add({"cloud", cloud});
  add_endorsements(table, array_at(answer, "endorsements"));
  const auto& verdict = object_at(answer, "verdict");
  const auto admitted = admitted_answer(text_at(verdict, "admitted"));
  const auto domain = text_at(answer, "domain");
  table.add({"verdict", {admitted.words + (domain.empty() ? "" : " in " + domain), admitted.tone}});
  for (const auto& reason : array_at(verdict, "reasons"))
    if (reason.is_object() && text_at(reason.get_object(), "outcome") != "met")
      table.add({"", text_at(reason.get_object(), "text")});
  table.print(context.console);
  return exit_yes;
}

Result<int> show_history(Context& context, const std::string& subject) {
  TRY(const auto answer, ask_about(context, subject, "history"));
  if (context.options.json) {
    context.print_json(answer);
    return exit_yes;
  }
  Table table({"ISSUED", "RECEIVED", "STATEMENT", "ISSUER", "KIND", "SAYS", "COUNTS"});
  for (const auto& entry : array_at(answer, "statements")) {
    if (!entry.is_object()) continue;
    const auto& one = entry.get_object();
    const auto kind = text_at(one, "kind"), why_not = text_at(one, "why_not"), decided = text_at(one, "decided_by");
    Cell counts = flag_at(one, "counts")
                      ? Cell("as " + joined(texts_at(one, "roles")), Tone::good)
                      : Cell("no: " + why_not + (decided.empty() ? "" : ", by " + short_id(decided)), Tone::bad);
    if (flag_at(one, "counts") && texts_at(one, "roles").empty()) counts.text = "yes";
    const auto received = flag_at(one, "provisional") ? Cell("provisional", Tone::warn) : Cell(text_at(one, "received"));
    table.add({text_at(one, "issued_at"),
               received,
               {short_id(text_at(one, "statement")), Tone::dim},
               issuer_of(one),
               kind,
               said_by(kind, object_at(one, "body")),
               counts});
  }
  if (table.empty()) context.console.line("no statement about " + text_at(answer, "subject") + " may be read here");
  else table.print(context.console);
  return exit_yes;
}

}  // namespace cm4it::ics
