// Turns messages into one store batch and the state that holds after it. It only reads the store: nothing changes until the
// appender commits the batch.
#pragma once

#include <set>
#include <unordered_map>
#include <vector>

#include "ledger/indexer.h"
#include "ledger/messages.h"
#include "ledger/state.h"

namespace cm4it::ledger {

class BatchBuilder {
 public:
  // `refusal`: why this home signs nothing at present, so that no statement may enter its logs; empty: it signs.
  BatchBuilder(const Options& options, const State& before, const store::Snapshot& snapshot, std::string refusal = {})
      : options_(options), snapshot_(snapshot), refusal_(std::move(refusal)), after_(before) {}

  // An error refuses this message alone; the rest of the batch goes on.
  Result<void> add(const AppendEvidence& message);
  void add(const AppendHead& message);
  void add(const PutNote& message);
  Result<void> add(const NoteRefusal& message);
  void add(const AddPin& message);

  // Assigns positions, signs the heads of the logs that grew (and of all where `fresh_heads`), writes every row. Once.
  Result<void> finish(Time now, bool fresh_heads);

  bool changed() const { return changed_; }  // after finish(): is there anything to commit
  const store::Batch& batch() const { return batch_; }
  const State& after() const { return after_; }
  const Change& change() const { return change_; }
  // After finish(): the answer to a submission that was added. Ask in the order in which they were added, since of several
  // submissions of one statement only the first is answered as new.
  Appended answer(const StatementId& id);

 private:
  // What this batch is about to write of one statement, in one journal entry.
  struct PendingEntry {
    Entry entry;                                 // only what is new
    std::vector<evidence::Statement> statements;
    bool is_new = false;                         // the store has no record of it yet
    std::string submission_domain;               // of evidence that names no domain
    // Where a home refused it, or takes it after all: its verdict there changes, though the entry itself may be empty.
    std::vector<std::string> redecided_domains;
    Digest leaf{};                               // of the stored evidence, whichever spelling of it was submitted now
    std::vector<Placement> existing_placements;  // in the logs, by earlier entries
    std::set<std::pair<std::string, KeyId>> existing_receipts;  // domain and log key, by earlier entries and this one
    std::vector<Time> times;                     // of entry.placements
  };
  void note_forwarding(const Submission& submission, PendingEntry& pending);
  void note_transfers(const Submission& submission);
  Result<void> may_be_signed(const Submission& submission);
  Result<void> within_share(const Submission& submission);
  Result<PendingEntry*> pending_for(const Submission& submission);
  Result<PendingEntry*> pending_for(const Record& stored);
  Result<void> load_existing(PendingEntry& pending);
  Result<void> write(PendingEntry& pending);
  Result<void> take_policy(const PendingEntry& pending, const evidence::Statement& statement);
  Result<std::optional<Bytes>> read(store::Table table, View key) const;
  void put(store::Table table, Bytes key, Bytes value);
  void note_change(const PendingEntry& pending, const FeedRow& about);
  // unpinned.h
  bool stays_aside(const Submission& submission) const;
  Result<void> keep_aside(const Submission& submission);
  Unpinned& aside();
  void remove_aside(const Unpinned::Row& row);
  Result<bool> enter_pinned(Time now);
  Result<void> enter(const Unpinned::Row& row, Time now);

  const Options& options_;
  const store::Snapshot& snapshot_;
  const std::string refusal_;
  State after_;
  store::Batch batch_;
  Change change_;
  std::map<StatementId, PendingEntry> pending_;
  std::vector<StatementId> order_;
  std::map<Bytes, std::size_t> said_;  // speaker key → statements of that issuer about that subject, those of this batch too
  std::set<std::string> grown_;
  std::optional<Error> broken_;  // appending a leaf failed midway, so the trees are not to be trusted: nothing of this batch may be written
  std::shared_ptr<Unpinned> aside_;            // the unpinned descriptors after this batch; null: it changes none of them
  std::map<StatementId, Bytes> aside_values_;  // rows of this batch
  std::set<StatementId> aside_new_;            // new ones whose submission is not answered yet
  bool policies_changed_ = false;
  bool changed_ = false;
  // Rows of this batch that a later entry of it may read again.
  Overlay overlay_;
};

}  // namespace cm4it::ledger
