#include "frontends/hkp/user_ids.h"

#include <algorithm>

#include "base/budgets.h"
#include "base/text.h"
#include "evidence/names.h"

namespace cm4it::hkp {

namespace {

Result<bool> matches(const service::Certificate& certificate, const std::string& wanted, Match match, Time now) {
  TRY(const auto info, evidence::openpgp::describe(certificate.pieces, certificate.fingerprint, now));
  return std::any_of(info.user_ids.begin(), info.user_ids.end(), [&](const auto& user_id) {
    const std::string text = lowercase(user_id.text);
    return match == Match::exact ? text == wanted || evidence::mail_address(text) == wanted : text.find(wanted) != text.npos;
  });
}

using Terms = std::vector<ledger::Reader::Term>;

// Of the subjects that have all these terms, the certificates that match the text.
Result<Matches> with_terms(service::Service& service, const Terms& terms, const std::string& wanted, Match match, const service::Principal& who) {
  Matches found;
  const service::Certificates certificates(service);
  TRY(const auto reader, service.ledger().reader());
  std::vector<evidence::SubjectId> subjects;
  TRY(const auto stopped, reader.search_all(terms, {}, budget::search_examined, [&](const evidence::SubjectId& subject) {
    found.more = subjects.size() == budget::certificates_examined;
    if (!found.more) subjects.push_back(subject);
    return !found.more;
  }));
  found.more |= stopped.has_value();
  for (const auto& subject : subjects) {
    TRY(auto candidates, certificates.of_subject(reader, subject, who));
    for (auto& candidate : candidates) {
      TRY(const bool fits, matches(candidate, wanted, match, service.now()));
      if (!fits) continue;
      if (found.certificates.size() == budget::search_results) {
        found.more = true;
        return found;
      }
      found.certificates.push_back(std::move(candidate));
    }
  }
  return found;
}

}  // namespace

Result<Matches> with_user_id(service::Service& service, const std::string& text, Match match, const service::Principal& who) {
  const std::string wanted = lowercase(match == Match::exact ? evidence::mail_address(text) : std::string_view(text));
  Terms terms;
  if (match == Match::exact) terms.push_back({"address", wanted});
  else for (auto& word : evidence::words_of(wanted)) terms.push_back({"word", std::move(word)});
  if (terms.empty()) return Matches{};
  TRY(auto found, with_terms(service, terms, wanted, match, who));
  if (!found.certificates.empty() || terms.size() == 1) return found;
  // A text may begin and end within a word: then its longest word is likely a whole one.
  const auto longest = std::max_element(terms.begin(), terms.end(), [](const auto& a, const auto& b) { return a.value.size() < b.value.size(); });
  return with_terms(service, {*longest}, wanted, match, who);
}

}  // namespace cm4it::hkp
