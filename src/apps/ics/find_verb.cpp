#include "apps/ics/answers.h"
#include "apps/ics/key_source.h"
#include "apps/ics/questions.h"
#include "base/budgets.h"

namespace cm4it::ics {
namespace {

struct Found {
  json::array subjects;
  std::string cursor;  // not empty: there are more
};

Result<std::string> issuer_id(const Context& context, const std::string& text) {
  if (text.empty() || KeyId::parse(text)) return text;
  TRY(const auto key, public_key_from(text, context.key_access()));
  return key.id().text();
}

bool has_label(const json::object& subject, const std::string& label) {
  for (const auto& entry : array_at(subject, "endorsements"))
    if (entry.is_object() && text_at(entry.get_object(), "label") == label) return true;
  return false;
}

// "yes", "no", "unknown"; "": nothing of this type is ever admitted here, so that there is nothing to say.
std::string verdict_of(const json::object& subject) {
  const auto& verdict = object_at(subject, "verdict");
  for (const auto& reason : array_at(verdict, "reasons"))
    if (reason.is_object() && text_at(reason.get_object(), "rule") == "admit" && text_at(reason.get_object(), "text").starts_with("the policy has no [admit.")) return {};
  const auto admitted = text_at(verdict, "admitted");
  return admitted.empty() ? "unknown" : admitted;
}

bool is_wanted(const json::value& subject, const FindOptions& options) {
  if (!subject.is_object()) return false;
  const auto& one = subject.get_object();
  return (options.cloud.empty() || text_at(one, "cloud") == options.cloud) && (options.verdict.empty() || verdict_of(one) == options.verdict) &&
         (options.label.empty() || has_label(one, options.label));
}

Result<Found> find_pages(Context& context, const FindOptions& options) {
  TRY(const auto* server, context.api());
  TRY(const auto domain, context.asked_domain());
  TRY(const auto issuer, issuer_id(context, options.issuer));
  std::string words;
  for (const auto& word : options.words) words += (words.empty() ? "" : " ") + word;
  Found found;
  do {
    const bool compared = !options.cloud.empty() || !options.verdict.empty() || !options.label.empty();
    const std::size_t left = options.limit == 0 || compared ? budget::search_results : options.limit - found.subjects.size();
    TRY(const auto page,
        server->get_json(target({"v1", "subjects"}, {{"q", words},
                                                     {"type", options.type},
                                                     {"maker", options.maker},
                                                     {"model", options.model},
                                                     {"status", options.status},
                                                     {"holder", options.holder},
                                                     {"issuer", issuer},
                                                     {"domain", domain},
                                                     {"limit", std::to_string(std::min(left, budget::search_results))},
                                                     {"cursor", found.cursor}})));
    for (const auto& subject : array_at(page, "subjects"))
      if (!compared || is_wanted(subject, options)) found.subjects.push_back(subject);
    auto next = text_at(page, "cursor");
    if (next == found.cursor && !next.empty()) return fail(Code::malformed, server->url() + ": its pages do not go on");
    found.cursor = std::move(next);
    if (options.limit > 0 && found.subjects.size() > options.limit) {
      found.subjects.resize(options.limit);
      if (found.cursor.empty()) found.cursor = "more";
    }
  } while (!found.cursor.empty() && (options.limit == 0 || found.subjects.size() < options.limit));
  return found;
}

}  // namespace

Result<int> find(Context& context, const FindOptions& given) {
  auto options = given;
  if (!options.type.empty())
    if (const auto type = evidence::parse_type(options.type); !type) return context.misuse("--" + type.error().message);
  if (!options.status.empty())
    if (const auto status = evidence::parse_status(options.status); !status) return context.misuse("--" + status.error().message);
  if (options.verdict == "admitted") options.verdict = "yes";
  if (options.verdict == "not-admitted") options.verdict = "no";
  TRY(auto found, find_pages(context, options));
  if (context.options.json) {
    json::object document{{"subjects", std::move(found.subjects)}};
    if (!found.cursor.empty()) document["cursor"] = found.cursor;
    context.print_json(document);
    return exit_yes;
  }
  Table table({"SUBJECT", "TYPE", "MAKER", "MODEL", "VERSION", "SERIAL", "NAME", "STATUS", "HOLDER", "CLOUD", "VERDICT"});
  for (const auto& entry : found.subjects) {
    if (!entry.is_object()) continue;
    const auto& one = entry.get_object();
    const auto& identity = object_at(one, "identity");
    const auto status = text_at(object_at(one, "status"), "status"), holder = text_at(one, "holder");
    const auto verdict = verdict_of(one);
    const auto admitted = admitted_answer(verdict);
    table.add({short_id(text_at(one, "subject")),
               text_at(identity, "type"),
               text_at(identity, "maker"),
               text_at(identity, "model"),
               text_at(identity, "version"),
               text_at(identity, "serial"),
               text_at(identity, "name"),
               {status, tone_of_status(status)},
               {holder, holder == "contradiction" ? Tone::bad : Tone::plain},
               text_at(one, "cloud"),
               verdict.empty() ? Cell("-") : Cell(admitted.words, admitted.tone)});
  }
  if (table.empty()) context.console.note("nothing found");
  else table.print(context.console);
  if (!found.cursor.empty()) context.console.note("there are more: --limit 0 shows all");
  return exit_yes;
}

}  // namespace cm4it::ics
