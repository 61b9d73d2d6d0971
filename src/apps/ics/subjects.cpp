#include "apps/ics/subjects.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <sstream>

#include "apps/ics/json.h"
#include "apps/ics/key_source.h"

namespace cm4it::ics {
namespace {

constexpr std::size_t fewest_digits = 8;

using evidence::SubjectId;

bool is_hex(const std::string& text) { return text.find_first_not_of("0123456789abcdef") == text.npos; }

// The whole id that a server knows by one of these names.
Result<SubjectId> ask(Context& context, const std::string& text) {
  TRY(const auto* server, context.api());
  TRY(const auto domain, context.asked_domain());
  Error last{Code::not_found, "no subject \"" + text + "\" is known to " + server->url(), "`ics find WORDS` searches"};
  for (const auto& name : names_to_try(text)) {
    const auto answer = server->get_json(target({"v1", "subjects", name}, {{"domain", domain}}));
    if (answer) return SubjectId::parse(text_at(*answer, "subject"));
    if (answer.error().code != Code::not_found && answer.error().code != Code::malformed) return tl::unexpected(answer.error());
  }
  return tl::unexpected(last);
}

}  // namespace

std::vector<std::string> names_to_try(const std::string& text) {
  if (text.find(':') != text.npos) return {text};
  std::vector<std::string> names{"serial:" + text};
  if (text.size() >= fewest_digits && text.size() <= 64 && is_hex(text)) {
    names.push_back("key:" + text);
    names.push_back("code:" + text);
  }
  return names;
}

Result<SubjectId> resolve_subject(Context& context, const std::string& text) {
  if (auto whole = SubjectId::parse(text)) return whole;
  if (std::error_code failed; std::filesystem::is_regular_file(text, failed)) {
    TRY(const auto key, public_key_in_file(text));
    return SubjectId::key(key.id());
  }
  if (text.empty()) return fail(Code::malformed, "subject: empty");
  return ask(context, text);
}

Result<std::vector<std::string>> subject_texts(Context& context, const std::vector<std::string>& texts) {
  std::vector<std::string> all;
  for (const auto& text : texts) {
    if (text != "-") {
      all.push_back(text);
      continue;
    }
    for (std::string line, word; std::getline(context.console.in, line);)
      if (std::istringstream words(line); words >> word && word[0] != '#') all.push_back(word);
  }
  if (all.empty()) return fail(Code::malformed, "no subject given");
  return all;
}

Result<std::vector<SubjectId>> resolve_subjects(Context& context, const std::vector<std::string>& texts) {
  TRY(const auto names, subject_texts(context, texts));
  std::vector<SubjectId> subjects;
  for (const auto& name : names) {
    TRY(auto subject, resolve_subject(context, name));
    if (std::find(subjects.begin(), subjects.end(), subject) == subjects.end()) subjects.push_back(std::move(subject));
  }
  return subjects;
}

}  // namespace cm4it::ics
