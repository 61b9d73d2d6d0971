#include "service/certificates.h"

#include <algorithm>
#include <map>

#include "base/budgets.h"
#include "ledger/names.h"
#include "service/sight.h"

namespace cm4it::service {
namespace {

using evidence::openpgp::Fingerprint;

// All OpenPGP evidence of a subject that one of this server's own domains shows to the asker.
class Pieces {
 public:
  Pieces(const Service& service, const ledger::Reader& reader, const policy::Facts& facts, const Principal& who)
      : service_(service), reader_(reader) {
    for (const auto& domain : own_domains(service, reader)) {
      sights_.emplace_back(service, reader.policies(), facts, domain, who);
      if (who) anyones_.emplace_back(service, reader.policies(), facts, domain, std::nullopt);
    }
  }

  // Those that bear this name in that way; no name: all.
  Result<std::vector<Certificate>> certificates(const policy::Facts& facts, const std::string& alias, ledger::Rank rank) {
    std::vector<Certificate> list;
    std::vector<bool> named;
    std::map<Fingerprint, std::size_t> places;  // of one key: with several creation times it has several
    for (const auto& fact : facts.about) {
      if (fact.statement.format != evidence::Format::openpgp) continue;  // the certificates that HKP serves
      const auto kind = fact.statement.kind();
      if (!shown(sights_, kind, fact.domains)) continue;
      TRY(const auto record, reader_.record(fact.statement.id));
      if (!record) return fail(Code::internal, "journal: an entry is missing", "run `ics rebuild`");
      if (!service_.check_kept_evidence(reader_, *record)) continue;  // it is told of (integrity.cpp), and not sent
      TRY(const auto of, evidence::openpgp::certificate_of(record->evidence));
      const auto [place, first] = places.emplace(of, list.size());
      if (first) {
        list.push_back({of, facts.subject, {}, true, fact.first_seen});
        named.push_back(alias.empty());
      }
      Certificate& found = list[place->second];
      const auto& names = rank == ledger::Rank::own ? fact.statement.aliases : fact.statement.other_keys;
      if (std::find(names.begin(), names.end(), alias) != names.end()) named[place->second] = true;
      found.open = found.open && (anyones_.empty() || shown(anyones_, kind, fact.domains));
      found.changed = std::max(found.changed, fact.first_seen);
      found.pieces.push_back(record->evidence);
    }
    std::vector<Certificate> kept;
    for (std::size_t i = 0; i < list.size(); ++i)
      if (named[i]) kept.push_back(std::move(list[i]));
    return kept;
  }

 private:
  static bool shown(std::vector<Sight>& sights, Kind kind, const std::vector<std::string>& domains) {
    return std::any_of(sights.begin(), sights.end(), [&](Sight& sight) { return sight.statement(kind, domains); });
  }

  const Service& service_;
  const ledger::Reader& reader_;
  std::vector<Sight> sights_, anyones_;
};

struct Bearer {
  SubjectId subject;
  ledger::Rank rank = ledger::Rank::own;
};

Result<void> add(const Service& service, const ledger::Reader& reader, const Bearer& bearer, const std::string& alias,
                 const Principal& who, std::vector<Certificate>& to) {
  TRY(const bool could, service.could_read_any(reader, bearer.subject, who));
  if (!could) return {};
  TRY(const auto facts, reader.facts(bearer.subject));
  TRY(auto found, Pieces(service, reader, facts, who).certificates(facts, alias, bearer.rank));
  std::move(found.begin(), found.end(), std::back_inserter(to));
  return {};
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

Result<bool> bears(const Certificate& certificate, const std::string& wanted, Certificates::Match match, Time now) {
  TRY(const auto info, evidence::openpgp::describe(certificate.pieces, certificate.fingerprint, now));
  return std::any_of(info.user_ids.begin(), info.user_ids.end(), [&](const auto& user_id) {
    const std::string text = lower(user_id.text);
    return match == Certificates::Match::exact ? text == wanted || ledger::mail_of(text) == wanted : text.find(wanted) != text.npos;
  });
}

}  // namespace

Result<std::vector<Certificate>> Certificates::named(const std::string& alias, const Principal& who) const {
  TRY(const auto reader, service_.ledger().reader());
  std::vector<Bearer> bearers;
  CHECK_OK(reader.named(alias, [&](const SubjectId& subject, ledger::Rank rank) {
    bearers.push_back({subject, rank});
    return bearers.size() < budget::certificates_of_one_name;
  }));
  std::vector<Certificate> found;
  for (std::size_t i = 0; i < bearers.size(); ++i) {
    if (i > 0 && bearers[i].rank != bearers[i - 1].rank && !found.empty()) break;
    CHECK_OK(add(service_, reader, bearers[i], alias, who, found));
  }
  return found;
}

Result<std::vector<Certificate>> Certificates::of_subject(const SubjectId& subject, const Principal& who) const {
  TRY(const auto reader, service_.ledger().reader());
  std::vector<Certificate> found;
  CHECK_OK(add(service_, reader, {subject}, {}, who, found));
  return found;
}

// Those that have all these terms, and of them those that bear the text.
Result<Certificates::Matches> Certificates::with_terms(const std::vector<ledger::Reader::Term>& terms, const std::string& wanted, Match match,
                                                       const Principal& who) const {
  Matches matches;
  TRY(const auto reader, service_.ledger().reader());
  std::vector<SubjectId> subjects;
  TRY(const auto stopped, reader.search_all(terms, {}, budget::search_examined, [&](const SubjectId& subject) {
    matches.more = subjects.size() == budget::certificates_examined;
    if (!matches.more) subjects.push_back(subject);
    return !matches.more;
  }));
  matches.more |= stopped.has_value();
  for (const auto& subject : subjects) {
    std::vector<Certificate> candidates;
    CHECK_OK(add(service_, reader, {subject}, {}, who, candidates));
    for (auto& candidate : candidates) {
      TRY(const bool fits, bears(candidate, wanted, match, service_.now()));
      if (!fits) continue;
      if (matches.certificates.size() == budget::search_results) {
        matches.more = true;
        return matches;
      }
      matches.certificates.push_back(std::move(candidate));
    }
  }
  return matches;
}

Result<Certificates::Matches> Certificates::with_user_id(const std::string& text, Match match, const Principal& who) const {
  const std::string wanted = lower(match == Match::exact ? ledger::mail_of(text) : std::string_view(text));
  std::vector<ledger::Reader::Term> terms;
  if (match == Match::exact) terms.push_back({"address", wanted});
  else for (auto& word : ledger::words_of(wanted)) terms.push_back({"word", std::move(word)});
  if (terms.empty()) return Matches{};
  TRY(auto matches, with_terms(terms, wanted, match, who));
  if (!matches.certificates.empty() || terms.size() == 1) return matches;
  // A text may begin and end within a word: then its longest word is likely a whole one.
  const auto longest = std::max_element(terms.begin(), terms.end(), [](const auto& a, const auto& b) { return a.value.size() < b.value.size(); });
  return with_terms({*longest}, wanted, match, who);
}

}  // namespace cm4it::service
