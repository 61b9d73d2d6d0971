#include "store/lmdb.h"

#include <cerrno>

#include "store/checks.h"
#include "store/lmdb_handles.h"
#include "store/lmdb_open.h"

namespace cm4it::store {
namespace {

class LmdbSnapshot : public Snapshot {
 public:
  LmdbSnapshot(ReaderPool& readers, const Handles& handles, MDB_txn* transaction)
      : readers_(readers), handles_(handles), transaction_(transaction) {}
  ~LmdbSnapshot() override { readers_.give_back(transaction_); }
  LmdbSnapshot(const LmdbSnapshot&) = delete;
  LmdbSnapshot& operator=(const LmdbSnapshot&) = delete;

  Result<std::optional<View>> get(Table table, View key) const override {
    CHECK_OK(check_key(table, key));
    MDB_val wanted = to_lmdb(key), value{};
    const int error = mdb_get(transaction_, handles_[table], &wanted, &value);
    if (error == MDB_NOTFOUND) return std::nullopt;
    if (error) return lmdb_fail(error, "read");
    return from_lmdb(value);
  }

  Result<void> scan(Table table, const Range& range, const Visitor& visitor) const override {
    CHECK_OK(check_range(table, range));
    TRY(const Cursor cursor, open_cursor(transaction_, handles_[table]));
    MDB_val key{}, value{};
    int error = range.backwards ? seek_last(cursor.get(), range, key, value)
                                : seek_first(cursor.get(), range, key, value);
    while (!error) {
      const View found = from_lmdb(key);
      const bool inside = range.backwards ? compare(found, range.begin) >= 0
                                          : range.end.empty() || compare(found, range.end) < 0;
      if (!inside || !visitor(found, from_lmdb(value))) return {};
      error = mdb_cursor_get(cursor.get(), &key, &value, range.backwards ? MDB_PREV : MDB_NEXT);
    }
    if (error != MDB_NOTFOUND) return lmdb_fail(error, "scan");
    return {};
  }

 private:
  static int seek_first(MDB_cursor* cursor, const Range& range, MDB_val& key, MDB_val& value) {
    key = to_lmdb(range.begin);
    return mdb_cursor_get(cursor, &key, &value, range.begin.empty() ? MDB_FIRST : MDB_SET_RANGE);
  }
  // The last key below the end: the one before the first that is not below it, if there is such a one.
  static int seek_last(MDB_cursor* cursor, const Range& range, MDB_val& key, MDB_val& value) {
    key = to_lmdb(range.end);
    if (range.end.empty()) return mdb_cursor_get(cursor, &key, &value, MDB_LAST);
    const int error = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    if (error && error != MDB_NOTFOUND) return error;
    return mdb_cursor_get(cursor, &key, &value, error ? MDB_LAST : MDB_PREV);
  }

  ReaderPool& readers_;
  const Handles& handles_;
  MDB_txn* const transaction_;
};

// The writes of one table, in the order of their keys: a cursor that goes forward finds most keys on the page
// it is on.
class TableWriter {
 public:
  static Result<TableWriter> open(MDB_txn* transaction, MDB_dbi table) {
    TRY(Cursor cursor, open_cursor(transaction, table));
    TableWriter writer(std::move(cursor));
    MDB_val key{}, value{};
    const int error = mdb_cursor_get(writer.cursor_.get(), &key, &value, MDB_LAST);
    if (error && error != MDB_NOTFOUND) return lmdb_fail(error, "write");
    if (!error) writer.last_ = to_bytes(from_lmdb(key));
    return writer;
  }

