#include "apps/ics/follow_edit.h"

#include <sstream>
#include <vector>

#include "base/text.h"
#include "policy/toml_reader.h"

namespace cm4it::ics {
namespace {

// "from" of a line `from = "https://…"`.
std::string key_of(const std::string& line) {
  const auto equals = line.find('=');
  return equals == line.npos ? std::string() : std::string(trimmed(std::string_view(line).substr(0, equals)));
}

std::string quoted_text(const std::string& text) { return '"' + text + '"'; }

// Does the document say what was meant, and about that domain alone.
Result<bool> says(const std::string& text, const FollowEdit& edit) {
  const auto table = policy::parse_toml(text);
  if (!table) return false;  // a value of several lines was cut
  const policy::TomlReader toml(*table, "");
  TRY(const auto follows, toml.children("follow"));
  std::size_t found = 0;
  for (const auto& follow : follows) {
    TRY(const auto domain, follow.text("domain"));
    if (domain != edit.domain) continue;
    TRY(const auto from, follow.text("from"));
    TRY(const auto key, follow.text("server_key"));
    found += from == edit.from && key == edit.server_key;
  }
  return found == 1;
}

}  // namespace

Result<std::string> with_follow(const std::string& text, const FollowEdit& edit) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  std::size_t begin = lines.size(), end = lines.size();
  for (std::size_t i = 0; i < lines.size() && begin == lines.size(); ++i) {
    if (!trimmed(lines[i]).starts_with("[[follow]]")) continue;
    std::size_t next = i + 1;
    bool of_domain = false;
    for (; next < lines.size() && !trimmed(lines[next]).starts_with("["); ++next)
      of_domain = of_domain || (key_of(lines[next]) == "domain" && lines[next].find(quoted_text(edit.domain)) != std::string::npos);
    if (of_domain) begin = i, end = next;
  }
  std::vector<std::pair<std::string, std::string>> values{{"from", quoted_text(edit.from)}, {"server_key", quoted_text(edit.server_key)}};
  if (edit.select) values.emplace_back("select", *edit.select);
  std::string edited;
  const auto put = [&](const std::string& line) { edited += line + "\n"; };
  for (std::size_t i = 0; i < begin; ++i) put(lines[i]);
  if (begin == lines.size()) {
    put("\n[[follow]]   # where the copy comes from; select is the policy's, once this server is enrolled");
    put("domain = " + quoted_text(edit.domain));
  } else {
    put(lines[begin]);
  }
  for (std::size_t i = begin + 1; i < end; ++i) {
    const auto key = key_of(lines[i]);
    bool replaced = false;
    for (auto& [name, value] : values)
      if (!name.empty() && key == name) {
        // A value that is there already keeps its line, and the comment behind it.
        put(lines[i].find(value) != std::string::npos ? lines[i] : name + " = " + value);
        name.clear();
        replaced = true;
      }
    if (!replaced) put(lines[i]);
    if (key == "domain")
      for (auto& [name, value] : values) {
        bool later = name.empty();
        for (std::size_t j = begin + 1; j < end; ++j) later = later || key_of(lines[j]) == name;
        if (!later) put(std::exchange(name, "") + " = " + value);
      }
  }
  if (begin == lines.size())
    for (const auto& [name, value] : values) put(name + " = " + value);
  for (std::size_t i = end; i < lines.size(); ++i) put(lines[i]);
  TRY(const bool good, says(edited, edit));
  if (!good) return fail(Code::malformed, "icsd.toml: [[follow]] of " + edit.domain + ": written in a way that is not edited here",
                         "set there: from = " + quoted_text(edit.from) + ", server_key = " + quoted_text(edit.server_key));
  return edited;
}

}  // namespace cm4it::ics
