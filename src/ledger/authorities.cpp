// The CAs above certificates: what the fold is given to find certification paths over them.
#include <algorithm>
#include <tuple>

#include "base/budgets.h"
#include "evidence/view_row.h"
#include "ledger/authority_cache.h"
#include "ledger/journal.h"
#include "ledger/ledger.h"
#include "ledger/schema.h"
#include "policy/delegation.h"

namespace cm4it::ledger {
namespace {

// Formats that contain certificates or their withdrawal; others need not be read.
bool concerns(Format format) { return format == evidence::certificate_format || format == evidence::native_format; }

bool is_certificate(const evidence::Statement& statement) { return statement.is_certificate() && !statement.credentials.empty(); }

bool of_interest(const evidence::Statement& statement) {
  return is_certificate(statement) || statement.kind() == evidence::Kind::withdraw;
}

}  // namespace

// What is kept about a CA's key that paths may lead over, or that takes it back.
Result<std::vector<policy::Fact>> Reader::authority_certificates(const SubjectId& subject) const {
  std::vector<policy::Fact> facts;
  Result<void> outcome;
  std::size_t examined = 0;
  CHECK_OK(snapshot_->scan(table::subjects, store::Range::prefix(subject.row()), [&](View row_key, View value) {
    outcome = [&]() -> Result<void> {
      TRY(const auto row, decode_subject_row(value));
      TRY(const auto head, evidence::read_view_head(row.view));
      if (!concerns(head.format)) return {};
      std::vector<policy::Fact> found;
      CHECK_OK(add_row(subject, table::last_number(row_key), value, found));
      for (auto& fact : found)
        if (of_interest(fact.statement)) facts.push_back(std::move(fact));
      return {};
    }();
    return outcome.has_value() && ++examined < budget::subject_statements;
  }));
  CHECK_OK(outcome);
  // Paths are looked for over so many certificates at most: the newest, so that every server takes the same ones.
  const auto newest_first = [](const policy::Fact& a, const policy::Fact& b) {
    const bool one = is_certificate(a.statement), other = is_certificate(b.statement);
    if (one != other) return other;  // what was taken back comes along whole
    return std::tie(b.statement.issued_at, b.statement.id) < std::tie(a.statement.issued_at, a.statement.id);
  };
  std::sort(facts.begin(), facts.end(), newest_first);
  std::size_t certificates = 0;
  std::erase_if(facts, [&](const policy::Fact& fact) {
    return is_certificate(fact.statement) && ++certificates > budget::authority_certificates;
  });
  return facts;
}

// With what lists say of it; of these `signers` are told.
Result<policy::AuthorityFacts> Reader::authority(const KeyId& key, const std::optional<AsOf>& as_of,
                                                 std::vector<KeyId>& signers) const {
  const SubjectId subject = SubjectId::key(key);
  const auto* known = published_->authorities->find(key);
  if (known && !known->has_lists) return known->facts;
  AuthorityCache::Authority found;
  if (known) {
    found = *known;
  } else {
    TRY(auto certificates, authority_certificates(subject));
    found.facts = std::make_shared<const std::vector<policy::Fact>>(std::move(certificates));
  }
  auto with_lists = *found.facts;
  CHECK_OK(add_crls(subject, as_of, with_lists, signers));
  found.has_lists = with_lists.size() > found.facts->size();
  // Keys of which no authority's certificate is kept are as many as anybody likes.
  const bool is_one = std::any_of(found.facts->begin(), found.facts->end(),
                                  [](const policy::Fact& fact) { return policy::is_authority(fact.statement); });
  // What its home decides of a statement that is undecided here may become known by a note alone, of which no look-up is told.
  const bool decided =
      std::none_of(found.facts->begin(), found.facts->end(), [](const policy::Fact& fact) { return !fact.refused.empty(); });
  if (!known && is_one && decided) published_->authorities->put(key, found);
  return found.has_lists ? std::make_shared<const std::vector<policy::Fact>>(std::move(with_lists)) : found.facts;
}

Result<void> Reader::add_authorities(std::vector<KeyId> keys, policy::Authorities& to, const std::optional<AsOf>& as_of) const {
  for (std::size_t next = 0; next < keys.size() && to.size() < budget::authorities; ++next) {
    const KeyId key = keys[next];
    if (to.contains(key)) continue;
    TRY(auto facts, authority(key, as_of, keys));
    for (const auto& fact : *facts)
      if (policy::is_authority(fact.statement)) keys.push_back(fact.statement.issuer);
    to.emplace(key, std::move(facts));
  }
  return {};
}

}  // namespace cm4it::ledger
