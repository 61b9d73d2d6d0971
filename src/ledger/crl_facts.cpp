// CRLs among the facts: what the CRLs of certificates' issuers say of them.
#include <algorithm>

#include "base/budgets.h"
#include "evidence/x509.h"
#include "ledger/brief.h"
#include "ledger/crls.h"
#include "ledger/journal.h"
#include "ledger/ledger.h"
#include "ledger/tables.h"

namespace cm4it::ledger {
namespace {

// The first of these that a CRL names.
StatementId taken_back(const evidence::Statement& crl, const std::vector<policy::Fact>& about) {
  for (const policy::Fact& fact : about)
    for (const auto& certificate : fact.statement.certificates)
      if (equal(certificate.fields().issuer_canonical, crl.crl->issuer_name) && equal(certificate.fields().serial, crl.crl->entries[0].serial))
        return fact.statement.id;
  return {};
}

// Serial numbers by issuer and its name.
std::map<std::pair<KeyId, Bytes>, std::vector<Bytes>> issued_by(const std::vector<policy::Fact>& about) {
  std::map<std::pair<KeyId, Bytes>, std::vector<Bytes>> issued;
  for (const policy::Fact& fact : about)
    for (const auto& certificate : fact.statement.certificates)
      issued[{fact.statement.issuer, certificate.fields().issuer_canonical}].push_back(to_bytes(certificate.fields().serial));
  return issued;
}

Result<EvidenceView> evidence_at(const store::Snapshot& snapshot, std::uint64_t position) {
  CHECK_OK(Brief::charge(1));
  TRY(const auto row, snapshot.get(table::journal, table::number(position)));
  if (!row) return fail(Code::internal, "journal: an entry is missing", "run `ics rebuild`");
  return evidence_in_entry(*row);
}

}  // namespace

// The keys of which certificates say this name.
Result<std::vector<KeyId>> Reader::keys_named(View name) const {
  std::vector<KeyId> keys;
  CHECK_OK(named(evidence::x509::authority_name(name), [&](const SubjectId& subject) {
    keys.push_back(KeyId{subject.digest});
    return keys.size() < budget::crl_signers;
  }));
  return keys;
}

Result<policy::Fact> Reader::crl_fact(const SubjectId& subject, const KeyId& signer, const CrlRow& row, const std::vector<View>& serials,
                                      const std::vector<policy::Fact>& about) const {
  TRY(const auto kept, evidence_at(*snapshot_, row.position));
  TRY(auto statement, evidence::crl::kept_statement(kept.evidence, subject, serials, row.cut, [&](View entries, View serial) {
    return find_crl_entry(*snapshot_, row.position, entries, serial);
  }));
  if (!statement.crl->entries.empty()) std::get<evidence::Withdraw>(statement.body).statement = taken_back(statement, about);
  statement.id = kept.id;
  statement.issuer = signer;
  return fact_of(std::move(statement), row.facts);
}

// A CRL that names none of them is told too, for it may be the one that counts. So are those by other keys of their issuer's name:
// `signers` are told of those. Whether they are the CA's is for the fold to say.
Result<void> Reader::add_crls(const SubjectId& subject, const std::optional<AsOf>& as_of, std::vector<policy::Fact>& about,
                              std::vector<KeyId>& signers) const {
  const policy::Descriptor* domain = as_of ? policies().newest(as_of->domain) : nullptr;
  const auto in_force = [&](const CrlRow& row) -> Result<policy::InForce> {
    TRY(const auto kept, evidence_at(*snapshot_, row.position));
    evidence::Statement statement;
    statement.format = Format::crl;
    statement.id = kept.id;
    statement.issued_at = row.this_update;
    statement.not_before = row.this_update;
    statement.crl = std::make_shared<const evidence::CrlPart>();
    TRY(const auto fact, fact_of(std::move(statement), row.facts));
    return policy::in_force(fact, policies(), *domain, as_of->at);
  };
  const InForce at_that_time = domain ? InForce(in_force) : InForce();
  for (const auto& [issuer, serials] : issued_by(about)) {
    TRY(auto keys, keys_named(issuer.second));
    std::erase(keys, issuer.first);
    keys.insert(keys.begin(), issuer.first);
    const std::vector<View> asked(serials.begin(), serials.end());
    for (const KeyId& key : keys) {
      TRY(const auto rows, crls_of(*snapshot_, key, issuer.second, at_that_time));
      if (!rows.empty()) signers.push_back(key);
      for (const CrlRow& row : rows) {
        TRY(auto fact, crl_fact(subject, key, row, asked, about));
        about.push_back(std::move(fact));
      }
    }
  }
  return {};
}

Result<std::optional<evidence::Statement>> Reader::crl_before(const KeyId& issuer, const evidence::CrlPart& crl) const {
  std::optional<std::uint64_t> position;
  std::size_t examined = 0;
  CHECK_OK(not_lower_crls(*snapshot_, issuer, crl, [&](const CrlRow& row) {
    if (row.this_update <= crl.this_update) position = row.position;
    return !position && ++examined < budget::crl_rows;
  }));
  if (!position) return std::optional<evidence::Statement>{};
  TRY(const auto kept, evidence_at(*snapshot_, *position));
  TRY(auto statement, evidence::crl::kept_statement(kept.evidence, SubjectId::key(issuer), {}, false, {}));
  statement.id = kept.id;
  statement.issuer = issuer;
  return std::optional(std::move(statement));
}

}  // namespace cm4it::ledger
