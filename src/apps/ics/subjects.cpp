#include "apps/ics/subjects.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <sstream>

#include "apps/ics/candidates.h"
#include "apps/ics/files.h"
#include "apps/ics/json.h"
#include "apps/ics/key_source.h"
#include "base/budgets.h"
#include "base/text.h"
#include "crypto/digest.h"

namespace cm4it::ics {
namespace {

constexpr std::size_t fewest_digits = 8;

using evidence::SubjectId;

bool is_hex(const std::string& text) { return text.find_first_not_of("0123456789abcdef") == text.npos; }

constexpr std::size_t fewest_asked = 16;  // digits of a prefix that a server takes by itself

// "key:3fa9c1d2": a prefix too short to be asked for.
bool is_short_prefix(const std::string& name) {
  const auto colon = name.find(':');
  const auto digits = name.substr(colon + 1);
  return (name.starts_with("key:") || name.starts_with("code:")) && digits.size() >= fewest_digits &&
         digits.size() < fewest_asked && is_hex(digits);
}

// Pages are in the order of ids: what follows the prefix, filled up with zeros, are those that begin with it.
Result<json::object> ask_short_prefix(const Api& server, const std::string& domain, const std::string& prefix) {
  const std::size_t whole = prefix.find(':') + 1 + 64;
  const std::string before = prefix + std::string(whole - prefix.size(), '0');
  TRY(const auto page, server.get_json(target({"v1", "subjects"}, {{"domain", domain}, {"limit", "10"}, {"cursor", before}})));
  json::array found;
  for (const auto& subject : array_at(page, "subjects"))
    if (subject.is_object() && text_at(subject.get_object(), "subject").starts_with(prefix)) found.push_back(subject);
  if (found.empty()) return fail(Code::not_found, "no subject begins with " + prefix);
  if (found.size() == 1) return found[0].get_object();
  return fail(Code::ambiguous, "several subjects begin with " + prefix, candidates_text(found));
}

// Of subjects that are called so, the only one; ambiguous, with the candidates: there are several. not_found: none.
Result<SubjectId> ask_name(const Api& server, const std::string& domain, const std::string& name) {
  TRY(const auto page, server.get_json(target({"v1", "subjects"}, {{"q", name}, {"domain", domain}, {"limit", std::to_string(budget::search_results)}})));
  json::array called;
  for (const auto& entry : array_at(page, "subjects"))
    if (entry.is_object() && text_at(object_at(entry.get_object(), "identity"), "name") == name) called.push_back(entry);
  if (called.empty()) return fail(Code::not_found, "none");
  // On further pages there may be more of them.
  if (called.size() == 1 && text_at(page, "cursor").empty()) return SubjectId::parse(text_at(called[0].get_object(), "subject"));
  return fail(Code::ambiguous, "several subjects are called \"" + name + "\"", candidates_text(called));
}

constexpr const char* key_files[] = {".key", ".pem", ".pub", ".crt", ".cer", ".der"};

// The whole id that a server knows by one of these names.
Result<SubjectId> ask(Context& context, const std::string& text) {
  TRY(const auto* server, context.api());
  TRY(const auto domain, context.asked_domain());
  // A file would have been read.
  const bool like_file = text.find('/') != text.npos || std::any_of(std::begin(key_files), std::end(key_files), [&](const char* end) { return text.ends_with(end); });
  Error last{Code::not_found, "no subject \"" + text + "\" is known to " + server->url() + (like_file ? ", and there is no such file" : ""), "`ics find WORDS` searches; a thing that has no name here is given as its key file, certificate or whole id"};
  for (const auto& name : names_to_try(text)) {
    const auto answer = is_short_prefix(name) ? ask_short_prefix(*server, domain, name)
                                              : server->get_json(target({"v1", "subjects", name}, {{"domain", domain}}));
    if (answer) return SubjectId::parse(text_at(*answer, "subject"));
    if (answer.error().code == Code::ambiguous) return tl::unexpected(answer.error());
    if (answer.error().code != Code::not_found && answer.error().code != Code::malformed) return tl::unexpected(answer.error());
  }
  auto named = ask_name(*server, domain, text);
  if (named || named.error().code == Code::ambiguous) return named;
  return tl::unexpected(last);
}

// A file that holds no key, nor means to: code, by its SHA-256.
Result<SubjectId> in_file(const std::string& path, const crypto::KeyAccess& access) {
  auto key = public_key_at(path, access);
  if (key) return SubjectId::key(key->id());
  if (crypto::is_key_uri(path) || (key.error().code != Code::malformed && key.error().code != Code::too_large && key.error().code != Code::unsupported))
    return tl::unexpected(std::move(key).error());
  TRY(const auto content, read_file(path));
  if (content.find("-----BEGIN ") != std::string::npos) return tl::unexpected(std::move(key).error());
  return SubjectId::code(crypto::sha256(view(content)));
}

// What `ics find --json` wrote, or another document with an array of objects that have a "subject".
Result<std::vector<std::string>> subjects_in_json(const std::string& text) {
  boost::system::error_code failed;
  const auto document = json::parse(text, failed);
  if (failed) return fail(Code::malformed, "standard input: begins like JSON, and is none: " + failed.message());
  std::vector<std::string> subjects;
  const auto take = [&](const json::array& list) {
    for (const auto& entry : list)
      if (entry.is_string()) subjects.emplace_back(entry.get_string());
      else if (entry.is_object() && !text_at(entry.get_object(), "subject").empty()) subjects.push_back(text_at(entry.get_object(), "subject"));
  };
  if (document.is_array()) take(document.get_array());
  else if (document.is_object())
    for (const char* name : {"subjects", "items"}) take(array_at(document.get_object(), name));
  return subjects;
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
  if (is_key_place(text)) return in_file(text, context.key_access());
  if (text.empty()) return fail(Code::malformed, "subject: empty");
  const auto colon = text.find(':');
  if ((text.starts_with("key:") || text.starts_with("code:")) && text.size() < colon + 1 + fewest_digits)
    return fail(Code::malformed, "subject: a prefix needs at least " + std::to_string(fewest_digits) + " hex digits");
  return ask(context, text);
}

Result<std::vector<std::string>> subject_texts(Context& context, const std::vector<std::string>& texts) {
  std::vector<std::string> all;
  for (const auto& text : texts) {
    if (text != "-") {
      all.push_back(text);
      continue;
    }
    if (const int first = context.console.in.peek(); first == '{' || first == '[') {
      TRY(auto more, subjects_in_json(std::string(std::istreambuf_iterator<char>(context.console.in), {})));
      std::move(more.begin(), more.end(), std::back_inserter(all));
      continue;
    }
    for (std::string line, word; std::getline(context.console.in, line);)
      // The heading of `ics find`'s table is no subject.
      if (std::istringstream words(line); words >> word && word[0] != '#' && word != "SUBJECT") all.push_back(word);
  }
  if (all.empty()) return fail(Code::malformed, "no subject given");
  return all;
}

Result<std::vector<SubjectId>> resolve_subjects(Context& context, const std::vector<std::string>& texts) {
  TRY(const auto names, subject_texts(context, texts));
  std::vector<SubjectId> subjects;
  for (const auto& name : names) {
    auto found = resolve_subject(context, name);
    if (!found && names.size() > 1) found.error().message += "; of " + std::to_string(names.size()) + " nothing was done";
    TRY(auto subject, std::move(found));
    if (!contains(subjects, subject)) subjects.push_back(std::move(subject));
  }
  return subjects;
}

}  // namespace cm4it::ics
