#include "apps/ics/answers.h"

#include <algorithm>

#include "apps/ics/subjects.h"

namespace cm4it::ics {
namespace {

std::string with_remark(const std::string& text, const std::string& remark) {
  return remark.empty() ? text : text + " (" + remark + ")";
}

std::string spaced(const std::vector<std::string>& words) {
  std::string line;
  for (const auto& word : words)
    if (!word.empty()) line += (line.empty() ? "" : " ") + word;
  return line;
}

int rank_of(const json::value& reason) {
  if (!reason.is_object()) return 3;
  const auto outcome = text_at(reason.get_object(), "outcome");
  return outcome == "failed" ? 0 : outcome == "met" ? 2 : 1;
}

}  // namespace

std::string issuer_of(const json::object& from) {
  const auto name = text_at(from, "issuer_name");
  return name.empty() ? short_id(text_at(from, "issuer")) : name;
}

std::string said_by(const std::string& kind, const json::object& body) {
  if (kind == "identity") {
    const auto serial = text_at(body, "serial"), version = text_at(body, "version");
    return spaced({text_at(body, "type"), text_at(body, "name"), text_at(body, "maker"), text_at(body, "model"), version,
                   serial.empty() ? "" : "serial " + serial});
  }
  if (kind == "endorse") return with_remark(text_at(body, "label"), text_at(body, "note"));
  if (kind == "status") return with_remark(text_at(body, "status"), text_at(body, "reason"));
  if (kind == "transfer") return spaced({"to", text_at(body, "domain"), short_id(text_at(body, "owner"))});
  if (kind == "assign") {
    const auto cloud = text_at(body, "cloud");
    return cloud.empty() ? "to no cloud" : "to " + cloud;
  }
  if (kind == "withdraw") return with_remark(short_id(text_at(body, "statement")), text_at(body, "reason"));
  if (kind == "policy") return "version " + std::to_string(number_at(body, "version"));
  return "";
}

Tone tone_of_status(const std::string& status) {
  const auto known = evidence::parse_status(status);
  return !known                                   ? Tone::plain
         : *known == evidence::Status::deprecated ? Tone::warn
         : evidence::is_alarm(*known)             ? Tone::bad
                                                  : Tone::good;
}

Answer admitted_answer(const std::string& admitted) {
  if (admitted == "yes") return {"admitted", Tone::good};
  if (admitted == "no") return {"not admitted", Tone::bad};
  return {"unknown", Tone::warn};
}

std::string held_as(const json::object& domain) {
  if (flag_at(domain, "home")) return "home";
  return number_at(domain, "version") == 0 && text_at(domain, "newest_head").empty() && !domain.contains("size") ? "name only" : "copy";
}

Cell policy_cell(const json::object& domain) {
  if (flag_at(domain, "forked")) return {"forked", Tone::bad};
  const auto version = number_at(domain, "version");
  if (version == 0) return held_as(domain) == "name only" ? Cell("-") : Cell("none counts", Tone::warn);
  return {"version " + std::to_string(version)};
}

std::string age_of(Time then, Time now) {
  const Seconds age = std::max<Seconds>(now - then, 0);
  if (age < 120) return std::to_string(age) + "s";
  if (age < 2 * 3600) return std::to_string(age / 60) + "m";
  if (age < 2 * 86'400) return std::to_string(age / 3600) + "h";
  return std::to_string(age / 86'400) + "d";
}

Tone tone_of_link(const std::string& state) { return state == "following" || state == "forwarding" ? Tone::good : state == "broken" ? Tone::bad : Tone::warn; }

std::string trouble_of_link(const json::object& peer) {
  auto error = text_at(peer, "last_error");
  if (error.empty()) error = text_at(peer, "last_refusal");
  // A URL without what was asked: a selector in it fills a line and tells nothing.
  for (std::size_t at = 0; (at = error.find("://", at)) != error.npos; ++at) {
    const auto end = std::min(error.find_first_of(" \n", at), error.size());
    const auto question = error.find('?', at);
    const auto last = end > 0 && error[end - 1] == ':' ? end - 1 : end;
    if (question < last) error.erase(question, last - question);
  }
  if (const auto since = text_at(peer, "since"); !error.empty() && !since.empty()) error += " (since " + since + ")";
  const auto clock = text_at(peer, "clock");
  return error + (error.empty() || clock.empty() ? "" : "; ") + clock;
}

void print_reasons(const Console& console, const json::array& reasons) {
  std::vector<json::value> sorted(reasons.begin(), reasons.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return rank_of(a) < rank_of(b); });
  Table table({"", "RULE", "WHY", "STATEMENT"});
  for (const auto& reason : sorted) {
    if (!reason.is_object()) continue;
    const auto& one = reason.get_object();
    const auto outcome = text_at(one, "outcome");
    const Tone tone = outcome == "met" ? Tone::good : outcome == "failed" ? Tone::bad : Tone::warn;
    table.add({{outcome == "met" || outcome == "failed" ? outcome : "unknown", tone},
               text_at(one, "rule"),
               text_at(one, "text"),
               {short_id(text_at(one, "statement")), Tone::dim}});
  }
  if (!table.empty()) table.print(console);
}

Result<json::object> ask_about(Context& context, const std::string& subject, const std::string& part,
                               const std::vector<std::pair<std::string, std::string>>& query) {
  TRY(const auto id, resolve_subject(context, subject));
  TRY(const auto* server, context.api());
  TRY(const auto domain, context.asked_domain());
  std::vector<std::string> path{"v1", "subjects", id.text()};
  if (!part.empty()) path.push_back(part);
  auto all = query;
  all.emplace_back("domain", domain);
  return server->get_json(target(path, all));
}

}  // namespace cm4it::ics
