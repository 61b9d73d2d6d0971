// What is said of a command line that cannot be read: what is wrong with it, and what to type instead.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace cm4it::ics {

struct Misread {
  std::string verb, what, next;  // "key new"; what is wrong; empty: nothing better is known
};
// `words`: as they were typed.
Misread misread(const CLI::App& app, const CLI::ParseError& error, const std::vector<std::string>& words);

// The names that `typed` was probably meant to be, nearest first; three at most.
std::vector<std::string> nearest(const std::string& typed, const std::vector<std::string>& names);
// "did you mean status or show?"; empty: nothing is near.
std::string did_you_mean(const std::string& typed, const std::vector<std::string>& names);

}  // namespace cm4it::ics
