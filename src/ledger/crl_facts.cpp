// Adds to the facts what the CRLs of the certificates' issuers say about those certificates.

#include "base/budgets.h"
#include "base/read_budget.h"
#include "base/text.h"
#include "evidence/credential.h"
#include "evidence/view_row.h"
#include "ledger/crls.h"
#include "ledger/journal.h"
#include "ledger/authority_cache.h"
#include "ledger/ledger.h"
#include "ledger/schema.h"

namespace cm4it::ledger {
namespace {

// The first of these that a CRL names.
StatementId taken_back(const evidence::Statement& crl, const std::vector<policy::Fact>& about) {
  for (const policy::Fact& fact : about)
    for (const auto& credential : fact.statement.credentials)
      if (equal(credential->issuer_name(), crl.revocations->issuer_name) && equal(credential->handle(), crl.revocations->entries[0].handle))
        return fact.statement.id;
  return {};
}

// What was issued in one name: the keys that did, and the serial numbers.
struct Issued {
  std::vector<KeyId> by;
  std::vector<Bytes> serials;
  std::string alias;  // of the name, in the index
};
void add_key(std::vector<KeyId>& to, const KeyId& key) {
  if (!contains(to, key)) to.push_back(key);
}
std::map<Bytes, Issued> issued_in_names(const std::vector<policy::Fact>& about) {
  std::map<Bytes, Issued> issued;
  for (const policy::Fact& fact : about)
    for (const auto& credential : fact.statement.credentials) {
      Issued& of_name = issued[to_bytes(credential->issuer_name())];
      if (of_name.by.empty()) of_name.alias = credential->issuer_alias();
      add_key(of_name.by, fact.statement.issuer);
      of_name.serials.push_back(to_bytes(credential->handle()));
    }
  return issued;
}

// The list's own statement, said of this subject.
Result<evidence::Statement> statement_of(const CrlRow& row, const SubjectId& subject) {
  CHECK_OK(ReadBudget::charge(1));
  TRY(auto statements, evidence::read_view(row.view, subject));
  if (statements.size() != 1 || !statements[0].revocations) return fail(Code::internal, "crls: a row that is of no CRL", "run `ics rebuild`");
  return std::move(statements[0]);
}

}  // namespace

// The keys of which certificates say this name.
Result<std::vector<KeyId>> Reader::keys_named(const std::string& alias) const {
  std::vector<KeyId> keys;
  CHECK_OK(named(alias, [&](const SubjectId& subject, evidence::AliasRank) {
    keys.push_back(KeyId{subject.digest});
    return keys.size() < budget::crl_signers;
  }));
  return keys;
}

Result<policy::Fact> Reader::crl_fact(const SubjectId& subject, const CrlRow& row, const std::vector<View>& serials,
                                      const std::vector<policy::Fact>& about) const {
  TRY(auto list, statement_of(row, subject));
  std::vector<CrlEntry> entries;
  for (const View serial : serials) {
    TRY(auto entry, find_crl_entry(*snapshot_, row.position, serial));
    if (entry) entries.push_back(std::move(*entry));
  }
  auto statement = evidence::with_entries(std::move(list), std::move(entries), row.cut);
  if (!statement.revocations->entries.empty()) std::get<evidence::Withdraw>(statement.body).statement = taken_back(statement, about);
  return fact_of(std::move(statement), row.facts, row.position);
}

// A CRL that names none of them is told too, for it may be the one that counts. So are those by other keys of their issuer's name:
// `signers` are told of those. Whether they are the CA's is for the fold to say.
Result<void> Reader::add_crls(const SubjectId& subject, const std::optional<AsOf>& as_of, std::vector<policy::Fact>& about,
                              std::vector<KeyId>& signers) const {
  const policy::Descriptor* domain = as_of ? policies().newest(as_of->domain) : nullptr;
  const auto in_force = [&](const CrlRow& row) -> Result<policy::InForce> {
    CHECK_OK(ReadBudget::charge(1));
    TRY(const auto head, evidence::read_view_head(row.view));
    evidence::Statement statement;  // as much of it as says when and where it counts
    statement.format = head.format;
    statement.id = head.id;
    statement.issued_at = row.this_update;
    statement.not_before = row.this_update;
    statement.revocations = std::make_shared<const evidence::RevocationList>();
    TRY(const auto fact, fact_of(std::move(statement), row.facts, row.position));
    return policy::in_force(fact, policies(), *domain, as_of->at);
  };
  const InForce at_that_time = domain ? InForce(in_force) : InForce();
  auto in_names = issued_in_names(about);
  for (auto& [name, issued] : in_names) {
    const KeyId issuer = issued.by[0];
    const bool of_one = issued.by.size() == 1 && SubjectId::key(issuer) != subject;  // what issues itself is looked up for itself alone
    if (of_one && published_->authorities->has_no_lists(issuer, name)) continue;
    bool none = true;
    TRY(const auto others, keys_named(issued.alias));
    for (const KeyId& key : others) add_key(issued.by, key);
    const std::vector<View> asked(issued.serials.begin(), issued.serials.end());
    for (const KeyId& key : issued.by) {  // each CRL once, with all that it says of the subject
      TRY(const auto rows, crls_of(*snapshot_, key, name, at_that_time));
      if (!rows.empty()) signers.push_back(key);
      none &= rows.empty();
      for (const CrlRow& row : rows) {
        TRY(auto fact, crl_fact(subject, row, asked, about));
        about.push_back(std::move(fact));
      }
    }
    if (of_one && none) published_->authorities->put_no_lists(issuer, name);
  }
  return {};
}

Result<std::optional<evidence::Statement>> Reader::crl_before(const KeyId& issuer, const evidence::RevocationList& crl) const {
  std::optional<CrlRow> lowest;
  std::size_t examined = 0;
  CHECK_OK(not_lower_crls(*snapshot_, issuer, crl, [&](const CrlRow& row) {
    if (row.this_update <= crl.this_update) lowest = row;
    return !lowest && ++examined < budget::crl_rows;
  }));
  if (!lowest) return std::optional<evidence::Statement>{};
  TRY(auto statement, statement_of(*lowest, SubjectId::key(issuer)));
  return std::optional(std::move(statement));
}

}  // namespace cm4it::ledger
