// What may be typed, as the tree of verbs that also parses it: for help, the manual page, completion and error messages.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace cm4it::ics {

std::vector<const CLI::App*> verbs_of(const CLI::App& app);
std::vector<std::string> verb_names(const CLI::App& app);
// The verb, or group of verbs, that these words name; null: none.
const CLI::App* find_verb(const CLI::App& app, const std::vector<std::string>& words);
// "key new"; empty: of the whole.
std::string name_of(const CLI::App& verb);

// Those that are shown, in their order: of the verb alone.
std::vector<const CLI::Option*> options_of(const CLI::App& verb, bool positional);
// "--dry-run": of the verb and of all above it.
std::vector<std::string> option_names(const CLI::App& verb);
// What an option takes: "TEXT", "FILE".
std::string type_of(const CLI::Option& option);
// The words that an option is limited to; empty: it is not.
std::vector<std::string> values_of(const CLI::Option& option);
// "SUBJECT…", "[WORDS…]"
std::string positional_usage(const CLI::Option& option);
// "ics endorse SUBJECT… --label TEXT": what a verb cannot do without.
std::string usage_of(const CLI::App& verb);


// What was typed, as far as the tree tells without parsing values.
struct Typed {
  const CLI::App* verb = nullptr;         // the innermost that is named; the whole, if none is
  std::size_t after_verb = 0;             // index of the word behind its name
  std::vector<std::string> positionals;
  const CLI::Option* waiting = nullptr;   // the last word is an option that needs a value; null: it is none
  std::string directory;                  // of --dir, else of ICS_DIR
};
Typed read_words(const CLI::App& app, const std::vector<std::string>& words);

// The words with the directory of --dir or ICS_DIR put in where a verb takes it as a word (`ics role list DIR`) and it was left out.
std::vector<std::string> with_directory(const CLI::App& app, const std::vector<std::string>& words);

}  // namespace cm4it::ics
