// Reads the facts about one subject for the fold. Their number is bounded, with a share for each issuer, so that none crowds out others.
#include <algorithm>
#include <set>

#include "base/budgets.h"
#include "base/read_budget.h"
#include "evidence/view_row.h"
#include "ledger/budgets.h"
#include "ledger/crls.h"
#include "ledger/journal.h"
#include "ledger/ledger.h"
#include "ledger/schema.h"
#include "policy/fold.h"

namespace cm4it::ledger {
namespace {

// Who has rows of this subject in `table` (speakers or alarms): no more than `most`, in the order of their key ids.
Result<std::vector<KeyId>> speakers_of(const store::Snapshot& snapshot, store::Table table, const SubjectId& subject, std::size_t most) {
  store::Range range = store::Range::prefix(subject.row());
  std::vector<KeyId> speakers;
  for (bool more = true; more && speakers.size() < most;) {
    more = false;
    CHECK_OK(snapshot.scan(table, range, [&](View key, View) {
      speakers.push_back(table::speaker_of(key));
      more = true;
      return false;
    }));
    if (more) range.begin = store::Range::prefix(table::speaker_prefix(subject, speakers.back())).end;
  }
  return speakers;
}

// The newest rows of each issuer that has rows there; all issuers have equal shares of `most`.
Result<void> fair_share(const store::Snapshot& snapshot, store::Table table, const SubjectId& subject, std::size_t most,
                        std::set<std::uint64_t>& positions) {
  TRY(const auto speakers, speakers_of(snapshot, table, subject, most));
  const std::size_t share = most / std::max<std::size_t>(speakers.size(), 1);
  for (const KeyId& speaker : speakers) {
    store::Range range = store::Range::prefix(table::speaker_prefix(subject, speaker));
    range.backwards = true;
    std::size_t taken = 0;
    CHECK_OK(snapshot.scan(table, range, [&](View key, View) {
      positions.insert(table::last_number(key));
      return ++taken < share;
    }));
  }
  return {};
}

std::size_t weight_of(const std::vector<policy::Fact>& facts, std::size_t from) {
  std::size_t weight = 0;
  for (; from < facts.size(); ++from) weight += facts[from].statement.credentials.empty() ? 1 : budget::certified_weight;
  return weight;
}

}  // namespace

Result<void> Reader::add_row(const SubjectId& subject, std::uint64_t position, View row, std::vector<policy::Fact>& to) const {
  CHECK_OK(ReadBudget::charge(1, row.size()));
  TRY(auto decoded, decode_subject_row(row));
  TRY(auto reader, evidence::ViewReader::open(decoded.view, subject));
  while (!reader.done()) {
    policy::Fact& fact = to.emplace_back();
    CHECK_OK(reader.next(fact.statement));
    CHECK_OK(complete(fact, reader.done() ? std::move(decoded.facts) : decoded.facts, position));
  }
  return {};
}

Result<policy::Fact> Reader::fact_of(evidence::Statement statement, FactRow facts, std::uint64_t position) const {
  policy::Fact fact{std::move(statement), {}, {}, {}};
  CHECK_OK(complete(fact, std::move(facts), position));
  return fact;
}

// Adds to a statement what is known of where and when it was received.
Result<void> Reader::complete(policy::Fact& fact, FactRow facts, std::uint64_t position) const {
  fact.position = position;
  fact.first_seen = facts.first_seen;
  fact.receipts = std::move(facts.received);
  fact.domains = fact.statement.domains;
  const bool own_alarm = is_self_compromise(fact.statement, fact.statement.issuer);  // concerns all domains that took it
  if (fact.domains.empty() || own_alarm) {
    if (!facts.submission_domain.empty()) fact.domains.push_back(std::move(facts.submission_domain));
    for (const auto& received : fact.receipts) fact.domains.push_back(received.domain);
    std::sort(fact.domains.begin(), fact.domains.end());
    fact.domains.erase(std::unique(fact.domains.begin(), fact.domains.end()), fact.domains.end());
  }
  for (auto& received : fact.receipts)
    if (received.log == KeyId{}) received.log = published_->own_log;
  return leave_out_unmade(fact);
}

// Made in a domain that it names is what a home of that domain has received, or may still receive from here: it is on its way, and
// the policies known here let that home take it.
Result<void> Reader::leave_out_unmade(policy::Fact& fact) const {
  if (fact.statement.kind() == evidence::Kind::policy) return {};  // its chain decides
  for (auto domain = fact.domains.begin(); domain != fact.domains.end();) {
    std::string why;
    if (std::none_of(fact.receipts.begin(), fact.receipts.end(), [&](const auto& receipt) { return receipt.domain == *domain; })) {
      TRY(why, why_unmade(fact.statement.id, *domain));
    }
    if (why.empty()) {
      ++domain;
      continue;
    }
    fact.refused.emplace_back(std::move(*domain), std::move(why));
    domain = fact.domains.erase(domain);
  }
  return {};
}

// Why it does not hold in the domain; empty: it does.
Result<std::string> Reader::why_unmade(const StatementId& statement, const std::string& domain) const {
  TRY(const auto forward, note(forward_note(statement, domain)));
  if (forward) {
    const auto waiting = decode_waiting(*forward, {});
    return waiting.undecided.empty() ? std::string() : "not received by a home of " + domain + " yet: " + waiting.undecided;
  }
  TRY(const auto taken, note(taken_note(statement, domain)));
  if (taken) return std::string();
  TRY(const auto refusal, note(refusal_note(statement, domain)));
  return refusal ? refusal_text(domain, *refusal) : "no home of " + domain + " is known to have received it";
}

// All of them; or, where that is more than is folded, alarms first, whoever else spoke, and a share of the rest: nothing is admitted on
// it, so that it need not be long.
Result<bool> Reader::add_facts(const SubjectId& subject, std::vector<policy::Fact>& to) const {
  Result<void> outcome;
  bool whole = true;
  std::size_t rows = 0, weight = 0;
  to.reserve(8);  // of most subjects no more is said
  CHECK_OK(snapshot_->scan(table::subjects, store::Range::prefix(subject.row()), [&](View key, View value) {
    const std::size_t before = to.size();
    outcome = add_row(subject, table::last_number(key), value, to);
    weight += weight_of(to, before);
    whole = ++rows <= budget::subject_statements && weight <= budget::subject_statements;
    return whole && outcome.has_value();
  }));
  CHECK_OK(outcome);
  if (whole) return true;
  to.clear();
  std::set<std::uint64_t> positions;
  CHECK_OK(fair_share(*snapshot_, table::alarms, subject, budget::share_statements, positions));
  CHECK_OK(fair_share(*snapshot_, table::speakers, subject, budget::share_statements, positions));
  for (const std::uint64_t position : positions) {
    TRY(const auto row, snapshot_->get(table::subjects, table::subject_key(subject, position)));
    if (row) CHECK_OK(add_row(subject, position, *row, to));
  }
  return false;
}

Result<policy::Facts> Reader::statements(const SubjectId& subject) const {
  policy::Facts facts;
  facts.subject = subject;
  TRY(facts.whole, add_facts(subject, facts.about));
  return facts;
}

Result<policy::Facts> Reader::facts(const SubjectId& subject, const std::optional<AsOf>& as_of) const {
  policy::Facts facts;
  facts.subject = subject;
  facts.domains = published_->domains;
  TRY(bool whole, add_facts(subject, facts.about));
  std::vector<KeyId> issuers;
  CHECK_OK(add_crls(subject, as_of, facts.about, issuers));
  for (const auto& model : policy::models_of(facts.about)) {
    std::vector<policy::Fact> about;
    TRY(const bool whole_model, add_facts(model, about));
    whole &= whole_model;
    if (!about.empty()) facts.models.emplace(model.text(), std::move(about));
  }
  for (const auto& fact : facts.about)
    if (!fact.statement.credentials.empty()) {
      issuers.push_back(fact.statement.issuer);
      if (!fact.statement.is_certificate())
        for (const auto& credential : fact.statement.credentials) issuers.push_back(credential->key_id());
    }
  CHECK_OK(add_authorities(std::move(issuers), facts.authorities, as_of));
  CHECK_OK(add_compromises(facts));
  facts.whole = whole;  // what was left out might refuse
  return facts;
}

}  // namespace cm4it::ledger
