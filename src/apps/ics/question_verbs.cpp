// The questions: tables for people, the server's own JSON for machines.
#include <CLI/CLI.hpp>

#include "apps/ics/answers.h"
#include "apps/ics/arguments.h"
#include "apps/ics/questions.h"
#include "apps/ics/subjects.h"
#include "apps/ics/verbs.h"
#include "apps/ics/why_not.h"

namespace cm4it::ics {
namespace {

// How long a yes holds; what a no is of.
void print_validity(const Context& context, const json::object& answer, bool yes) {
  const auto until = text_at(answer, "valid_until"), head = text_at(answer, "newest_head");
  std::string line = !yes                               ? ""
                     : until.empty() || until == "never" ? "valid until something changes"
                                                         : "valid until " + until + ", unless something changes before";
  if (!head.empty()) line += (line.empty() ? "" : "; ") + ("data as of " + head);
  if (!line.empty()) context.console.out << context.console.toned(clean(line), Tone::dim) << '\n';
}

// The verdicts on both come first: they are met, and a server names only what is not.
json::array with_admissions(const json::array& reasons, const std::string& from, const std::string& to) {
  json::array all{json::object{{"outcome", "met"}, {"rule", "from"}, {"text", from + " is admitted"}}, json::object{{"outcome", "met"}, {"rule", "to"}, {"text", to + " is admitted"}}};
  all.insert(all.end(), reasons.begin(), reasons.end());
  return all;
}

Result<int> why(Context& context, const std::string& subject, const std::string& at) {
  std::string when;
  if (!at.empty()) {
    const auto time = parse_when("--at", at, context.clock());
    if (!time) return context.misuse(time.error().message, time.error().detail);
    when = to_rfc3339(*time);
  }
  TRY(const auto answer, ask_about(context, subject, "verdict", {{"at", when}}));
  const auto admitted = text_at(answer, "admitted");
  const int code = admitted == "yes" ? exit_yes : exit_no;
  if (context.options.json) {
    context.print_json(answer);
    return code;
  }
  const auto said = admitted_answer(admitted);
  const auto domain = text_at(answer, "domain"), id = text_at(answer, "subject");
  const std::string where = (domain.empty() ? "" : " in " + domain) + (when.empty() ? "" : " at " + when);
  const bool known = admitted == "yes" || admitted == "no";
  const std::string line = known ? id + " is " + said.words + where : "whether " + id + " is admitted" + where + " is unknown";
  context.console.out << context.console.toned(clean(line), said.tone) << '\n';
  print_reasons(context.console, array_at(answer, "reasons"));
  if (admitted != "yes" && at.empty())
    for (const auto& near : why_not(context, subject, id, array_at(answer, "reasons"))) context.console.line("  " + near);
  print_validity(context, answer, admitted == "yes");
  return code;
}

Result<int> may(Context& context, const std::string& from, const std::string& to) {
  TRY(const auto caller, resolve_subject(context, from));
  TRY(const auto called, resolve_subject(context, to));
  TRY(const auto* server, context.api());
  TRY(const auto domain, context.asked_domain());
  TRY(const auto answer,
      server->get_json(target({"v1", "may"}, {{"from", caller.text()}, {"to", called.text()}, {"domain", domain}})));
  const auto allowed = text_at(answer, "allowed");
  const int code = allowed == "yes" ? exit_yes : exit_no;
  if (context.options.json) {
    context.print_json(answer);
    return code;
  }
  const std::string who = short_id(caller.text()), whom = short_id(called.text());
  const std::string line = allowed == "yes"  ? who + " may open a conversation with " + whom
                           : allowed == "no" ? who + " may not open a conversation with " + whom
                                             : "whether " + who + " may open a conversation with " + whom + " is unknown";
  const Tone tone = allowed == "yes" ? Tone::good : allowed == "no" ? Tone::bad : Tone::warn;
  context.console.out << context.console.toned(clean(line), tone) << '\n';
  const auto& reasons = array_at(answer, "reasons");
  print_reasons(context.console, allowed == "yes" ? with_admissions(reasons, who, whom) : reasons);
  print_validity(context, answer, allowed == "yes");
  return code;
}

Result<int> domains(Context& context) {
  TRY(const auto* server, context.api());
  TRY(const auto answer, server->get_json("/v1/domains"));
  if (context.options.json) {
    context.print_json(answer);
    return exit_yes;
  }
  const auto& itself = object_at(answer, "server");
  context.console.line("server " + text_at(itself, "name") + " " + text_at(itself, "key"));
  Table table({"DOMAIN", "KEPT AS", "POLICY", "OWNER", "PINNED BY", "NEWEST HEAD", "LEAVES"});
  std::vector<std::string> silent;
  for (const auto& entry : array_at(answer, "domains")) {
    if (!entry.is_object()) continue;
    const auto& one = entry.get_object();
    const auto pinned = text_at(one, "pinned");
    if (const auto why = text_at(one, "not_signing"); !why.empty()) silent.push_back(text_at(one, "domain") + " signs nothing: " + why);
    table.add({text_at(one, "domain"), held_as(one), policy_cell(one), short_id(text_at(one, "owner")),
               pinned.empty() ? Cell("nothing", Tone::warn) : Cell(pinned), text_at(one, "newest_head"),
               one.contains("size") ? grouped(number_at(one, "size")) : "-"});
  }
  table.print(context.console);
  for (const auto& line : silent) context.console.out << context.console.toned(clean(line), Tone::bad) << '\n';
  return exit_yes;
}

Result<int> peers(Context& context) {
  TRY(const auto* server, context.api());
  TRY(const auto answer, server->get_json("/v1/peers"));
  if (context.options.json) {
    context.print_json(answer);
    return exit_yes;
  }
  std::string broken;
  Table table({"DOMAIN", "URL", "STATE", "NEWEST HEAD", "AGE", "BEHIND", "TO FORWARD", "REFUSED", "LAST ERROR"});
  for (const auto& entry : array_at(answer, "peers")) {
    if (!entry.is_object()) continue;
    const auto& one = entry.get_object();
    const auto state = text_at(one, "state");
    if (state == "broken") broken = text_at(one, "domain");
    const auto head = from_rfc3339(text_at(one, "newest_head"));
    table.add({text_at(one, "domain"),
               text_at(one, "url"),
               {state, tone_of_link(state)},
               text_at(one, "newest_head"),
               head ? age_of(*head, context.clock()) : "",
               one.contains("behind") ? grouped(number_at(one, "behind")) : "",
               grouped(number_at(one, "pending")),
               grouped(number_at(one, "refused")),
               trouble_of_link(one)});
  }
  if (table.empty()) context.console.line("no peers: this server copies no domain, and forwards to none");
  else table.print(context.console);
  if (!broken.empty()) context.console.note("  → ics help broken; once it is settled, with icsd stopped: ics forgive " + broken);
  return exit_yes;
}

void add_find(CLI::App& app, Context& context) {
  auto options = std::make_shared<FindOptions>();
  auto* verb = add_verb(app, context, "find", "a table of subjects", [&context, options] { return find(context, *options); });
  verb->add_option("WORDS", options->words, "words of name, maker, model, serial or version; all of them");
  verb->add_option("--type", options->type, "device, gateway, service, code, server, party, model or any; without words and type: all but servers and parties");
  verb->add_option("--maker", options->maker, "exactly this maker");
  verb->add_option("--model", options->model, "exactly this model");
  verb->add_option("--status", options->status, "in this status: in-use, stolen, …");
  verb->add_option("--holder", options->holder, "held by this domain");
  verb->add_option("--issuer", options->issuer, "with a statement that counts of this key: key:… or its file");
  verb->add_option("--cloud", options->cloud, "assigned to this cloud");
  verb->add_option("--verdict", options->verdict, "with this verdict here")->check(CLI::IsMember({"admitted", "not-admitted", "unknown"}));
  verb->add_option("--label", options->label, "endorsed as this");
  verb->add_option("--expires-before", options->expires_before, "whose identity or an endorsement ends before this TIME: 30d, 2027-01-01");
  verb->add_option("--limit", options->limit, "at most so many; 0: all")->capture_default_str();
}

}  // namespace

void add_question_verbs(CLI::App& app, Context& context) {
  struct Texts {
    std::string subject, other;
  };
  const auto about = [&](const std::string& name, const std::string& description, auto action) {
    auto texts = std::make_shared<Texts>();
    auto* verb = add_verb(app, context, name, description, [&context, texts, action] { return action(context, *texts); });
    return std::pair(verb, texts);
  };
  const char* const subject_help = "a whole id, a key's file, a unique prefix, a serial or another alias";

  add_find(app, context);
  const auto [show_verb, shown] = about("show", "identity, status, holder, cloud, endorsements, verdict of a subject",
                                        [](Context& c, const Texts& t) { return show(c, t.subject); });
  show_verb->add_option("SUBJECT", shown->subject, subject_help)->required();
  const auto [history_verb, past] = about("history", "every statement about a subject, oldest first, and whether it counts",
                                          [](Context& c, const Texts& t) { return show_history(c, t.subject); });
  history_verb->add_option("SUBJECT", past->subject, subject_help)->required();
  const auto [why_verb, asked] =
      about("why", "the verdict on a subject with its reasons; exit 0: admitted, 1: not admitted or unknown",
            [](Context& c, const Texts& t) { return why(c, t.subject, t.other); });
  why_verb->add_option("SUBJECT", asked->subject, subject_help)->required();
  why_verb->add_option("--at", asked->other, "as it was, or will be, at this TIME");
  const auto [may_verb, both] =
      about("may", "whether one subject may open a conversation with another; exit 0: yes, 1: no or unknown",
            [](Context& c, const Texts& t) { return may(c, t.subject, t.other); });
  may_verb->add_option("FROM", both->subject, subject_help)->required();
  may_verb->add_option("TO", both->other, subject_help)->required();
  add_token_verbs(app, context);
  add_verb(app, context, "domains", "the domains this server keeps, and how fresh they are",
           [&context] { return domains(context); });
  add_watch_verb(app, context);
  add_verb(app, context, "peers", "this server's links to other servers", [&context] { return peers(context); });
}

}  // namespace cm4it::ics
