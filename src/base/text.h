// Small questions about text and lists of it that several rooms ask.
#pragma once

#include <algorithm>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>

namespace cm4it {

// Of a short list, which is gone through.
template <class List, class Sought>
bool contains(const List& list, const Sought& item) {
  return std::find(std::begin(list), std::end(list), item) != std::end(list);
}

// Of ASCII; other octets stay.
constexpr char lowercase(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
constexpr char uppercase(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c; }
inline std::string lowercase(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = lowercase(c);
  return result;
}
inline std::string uppercase(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = uppercase(c);
  return result;
}

// White space of ASCII: space, tab, line feed, vertical tab, form feed, carriage return.
constexpr bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Without the white space at its ends: a view into `text`.
constexpr std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// One text of several: of each what `shown` gives, as anything that a std::string_view can be made of.
template <class List, class Shown = std::identity>
std::string joined(const List& list, std::string_view between = ", ", Shown shown = {}) {
  std::string text;
  for (auto item = std::begin(list); item != std::end(list); ++item) {
    if (item != std::begin(list)) text += between;
    text += std::string_view(std::invoke(shown, *item));
  }
  return text;
}

// "a, b or c"; of one that one; of none nothing.
template <class List>
std::string alternatives(const List& list) {
  std::string text;
  for (auto item = std::begin(list); item != std::end(list); ++item) {
    if (item != std::begin(list)) text += std::next(item) == std::end(list) ? " or " : ", ";
    text += std::string_view(*item);
  }
  return text;
}

}  // namespace cm4it
