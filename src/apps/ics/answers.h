// Parts of what servers answer, in words for people. For .cpp files only.
#pragma once

#include <string>

#include "apps/ics/console.h"
#include "apps/ics/context.h"
#include "apps/ics/json.h"

namespace cm4it::ics {

// "plant7.example/volta" where the server gives it, else the short id.
std::string issuer_of(const json::object& from);
// What a statement says: "stolen (van broken into)", "approved", "to plant7.example".
std::string said_by(const std::string& kind, const json::object& body);
Tone tone_of_status(const std::string& status);

// "admitted", "not admitted", "unknown": yes and no are the only certain answers.
struct Answer {
  std::string words;
  Tone tone;
};
Answer admitted_answer(const std::string& admitted);

// Of an entry of /v1/domains: "home", "copy", or "name only" of what is merely referred to; and which policy counts.
std::string held_as(const json::object& domain);
Cell policy_cell(const json::object& domain);
// "23s", "5m", "3h", "12d": how long ago.
std::string age_of(Time then, Time now);
// Of an entry of /v1/peers: what is wrong with the link, or why something will not be received there, and which clock is wrong.
Tone tone_of_link(const std::string& state);
std::string trouble_of_link(const json::object& peer);

// What failed first, then what is not known, then what is met.
void print_reasons(const Console& console, const json::array& reasons);

// GET /v1/subjects/SUBJECT[/part] in the domain asked; `subject` as it was typed.
Result<json::object> ask_about(Context& context, const std::string& subject, const std::string& part,
                               const std::vector<std::pair<std::string, std::string>>& query = {});

}  // namespace cm4it::ics
