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

// "all", or any of: "field=glob[,glob]" any number of times (one selector of all of them), TOML inline tables, lists of those.
Result<policy::Selectors> parse_select(const std::vector<std::string>& options);
// The same where a list cannot be.
Result<policy::Selector> parse_selector(const std::vector<std::string>& options);
// Code and models are in no cloud: adds them to what is selected by cloud, unless types are named. True: added.
bool add_code(policy::Selectors& select);
inline constexpr const char* code_added =
    "also selected: { type = [\"code\", \"model\"] }, for firmware is in no cloud. To choose yourself: --select '{ cloud = [\"hall-3\"], type = [\"device\", \"gateway\"] }'";
// The same as options of a command line, quoted for a shell.
std::string select_options(const policy::Selectors& select);

std::vector<std::string> split_commas(const std::vector<std::string>& texts);
// "k=v". malformed otherwise, or for a name twice.
Result<std::map<std::string, std::string>> parse_attributes(const std::vector<std::string>& options);

// For showing commands to type: as it is where a shell takes it so, else in single quotes.
std::string shell_quoted(const std::string& text);

}  // namespace cm4it::ics
