// The store contract: ordered keys, atomic batches, and a compare-and-set on the head.
// A store knows nothing of what it keeps.
//
// Obligations of every implementation (held by src/store/conformance.h and conformance_snapshots.h):
// - A commit that returned `done` is durable: it survives kill -9 and power loss.
// - A commit is all or nothing. `conflict`: the head was not the expected one; nothing changed.
//   An error of Code::unavailable with nothing written: the disk or the map is full. The outcome of
//   any other error is unknown: the caller takes a new snapshot and reads the head.
// - A snapshot sees one state: that of the newest commit when it was taken. Views it hands out live
//   as long as it does. It is used by one thread at a time, costs no lock to take on the usual path,
//   and must not outlive a slice of a request (old snapshots keep old pages alive).
// - Keys are 1 to 500 bytes and ordered bytewise; values at most 16 MiB. Anything else: malformed.
// - Snapshots may be taken by any thread at any time; commits too: of two that expect one head, one wins.
// - A full store refuses writes and keeps reading.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace cm4it::store {

// Tables are numbered by their users, from 0 up.
using Table = std::uint8_t;
inline constexpr Table table_count = 18;

struct Range {
  // Bounds need not be keys: each may be one byte longer, to begin or end just after a key.
  Bytes begin;             // first key wanted
  Bytes end;               // first key not wanted; empty: to the end of the table
  bool backwards = false;  // from the last key below `end` down to `begin`

  static Range prefix(View prefix);  // every key that begins with it
};

// False ends the scan.
using Visitor = std::function<bool(View key, View value)>;

class Snapshot {
 public:
  virtual ~Snapshot() = default;
  virtual Result<std::optional<View>> get(Table table, View key) const = 0;
  virtual Result<void> scan(Table table, const Range& range, const Visitor& visitor) const = 0;
};

// Later writes of a batch win over earlier ones to the same key.
class Batch {
 public:
  struct Write {
    Table table;
    Bytes key;
    std::optional<Bytes> value;  // none: the key is removed
  };

  void put(Table table, Bytes key, Bytes value) {
    writes_.push_back({table, std::move(key), std::move(value)});
  }
  void remove(Table table, Bytes key) { writes_.push_back({table, std::move(key), std::nullopt}); }
  // What the head becomes with this batch. A batch without one is for a store that has none yet (else:
  // malformed).
  void set_head(Bytes head) { head_ = std::move(head); }

  const std::vector<Write>& writes() const { return writes_; }
  const Bytes& head() const { return head_; }

 private:
  std::vector<Write> writes_;
  Bytes head_;
};

// Where every store keeps its head: readable like any other key, written by set_head alone.
inline constexpr Table head_table = 0;
inline const Bytes head_key = {'h', 'e', 'a', 'd'};

enum class Commit { done, conflict };

class Store {
 public:
  virtual ~Store() = default;
  virtual Result<std::unique_ptr<Snapshot>> snapshot() const = 0;
  // Applies the batch if the head is `expected_head` (empty: there is none yet).
  virtual Result<Commit> commit(const Batch& batch, View expected_head) = 0;
};

}  // namespace cm4it::store
