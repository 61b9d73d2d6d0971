#include <algorithm>
#include <cctype>
#include <set>

#include "apps/ics/answers.h"
#include "apps/ics/arguments.h"
#include "apps/ics/key_source.h"
#include "apps/ics/questions.h"
#include "base/text.h"
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

// The server takes a word apart at what is neither letter nor digit.
bool is_compound(const std::string& word) {
  return std::any_of(word.begin(), word.end(), [](unsigned char c) { return c < 128 && !std::isalnum(c); });
}

// Neither words nor a type: what works in the plant is meant.
bool is_about_things(const FindOptions& options) { return options.words.empty() && options.type.empty() && options.issuer.empty(); }

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

// "1.1.0" is three words to the server, in any order; here it is what it is.
bool has_word(const json::object& subject, const std::string& word) {
  const auto& identity = object_at(subject, "identity");
  for (const char* field : {"name", "maker", "model", "serial", "version"})
    if (lowercase(text_at(identity, field)).find(lowercase(word)) != std::string::npos) return true;
  return false;
}

// Servers and parties are no things: they are shown when asked for.
// Not those who own domains, whoever may say here what they are: their policies have brought them.
bool is_thing(const json::object& subject, const std::set<std::string>& owners) {
  const auto type = text_at(object_at(subject, "identity"), "type");
  return type != "server" && type != "party" && !(type.empty() && owners.contains(text_at(subject, "subject")));
}

std::set<std::string> owners_of_domains(const Api& server) {
  std::set<std::string> owners;
  const auto answer = server.get_json("/v1/domains");
  if (!answer) return owners;
  for (const auto& entry : array_at(*answer, "domains"))
    if (entry.is_object()) owners.insert(text_at(entry.get_object(), "owner"));
  return owners;
}

// Does anything have to be compared here, so that a page may have fewer rows than the server gave.
bool compares(const FindOptions& options) {
  return !options.cloud.empty() || !options.verdict.empty() || !options.label.empty() || !options.expires_before.empty() || is_about_things(options) ||
         std::any_of(options.words.begin(), options.words.end(), is_compound);
}

bool is_wanted(const json::object& one, const FindOptions& options, const std::set<std::string>& owners) {
  for (const auto& word : options.words)
    if (is_compound(word) && !has_word(one, word)) return false;
  return (options.cloud.empty() || text_at(one, "cloud") == options.cloud) && (options.verdict.empty() || verdict_of(one) == options.verdict) &&
         (options.label.empty() || has_label(one, options.label)) && (!is_about_things(options) || is_thing(one, owners));
}

// When the first of what counts ends: the identity in force, or an endorsement; none: nothing does.
Result<std::optional<Time>> first_end(const Api& server, const std::string& domain, const json::object& subject) {
  std::vector<std::string> weigh{text_at(object_at(subject, "identity"), "statement")};
  for (const auto& entry : array_at(subject, "endorsements"))
    if (entry.is_object()) weigh.push_back(text_at(entry.get_object(), "statement"));
  TRY(const auto history, server.get_json(target({"v1", "subjects", text_at(subject, "subject"), "history"}, {{"domain", domain}})));
  std::optional<Time> end;
  for (const auto& entry : array_at(history, "statements")) {
    if (!entry.is_object() || !contains(weigh, text_at(entry.get_object(), "statement"))) continue;
    if (const auto expires = from_rfc3339(text_at(entry.get_object(), "expires")); expires && (!end || *expires < *end)) end = *expires;
  }
  return end;
}

// The wanted of a page; with --expires-before each with its "expires".
Result<void> take_wanted(const Api& server, const std::string& domain, const FindOptions& options, std::optional<Time> before, const std::set<std::string>& owners, const json::array& page,
                         json::array& to) {
  for (const auto& entry : page) {
    if (!entry.is_object() || !is_wanted(entry.get_object(), options, owners)) continue;
    auto one = entry.get_object();
    if (before) {
      TRY(const auto end, first_end(server, domain, one));
      if (!end || *end >= *before) continue;
      one["expires"] = to_rfc3339(*end);
    }
    to.push_back(std::move(one));
  }
  return {};
}

Result<Found> find_pages(Context& context, const FindOptions& options) {
  TRY(const auto* server, context.api());
  TRY(const auto domain, context.asked_domain());
  TRY(const auto issuer, issuer_id(context, options.issuer));
  std::string words;
  for (const auto& word : options.words) words += (words.empty() ? "" : " ") + word;
  std::optional<Time> before;
  if (!options.expires_before.empty()) {
    const auto time = parse_when("--expires-before", options.expires_before, context.clock());
    if (!time) return context.misuse(time.error().message, time.error().detail);
    before = *time;
  }
  Found found;
  const bool compared = compares(options);
  const auto owners = is_about_things(options) ? owners_of_domains(*server) : std::set<std::string>{};
  do {
    const std::size_t left = options.limit == 0 || compared ? budget::search_results : options.limit - found.subjects.size();
    TRY(const auto page,
        server->get_json(target({"v1", "subjects"}, {{"q", words},
                                                     {"type", options.type == "any" ? "" : options.type},
                                                     {"maker", options.maker},
                                                     {"model", options.model},
                                                     {"status", options.status},
                                                     {"holder", options.holder},
                                                     {"issuer", issuer},
                                                     {"domain", domain},
                                                     {"limit", std::to_string(std::min(left, budget::search_results))},
                                                     {"cursor", found.cursor}})));
    CHECK_OK(take_wanted(*server, domain, options, before, owners, array_at(page, "subjects"), found.subjects));
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
  if (!options.type.empty() && options.type != "any")
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
  Table table({"SUBJECT", "TYPE", "MAKER", "MODEL", "VERSION", "SERIAL", "NAME", "STATUS", "HOLDER", "CLOUD", "EXPIRES", "VERDICT"});
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
               text_at(one, "expires"),
               verdict.empty() ? Cell("-") : Cell(admitted.words, admitted.tone)});
  }
  table.print(context.console);  // its head alone is an answer too: one that arrives, or is an error
  if (table.empty()) context.console.note(is_about_things(options) ? "nothing found (servers and parties: --type any)" : "nothing found");
  if (!found.cursor.empty()) context.console.note("there are more: --limit 0 shows all");
  return exit_yes;
}

}  // namespace cm4it::ics
