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

using Terms = service::Certificates::Terms;

// Of the subjects that have all these terms, the certificates that match the text.
Result<Matches> with_terms(const service::Certificates& certificates, const Terms& terms, const std::string& wanted, Match match, Time now,
                           const service::Principal& who) {
  Matches found;
  TRY(found.more, certificates.found_by(terms, who, [&](service::Certificate candidate) -> Result<bool> {
    TRY(const bool fits, matches(candidate, wanted, match, now));
    if (fits && found.certificates.size() == budget::search_results) return false;
    if (fits) found.certificates.push_back(std::move(candidate));
    return true;
  }));
  return found;
}

}  // namespace

Result<Matches> with_user_id(const service::Certificates& certificates, const std::string& text, Match match, Time now, const service::Principal& who) {
  const std::string wanted = lowercase(match == Match::exact ? evidence::mail_address(text) : std::string_view(text));
  Terms terms;
  if (match == Match::exact) terms.push_back({"address", wanted});
  else for (auto& word : evidence::words_of(wanted)) terms.push_back({"word", std::move(word)});
  if (terms.empty()) return Matches{};
  TRY(auto found, with_terms(certificates, terms, wanted, match, now, who));
  if (!found.certificates.empty() || terms.size() == 1) return found;
  // A text may begin and end within a word: then its longest word is likely a whole one.
  const auto longest = std::max_element(terms.begin(), terms.end(), [](const auto& a, const auto& b) { return a.value.size() < b.value.size(); });
  return with_terms(certificates, {*longest}, wanted, match, now, who);
}

}  // namespace cm4it::hkp
