// A selector chooses subjects by a list of globs for each field: one glob of a list must match, in every field that is named.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cm4it::policy {

enum class Field { id, type, name, maker, model, serial, version, status, holder, cloud, label };

const char* to_string(Field field);
Result<Field> parse_field(std::string_view text);

// A subject's values; fields without a value are absent (and match no glob, not even "*").
using Values = std::multimap<Field, std::string>;

// '*' any run, '?' any one character; everything else itself. Linear time, no recursion.
bool glob_matches(std::string_view glob, std::string_view text);

struct Selector {
  std::map<Field, std::vector<std::string>> globs;  // empty: every subject

  bool matches(const Values& values) const;
  // "@self" becomes `domain`, as the asker sends it.
  Selector resolved(std::string_view domain) const;
  // The TOML inline table, `{ cloud = ["hall-3"] }`: fields and globs in order, so equal selectors read alike.
  std::string text() const;
  static Result<Selector> parse(std::string_view toml_inline_table);

  bool operator==(const Selector&) const = default;
};

// `select`, what a copy holds: a selector, or a list of which any may match.
struct Selectors {
  Selectors() = default;
  Selectors(Selector one);  // implicit: a list of one

  std::vector<Selector> any_of;  // none: every subject

  bool everything() const { return any_of.empty(); }
  bool names(Field field) const;  // one of them asks for it
  bool matches(const Values& values) const;
  Selectors resolved(std::string_view domain) const;
  // `{}`, an inline table, or a list of those: `[{ cloud = ["hall-3"] }, { type = ["code"] }]`.
  std::string text() const;
  static Result<Selectors> parse(std::string_view toml);

  bool operator==(const Selectors&) const = default;
};

// Why no subject can ever match the selector; empty: one might.
std::string never_matches(const Selector& selector);

}  // namespace cm4it::policy
