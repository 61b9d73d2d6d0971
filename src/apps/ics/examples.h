// What is typed in practice: for each verb's help and the manual page. A test parses every line (help_test.cpp).
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace cm4it::ics {

struct VerbExamples {
  std::string_view verb;                 // "key new"
  std::vector<std::string_view> lines;   // "ics key new a.key     # what for"
  std::string_view topic;                // of `ics help`; empty: none
};
const std::vector<VerbExamples>& examples();
// Null: none.
const VerbExamples* examples_of(std::string_view verb);
// Puts them below the help of every verb.
void add_examples(CLI::App& app);

}  // namespace cm4it::ics
