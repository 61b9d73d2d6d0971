// Small questions about text and lists of it that several rooms ask.
#pragma once

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace cm4it {

template <class Item, class Sought>
bool contains(const std::vector<Item>& list, const Sought& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

// Of ASCII; other octets stay.
constexpr char lowercase(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
inline std::string lowercase(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = lowercase(c);
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

// One text of several, of anything that a std::string can be made of.
template <class List>
std::string joined(const List& list, std::string_view between = ", ") {
  std::string text;
  for (auto item = std::begin(list); item != std::end(list); ++item) {
    if (item != std::begin(list)) text += between;
    text += std::string_view(*item);
  }
  return text;
}

}  // namespace cm4it
