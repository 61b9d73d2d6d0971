// LMDB's handles with owners, its errors as ours, and the pool of its readers. For this room only.
#pragma once

#include <lmdb.h>

#include <array>
#include <atomic>
#include <memory>

#include "base/bytes.h"

namespace cm4it::store {

struct CloseHandle {
  void operator()(MDB_env* environment) const { mdb_env_close(environment); }
  void operator()(MDB_txn* transaction) const { mdb_txn_abort(transaction); }
  void operator()(MDB_cursor* cursor) const { mdb_cursor_close(cursor); }
};
using Environment = std::unique_ptr<MDB_env, CloseHandle>;
using Transaction = std::unique_ptr<MDB_txn, CloseHandle>;
using Cursor = std::unique_ptr<MDB_cursor, CloseHandle>;

Result<Transaction> begin(MDB_env* environment, unsigned flags);
Result<Cursor> open_cursor(MDB_txn* transaction, MDB_dbi table);

inline MDB_val to_lmdb(View bytes) {
  static const std::uint8_t nothing = 0;  // LMDB copies from the pointer even if there is nothing to copy
  return {bytes.size(), const_cast<std::uint8_t*>(bytes.empty() ? &nothing : bytes.data())};
}
inline View from_lmdb(const MDB_val& value) {
  return {static_cast<const std::uint8_t*>(value.mv_data), value.mv_size};
}

// For errors by which nothing was written: unavailable if space or readers are lacking, else internal.
tl::unexpected<Error> lmdb_fail(int error, const std::string& doing);

// Read transactions for reuse: a reset one keeps its place in LMDB's table of readers, so that renewing it
// takes no lock. Each thread looks first where it left the last one, so threads do not meet on the usual
// path.
class ReaderPool {
 public:
  explicit ReaderPool(MDB_env* environment) : environment_(environment) {}
  ~ReaderPool();
  ReaderPool(const ReaderPool&) = delete;
  ReaderPool& operator=(const ReaderPool&) = delete;

  Result<MDB_txn*> take();
  void give_back(MDB_txn* transaction);

 private:
  struct alignas(64) Seat {
    std::atomic<MDB_txn*> idle = nullptr;
  };
  MDB_txn* take_idle();

  MDB_env* const environment_;
  std::array<Seat, 64> seats_;
};

}  // namespace cm4it::store
