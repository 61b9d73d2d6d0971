// What every store checks before it touches anything, and the order in which it applies a batch.
#pragma once

#include <algorithm>
#include <compare>

#include "store/store.h"

namespace cm4it::store {

inline constexpr std::size_t key_bytes = 500;
inline constexpr std::size_t value_bytes = 16 * 1024 * 1024;

inline std::strong_ordering compare(View a, View b) {
  return std::lexicographical_compare_three_way(a.begin(), a.end(), b.begin(), b.end());
}

// Each is malformed, with the rule and what was found.
Result<void> check_key(Table table, View key);
// Bounds need not be keys: they may be empty, and one byte longer than a key ("just after that key").
Result<void> check_range(Table table, const Range& range);
// Also: the head is written by set_head alone, and a batch does not take an existing head away.
Result<void> check_batch(const Batch& batch, View expected_head);

// The writes that take effect (of those to one key, the last), by table and key. They point into the batch.
std::vector<const Batch::Write*> in_order(const Batch& batch);

}  // namespace cm4it::store
