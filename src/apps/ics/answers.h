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

// What failed first, then what is not known, then what is met.
void print_reasons(const Console& console, const json::array& reasons);

// GET /v1/subjects/SUBJECT[/part] in the domain asked; `subject` as it was typed.
Result<json::object> ask_about(Context& context, const std::string& subject, const std::string& part,
                               const std::vector<std::pair<std::string, std::string>>& query = {});

}  // namespace cm4it::ics
