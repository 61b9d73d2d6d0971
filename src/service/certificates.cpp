#include "service/certificates.h"

#include <algorithm>
#include <map>

#include "base/budgets.h"
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
  Result<std::vector<Certificate>> certificates(const policy::Facts& facts, const std::string& alias, evidence::AliasRank rank) {
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
      const auto& names = rank == evidence::AliasRank::own ? fact.statement.aliases : fact.statement.other_keys;
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
  evidence::AliasRank rank = evidence::AliasRank::own;
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

}  // namespace

Result<std::vector<Certificate>> Certificates::named(const std::string& alias, const Principal& who) const {
  TRY(const auto reader, service_.ledger().reader());
  std::vector<Bearer> bearers;
  CHECK_OK(reader.named(alias, [&](const SubjectId& subject, evidence::AliasRank rank) {
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
  return of_subject(reader, subject, who);
}

Result<std::vector<Certificate>> Certificates::of_subject(const ledger::Reader& reader, const SubjectId& subject, const Principal& who) const {
  std::vector<Certificate> found;
  CHECK_OK(add(service_, reader, {subject}, {}, who, found));
  return found;
}

}  // namespace cm4it::service
