// SUBJECT on the command line → a whole id.
#pragma once

#include <string>
#include <vector>

#include "apps/ics/context.h"
#include "evidence/subject.h"

namespace cm4it::ics {

// A whole id, the file of a key, a unique prefix, a serial or another alias. Only the latter ask the server.
// not_found, ambiguous (with the candidates).
Result<evidence::SubjectId> resolve_subject(Context& context, const std::string& text);

// Several; "-" stands for the first words of standard input's lines.
Result<std::vector<evidence::SubjectId>> resolve_subjects(Context& context, const std::vector<std::string>& texts);
Result<std::vector<std::string>> subject_texts(Context& context, const std::vector<std::string>& texts);

// What a server knows under this name, if anything but an id: names to ask it for, in order.
std::vector<std::string> names_to_try(const std::string& text);

}  // namespace cm4it::ics
