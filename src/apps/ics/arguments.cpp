#include "apps/ics/arguments.h"

#include <algorithm>

#include "base/text.h"

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

Result<policy::Selector> parse_selector(const std::vector<std::string>& options) {
  TRY(auto select, parse_select(options));
  if (select.any_of.size() > 1) return fail(Code::malformed, "--select: one selector is needed here, not a list of them");
  return select.everything() ? policy::Selector{} : std::move(select.any_of[0]);
}

Result<policy::Selectors> parse_select(const std::vector<std::string>& options) {
  if (options.size() == 1 && options[0] == "all") return policy::Selectors{};
  policy::Selector fields;
  policy::Selectors select;
  for (const auto& option : options) {
    if (const auto begin = trimmed(option); begin.starts_with('{') || begin.starts_with('[')) {
      auto parsed = policy::Selectors::parse(option);
      if (!parsed) return within("--select", std::move(parsed).error());
      if (parsed->everything()) return policy::Selectors{};
      select.any_of.insert(select.any_of.end(), parsed->any_of.begin(), parsed->any_of.end());
      continue;
    }
    const auto equals = option.find('=');
    if (equals == std::string::npos || equals + 1 == option.size())
      return fail(Code::malformed, "--select: \"" + option + "\" is not field=glob[,glob]", "for example --select cloud=hall-3");
    const auto field = policy::parse_field(option.substr(0, equals));
    if (!field) return within("--select", field.error());
    auto& globs = fields.globs[*field];
    for (auto& glob : split_commas({option.substr(equals + 1)})) globs.push_back(std::move(glob));
    if (globs.empty()) return fail(Code::malformed, "--select: no glob in \"" + option + "\"");
  }
  if (!fields.globs.empty()) select.any_of.insert(select.any_of.begin(), std::move(fields));
  // Whatever a descriptor would refuse is refused here.
  auto checked = policy::Selectors::parse(select.text());
  if (!checked) return within("--select", std::move(checked).error());
  return checked;
}

bool add_code(policy::Selectors& select) {
  using policy::Field;
  if (!select.names(Field::cloud) || select.names(Field::type)) return false;
  select.any_of.push_back({{{Field::type, {"code", "model"}}}});
  return true;
}

std::string select_options(const policy::Selectors& select) {
  if (select.everything()) return "--select all";
  const std::string whole = "--select " + shell_quoted(select.text());
  if (select.any_of.size() > 1) return whole;
  std::string text;
  for (const auto& [field, globs] : select.any_of[0].globs) {
    std::string list;
    for (const auto& glob : globs) {
      if (glob.find(',') != std::string::npos) return whole;
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
