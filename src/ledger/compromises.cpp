// The declarations of keys that they are compromised, read for the fold.
#include <set>

#include "base/budgets.h"
#include "evidence/credential.h"
#include "ledger/authority_cache.h"
#include "ledger/journal.h"
#include "ledger/ledger.h"
#include "ledger/schema.h"

namespace cm4it::ledger {

Result<std::vector<policy::Fact>> Reader::compromises_of(const KeyId& key, const std::optional<Digest>& component) const {
  std::vector<policy::Fact> facts;
  const SubjectId subject = SubjectId::key(key);
  std::size_t taken = 0;
  Result<void> outcome;
  CHECK_OK(snapshot_->scan(table::compromised, store::Range::prefix(table::compromised_prefix(key, component)), [&](View row, View) {
    outcome = [&]() -> Result<void> {
      const std::uint64_t position = table::last_number(row);
      TRY(const auto value, snapshot_->get(table::subjects, table::subject_key(subject, position)));
      if (!value) return fail(Code::internal, "subjects: a row is missing", "run `ics rebuild`");
      std::vector<policy::Fact> found;
      CHECK_OK(add_row(subject, position, *value, found));
      for (auto& fact : found)
        if (is_self_compromise(fact.statement, key)) facts.push_back(std::move(fact));
      return {};
    }();
    return outcome.has_value() && ++taken < budget::self_compromises;
  }));
  CHECK_OK(outcome);
  return facts;
}

namespace {

using Speaker = std::pair<KeyId, std::optional<Digest>>;

// The keys to look at: the issuers, the CAs on their certification paths, and the issuer that a chain's last certificate names.
void add_speakers(const std::vector<policy::Fact>& about, const policy::Policies& policies, std::set<Speaker>& speakers) {
  for (const policy::Fact& fact : about) {
    const auto& statement = fact.statement;
    speakers.insert({statement.issuer, {}});
    if (statement.signing_component) speakers.insert({statement.issuer, statement.signing_component});
    for (const auto& credential : statement.credentials) speakers.insert({credential->key_id(), {}});
    if (statement.credentials.empty()) continue;
    for (const auto& key : policies.find_keys(statement.credentials.back()->issuer_key_name())) speakers.insert({key.id(), {}});
  }
}

}  // namespace

Result<void> Reader::add_compromises(policy::Facts& facts) const {
  TRY(const bool any, published_->authorities->any_compromised([&]() -> Result<bool> {
    bool found = false;
    CHECK_OK(snapshot_->scan(table::compromised, {}, [&](View, View) { return !(found = true); }));
    return found;
  }));
  if (!any) return {};
  std::set<Speaker> speakers;
  add_speakers(facts.about, policies(), speakers);
  for (const auto& [model, about] : facts.models) add_speakers(about, policies(), speakers);
  for (const auto& [key, about] : facts.authorities) add_speakers(*about, policies(), speakers);
  for (const auto& [key, component] : speakers) {
    TRY(auto said, compromises_of(key, component));
    if (said.empty()) continue;
    auto& all = facts.compromises[key];
    all.insert(all.end(), std::make_move_iterator(said.begin()), std::make_move_iterator(said.end()));
  }
  return {};
}

}  // namespace cm4it::ledger
