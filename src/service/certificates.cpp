#include "service/certificates.h"

#include <algorithm>
#include <map>

#include "base/budgets.h"
#include "base/text.h"
#include "service/read_access.h"

namespace cm4it::service {
namespace {

using evidence::openpgp::Fingerprint;

// All OpenPGP evidence of a subject that one of this server's own domains shows to the asker.
class Pieces {
 public:
  Pieces(const Access& access, const Integrity& integrity, const ledger::Reader& reader, const policy::Facts& facts, const Principal& who)
      : integrity_(integrity), reader_(reader) {
    for (const auto& domain : access.own_domains(reader.published())) {
      sights_.emplace_back(access, reader.policies(), facts, domain, who);
      if (who) anyones_.emplace_back(access, reader.policies(), facts, domain, std::nullopt);
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
      TRY(auto record, reader_.record_at(fact.position));
      if (!record) return fail(Code::internal, "journal: an entry is missing", "run `ics rebuild`");
      if (!integrity_.check(reader_, *record)) continue;  // it is told of (integrity.cpp), and not sent
      TRY(const auto of, certificate_of(record->evidence));
      const auto [place, first] = places.emplace(of, list.size());
      if (first) {
        list.push_back({of, facts.subject, {}, true, fact.first_seen});
        named.push_back(alias.empty());
      }
      Certificate& found = list[place->second];
      const auto& names = rank == evidence::AliasRank::own ? fact.statement.aliases : fact.statement.other_keys.names;
      if (contains(names, alias)) named[place->second] = true;
      found.open = found.open && (anyones_.empty() || shown(anyones_, kind, fact.domains));
      found.changed = std::max(found.changed, fact.first_seen);
      found.pieces.push_back(std::move(record->evidence));
    }
    std::vector<Certificate> chosen;
    for (std::size_t i = 0; i < list.size(); ++i)
      if (named[i]) chosen.push_back(std::move(list[i]));
    return chosen;
  }

 private:
  // Pieces of one certificate begin with the same key, which is read once.
  Result<Fingerprint> certificate_of(View piece) {
    if (!first_packet_.empty() && piece.size() >= first_packet_.size() && equal(piece.first(first_packet_.size()), first_packet_)) return of_first_packet_;
    TRY(of_first_packet_, evidence::openpgp::certificate_of(piece));
    first_packet_ = to_bytes(evidence::openpgp::first_packet(piece));
    return of_first_packet_;
  }

  static bool shown(std::vector<ReadAccess>& sights, Kind kind, const std::vector<std::string>& domains) {
    return std::any_of(sights.begin(), sights.end(), [&](ReadAccess& sight) { return sight.statement(kind, domains); });
  }

  const Integrity& integrity_;
  const ledger::Reader& reader_;
  std::vector<ReadAccess> sights_, anyones_;
  Bytes first_packet_;
  Fingerprint of_first_packet_;
};

struct Bearer {
  SubjectId subject;
  evidence::AliasRank rank = evidence::AliasRank::own;
};

}  // namespace

Result<Certificates::Named> Certificates::named(const std::string& alias, const Principal& who) const {
  TRY(const auto reader, ledger_.reader());
  std::vector<Bearer> bearers;
  CHECK_OK(reader.named(alias, [&](const SubjectId& subject, evidence::AliasRank rank) {
    bearers.push_back({subject, rank});
    return bearers.size() < budget::certificates_of_one_name;
  }));
  Named found;
  for (std::size_t i = 0; i < bearers.size(); ++i) {
    if (i > 0 && bearers[i].rank != bearers[i - 1].rank && !found.certificates.empty()) break;
    CHECK_OK(add(reader, bearers[i].subject, bearers[i].rank, alias, who, found.certificates));
  }
  const auto own = std::count_if(bearers.begin(), bearers.end(), [](const Bearer& bearer) { return bearer.rank == evidence::AliasRank::own; });
  if (own != 1 || found.certificates.empty() || found.certificates[0].subject != bearers[0].subject) return found;
  const Stamp stamp = stamps_.current(bearers[0].subject);
  // Nothing was published since before all this was read, so nothing that the stamp does not tell of.
  if (ledger_.published() == reader.published_ptr()) found.stamp = stamp;
  return found;
}

Result<void> Certificates::add(const ledger::Reader& reader, const SubjectId& bearer, evidence::AliasRank rank, const std::string& alias,
                               const Principal& who, std::vector<Certificate>& to) const {
  TRY(const bool could, access_.could_read_any(reader, bearer, who));
  if (!could) return {};
  // Anyone's rights do not hang on whose the subject is.
  TRY(const auto facts, who ? reader.facts(bearer) : reader.statements(bearer));
  TRY(auto found, Pieces(access_, integrity_, reader, facts, who).certificates(facts, alias, rank));
  std::move(found.begin(), found.end(), std::back_inserter(to));
  return {};
}

Result<std::vector<Certificate>> Certificates::of_subject(const SubjectId& subject, const Principal& who) const {
  TRY(const auto reader, ledger_.reader());
  return of_subject(reader, subject, who);
}

Result<std::vector<Certificate>> Certificates::of_subject(const ledger::Reader& reader, const SubjectId& subject, const Principal& who) const {
  std::vector<Certificate> found;
  CHECK_OK(add(reader, subject, evidence::AliasRank::own, {}, who, found));
  return found;
}

Result<bool> Certificates::found_by(const Terms& terms, const Principal& who, const std::function<Result<bool>(Certificate)>& visit) const {
  TRY(const auto reader, ledger_.reader());
  std::vector<SubjectId> subjects;
  bool more = false;
  TRY(const auto stopped, reader.search_all(terms, {}, budget::search_examined, [&](const SubjectId& subject) {
    more = subjects.size() == budget::certificates_examined;
    if (!more) subjects.push_back(subject);
    return !more;
  }));
  for (const auto& subject : subjects) {
    TRY(auto certificates, of_subject(reader, subject, who));
    for (auto& certificate : certificates) {
      TRY(const bool go_on, visit(std::move(certificate)));
      if (!go_on) return true;
    }
  }
  return more || stopped.has_value();
}

Result<std::vector<SubjectId>> Certificates::changed(std::uint64_t from, std::uint64_t end) const {
  TRY(const auto reader, ledger_.reader());
  std::vector<SubjectId> subjects;
  for (std::uint64_t position = from; position < end; ++position) {
    TRY(const auto record, reader.record_touched_at(position));
    if (!record || record->format != evidence::Format::openpgp) continue;  // an index of certificates as SKS has it
    TRY(const auto statements, evidence::statements_of_stored(record->format, record->evidence, record->issuer, record->id));
    for (const auto& statement : statements) subjects.push_back(statement.subject);
  }
  return subjects;
}

}  // namespace cm4it::service
