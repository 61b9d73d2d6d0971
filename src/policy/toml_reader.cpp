#include "policy/toml_reader.h"

#include <algorithm>
#include <sstream>

#include "base/text.h"

namespace cm4it::policy {

namespace {

// The end of the string that begins at `at`, by the quotes of TOML 1.0.
std::size_t skip_string(std::string_view text, std::size_t at) {
  const char quote = text[at];
  const std::string three(3, quote);
  const bool long_form = text.substr(at, 3) == three;
  for (at += long_form ? 3 : 1; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      if (!long_form) return at + 1;
      if (text.substr(at, 3) != three) continue;
      at += 3;  // up to two quotes more belong to the text
      for (int more = 0; more < 2 && at < text.size() && text[at] == quote; ++more) ++at;
      return at;
    } else if (text[at] == '\n' && !long_form) {
      return at;  // an error, which the library finds
    }
  }
  return text.size();
}

// The library takes tables apart by recursion, and bounds neither the parts of a dotted key nor their sum over nested
// ones: a few thousand of them would end the process.
Result<void> check_depth(std::string_view text) {
  std::size_t line = 1, open = 0, parts = 1;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"' || c == '\'') {
      const std::size_t end = skip_string(text, at);
      line += static_cast<std::size_t>(std::count(text.begin() + at, text.begin() + end, '\n'));
      at = end;
      continue;
    }
    if (c == '#') {
      at = std::min(text.find('\n', at), text.size());
      continue;
    }
    ++at;
    if (c == '\n') ++line;
    if (c == '[' || c == '{') ++open;
    if ((c == ']' || c == '}') && open > 0) --open;
    if (c == '.') ++parts;
    else if (c == '\n' || c == '=' || c == ',' || c == '[' || c == ']' || c == '{' || c == '}') parts = 1;
    if (std::max(open, parts) > budget::descriptor_depth)
      return fail(Code::too_large, "TOML, line " + std::to_string(line) + ": nested deeper than " +
                  std::to_string(budget::descriptor_depth));
  }
  return {};
}

}  // namespace

Result<toml::table> parse_toml(std::string_view text) {
  if (text.size() > budget::descriptor_bytes)
    return fail(Code::too_large, "TOML: more than " + std::to_string(budget::descriptor_bytes) + " octets");
  CHECK_OK(check_depth(text));
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    return fail(Code::malformed, "TOML, line " + std::to_string(error.source().begin.line) + ", column " +
                std::to_string(error.source().begin.column) + ": " + std::string(error.description()));
  } catch (const std::exception& error) {
    return fail(Code::malformed, std::string("TOML: ") + error.what());
  }
}

tl::unexpected<Error> TomlReader::bad(std::string_view key, const std::string& rule) const {
  return fail(Code::malformed, path_of(key) + ": " + rule, "docs/formats/descriptor.md");
}

Result<void> TomlReader::only(std::initializer_list<std::string_view> keys) const {
  for (const auto& [key, value] : table_)
    if (!contains(keys, key.str()))
      return bad(key.str(), "unknown key; known here: " + joined(keys));
  return {};
}

namespace {

template <class T>
Result<T> value_of(const TomlReader& reader, std::string_view key, const char* rule) {
  const auto* node = reader.table().get(key);
  if (!node) return reader.bad(key, "missing");
  const auto* value = node->template as<T>();
  if (!value) return reader.bad(key, rule);
  return value->get();
}

}  // namespace

Result<std::string> TomlReader::text(std::string_view key) const { return value_of<std::string>(*this, key, "a string expected"); }
Result<std::int64_t> TomlReader::integer(std::string_view key) const { return value_of<std::int64_t>(*this, key, "an integer expected"); }
Result<bool> TomlReader::boolean(std::string_view key) const { return value_of<bool>(*this, key, "true or false expected"); }

Result<Time> TomlReader::time(std::string_view key) const {
  constexpr const char* rule = "a date and time with its offset expected, like 2026-12-31T00:00:00Z";
  TRY(const auto value, value_of<toml::date_time>(*this, key, rule));
  if (!value.offset) return bad(key, rule);
  std::ostringstream text;
  text << value;
  auto time = from_rfc3339(text.str());
  if (!time) return bad(key, "a date and time that exists expected");
  return *time;
}

Result<std::vector<std::string>> TomlReader::texts(std::string_view key) const {
  const auto* node = table_.get(key);
  if (!node) return bad(key, "missing");
  const auto* array = node->as_array();
  if (!array) return bad(key, "a list of strings expected");
  if (array->size() > budget::descriptor_entries) return bad(key, "too many entries");
  std::vector<std::string> texts;
  for (const auto& item : *array) {
    const auto* value = item.as_string();
    if (!value) return bad(key, "a list of strings expected");
    texts.push_back(value->get());
  }
  return texts;
}

Result<TomlReader> TomlReader::child(std::string_view key) const {
  const auto* node = table_.get(key);
  if (!node) return bad(key, "missing");
  const auto* table = node->as_table();
  if (!table) return bad(key, "a table expected");
  return TomlReader(*table, path_of(key));
}

Result<std::vector<TomlReader>> TomlReader::children(std::string_view key) const {
  std::vector<TomlReader> readers;
  const auto* node = table_.get(key);
  if (!node) return readers;
  const auto* array = node->as_array();
  if (!array) return bad(key, "a list of tables expected ([[" + std::string(key) + "]])");
  if (array->size() > budget::descriptor_entries) return bad(key, "too many entries");
  for (std::size_t i = 0; i < array->size(); ++i) {
    const auto* table = array->get(i)->as_table();
    if (!table) return bad(key, "a list of tables expected ([[" + std::string(key) + "]])");
    readers.emplace_back(*table, path_of(key) + "[" + std::to_string(i) + "]");
  }
  return readers;
}

namespace {

Result<Selector> selector_of(const TomlReader& table) {
  Selector selector;
  for (const auto& [name, value] : table.table()) {
    auto field = parse_field(name.str());
    if (!field) return table.bad(name.str(), field.error().message);
    TRY(auto globs, table.texts(name.str()));
    if (globs.empty()) return table.bad(name.str(), "an empty list matches nothing; leave the field out to match all");
    for (const auto& glob : globs)
      if (glob.empty() || glob.size() > budget::glob_bytes)
        return table.bad(name.str(), "a glob has 1 to " + std::to_string(budget::glob_bytes) + " octets");
    selector.globs[*field] = std::move(globs);
  }
  return selector;
}

}  // namespace

Result<Selector> read_selector(const TomlReader& reader, std::string_view key) {
  TRY(const auto table, reader.child(key));
  return selector_of(table);
}

Result<Selectors> read_selectors(const TomlReader& reader, std::string_view key) {
  const auto* node = reader.table().get(key);
  if (!node || !node->is_array()) return read_selector(reader, key);
  TRY(const auto tables, reader.children(key));
  if (tables.empty()) return reader.bad(key, "an empty list selects nothing; leave it out to select everything");
  Selectors selectors;
  bool everything = false;
  for (const auto& table : tables) {
    TRY(auto one, selector_of(table));
    everything = everything || one.globs.empty();
    if (!contains(selectors.any_of, one)) selectors.any_of.push_back(std::move(one));
  }
  return everything ? Selectors{} : selectors;
}

std::string toml_quoted(std::string_view text) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string out = "\"";
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x20 || octet == 0x7f) {
      out += {'\\', 'u', '0', '0', digits[octet >> 4], digits[octet & 15]};
      continue;
    }
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + "\"";
}

}  // namespace cm4it::policy
