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

  Result<std::vector<Certificate>> certificates(const policy::Facts& facts, const std::string& alias) {
    std::vector<Certificate> list;
    std::vector<bool> named;
    std::map<Fingerprint, std::size_t> places;  // of one key: with several creation times it has several
    for (const auto& fact : facts.about) {
      if (fact.statement.format != evidence::Format::openpgp) continue;
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
      const auto& aliases = fact.statement.aliases;
      if (std::find(aliases.begin(), aliases.end(), alias) != aliases.end()) named[place->second] = true;
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

Result<void> add(const Service& service, const ledger::Reader& reader, const SubjectId& subject, const std::string& alias,
                 const Principal& who, std::vector<Certificate>& to) {
  TRY(const bool could, service.could_read_any(reader, subject, who));
  if (!could) return {};
  TRY(const auto facts, reader.facts(subject));
  TRY(auto found, Pieces(service, reader, facts, who).certificates(facts, alias));
  std::move(found.begin(), found.end(), std::back_inserter(to));
  return {};
}

// "Alice <alice@example.org>" → "alice@example.org"
std::string_view mail_of(std::string_view user_id) {
  const auto begin = user_id.rfind('<'), end = user_id.rfind('>');
  if (begin == user_id.npos || end == user_id.npos || end < begin) return user_id;
  return user_id.substr(begin + 1, end - begin - 1);
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
    return match == Certificates::Match::exact ? text == wanted || mail_of(text) == wanted : text.find(wanted) != text.npos;
  });
}

}  // namespace

Result<std::vector<Certificate>> Certificates::named(const std::string& alias, const Principal& who) const {
  TRY(const auto reader, service_.ledger().reader());
  std::vector<SubjectId> subjects;
  CHECK_OK(reader.named(alias, [&](const SubjectId& subject) {
    subjects.push_back(subject);
    return subjects.size() < budget::certificates_of_one_name;
  }));
  std::vector<Certificate> found;
  for (const auto& subject : subjects) CHECK_OK(add(service_, reader, subject, alias, who, found));
  return found;
}

Result<void> Certificates::complete(evidence::openpgp::TakenApart& taken, const Principal& who) const {
  for (const auto& loose : taken.loose) {
    TRY(const auto found, named((loose.issuer.fingerprint.empty() ? "keyid:" : "fpr:") + ledger::folded(loose.issuer.text()), who));
    bool completed = false;
    for (const auto& certificate : found) {
      TRY(const Bytes whole, evidence::openpgp::assemble(certificate.pieces, certificate.fingerprint));
      auto piece = evidence::openpgp::complete(loose, whole);
      if (!piece) continue;
      taken.pieces.push_back(std::move(*piece));
      taken.certificates.push_back(certificate.fingerprint);
      completed = true;
      break;
    }
    if (completed) continue;
    ++taken.dropped_count;
    taken.dropped.push_back({"a revocation by " + loose.issuer.text(), "the key it is of neither came with it nor is kept here"});
  }
  taken.loose.clear();
  return {};
}

Result<std::vector<Certificate>> Certificates::of_subject(const SubjectId& subject, const Principal& who) const {
  TRY(const auto reader, service_.ledger().reader());
  std::vector<Certificate> found;
  CHECK_OK(add(service_, reader, subject, {}, who, found));
  return found;
}

Result<std::vector<Certificate>> Certificates::with_user_id(const std::string& text, Match match, const Principal& who) const {
  const std::string wanted = lower(match == Match::exact ? mail_of(text) : std::string_view(text));
  const auto words = ledger::words_of(wanted);
  std::vector<Certificate> found;
  if (words.empty()) return found;
  // The longest word is likely the rarest.
  const auto& word = *std::max_element(words.begin(), words.end(), [](const auto& a, const auto& b) { return a.size() < b.size(); });
  TRY(const auto reader, service_.ledger().reader());
  std::vector<SubjectId> subjects;
  CHECK_OK(reader.search("word", word, {}, [&](const SubjectId& subject) {
    subjects.push_back(subject);
    return subjects.size() < budget::certificates_examined;
  }));
  for (const auto& subject : subjects) {
    std::vector<Certificate> candidates;
    CHECK_OK(add(service_, reader, subject, {}, who, candidates));
    for (auto& candidate : candidates) {
      TRY(const bool matches, bears(candidate, wanted, match, service_.now()));
      if (matches) found.push_back(std::move(candidate));
      if (found.size() >= budget::search_results) return found;
    }
  }
  return found;
}

}  // namespace cm4it::service
