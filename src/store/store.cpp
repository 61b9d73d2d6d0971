#include "store/store.h"

#include "store/checks.h"

namespace cm4it::store {
namespace {

Result<void> check_table(Table table) {
  if (table < table_count) return {};
  return fail(Code::malformed, "table: 0 to 15, found " + std::to_string(table));
}

}  // namespace

Range Range::prefix(View prefix) {
  Range range;
  range.begin = to_bytes(prefix);
  // The first key beyond: the last byte that can be raised is raised, what follows it is dropped.
  Bytes end = range.begin;
  while (!end.empty() && end.back() == 0xff) end.pop_back();
  if (!end.empty()) ++end.back();
  range.end = std::move(end);
  return range;
}

Result<void> check_key(Table table, View key) {
  CHECK_OK(check_table(table));
  if (!key.empty() && key.size() <= key_bytes) return {};
  return fail(Code::malformed, "key: 1 to 500 bytes, found " + std::to_string(key.size()));
}

Result<void> check_range(Table table, const Range& range) {
  CHECK_OK(check_table(table));
  const std::size_t longest = std::max(range.begin.size(), range.end.size());
  if (longest <= key_bytes + 1) return {};
  return fail(Code::malformed, "range: bounds of at most 501 bytes, found " + std::to_string(longest));
}

Result<void> check_batch(const Batch& batch, View expected_head) {
  const auto check_value = [](const Bytes& value, const char* what) -> Result<void> {
    if (value.size() <= value_bytes) return {};
    return fail(Code::malformed,
                std::string(what) + ": at most " + std::to_string(value_bytes) + " bytes, found " + std::to_string(value.size()));
  };
  for (const auto& write : batch.writes()) {
    CHECK_OK(check_key(write.table, write.key));
    if (write.value) CHECK_OK(check_value(*write.value, "value"));
    if (write.table == head_table && write.key == head_key)
      return fail(Code::malformed, "key: the head is written by set_head alone");
  }
  if (batch.head().empty() && !expected_head.empty())
    return fail(Code::malformed, "head: a batch sets one where there is one, found none");
  return check_value(batch.head(), "head");
}

std::vector<const Batch::Write*> in_order(const Batch& batch) {
  std::vector<const Batch::Write*> writes;
  writes.reserve(batch.writes().size());
  for (const auto& write : batch.writes()) writes.push_back(&write);
  std::stable_sort(writes.begin(), writes.end(), [](const Batch::Write* a, const Batch::Write* b) {
    return a->table != b->table ? a->table < b->table : compare(a->key, b->key) < 0;
  });
  const auto same = [](const Batch::Write* a, const Batch::Write* b) {
    return a->table == b->table && a->key == b->key;
  };
  // unique() keeps the first of equals; from the back that is the last.
  const auto first = std::unique(writes.rbegin(), writes.rend(), same).base();
  writes.erase(writes.begin(), first);
  return writes;
}

}  // namespace cm4it::store
