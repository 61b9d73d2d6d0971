// Reading what a server answered: a field that is not there, or of another type, reads as empty. For .cpp files only.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"

namespace cm4it::ics {

namespace json = boost::json;

inline const json::object& object_at(const json::object& from, const char* name) {
  static const json::object none;
  const auto* found = from.if_contains(name);
  return found && found->is_object() ? found->get_object() : none;
}
inline const json::array& array_at(const json::object& from, const char* name) {
  static const json::array none;
  const auto* found = from.if_contains(name);
  return found && found->is_array() ? found->get_array() : none;
}
inline std::string text_at(const json::object& from, const char* name) {
  const auto* found = from.if_contains(name);
  return found && found->is_string() ? std::string(found->get_string()) : std::string();
}
inline std::uint64_t number_at(const json::object& from, const char* name) {
  const auto* found = from.if_contains(name);
  if (!found) return 0;
  boost::system::error_code failed;
  const auto number = found->to_number<std::uint64_t>(failed);
  return failed ? 0 : number;
}
inline bool flag_at(const json::object& from, const char* name) {
  const auto* found = from.if_contains(name);
  return found && found->is_bool() && found->get_bool();
}
inline std::vector<std::string> texts_at(const json::object& from, const char* name) {
  std::vector<std::string> texts;
  for (const auto& value : array_at(from, name))
    if (value.is_string()) texts.emplace_back(value.get_string());
  return texts;
}

}  // namespace cm4it::ics
