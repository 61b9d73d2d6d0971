// What a shell offers when TAB is pressed.
#pragma once

#include <CLI/App.hpp>
#include <iosfwd>
#include <string>
#include <vector>

#include "apps/ics/context.h"

namespace cm4it::ics {

// The words that may stand in place of the last one of `words`, which is what has been typed of it; sorted. Empty: a file, or
// anything. Names of subjects are asked of the directory's server, and left out where it does not answer.
std::vector<std::string> completions(const CLI::App& app, Context& context, const std::vector<std::string>& words);

// A script for "bash", "zsh" or "fish" that asks `ics completion words`.
std::string completion_script(const std::string& shell);

}  // namespace cm4it::ics
