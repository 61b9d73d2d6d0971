#include "ledger/journal.h"

#include <algorithm>

#include "base/cbor_values.h"
#include "base/read_budget.h"
#include "ledger/schema.h"

namespace cm4it::ledger {
namespace {

Result<Digest> read_digest(CborReader& reader) {
  Digest digest;
  CHECK_OK(cbor::get(reader, digest));
  return digest;
}

Result<void> expect_array(CborReader& reader, std::size_t items) {
  TRY(const auto found, reader.array());
  if (found != items) return fail(Code::malformed, "array: wrong number of items");
  return {};
}

Result<Time> read_time(CborReader& reader) {
  Time time;
  CHECK_OK(cbor::get(reader, time));
  return time;
}

Result<std::string> read_text(CborReader& reader) {
  TRY(const auto text, reader.text());
  return std::string(text);
}

Result<Record> read_record(CborReader& reader) {
  Record record;
  CHECK_OK(expect_array(reader, 5));
  TRY(const auto format, reader.uint());
  record.format = static_cast<Format>(format);
  TRY(const View evidence, reader.bytes());
  record.evidence = to_bytes(evidence);
  TRY(record.issuer.digest, read_digest(reader));
  TRY(record.first_seen, read_time(reader));
  TRY(record.submission_domain, read_text(reader));
  return record;
}

Result<ForeignReceipt> read_receipt(CborReader& reader) {
  ForeignReceipt receipt;
  CHECK_OK(expect_array(reader, 5));
  TRY(receipt.domain, read_text(reader));
  TRY(receipt.log.digest, read_digest(reader));
  TRY(receipt.time, read_time(reader));
  TRY(receipt.index, reader.uint());
  TRY(const View cose, reader.bytes());
  receipt.cose = to_bytes(cose);
  return receipt;
}

}  // namespace

Bytes encode(const Entry& entry) {
  CborWriter out;
  out.array(4).bytes(entry.id.digest);
  if (entry.record) {
    const Record& record = *entry.record;
    out.array(5).uint(static_cast<std::uint8_t>(record.format)).bytes(record.evidence).bytes(record.issuer.digest);
    out.integer(record.first_seen.seconds).text(record.submission_domain);
  } else {
    out.null();
  }
  out.array(entry.placements.size());
  for (const auto& [domain, index] : entry.placements) out.array(2).text(domain).uint(index);
  out.array(entry.receipts.size());
  for (const auto& receipt : entry.receipts)
    out.array(5).text(receipt.domain).bytes(receipt.log.digest).integer(receipt.time.seconds).uint(receipt.index).bytes(receipt.cose);
  return out.take();
}

Result<Entry> decode_entry(View row, std::uint64_t position) {
  CborReader reader(row);
  Entry entry;
  CHECK_OK(expect_array(reader, 4));
  TRY(entry.id.digest, read_digest(reader));
  if (reader.next_is_null()) {
    CHECK_OK(reader.null());
  } else {
    TRY(entry.record, read_record(reader));
    entry.record->position = position;
    entry.record->id = entry.id;
  }
  TRY(const auto placements, reader.array());
  for (std::size_t i = 0; i < placements; ++i) {
    CHECK_OK(expect_array(reader, 2));
    TRY(auto domain, read_text(reader));
    TRY(const auto index, reader.uint());
    entry.placements.emplace_back(std::move(domain), index);
  }
  if (entry.record && !entry.placements.empty()) entry.record->leaf = entry.placements[0];
  TRY(const auto receipts, reader.array());
  for (std::size_t i = 0; i < receipts; ++i) {
    TRY(auto receipt, read_receipt(reader));
    entry.receipts.push_back(std::move(receipt));
  }
  CHECK_OK(reader.end());
  return entry;
}

Result<std::optional<Record>> find_record(const store::Snapshot& snapshot, const StatementId& id) {
  TRY(const auto positions, snapshot.get(table::statements, id.digest));
  if (!positions || positions->size() < 8) return std::optional<Record>{};
  const std::uint64_t position = read_u64(positions->first(8));
  TRY(const auto row, snapshot.get(table::journal, table::journal_key(position)));
  if (!row) return fail(Code::internal, "journal: an entry is missing", "run `ics rebuild`");
  CHECK_OK(ReadBudget::charge(1, row->size()));
  TRY(auto entry, decode_entry(*row, position));
  return std::move(entry.record);
}

Bytes encode(const FactRow& facts, View view) {
  CborWriter out;
  out.array(3).integer(facts.first_seen.seconds).text(facts.submission_domain).array(facts.received.size());
  for (const auto& received : facts.received) {
    const bool own = received.log == KeyId{};
    out.array(4).text(received.domain).bytes(own ? View{} : View(received.log.digest)).integer(received.time.seconds);
    out.uint(received.index);
  }
  Bytes row = out.take();
  append(row, view);
  return row;
}

namespace {

Result<FactRow> read_fact_row(CborReader& reader) {
  FactRow row;
  CHECK_OK(expect_array(reader, 3));
  TRY(row.first_seen, read_time(reader));
  TRY(row.submission_domain, read_text(reader));
  TRY(const auto count, reader.array());
  for (std::size_t i = 0; i < count; ++i) {
    policy::ReceivedAt received;
    CHECK_OK(expect_array(reader, 4));
    TRY(received.domain, read_text(reader));
    TRY(const View log, reader.bytes());
    if (log.size() == 32) std::copy(log.begin(), log.end(), received.log.digest.begin());
    TRY(received.time, read_time(reader));
    TRY(received.index, reader.uint());
    row.received.push_back(std::move(received));
  }
  return row;
}

}  // namespace

Result<SubjectRow> decode_subject_row(View bytes) {
  CborReader reader(bytes);
  TRY(auto facts, read_fact_row(reader));
  return SubjectRow{std::move(facts), bytes.subspan(reader.position())};
}

Bytes encode(const tlog::BatchSignature& batch) {
  CborWriter out;
  out.array(5).text(batch.origin).bytes(batch.log.digest).integer(batch.received.seconds).bytes(batch.root);
  out.bytes(batch.signature);
  return out.take();
}

Result<tlog::BatchSignature> decode_batch(View row, std::uint64_t size) {
  CborReader reader(row);
  tlog::BatchSignature batch;
  batch.tree_size = size;
  CHECK_OK(expect_array(reader, 5));
  TRY(batch.origin, read_text(reader));
  TRY(batch.log.digest, read_digest(reader));
  TRY(batch.received, read_time(reader));
  TRY(batch.root, read_digest(reader));
  TRY(const View signature, reader.bytes());
  batch.signature = to_bytes(signature);
  return batch;
}

Result<tlog::BatchSignature> batch_of(const store::Snapshot& snapshot, std::string_view domain, std::uint64_t index) {
  store::Range range = store::Range::prefix(table::batches_prefix(domain));
  range.begin = table::batch_key(domain, index + 1);
  std::optional<Result<tlog::BatchSignature>> found;
  CHECK_OK(snapshot.scan(table::heads, range, [&](View key, View value) {
    found = decode_batch(value, table::last_number(key));
    return false;
  }));
  if (!found) return fail(Code::internal, "log of " + std::string(domain) + ": a batch signature is missing");
  return std::move(*found);
}

Result<Time> received_at(const store::Snapshot& snapshot, std::string_view domain, std::uint64_t index) {
  TRY(const auto batch, batch_of(snapshot, domain, index));
  return batch.received;
}

Bytes encode(const StoredHead& stored) {
  CborWriter out;
  out.array(6).text(stored.note).text(stored.head.origin).bytes(stored.log.digest).integer(stored.head.time.seconds);
  out.uint(stored.head.size).bytes(stored.head.root);
  return out.take();
}

Result<StoredHead> decode_head(View row) {
  CborReader reader(row);
  StoredHead stored;
  CHECK_OK(expect_array(reader, 6));
  TRY(stored.note, read_text(reader));
  TRY(stored.head.origin, read_text(reader));
  TRY(stored.log.digest, read_digest(reader));
  TRY(stored.head.time, read_time(reader));
  TRY(stored.head.size, reader.uint());
  TRY(stored.head.root, read_digest(reader));
  return stored;
}

}  // namespace cm4it::ledger
