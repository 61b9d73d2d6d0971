#include "store/lmdb_handles.h"

#include <cerrno>
#include <functional>
#include <thread>

namespace cm4it::store {
namespace {

std::size_t seat_of_this_thread() {
  thread_local const std::size_t seat = std::hash<std::thread::id>()(std::this_thread::get_id());
  return seat;
}

// Whether what a reader has begun with is the state of its transaction id. LMDB 0.9 keeps the states of two commits,
// at places that take turns, and a reader learns the id before it copies from the place: if it was asleep in
// between, that place may hold the state of two commits later, perhaps not synced yet, and the next reader would
// see an earlier one again.
bool in_time(MDB_env* environment, MDB_txn* reader) {
  MDB_envinfo info{};
  mdb_env_info(environment, &info);
  return info.me_last_txnid <= mdb_txn_id(reader) + 1;
}

}  // namespace

tl::unexpected<Error> lmdb_fail(int error, const std::string& doing) {
  const std::string message = "store: " + doing + ": " + mdb_strerror(error);
  switch (error) {
    case MDB_MAP_FULL:
      return fail(Code::unavailable, message, "the store has reached its map size: raise it and start again");
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return fail(Code::unavailable, message, "make room on the disk");
    case EIO:  // LMDB's word for a short write too, and that is what a disk which fills up gives
      return fail(Code::unavailable, message,
                  "the disk is full or failing: look at its free space and the system's log");
    case ENOMEM: return fail(Code::unavailable, message, "make memory free or allow more address space");
    case MDB_READERS_FULL:
      return fail(Code::unavailable, message, "too many snapshots are open: try again in a moment");
    case MDB_MAP_RESIZED:
      return fail(Code::unavailable, message, "the writer has enlarged the store: open it again");
    case MDB_TXN_FULL: return fail(Code::too_large, message, "write less in one batch");
    case MDB_PANIC:
      return fail(Code::internal, message,
                  "a write to the disk failed midway: start again, and look at the system's log");
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
      return fail(Code::internal, message,
                  "the store is damaged: restore a backup, or begin anew and copy from peers");
    default: return fail(Code::internal, message);
  }
}

Result<Transaction> begin(MDB_env* environment, unsigned flags) {
  MDB_txn* transaction = nullptr;
  int error = mdb_txn_begin(environment, nullptr, flags, &transaction);
  if (error == MDB_READERS_FULL) {  // perhaps of processes that are dead
    mdb_reader_check(environment, nullptr);
    error = mdb_txn_begin(environment, nullptr, flags, &transaction);
  }
  if (error) return lmdb_fail(error, "begin");
  return Transaction(transaction);
}

Result<Cursor> open_cursor(MDB_txn* transaction, MDB_dbi table) {
  MDB_cursor* cursor = nullptr;
  if (const int error = mdb_cursor_open(transaction, table, &cursor)) return lmdb_fail(error, "cursor");
  return Cursor(cursor);
}

ReaderPool::~ReaderPool() {
  for (auto& seat : seats_) Transaction(seat.idle.load());
}

MDB_txn* ReaderPool::take_idle() {
  const std::size_t first = seat_of_this_thread();
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    auto& idle = seats_[(first + i) % seats_.size()].idle;
    if (!idle.load(std::memory_order_relaxed)) continue;
    if (MDB_txn* transaction = idle.exchange(nullptr, std::memory_order_acquire)) return transaction;
  }
  return nullptr;
}

Result<MDB_txn*> ReaderPool::take() {
  Transaction transaction(take_idle());
  if (!transaction) {
    TRY(transaction, begin(environment_, MDB_RDONLY));
  } else if (const int error = mdb_txn_renew(transaction.get())) {
    return lmdb_fail(error, "read");
  }
  while (!in_time(environment_, transaction.get())) {
    mdb_txn_reset(transaction.get());
    if (const int error = mdb_txn_renew(transaction.get())) return lmdb_fail(error, "read");
  }
  return transaction.release();
}

void ReaderPool::give_back(MDB_txn* transaction) {
  mdb_txn_reset(transaction);
  const std::size_t first = seat_of_this_thread();
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    MDB_txn* free = nullptr;
    if (seats_[(first + i) % seats_.size()].idle.compare_exchange_strong(
            free, transaction, std::memory_order_release, std::memory_order_relaxed))
      return;
  }
  mdb_txn_abort(transaction);
}

}  // namespace cm4it::store