  Result<void> apply(const Batch::Write& write) {
    const bool beyond = !last_ || compare(write.key, *last_) > 0;
    MDB_val key = to_lmdb(write.key), value{};
    int error = 0;
    if (write.value) {
      value = to_lmdb(*write.value);
      // Appending fills pages to the brim instead of leaving each half empty: log-ordered tables are half as
      // large.
      error = mdb_cursor_put(cursor_.get(), &key, &value, beyond ? MDB_APPEND : 0);
    } else if (!beyond) {
      error = mdb_cursor_get(cursor_.get(), &key, &value, MDB_SET);
      if (!error) error = mdb_cursor_del(cursor_.get(), 0);
      if (error == MDB_NOTFOUND) error = 0;
    }
    if (error) return lmdb_fail(error, "write");
    return {};
  }

 private:
  explicit TableWriter(Cursor cursor) : cursor_(std::move(cursor)) {}

  Cursor cursor_;
  std::optional<Bytes> last_;  // the table's last key before the batch
};

class LmdbStore : public Store {
 public:
  LmdbStore(FileDescriptor lock, Environment environment, const Handles& handles, bool read_only)
      : lock_(std::move(lock)),
        environment_(std::move(environment)),
        handles_(handles),
        read_only_(read_only),
        readers_(environment_.get()) {}

  Result<std::unique_ptr<Snapshot>> snapshot() const override {
    TRY(MDB_txn* const transaction, readers_.take());
    return std::make_unique<LmdbSnapshot>(readers_, handles_, transaction);
  }

  // If we crash before LMDB writes its meta page, the last thing mdb_txn_commit does: the old state is there,
  // whole. If we crash after it: the new state is there, whole, though nobody was told.
  Result<Commit> commit(const Batch& batch, View expected_head) override {
    if (read_only_) return fail(Code::not_permitted, "store: it is open read-only");
    CHECK_OK(check_batch(batch, expected_head));
    TRY(Transaction transaction, begin(environment_.get(), 0));
    TRY(const bool as_expected, head_is(transaction.get(), expected_head));
    if (!as_expected) return Commit::conflict;
    CHECK_OK(apply(transaction.get(), batch));
    if (const int error = mdb_txn_commit(transaction.release())) {
      // If it failed at its meta page LMDB refuses every transaction from now on; else nothing was written.
      if (begin(environment_.get(), 0)) return lmdb_fail(error, "commit");
      return lmdb_fail(MDB_PANIC, "commit");
    }
    keep_length(environment_.get());
    return Commit::done;
  }

 private:
  Result<bool> head_is(MDB_txn* transaction, View expected) const {
    MDB_val key = to_lmdb(head_key), value{};
    const int error = mdb_get(transaction, handles_[head_table], &key, &value);
    if (error && error != MDB_NOTFOUND) return lmdb_fail(error, "read the head");
    return compare(error ? View() : from_lmdb(value), expected) == 0;
  }

  Result<void> apply(MDB_txn* transaction, const Batch& batch) const {
    const auto writes = in_order(batch);
    for (std::size_t i = 0; i < writes.size();) {
      const Table table = writes[i]->table;
      TRY(TableWriter writer, TableWriter::open(transaction, handles_[table]));
      for (; i < writes.size() && writes[i]->table == table; ++i) CHECK_OK(writer.apply(*writes[i]));
    }
    if (batch.head().empty()) return {};
    MDB_val key = to_lmdb(head_key), value = to_lmdb(batch.head());
    if (const int error = mdb_put(transaction, handles_[head_table], &key, &value, 0))
      return lmdb_fail(error, "write the head");
    return {};
  }

  // Constant after construction; in the order in which they depend on each other.
  const FileDescriptor lock_;
  const Environment environment_;
  const Handles handles_;
  const bool read_only_;
  mutable ReaderPool readers_;  // for any thread
};

}  // namespace

Result<std::unique_ptr<Store>> open_lmdb(const LmdbOptions& options) {
  FileDescriptor lock;
  if (!options.read_only) {
    TRY(lock, lock_directory(options.directory));
  }
  TRY(Environment environment, open_environment(options));
  TRY(const Handles handles, open_tables(environment.get(), options));
  return std::make_unique<LmdbStore>(std::move(lock), std::move(environment), handles, options.read_only);
}

}  // namespace cm4it::store
