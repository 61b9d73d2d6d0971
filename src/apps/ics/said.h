// What the verbs that make statements have in common.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

#include "apps/ics/say.h"

namespace cm4it::ics {

struct Said {
  std::vector<std::string> subjects;  // as typed
  SayOptions when;
};

void add_when(CLI::App& verb, Context& context, SayOptions& when);
void add_subjects(CLI::App& verb, Context& context, Said& said);
// "key:3fa9…", or "12 subjects".
std::string these(const std::vector<evidence::SubjectId>& subjects);

void add_status_verb(CLI::App& app, Context& context);

}  // namespace cm4it::ics
