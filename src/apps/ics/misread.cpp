#include "apps/ics/misread.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

#include "apps/ics/command_tree.h"
#include "base/text.h"

namespace cm4it::ics {
namespace {

// Words for what other programs call otherwise.
const std::map<std::string, std::string> other_words = {
    {"list", "ics find"},   {"ls", "ics find"},     {"search", "ics find"},          {"revoke", "ics status SUBJECT revoked, or ics withdraw"},
    {"check", "ics why"},   {"verify", "ics why, or ics log verify"}, {"approve", "ics endorse SUBJECT --label approved"},
    {"sell", "ics transfer"}, {"sign", "ics policy sign"}, {"start", "icsd --config DIR/icsd.toml"},
    {"add", "ics identify"}, {"register", "ics identify"}, {"delete", "ics withdraw, or ics status SUBJECT retired"}};

// Insertions, deletions, exchanges, and neighbours that changed places.
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i)
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  return cost[a.size()][b.size()];
}

// Of the words that fit nowhere, the one that was typed first.
std::string first_extra(const CLI::App& app, const std::vector<std::string>& words) {
  const auto extras = app.remaining(true);
  for (const auto& word : words)
    if (contains(extras, word)) return word;
  return extras.empty() ? "" : extras[0];
}

Misread unexpected(const CLI::App& app, const CLI::App& verb, const std::vector<std::string>& words) {
  Misread said{name_of(verb), "", ""};
  const auto extra = first_extra(app, words);
  const bool option = extra.starts_with("-");
  const bool wants_verb = !option && !verb_names(verb).empty();
  const auto typed = option ? extra.substr(0, extra.find('=')) : extra;
  said.what = (option ? "unknown option " : wants_verb ? "unknown verb \"" : "not expected: \"") + typed + (option ? "" : "\"");
  said.next = did_you_mean(typed, option ? option_names(verb) : wants_verb ? verb_names(verb) : std::vector<std::string>());
  if (!said.next.empty()) return said;
  if (const auto known = other_words.find(typed); wants_verb && known != other_words.end()) said.next = known->second;
  else said.next = wants_verb ? "ics help" : usage_of(verb);
  return said;
}

}  // namespace

std::vector<std::string> nearest(const std::string& typed, const std::vector<std::string>& names) {
  std::vector<std::pair<std::size_t, std::string>> near;
  for (const auto& name : names) {
    const auto far = distance(typed, name);
    const bool begins = typed.size() >= 3 && name.starts_with(typed);
    if (begins || (far <= 2 && 3 * far <= std::max(typed.size(), name.size()))) near.emplace_back(begins ? 0 : far, name);
  }
  std::sort(near.begin(), near.end());
  near.erase(std::unique(near.begin(), near.end()), near.end());
  std::vector<std::string> best;
  for (const auto& [far, name] : near)
    if (best.size() < 3) best.push_back(name);
  return best;
}

std::string did_you_mean(const std::string& typed, const std::vector<std::string>& names) {
  const auto near = nearest(typed, names);
  return near.empty() ? "" : "did you mean " + alternatives(near) + "?";
}

Misread misread(const CLI::App& app, const CLI::ParseError& error, const std::vector<std::string>& words) {
  const CLI::App* verb = &app;
  while (!verb->get_subcommands().empty()) verb = verb->get_subcommands().back();
  if (dynamic_cast<const CLI::ExtrasError*>(&error)) return unexpected(app, *verb, words);
  if (const auto below = verb_names(*verb); verb != &app && !below.empty()) return {name_of(*verb), "which of " + alternatives(below) + "?", "ics help " + name_of(*verb)};
  std::string what = error.what();
  if (const auto end = what.find(" is required"); end != what.npos) what = what.substr(0, end) + ": missing";
  return {name_of(*verb), what, verb == &app ? "ics help" : usage_of(*verb)};
}

}  // namespace cm4it::ics
