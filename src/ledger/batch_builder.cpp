#include "ledger/batch_builder.h"

#include <algorithm>
#include <utility>

#include "crypto/digest.h"
#include "ledger/indexer.h"
#include "ledger/schema.h"
#include "ledger/transfer_note.h"

namespace cm4it::ledger {
namespace {

bool is_derived_and_reread(store::Table table) { return table == table::statements || table == table::subjects || table == table::crls; }

}  // namespace

Result<std::optional<Bytes>> BatchBuilder::read(store::Table table, View key) const {
  if (const auto row = overlay_.find({table, to_bytes(key)}); row != overlay_.end()) return std::optional(row->second);
  TRY(const auto stored, snapshot_.get(table, key));
  return stored ? std::optional(to_bytes(*stored)) : std::nullopt;
}

void BatchBuilder::put(store::Table table, Bytes key, Bytes value) {
  changed_ = true;
  if (is_derived_and_reread(table)) overlay_[{table, key}] = value;
  batch_.put(table, std::move(key), std::move(value));
}

// Reads from earlier entries of the statement where this server has placed it, and which receipts it has.
Result<void> BatchBuilder::load_existing(PendingEntry& pending) {
  TRY(const auto positions, snapshot_.get(table::statements, pending.entry.id.digest));
  if (!positions) return {};
  for (std::size_t at = 0; at + 8 <= positions->size(); at += 8) {
    const std::uint64_t position = read_u64(positions->subspan(at, 8));
    TRY(const auto row, snapshot_.get(table::journal, table::journal_key(position)));
    if (!row) return fail(Code::internal, "journal: an entry is missing", "run `ics rebuild`");
    TRY(const auto entry, decode_entry(*row, position));
    for (const auto& [domain, index] : entry.placements) {
      TRY(const Time received, received_at(snapshot_, domain, index));
      pending.existing_placements.push_back({domain, index, received});
    }
    for (const auto& receipt : entry.receipts) pending.existing_receipts.insert({receipt.domain, receipt.log});
  }
  return {};
}

Result<BatchBuilder::PendingEntry*> BatchBuilder::pending_for(const Submission& submission) {
  const StatementId id = submission.evidence.id();
  if (const auto known = pending_.find(id); known != pending_.end()) return &known->second;
  TRY(const auto stored, find_record(snapshot_, id));
  if (stored) return pending_for(*stored);
  PendingEntry pending;
  pending.entry.id = id;
  pending.statements = submission.evidence.statements();
  for (const auto& statement : pending.statements)
    if (statement.kind() == evidence::Kind::policy) CHECK_OK(signed_descriptor(statement));
  pending.is_new = true;
  pending.submission_domain = submission.submission_domain;
  pending.leaf = tlog::leaf_hash(evidence::leaf_bytes(submission.evidence.format(), submission.evidence.bytes()));
  // first_seen is set in finish(), when the batch's time is known.
  pending.entry.record = Record{0, submission.evidence.format(), to_bytes(submission.evidence.bytes()), id,
                             submission.evidence.issuer(), {}, submission.submission_domain};
  order_.push_back(id);
  return &pending_.emplace(id, std::move(pending)).first->second;
}

Result<BatchBuilder::PendingEntry*> BatchBuilder::pending_for(const Record& stored) {
  if (const auto known = pending_.find(stored.id); known != pending_.end()) return &known->second;
  PendingEntry pending;
  pending.entry.id = stored.id;
  TRY(pending.statements, evidence::statements_of_stored(stored.format, stored.evidence, stored.issuer, stored.id));
  CHECK_OK(load_existing(pending));
  pending.submission_domain = stored.submission_domain;
  pending.leaf = tlog::leaf_hash(evidence::leaf_bytes(stored.format, stored.evidence));
  order_.push_back(stored.id);
  return &pending_.emplace(stored.id, std::move(pending)).first->second;
}

// While a home signs nothing it refuses new statements; one that is in its logs already needs no signature.
Result<void> BatchBuilder::may_be_signed(const Submission& submission) {
  if (refusal_.empty() || submission.homes.empty()) return {};
  PendingEntry pending;
  pending.entry.id = submission.evidence.id();
  CHECK_OK(load_existing(pending));
  const bool all_placed = std::all_of(submission.homes.begin(), submission.homes.end(), [&](const auto& domain) {
    const auto& placements = pending.existing_placements;
    return std::any_of(placements.begin(), placements.end(), [&](const Placement& place) { return place.domain == domain; });
  });
  if (all_placed) return {};
  return fail(Code::unavailable, "log of " + submission.homes[0] + ": nothing is signed: " + refusal_,
              "docs/configuration.md, \"When a home does not sign\"");
}

Result<void> BatchBuilder::within_share(const Submission& submission) {
  const auto& evidence = submission.evidence;
  if (pending_.contains(evidence.id())) return {};
  std::vector<std::size_t*> counts;
  for (const auto& statement : evidence.statements()) {
    if (statement.revocations) continue;
    const Bytes speaker = table::speaker_prefix(statement.subject, evidence.issuer());
    auto count = said_.find(speaker);
    if (count == said_.end()) {
      if (submission.share == 0) continue;
      std::size_t stored = 0;
      CHECK_OK(snapshot_.scan(table::speakers, store::Range::prefix(speaker), [&](View, View) { return ++stored < submission.share; }));
      count = said_.emplace(speaker, stored).first;
    }
    counts.push_back(&count->second);
    if (submission.share == 0 || *counts.back() < submission.share) continue;
    TRY(const auto known, find_record(snapshot_, evidence.id()));
    if (known) return {};
    return fail(Code::too_large, "issuer: " + std::to_string(*counts.back()) + " statements by it about this subject are kept, no more are taken",
                "raise quotas.subject_statements in icsd.toml");
  }
  for (std::size_t* count : counts) ++*count;
  return {};
}

Result<void> BatchBuilder::add(const AppendEvidence& message) {
  const Submission& submission = message.submission;
  if (stays_aside(submission)) return keep_aside(submission);
  for (const auto& domain : submission.homes)
    if (!after_.homes.contains(domain)) return fail(Code::internal, "log: this server is no home of " + domain);
  // All that can fail comes first, so that a message is taken as a whole or not at all.
  CHECK_OK(may_be_signed(submission));
  std::vector<std::string> lifted;
  for (const auto* domains : {&submission.homes, &submission.forward_to})
    for (const auto& domain : *domains) {
      TRY(const auto refused, snapshot_.get(table::meta, view(table::note_key(refusal_note(submission.evidence.id(), domain)))));
      if (refused) lifted.push_back(domain);
    }
  CHECK_OK(within_share(submission));
  TRY(PendingEntry* const pending, pending_for(submission));
  for (const auto& domain : submission.homes) {
    const auto placed_in = [&](const auto& list, auto name) {
      return std::any_of(list.begin(), list.end(), [&](const auto& item) { return name(item) == domain; });
    };
    if (placed_in(pending->existing_placements, [](const Placement& p) { return p.domain; }) ||
        placed_in(pending->entry.placements, [](const auto& p) { return p.first; }))
      continue;
    HomeLog& log = after_.homes.at(domain);
    const auto index = log.append(pending->leaf, snapshot_);
    if (!index) {
      broken_ = index.error();
      return tl::unexpected(index.error());
    }
    pending->entry.placements.emplace_back(domain, *index);
    grown_.insert(domain);
  }
  note_forwarding(submission, *pending);
  note_transfers(submission);
  for (auto& domain : lifted) {
    add(PutNote{refusal_note(pending->entry.id, domain), std::nullopt, {}});
    pending->redecided_domains.push_back(std::move(domain));
  }
  for (const auto& [domain, why] : submission.not_made) {
    add(PutNote{forward_note(pending->entry.id, domain), std::nullopt, {}});
    add(PutNote{refusal_note(pending->entry.id, domain), why, {}});
    pending->redecided_domains.push_back(domain);
  }
  for (const auto& receipt : submission.receipts) {
    if (!pending->existing_receipts.insert({receipt.domain, receipt.log}).second) continue;
    pending->entry.receipts.push_back(receipt);
  }
  return {};
}

void BatchBuilder::note_forwarding(const Submission& submission, PendingEntry& pending) {
  for (const auto& domain : submission.forward_to) {
    Waiting waiting{std::max(options_.clock(), after_.newest_time), {}};
    for (const auto& [undecided, why] : submission.undecided)
      if (undecided == domain) waiting.undecided = why;
    add(PutNote{forward_note(pending.entry.id, domain), encode(waiting), {}});
    if (!pending.is_new) pending.redecided_domains.push_back(domain);  // it may have been undecided before
  }
}

void BatchBuilder::note_transfers(const Submission& submission) {
  for (const auto& statement : submission.evidence.statements())
    if (const auto* transfer = std::get_if<evidence::Transfer>(&statement.body); transfer && !is_pinned(*after_.policies, *transfer))
      add(PutNote{transfer_note(statement.subject), Bytes{}, {}});
}

void BatchBuilder::add(const AppendHead& message) {
  changed_ = true;
  const ForeignHead& foreign = message.head;
  Bytes row = table::foreign_head_key(foreign.counts, foreign.domain, foreign.head.origin);
  after_.take_head(row, {foreign.domain, foreign.counts, foreign.head.time});
  batch_.put(table::heads, std::move(row), encode(StoredHead{foreign.note, foreign.head, foreign.log}));
}

void BatchBuilder::add(const PutNote& message) {
  changed_ = true;
  Bytes key = to_bytes(view(table::note_key(message.key)));
  if (message.value) batch_.put(table::meta, std::move(key), *message.value);
  else batch_.remove(table::meta, std::move(key));
}

// A home's refusal changes verdicts here, so it is an event with an entry of its own, like a receipt.
Result<void> BatchBuilder::add(const NoteRefusal& message) {
  TRY(const auto stored, find_record(snapshot_, message.statement));
  if (!stored) return {};
  TRY(PendingEntry* const pending, pending_for(*stored));
  add(PutNote{forward_note(message.statement, message.domain), std::nullopt, {}});
  add(PutNote{refusal_note(message.statement, message.domain), message.reason, {}});
  pending->redecided_domains.push_back(message.domain);
  return {};
}

void BatchBuilder::add(const AddPin& message) {
  bool first = true;  // of its domain
  for (const policy::Pin& pin : after_.pins) {
    if (pin.domain != message.pin.domain || pin.source != policy::Pin::Source::transfer) continue;
    if (pin.owner == message.pin.owner) return;
    first = false;
  }
  changed_ = true;
  Bytes key = first ? table::first_pin_key(message.pin.domain) : table::other_pin_key(message.pin.domain, message.pin.owner);
  batch_.put(table::pins, std::move(key), to_bytes(message.pin.owner.digest));
  after_.pins.push_back(message.pin);
  policies_changed_ = true;
}

Result<void> BatchBuilder::write(PendingEntry& pending) {
  const std::uint64_t position = after_.next++;
  if (pending.entry.record) pending.entry.record->position = position;
  batch_.put(table::journal, table::journal_key(position), encode(pending.entry));
  TRY(const FeedRow about, index_entry({pending.entry, position, pending.statements, pending.times},
                       [this](store::Table table, View key) { return read(table, key); },
                       [this](const evidence::SubjectId& subject) { return first_position_in(snapshot_, overlay_, subject); },
                       [this](store::Table table, Bytes key, Bytes value) {
                         put(table, std::move(key), std::move(value));
                       }));
  for (const auto& statement : pending.statements)
    if (statement.kind() == evidence::Kind::policy) CHECK_OK(take_policy(pending, statement));
  note_change(pending, about);
  return {};
}

Result<void> BatchBuilder::finish(Time now, bool fresh_heads) {
  if (broken_) return tl::unexpected(*broken_);
  for (const auto& id : order_) {
    PendingEntry& pending = pending_.at(id);
    if (!pending.is_new && pending.redecided_domains.empty() && pending.entry.placements.empty() && pending.entry.receipts.empty()) continue;
    if (pending.entry.record) pending.entry.record->first_seen = std::max(now, after_.newest_time);
    for (const auto& [domain, index] : pending.entry.placements)
      pending.times.push_back(after_.homes.at(domain).next_time(now));
    CHECK_OK(write(pending));
  }
  for (auto& [domain, log] : after_.homes) {
    if (!grown_.contains(domain) && !fresh_heads) continue;
    changed_ = true;
    CHECK_OK(log.seal(now, *options_.log_key, batch_));
    log.settle();
    after_.domains[domain] = {true, log.head().time, false};
    after_.take_head(table::own_head_key(domain), {domain, true, log.head().time});
  }
  if (policies_changed_) after_.assemble();
  for (bool more = policies_changed_ || after_.pinned_aside; more;) {  // what enters may pin other domains
    TRY(more, enter_pinned(now));
    if (more) after_.assemble();
  }
  after_.pinned_aside = false;
  if (aside_) after_.unpinned = aside_;
  if (policies_changed_) change_.everything = true;
  change_.next = after_.next;
  batch_.put(table::meta, to_bytes(view(table::server)), to_bytes(view(options_.server_name)));
  batch_.put(table::meta, to_bytes(view(table::rows)), to_bytes(view(table::rows_version)));
  ++after_.commits;
  batch_.set_head(head_of(after_));
  return {};
}

Appended BatchBuilder::answer(const StatementId& id) {
  const auto found = pending_.find(id);
  if (found == pending_.end()) return {id, aside_new_.erase(id) > 0, {}};
  PendingEntry& pending = found->second;
  Appended appended{id, std::exchange(pending.is_new, false), pending.existing_placements};
  for (std::size_t i = 0; i < pending.entry.placements.size(); ++i)
    appended.placements.push_back({pending.entry.placements[i].first, pending.entry.placements[i].second, pending.times[i]});
  return appended;
}

}  // namespace cm4it::ledger
