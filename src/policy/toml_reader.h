// Strict reading of TOML: every value is asked for by name and type, and errors give the key's whole path. For this room's
// .cpp files (toml++ is heavy).
#pragma once

#define TOML_HEADER_ONLY 0
#include <toml++/toml.h>

#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "base/budgets.h"
#include "base/result.h"
#include "base/time.h"
#include "policy/selector.h"

namespace cm4it::policy {

Result<toml::table> parse_toml(std::string_view text);
// A basic string, with its quotes.
std::string toml_quoted(std::string_view text);

// A table and the path that leads to it ("roles.certifier[0]").
class TomlReader {
 public:
  TomlReader(const toml::table& table, std::string path) : table_(table), path_(std::move(path)) {}

  const toml::table& table() const { return table_; }
  std::string path_of(std::string_view key) const { return path_.empty() ? std::string(key) : path_ + "." + std::string(key); }
  bool has(std::string_view key) const { return table_.contains(key); }
  // Any other key is an error.
  Result<void> only(std::initializer_list<std::string_view> keys) const;

  // malformed, with the path, when missing or of another type.
  Result<std::string> text(std::string_view key) const;
  Result<std::int64_t> integer(std::string_view key) const;
  Result<bool> boolean(std::string_view key) const;
  Result<Time> time(std::string_view key) const;  // an offset date-time
  Result<std::vector<std::string>> texts(std::string_view key) const;
  Result<TomlReader> child(std::string_view key) const;
  Result<std::vector<TomlReader>> children(std::string_view key) const;  // an array of tables; absent: none

  tl::unexpected<Error> bad(std::string_view key, const std::string& rule) const;

 private:
  const toml::table& table_;
  std::string path_;
};

// The inline table of a selector at `key`.
Result<Selector> read_selector(const TomlReader& reader, std::string_view key);
// The same, or a list of such tables. One of them that matches everything makes the list everything.
Result<Selectors> read_selectors(const TomlReader& reader, std::string_view key);

}  // namespace cm4it::policy
