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

// The names that `typed` was probably meant to be, nearest first.
std::vector<std::string> nearest(const std::string& typed, const std::vector<std::string>& names);

// The verb, or group of verbs, that these words name; null: none.
const CLI::App* find_verb(const CLI::App& app, const std::vector<std::string>& words);
std::vector<std::string> verb_names(const CLI::App& app);
// "SUBJECT…", "[WORDS…]"
std::string positional_usage(const CLI::Option& option);
// "ics endorse SUBJECT… --label TEXT": what a verb cannot do without.
std::string usage_of(const CLI::App& verb);

}  // namespace cm4it::ics
