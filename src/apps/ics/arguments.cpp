#include "apps/ics/arguments.h"

#include <algorithm>

namespace cm4it::ics {

Result<Time> parse_when(const std::string& option, const std::string& text, Time now) {
  if (text == "now") return now;
  if (auto time = from_rfc3339(text)) return time;
  if (text.size() == 10)
    if (auto time = from_rfc3339(text + "T00:00:00Z")) return time;
  if (auto span = parse_duration(text)) return now + *span;
  if (text.starts_with('-'))
    if (auto span = parse_duration(text.substr(1))) return now + -*span;
  return fail(Code::malformed, option + ": \"" + text + "\" is no time",
              "2026-12-31T00:00:00Z, 2026-12-31, now, or a span from now like 90d; -1h is an hour ago");
}

Result<policy::Selector> parse_select(const std::vector<std::string>& options) {
  policy::Selector selector;
  if (options.size() == 1 && options[0] == "all") return selector;
  if (options.size() == 1 && options[0].find('{') != std::string::npos) {
    auto parsed = policy::Selector::parse(options[0]);
    if (!parsed) return within("--select", std::move(parsed).error());
    return parsed;
  }
  std::string table;
  for (const auto& option : options) {
    const auto equals = option.find('=');
    if (equals == std::string::npos || equals + 1 == option.size())
      return fail(Code::malformed, "--select: \"" + option + "\" is not field=glob[,glob]", "for example --select cloud=hall-3");
    const auto field = policy::parse_field(option.substr(0, equals));
    if (!field) return within("--select", field.error());
    auto& globs = selector.globs[*field];
    for (auto& glob : split_commas({option.substr(equals + 1)})) globs.push_back(std::move(glob));
    if (globs.empty()) return fail(Code::malformed, "--select: no glob in \"" + option + "\"");
  }
  // Whatever a descriptor would refuse is refused here.
  auto checked = policy::Selector::parse(selector.text());
  if (!checked) return within("--select", std::move(checked).error());
  return checked;
}

std::string select_options(const policy::Selector& selector) {
  if (selector.globs.empty()) return "--select all";
  std::string text;
  for (const auto& [field, globs] : selector.globs) {
    std::string list;
    for (const auto& glob : globs) {
      if (glob.find(',') != std::string::npos) return "--select " + shell_quoted(selector.text());
      list += (list.empty() ? "" : ",") + glob;
    }
    text += (text.empty() ? "" : " ") + ("--select " + shell_quoted(std::string(policy::to_string(field)) + "=" + list));
  }
  return text;
}

std::vector<std::string> split_commas(const std::vector<std::string>& texts) {
  std::vector<std::string> parts;
  for (const auto& text : texts)
    for (std::size_t begin = 0; begin <= text.size();) {
      const auto end = std::min(text.find(',', begin), text.size());
      if (end > begin) parts.push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
  return parts;
}

Result<std::map<std::string, std::string>> parse_attributes(const std::vector<std::string>& options) {
  std::map<std::string, std::string> attributes;
  for (const auto& option : options) {
    const auto equals = option.find('=');
    if (equals == std::string::npos || equals == 0)
      return fail(Code::malformed, "--attr: \"" + option + "\" is not name=value");
    if (!attributes.emplace(option.substr(0, equals), option.substr(equals + 1)).second)
      return fail(Code::malformed, "--attr: \"" + option.substr(0, equals) + "\" is given twice");
  }
  return attributes;
}

std::string shell_quoted(const std::string& text) {
  const auto plain = [](unsigned char c) {
    return std::isalnum(c) || std::string_view("-_./:=,+@%").find(static_cast<char>(c)) != std::string_view::npos;
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), plain)) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace cm4it::ics
