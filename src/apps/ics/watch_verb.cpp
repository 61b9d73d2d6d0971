// watch: whose verdict may have changed, as it happens.
#include <CLI/CLI.hpp>
#include <thread>

#include "apps/ics/answers.h"
#include "apps/ics/json.h"
#include "apps/ics/subjects.h"
#include "apps/ics/verbs.h"
#include "base/text.h"

namespace cm4it::ics {
namespace {

constexpr const char* longest_poll = "25";  // seconds: less than a request is given
constexpr std::chrono::seconds before_next_try{2};

struct GivenWatch { std::vector<std::string> subjects; bool once = false; };

// "device Acme thermo-2000 serial 42"
std::string called(const json::object& identity) {
  std::string name;
  for (const char* field : {"type", "name", "maker", "model", "version"})
    if (const auto value = text_at(identity, field); !value.empty()) name += (name.empty() ? "" : " ") + value;
  if (const auto serial = text_at(identity, "serial"); !serial.empty()) name += " serial " + serial;
  return name;
}

void tell(const Context& context, const Api& server, const std::string& domain, const std::string& subject) {
  const auto known = server.get_json(target({"v1", "subjects", subject}, {{"domain", domain}}));
  const std::string time = to_rfc3339(context.clock());
  if (context.options.json) {
    context.print_json(json::object{{"time", time}, {"subject", subject}, {"now", known ? json::value(*known) : json::value()}});
    return;
  }
  const auto& console = context.console;
  std::string line = time + "  " + short_id(subject) + "  ";
  if (!known) return console.line(line + known.error().message);
  const auto admitted = admitted_answer(text_at(object_at(*known, "verdict"), "admitted"));
  const auto name = called(object_at(*known, "identity")), status = text_at(object_at(*known, "status"), "status");
  line += name + (name.empty() ? "" : "  ") + status + (status.empty() ? "" : "  ");
  console.out << clean(line) << console.toned(admitted.words, admitted.tone) << '\n';
}

void tell_all(const Context& context) {
  const std::string time = to_rfc3339(context.clock());
  if (context.options.json) context.print_json(json::object{{"time", time}, {"all", true}});
  else context.console.line(time + "  everything may have changed: a policy, or a model");
}

// One answer of /v1/changes; whether anything in it was told.
bool tell_changes(const Context& context, const Api& server, const std::string& domain, const json::object& answer, const std::vector<std::string>& wanted) {
  bool told = flag_at(answer, "all");
  if (told && wanted.empty()) tell_all(context);
  if (told)
    for (const auto& subject : wanted) tell(context, server, domain, subject);
  else
    for (const auto& subject : texts_at(answer, "subjects"))
      if (wanted.empty() || contains(wanted, subject)) {
        tell(context, server, domain, subject);
        told = true;
      }
  return told;
}

Result<int> watch(Context& context, const GivenWatch& given) {
  std::vector<std::string> wanted;
  if (!given.subjects.empty()) {
    TRY(const auto subjects, resolve_subjects(context, given.subjects));
    for (const auto& subject : subjects) wanted.push_back(subject.text());
  }
  TRY(const auto* server, context.api());
  TRY(const auto domain, context.asked_domain());
  TRY(const auto first, server->get_json(target({"v1", "changes"}, {{"domain", domain}})));
  std::string next = text_at(first, "next");
  bool away = false;
  for (;;) {
    const auto answer = server->get_json(target({"v1", "changes"}, {{"domain", domain}, {"from", next}, {"wait", longest_poll}}));
    if (!answer) {
      if (answer.error().code != Code::unavailable || given.once) return tl::unexpected(answer.error());
      if (!std::exchange(away, true)) context.console.note("ics watch: " + answer.error().message + "; it is asked again");
      std::this_thread::sleep_for(before_next_try);
      continue;
    }
    if (std::exchange(away, false)) context.console.note("ics watch: " + server->url() + " answers again");
    next = text_at(*answer, "next");
    const bool told = tell_changes(context, *server, domain, *answer, wanted);
    if (const auto written = context.console.flush(); !written) {
      if (context.console.reader_gone()) return exit_yes;
      return tl::unexpected(written.error());
    }
    if (told && given.once) return exit_yes;
  }
}

}  // namespace

void add_watch_verb(CLI::App& app, Context& context) {
  auto given = std::make_shared<GivenWatch>();
  auto* verb = add_verb(app, context, "watch", "whose verdict may have changed, a line each as it happens; until it is interrupted", [&context, given] { return watch(context, *given); });
  verb->add_option("SUBJECT", given->subjects, "only these; none: all");
  verb->add_flag("--once", given->once, "end after the first change");
}

}  // namespace cm4it::ics
