#include "ledger/indexer.h"

#include <algorithm>
#include <map>
#include <span>

#include "evidence/credential.h"
#include "evidence/names.h"
#include "evidence/view_row.h"
#include "ledger/crls.h"
#include "ledger/schema.h"
#include "policy/descriptor.h"

namespace cm4it::ledger {
namespace {

using evidence::Statement;
using evidence::SubjectKind;

Bytes model_text(const SubjectId& subject) {
  return subject.kind == SubjectKind::model ? to_bytes(view(subject.model)) : Bytes{};
}

void index_names(const Statement& statement, const std::vector<std::string>& domains, std::uint64_t first_position, const RowWriter& write) {
  for (const auto& alias : evidence::aliases_of(statement))
    write(table::aliases, table::alias_key(alias.name, alias.rank, first_position, statement.subject), model_text(statement.subject));
  auto terms = evidence::search_terms_of(statement);
  for (const auto& domain : domains) terms.emplace_back("domain", domain);
  for (const auto& [field, value] : terms) {
    Bytes key = table::search_prefix(field, evidence::case_folded(value));
    append(key, table::search_place(field == table::in_order_of_ids ? 0 : first_position, statement.subject));
    write(table::search, std::move(key), model_text(statement.subject));
  }
}

Result<void> index_policy(const Statement& statement, const RowWriter& write) {
  const auto* text = std::get_if<evidence::PolicyText>(&statement.body);
  if (!text) return {};
  TRY(const auto descriptor, policy::parse_descriptor(text->descriptor, policy::Homes::several));
  write(table::policies, table::policy_key(descriptor.domain, descriptor.version, statement.id), {});
  return {};
}

void index_compromise(const Statement& statement, const KeyId& issuer, std::uint64_t record_at, const RowWriter& write) {
  if (!is_self_compromise(statement, issuer)) return;
  write(table::compromised, table::compromised_key(issuer, evidence::compromised_component(statement), record_at), {});
}

// Adds what this entry knows of times to a fact row, that is stored or begins here.
FactRow updated(const IndexInput& input, std::optional<FactRow> stored) {
  FactRow row;
  if (stored) {
    row = std::move(*stored);
  } else if (input.entry.record) {
    row.first_seen = input.entry.record->first_seen;
    row.submission_domain = input.entry.record->submission_domain;
  }
  for (std::size_t i = 0; i < input.entry.placements.size(); ++i)
    row.received.push_back(
        {input.entry.placements[i].first, KeyId{}, input.times[i], input.entry.placements[i].second});
  for (const auto& receipt : input.entry.receipts)
    row.received.push_back({receipt.domain, receipt.log, receipt.time, receipt.index});
  return row;
}

// A CRL is stored under its issuer, and leads to nothing by itself: what it says is looked up where its certificates are judged.
Result<std::vector<std::string>> index_crl(const IndexInput& input, const Statement& statement, std::uint64_t record_at,
                                           const RowReader& read, const RowWriter& write) {
  const Bytes key = crl_key(statement.issuer, *statement.revocations, record_at);
  std::optional<FactRow> known;
  Bytes view;
  TRY(const auto stored, read(table::crls, key));
  if (stored) {
    TRY(auto decoded, decode_crl_row(key, *stored));
    known = std::move(decoded.facts);
    view = to_bytes(decoded.view);
  } else {
    const Statement* const one = &statement;
    view = evidence::write_view({&one, 1});
  }
  const FactRow row = updated(input, std::move(known));
  write(table::crls, key, crl_value(statement.revocations->this_update, row, view));
  if (input.entry.record) {
    TRY(auto pages, crl_pages(*input.entry.record, record_at));
    for (auto& [first, page] : pages) write(table::crls, std::move(first), std::move(page));
  }
  return domains_of(input.entry, input.statements, row);
}

// The statements of an entry by subject, in the order in which the entry names the subjects.
std::vector<std::vector<const Statement*>> by_subject(const std::vector<Statement>& statements) {
  std::vector<std::vector<const Statement*>> grouped;
  std::map<SubjectId, std::size_t> places;
  for (const Statement& statement : statements) {
    const auto [place, first] = places.try_emplace(statement.subject, grouped.size());
    if (first) grouped.emplace_back();
    grouped[place->second].push_back(&statement);
  }
  return grouped;
}

// Writes the row that look-ups read, and the row of the issuer; returns the domains that the entry concerns.
Result<std::vector<std::string>> index_subject(const IndexInput& input, std::span<const Statement* const> about, std::uint64_t record_at,
                                               const RowReader& read, const RowWriter& write) {
  const SubjectId& subject = about.front()->subject;
  const Bytes key = table::subject_key(subject, record_at);
  std::optional<FactRow> known;
  Bytes view;
  TRY(const auto stored, read(table::subjects, key));
  if (stored) {
    TRY(auto decoded, decode_subject_row(*stored));
    known = std::move(decoded.facts);
    view = to_bytes(decoded.view);
  } else {
    view = evidence::write_view(about);
  }
  const FactRow row = updated(input, std::move(known));
  write(table::subjects, key, encode(row, view));
  if (!input.entry.record) return domains_of(input.entry, input.statements, row);
  const KeyId& issuer = input.entry.record->issuer;
  Bytes speaker = table::speaker_key(subject, issuer, record_at);
  if (std::any_of(about.begin(), about.end(), [](const Statement* one) { return evidence::is_alarm(*one); }))
    write(table::alarms, Bytes(speaker), {});
  write(table::speakers, std::move(speaker), {});
  for (const Statement* statement : about) {
    CHECK_OK(index_policy(*statement, write));
    index_compromise(*statement, issuer, record_at, write);
  }
  return domains_of(input.entry, input.statements, row);
}

// A revocation by a CA's issuer may revoke that CA's certificate, and with it all that the CA certified.
Result<bool> takes_back_certificate(const Statement& statement, const RowReader& read) {
  const auto* withdraw = std::get_if<evidence::Withdraw>(&statement.body);
  if (!withdraw) return false;
  TRY(const auto positions, read(table::statements, withdraw->statement.digest));
  if (!positions) return false;
  TRY(const auto row, read(table::subjects, table::subject_key(statement.subject, read_u64(View(*positions).first(8)))));
  if (!row) return false;
  TRY(const auto decoded, decode_subject_row(*row));
  TRY(const auto head, evidence::read_view_head(decoded.view));
  return head.format == evidence::certificate_format;
}

Result<FeedRow> what_it_is_about(const IndexInput& input, const RowReader& read) {
  FeedRow row = feed_row_of(input.entry.id, input.statements);
  for (const Statement& statement : input.statements) {
    if (row.everything) break;
    TRY(row.everything, takes_back_certificate(statement, read));
  }
  return row;
}

}  // namespace

std::vector<std::string> domains_of(const Entry& entry, const std::vector<Statement>& statements, const FactRow& facts) {
  std::vector<std::string> domains;
  for (const auto& statement : statements) domains.insert(domains.end(), statement.domains.begin(), statement.domains.end());
  if (!facts.submission_domain.empty()) domains.push_back(facts.submission_domain);
  const bool foreign = std::all_of(statements.begin(), statements.end(),
                                   [](const Statement& statement) { return statement.domains.empty(); });
  // Evidence that names no domain is made where homes took it; a policy, also of another domain, bears on what they judge by it; and a
  // key's own alarm concerns all that listen to the key.
  const bool concerns_others = std::any_of(statements.begin(), statements.end(), [](const Statement& one) {
    return one.kind() == evidence::Kind::policy || is_self_compromise(one, one.issuer);
  });
  if (foreign || concerns_others) {
    for (const auto& received : facts.received) domains.push_back(received.domain);
    for (const auto& [domain, index] : entry.placements) domains.push_back(domain);
  }
  std::sort(domains.begin(), domains.end());
  domains.erase(std::unique(domains.begin(), domains.end()), domains.end());
  return domains;
}

Result<std::optional<std::uint64_t>> first_position_in(const store::Snapshot& snapshot, const Overlay& overlay, const SubjectId& subject) {
  TRY(auto stored, table::first_position(snapshot, subject));
  if (stored) return stored;
  const auto row = subject.row();
  const auto first = overlay.lower_bound({table::subjects, Bytes(row.begin(), row.end())});
  if (first == overlay.end() || first->first.first != table::subjects || !equal(View(first->first.second).first(row.size()), row)) return stored;
  return std::optional(table::last_number(first->first.second));
}

Result<FeedRow> index_entry(const IndexInput& input, const RowReader& read, const FirstPositionLookup& first_position, const RowWriter& write) {
  const Entry& entry = input.entry;
  TRY(const auto positions, read(table::statements, entry.id.digest));
  Bytes all = positions.value_or(Bytes{});
  append_u64(all, input.position);
  const std::uint64_t record_at = read_u64(View(all).first(8));
  write(table::statements, Bytes(entry.id.digest.begin(), entry.id.digest.end()), std::move(all));

  std::vector<std::string> domains;
  for (const auto& about : by_subject(input.statements)) {
    if (about.front()->revocations) {
      TRY(domains, index_crl(input, *about.front(), record_at, read, write));
      continue;
    }
    TRY(domains, index_subject(input, about, record_at, read, write));
    // A new receipt can put foreign evidence into another domain, so the names are written with every entry.
    TRY(const auto position, first_position(about.front()->subject));
    for (const Statement* statement : about) index_names(*statement, domains, position.value_or(record_at), write);
  }
  TRY(const FeedRow about, what_it_is_about(input, read));
  const Bytes feed_row = encode(about);
  for (const auto& domain : domains) write(table::feed, table::feed_key(domain, input.position), Bytes(feed_row));
  for (const auto& [domain, index] : entry.placements)
    write(table::log, table::log_key(domain, index), Bytes(entry.id.digest.begin(), entry.id.digest.end()));
  return about;
}

}  // namespace cm4it::ledger
