// What the store keeps of evidence: journal entries (the source), fact rows (derived), batch signatures and heads.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ledger/ledger.h"

namespace cm4it::ledger {

// One event about one statement: its evidence the first time, and each place or receipt that came with it or since.
//   entry = [id: bstr .size 32, record / null, [* [domain: tstr, index: uint]], [* receipt]]
//   record = [format: uint, evidence: bstr, issuer: bstr .size 32, first seen: uint, made in: tstr]
//   receipt = [domain: tstr, log: bstr .size 32, time: uint, index: uint, cose: bstr]
struct Entry {
  StatementId id;
  std::optional<Record> record;  // position and id are those of the entry
  std::vector<std::pair<std::string, std::uint64_t>> placements;
  std::vector<ForeignReceipt> receipts;
};
Bytes encode(const Entry& entry);
Result<Entry> decode_entry(View row, std::uint64_t position);

// The record of a statement; none: it is not stored.
Result<std::optional<Record>> find_record(const store::Snapshot& snapshot, const StatementId& id);

// Whether the evidence still has the statement id of its record. The id does not cover the octets of the signature.
Result<void> check_id(const Record& record);

// What the fold needs beside the evidence, next to the subject: [first seen, made in, [* [domain, log or empty: own, time, index]]]
struct FactRow {
  Time first_seen;
  std::string submission_domain;
  std::vector<policy::ReceivedAt> received;  // a log of all zeros: this server's own
};

// A row of a subject: those facts, then what the evidence says of it (evidence/view_row.h). It is all that a look-up reads.
struct SubjectRow {
  FactRow facts;
  View view;  // in the row
};
Bytes encode(const FactRow& facts, View view);
Result<SubjectRow> decode_subject_row(View row);

// A batch of one own log: [origin, log, received, root, signature]; its size is in the key.
Bytes encode(const tlog::BatchSignature& batch);
Result<tlog::BatchSignature> decode_batch(View row, std::uint64_t size);

// When a leaf of an own log was received: the time of the first batch that holds it.
Result<Time> received_at(const store::Snapshot& snapshot, std::string_view domain, std::uint64_t index);
// That batch.
Result<tlog::BatchSignature> batch_of(const store::Snapshot& snapshot, std::string_view domain, std::uint64_t index);

// A signed head: [note, origin, log, time, size, root].
struct StoredHead { std::string note; tlog::Head head; KeyId log; };
Bytes encode(const StoredHead& head);
Result<StoredHead> decode_head(View row);

}  // namespace cm4it::ledger
