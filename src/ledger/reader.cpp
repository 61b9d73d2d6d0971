#include <algorithm>

#include "base/budgets.h"
#include "base/read_budget.h"
#include "evidence/names.h"
#include "evidence/view_row.h"
#include "ledger/feed_row.h"
#include "ledger/home_log.h"
#include "ledger/journal.h"
#include "ledger/ledger.h"
#include "ledger/schema.h"
#include "ledger/unpinned.h"

namespace cm4it::ledger {
namespace {

using evidence::SubjectKind;

StatementId statement_from(View id) {
  StatementId statement;
  std::copy_n(id.begin(), std::min<std::size_t>(id.size(), 32), statement.digest.begin());
  return statement;
}

}  // namespace

Reader::Reader(std::unique_ptr<store::Snapshot> snapshot, PublishedPtr published)
    : snapshot_(std::move(snapshot)), published_(std::move(published)) {}

Result<std::optional<Record>> Reader::record(const StatementId& id) const {
  TRY(auto stored, find_record(*snapshot_, id));
  if (stored) return stored;
  return find_aside(*snapshot_, id);
}

Result<std::optional<Record>> Reader::record_at(std::uint64_t position) const {
  TRY(const auto row, snapshot_->get(table::journal, table::journal_key(position)));
  if (!row) return std::optional<Record>{};
  CHECK_OK(ReadBudget::charge(1, row->size()));
  TRY(auto entry, decode_entry(*row, position));
  return std::move(entry.record);
}

Result<std::optional<Record>> Reader::record_touched_at(std::uint64_t position) const {
  TRY(const auto row, snapshot_->get(table::journal, table::journal_key(position)));
  if (!row) return std::optional<Record>{};
  CHECK_OK(ReadBudget::charge(1, row->size()));
  TRY(auto entry, decode_entry(*row, position));
  if (entry.record) return std::move(entry.record);
  return record(entry.id);
}

namespace {

// Every entry of a statement, oldest first.
Result<std::vector<Entry>> entries_of(const store::Snapshot& snapshot, const StatementId& id) {
  std::vector<Entry> entries;
  TRY(const auto positions, snapshot.get(table::statements, id.digest));
  if (!positions) return entries;
  for (std::size_t at = 0; at + 8 <= positions->size(); at += 8) {
    const std::uint64_t position = read_u64(positions->subspan(at, 8));
    TRY(const auto row, snapshot.get(table::journal, table::journal_key(position)));
    if (!row) return fail(Code::internal, "journal: an entry is missing", "run `ics rebuild`");
    CHECK_OK(ReadBudget::charge(1, row->size()));
    TRY(auto entry, decode_entry(*row, position));
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace

Result<std::vector<std::pair<std::string, Bytes>>> Reader::receipts(const StatementId& id) const {
  std::vector<std::pair<std::string, Bytes>> receipts;
  TRY(const auto entries, entries_of(*snapshot_, id));
  for (const Entry& entry : entries) {
    for (const auto& [domain, index] : entry.placements) {
      TRY(const auto batch, batch_of(*snapshot_, domain, index));
      TRY(const auto nodes, tlog::inclusion_path(index, batch.tree_size, stored_nodes(domain, *snapshot_)));
      TRY(const Digest leaf, stored_nodes(domain, *snapshot_)(0, index));
      const auto root = tlog::root_from_inclusion(leaf, index, batch.tree_size, nodes);
      if (!root || *root != batch.root)
        return fail(Code::internal, "log of " + domain + ": its tiles do not give the root that was signed over leaf " + std::to_string(index),
                    "run `ics rebuild`; if it fails, restore a backup");
      receipts.emplace_back(domain, tlog::encode_receipt(batch, index, nodes));
    }
    for (const auto& receipt : entry.receipts) receipts.emplace_back(receipt.domain, receipt.cose);
  }
  return receipts;
}

Result<std::vector<Placement>> Reader::placements(const StatementId& id) const {
  std::vector<Placement> placements;
  TRY(const auto entries, entries_of(*snapshot_, id));
  for (const Entry& entry : entries)
    for (const auto& [domain, index] : entry.placements) {
      TRY(const Time received, received_at(*snapshot_, domain, index));
      placements.push_back({domain, index, received});
    }
  return placements;
}

Result<void> Reader::in_domain(std::string_view domain, std::uint64_t from,
                               const std::function<bool(std::uint64_t, const StatementId&)>& visit) const {
  store::Range range = store::Range::prefix(table::feed_prefix(domain));
  range.begin = table::feed_key(domain, from);
  return snapshot_->scan(table::feed, range, [&](View key, View value) {
    const std::uint64_t position = table::last_number(key);
    return position < published_->next && visit(position, statement_from(value));
  });
}

Result<void> Reader::changes_in(std::string_view domain, std::uint64_t from,
                                const std::function<bool(std::uint64_t, const FeedRow&)>& visit) const {
  store::Range range = store::Range::prefix(table::feed_prefix(domain));
  range.begin = table::feed_key(domain, from);
  Result<void> outcome;
  CHECK_OK(snapshot_->scan(table::feed, range, [&](View key, View value) {
    const std::uint64_t position = table::last_number(key);
    if (position >= published_->next) return false;
    const auto row = decode_feed_row(value);
    if (!row) outcome = tl::unexpected(row.error());
    return row && visit(position, *row);
  }));
  return outcome;
}

Result<void> Reader::of_subject(const SubjectId& subject,
                                const std::function<bool(std::uint64_t, const StatementId&)>& visit) const {
  Result<void> outcome;
  CHECK_OK(snapshot_->scan(table::subjects, store::Range::prefix(subject.row()), [&](View key, View value) {
    bool more = true;
    outcome = [&]() -> Result<void> {
      CHECK_OK(ReadBudget::charge(1));
      TRY(const auto row, decode_subject_row(value));
      TRY(const auto head, evidence::read_view_head(row.view));
      more = visit(table::last_number(key), head.id);
      return {};
    }();
    return outcome && more;
  }));
  return outcome;
}

Result<std::size_t> Reader::count(const SubjectId& subject, std::size_t most) const {
  const auto row_key = subject.row();
  std::size_t found = 0;
  CHECK_OK(snapshot_->scan(table::subjects, store::Range::prefix(row_key), [&](View, View) { return ++found < most; }));
  return found;
}

Result<std::size_t> Reader::count(const SubjectId& subject, const KeyId& issuer, std::size_t most) const {
  std::size_t found = 0;
  CHECK_OK(snapshot_->scan(table::speakers, store::Range::prefix(table::speaker_prefix(subject, issuer)),
                           [&](View, View) { return ++found < most; }));
  return found;
}

Result<void> Reader::said_by(const KeyId& issuer, const SubjectId& subject,
                             const std::function<bool(const Record&, const evidence::Statement&)>& visit) const {
  store::Range range = store::Range::prefix(table::speaker_prefix(subject, issuer));
  range.backwards = true;
  Result<void> outcome;
  CHECK_OK(snapshot_->scan(table::speakers, range, [&](View key, View) {
    bool more = true;
    outcome = [&]() -> Result<void> {
      TRY(const auto record, record_at(table::last_number(key)));
      if (!record) return fail(Code::internal, "journal: an entry is missing", "run `ics rebuild`");
      TRY(const auto statements, evidence::statements_of_stored(record->format, record->evidence, record->issuer, record->id, &subject));
      for (const auto& statement : statements)
        if (statement.subject == subject) more = more && visit(*record, statement);
      return {};
    }();
    return outcome && more;
  }));
  return outcome;
}

Result<std::string> Reader::checkpoint(std::string_view domain) const {
  TRY(const auto row, snapshot_->get(table::heads, table::own_head_key(domain)));
  const auto own = published_->own_heads.find(domain);  // a log that begins is told of once that was published
  if (!row || (own != published_->own_heads.end() && own->second.origin.empty()))
    return fail(Code::not_found, "no log of " + std::string(domain) + " is kept here");
  TRY(auto head, decode_head(*row));
  return std::move(head.note);
}

Result<StatementId> Reader::leaf_statement(std::string_view domain, std::uint64_t index) const {
  TRY(const auto row, snapshot_->get(table::log, table::log_key(domain, index)));
  if (!row) return fail(Code::not_found, "the log of " + std::string(domain) + " has no leaf " + std::to_string(index));
  return statement_from(*row);
}

Result<Bytes> Reader::leaf(std::string_view domain, std::uint64_t index) const {
  TRY(const auto id, leaf_statement(domain, index));
  TRY(const auto stored, record(id));
  if (!stored) return fail(Code::internal, "journal: an entry is missing", "run `ics rebuild`");
  return evidence::leaf_bytes(stored->format, stored->evidence);
}

Result<Bytes> Reader::tile(std::string_view domain, unsigned level, std::uint64_t index, unsigned width) const {
  TRY(const auto row, snapshot_->get(table::tiles, table::tile_key(domain, level, index)));
  if (!row || row->size() < width * 32u) return fail(Code::not_found, "no such tile");
  return to_bytes(row->first(width * 32u));
}

Result<std::vector<Reader::KnownHead>> Reader::foreign_heads(bool counted) const {
  std::vector<KnownHead> heads;
  Result<void> outcome;
  CHECK_OK(snapshot_->scan(table::heads, store::Range::prefix(table::foreign_heads_prefix(counted)), [&](View key, View value) {
    auto head = decode_head(value);
    if (!head) {
      outcome = tl::unexpected(head.error());
      return false;
    }
    heads.push_back({table::head_domain(key), head->head.origin, head->note, head->head});
    return true;
  }));
  CHECK_OK(outcome);
  return heads;
}

Result<std::vector<std::pair<std::uint64_t, StatementId>>> Reader::descriptors(std::string_view domain) const {
  std::vector<std::pair<std::uint64_t, StatementId>> found;
  Result<void> outcome;
  CHECK_OK(snapshot_->scan(table::policies, store::Range::prefix(table::policies_prefix(domain)), [&](View key, View) {
    found.push_back(table::read_policy_key(key));
    outcome = ReadBudget::charge(1);
    return outcome.has_value();
  }));
  CHECK_OK(outcome);
  TRY(const auto aside, aside_of(*snapshot_, domain));
  found.insert(found.end(), aside.begin(), aside.end());
  std::sort(found.begin(), found.end());
  return found;
}

Result<std::optional<Bytes>> Reader::note(std::string_view key) const {
  TRY(const auto row, snapshot_->get(table::meta, view(table::note_key(key))));
  return row ? std::optional(to_bytes(*row)) : std::nullopt;
}

Result<std::vector<std::pair<std::string, Bytes>>> Reader::notes(std::string_view prefix) const {
  std::vector<std::pair<std::string, Bytes>> found;
  const std::string whole = table::note_key(prefix);
  CHECK_OK(snapshot_->scan(table::meta, store::Range::prefix(view(whole)), [&](View key, View value) {
    found.emplace_back(std::string(table::note_of(key)), to_bytes(value));
    return true;
  }));
  return found;
}

}  // namespace cm4it::ledger
