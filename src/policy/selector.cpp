#include "policy/selector.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "evidence/statement.h"
#include "policy/toml_reader.h"

namespace cm4it::policy {
namespace {

constexpr std::pair<Field, const char*> fields[] = {
    {Field::id, "id"},         {Field::type, "type"},       {Field::name, "name"},     {Field::maker, "maker"},
    {Field::model, "model"},   {Field::serial, "serial"},   {Field::version, "version"}, {Field::status, "status"},
    {Field::holder, "holder"}, {Field::cloud, "cloud"},     {Field::label, "label"}};

// Octets of the UTF-8 character at `at`.
std::size_t character(std::string_view text, std::size_t at) {
  std::size_t end = at + 1;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) ++end;
  return end - at;
}

}  // namespace

const char* to_string(Field field) {
  for (const auto& [known, name] : fields)
    if (known == field) return name;
  return "unknown";
}

Result<Field> parse_field(std::string_view text) {
  for (const auto& [field, name] : fields)
    if (text == name) return field;
  return fail(Code::malformed, "\"" + std::string(text.substr(0, 64)) + "\" is no field of a selector; known: " +
              joined(fields, ", ", [](const auto& one) { return one.second; }));
}

// Greedy, with one step back to the last '*': linear in the text for each star, and never recursive.
bool glob_matches(std::string_view glob, std::string_view text) {
  std::size_t g = 0, t = 0, star = glob.npos, resume = 0;
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      resume = t;
    } else if (g < glob.size() && glob[g] == '?') {
      ++g;
      t += character(text, t);
    } else if (g < glob.size() && glob[g] == text[t]) {
      ++g;
      ++t;
    } else if (star != glob.npos) {
      g = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

bool Selector::matches(const Values& values) const {
  return std::all_of(globs.begin(), globs.end(), [&](const auto& named) {
    const auto [begin, end] = values.equal_range(named.first);
    return std::any_of(begin, end, [&](const auto& value) {
      return std::any_of(named.second.begin(), named.second.end(),
                         [&](const auto& glob) { return glob_matches(glob, value.second); });
    });
  });
}

Selector Selector::resolved(std::string_view domain) const {
  Selector result = *this;
  for (auto& [field, list] : result.globs) std::replace(list.begin(), list.end(), std::string("@self"), std::string(domain));
  return result;
}

std::string Selector::text() const {
  if (globs.empty()) return "{}";
  std::string out = "{";
  for (const auto& [field, list] : globs) {
    out += (out.size() > 1 ? ", " : " ") + std::string(to_string(field)) + " = [" + joined(list, ", ", toml_quoted) + "]";
  }
  return out + " }";
}

namespace {

// The document `select = …`.
Result<toml::table> as_document(std::string_view toml, const char* expected) {
  if (toml.size() > budget::http_target_bytes)
    return fail(Code::too_large, "select: more than " + std::to_string(budget::http_target_bytes) + " octets");
  if (toml.find('\n') != toml.npos) return fail(Code::malformed, std::string("select: ") + expected + " expected");
  TRY(auto table, parse_toml("select = " + std::string(toml)));
  CHECK_OK(TomlReader(table, "").only({"select"}));
  return table;
}

}  // namespace

Result<Selector> Selector::parse(std::string_view toml_inline_table) {
  TRY(const auto table, as_document(toml_inline_table, "one inline table"));
  return read_selector(TomlReader(table, ""), "select");
}

Result<Selectors> Selectors::parse(std::string_view toml) {
  TRY(const auto table, as_document(toml, "one inline table, or a list of them on one line,"));
  return read_selectors(TomlReader(table, ""), "select");
}

Selectors::Selectors(Selector one) {
  if (!one.globs.empty()) any_of.push_back(std::move(one));
}

bool Selectors::names(Field field) const {
  return std::any_of(any_of.begin(), any_of.end(), [&](const Selector& one) { return one.globs.contains(field); });
}

bool Selectors::matches(const Values& values) const {
  return everything() || std::any_of(any_of.begin(), any_of.end(), [&](const Selector& one) { return one.matches(values); });
}

Selectors Selectors::resolved(std::string_view domain) const {
  Selectors result;
  for (const Selector& one : any_of) result.any_of.push_back(one.resolved(domain));
  return result;
}

std::string Selectors::text() const {
  if (everything()) return "{}";
  if (any_of.size() == 1) return any_of[0].text();
  return "[" + joined(any_of, ", ", &Selector::text) + "]";
}

std::string never_matches(const Selector& selector) {
  const auto no_word = [&](Field field, const auto& is_word) {
    const auto named = selector.globs.find(field);
    return named != selector.globs.end() && std::none_of(named->second.begin(), named->second.end(), [&](const std::string& glob) {
      return glob.find_first_of("*?") != glob.npos || is_word(glob);
    });
  };
  if (no_word(Field::type, [](const std::string& glob) { return evidence::parse_type(glob).has_value(); })) return "its type is none that there is";
  if (no_word(Field::status, [](const std::string& glob) { return evidence::parse_status(glob).has_value(); })) return "its status is none that there is";
  return {};
}

}  // namespace cm4it::policy
