// Values of options that several verbs share. Pure; `now` is an argument.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "policy/selector.h"

namespace cm4it::ics {

// RFC 3339, a date (its midnight, UTC), "now", or a span from now ("90d"). `option` names it in errors.
Result<Time> parse_when(const std::string& option, const std::string& text, Time now);

// "field=glob[,glob]" any number of times, one TOML inline table, or "all".
Result<policy::Selector> parse_select(const std::vector<std::string>& options);
// The same as options of a command line, quoted for a shell.
std::string select_options(const policy::Selector& selector);

std::vector<std::string> split_commas(const std::vector<std::string>& texts);
// "k=v". malformed otherwise, or for a name twice.
Result<std::map<std::string, std::string>> parse_attributes(const std::vector<std::string>& options);

// For showing commands to type: as it is where a shell takes it so, else in single quotes.
std::string shell_quoted(const std::string& text);

}  // namespace cm4it::ics
