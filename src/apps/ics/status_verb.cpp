// status: what state subjects are in; without a subject, what state this ICS is in.
#include <CLI/CLI.hpp>

#include "apps/ics/answers.h"
#include "apps/ics/misread.h"
#include "apps/ics/said.h"
#include "apps/ics/status_page.h"
#include "apps/ics/subjects.h"
#include "apps/ics/verbs.h"

namespace cm4it::ics {
namespace {

using evidence::SubjectId;

// More than so many alarms at once are asked about at a terminal.
constexpr std::size_t few_alarms = 10;

// "did you mean stolen?", else `otherwise`.
std::string meant_status(const std::string& typed, const std::string& otherwise) {
  std::vector<std::string> words;
  for (unsigned number = 1; number < 256; ++number)
    if (const std::string word = evidence::to_string(static_cast<evidence::Status>(number)); evidence::parse_status(word)) words.push_back(word);
  const auto meant = did_you_mean(typed, words);
  return meant.empty() ? otherwise : meant;
}

struct StatusGiven : Said { std::string reason; bool lift = false; };

// What a subject was before an alarm: the newest life-cycle status that counts.
Result<evidence::Status> life_before(Context& context, const SubjectId& subject) {
  TRY(const auto* server, context.api());
  TRY(const auto domain, context.own_domain());
  TRY(const auto history, server->get_json(target({"v1", "subjects", subject.text(), "history"}, {{"domain", domain}})));
  std::optional<std::pair<std::string, evidence::Status>> newest;
  for (const auto& entry : array_at(history, "statements")) {
    if (!entry.is_object()) continue;
    const auto& one = entry.get_object();
    const auto status = evidence::parse_status(text_at(object_at(one, "body"), "status"));
    if (text_at(one, "kind") != "status" || !flag_at(one, "counts") || !status || evidence::is_alarm(*status)) continue;
    if (const auto when = text_at(one, "issued_at"); !newest || newest->first <= when) newest = {when, *status};
  }
  if (!newest) return fail(Code::not_found, "--lift: nobody has said what " + short_id(subject.text()) + " was before", "say it: ics status " + short_id(subject.text()) + " in-use");
  return newest->second;
}

// Of those that were to be well again: which are not, and by whose word.
void tell_alarms_left(Context& context, const std::vector<SubjectId>& subjects) {
  const auto server = context.api();
  const auto domain = context.own_domain();
  if (!server || !domain) return;
  bool any = false;
  for (std::size_t i = 0; i < subjects.size() && i < few_alarms; ++i) {
    const auto known = (*server)->get_json(target({"v1", "subjects", subjects[i].text()}, {{"domain", *domain}}));
    if (!known) return;
    const auto& status = object_at(*known, "status");
    const auto word = evidence::parse_status(text_at(status, "status"));
    if (!word || !evidence::is_alarm(*word)) continue;
    any = true;
    context.console.note("! " + short_id(subjects[i].text()) + " is still " + text_at(status, "status") + ", said by " + issuer_of(status));
  }
  if (any) context.console.note("  → an alarm is lifted by whoever raised it: ics help statuses");
}

Result<int> say_status(Context& context, StatusGiven said) {
  if (said.subjects.empty() && !said.lift) return status_page(context);
  if (said.subjects.empty()) return context.misuse("--lift: of which subject?", "ics status SUBJECT… --lift");
  const std::string next = "ics status SUBJECT… in-use; or without a word: the state of this ICS";
  std::optional<evidence::Status> status;
  if (!said.lift) {
    const auto parsed = evidence::parse_status(said.subjects.back());
    if (!parsed) return context.misuse(parsed.error().message, meant_status(said.subjects.back(), next));
    status = *parsed;
    if (said.subjects.size() < 2) return context.misuse("a subject and a status are needed", next);
    said.subjects.pop_back();
  }
  TRY(const auto subjects, resolve_subjects(context, said.subjects));
  TRY(auto speaker, Speaker::start(context, said.when));
  for (const auto& subject : subjects) {
    auto word = status;
    if (!word) {
      TRY(word, life_before(context, subject));
    }
    CHECK_OK(speaker.add(subject, evidence::StatusChange{*word, said.reason}));
  }
  const bool alarm = status && evidence::is_alarm(*status);
  if (alarm && subjects.size() > few_alarms)
    CHECK_OK(speaker.confirm("Say of " + these(subjects) + " that they are " + std::string(evidence::to_string(*status)) + "?"));
  TRY(const int code, speaker.submit());
  if (!alarm && !context.options.dry_run && !context.options.json) tell_alarms_left(context, subjects);
  return code;
}

}  // namespace

void add_status_verb(CLI::App& app, Context& context) {
  auto given = std::make_shared<StatusGiven>();
  auto* verb = add_verb(app, context, "status", "say what state subjects are in from now on; without a subject: the state of this ICS, on one page",
                        [&context, given] { return say_status(context, *given); });
  verb->add_option("SUBJECT", given->subjects,
                   "subjects, and last the status: planned, in-stock, in-use, retired, deprecated, suspended, lost, destroyed, stolen, "
                   "revoked or compromised");
  verb->add_option("--reason", given->reason, "why");
  verb->add_flag("--lift", given->lift, "no alarm any more: what they were before, said anew");
  add_when(*verb, context, given->when);
}

}  // namespace cm4it::ics
