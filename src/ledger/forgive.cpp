#include "ledger/forgive.h"

#include "base/time.h"
#include "ledger/journal.h"
#include "ledger/link_notes.h"
#include "ledger/schema.h"

namespace cm4it::ledger {
namespace {

std::string link_rows(const std::string& domain) { return table::note_key(link_notes(domain)); }

}  // namespace

Result<KnownLogs> known_logs(store::Store& store, const std::string& domain) {
  KnownLogs known;
  Result<void> outcome;
  TRY(const auto snapshot, store.snapshot());
  for (const bool counts : {true, false})
    CHECK_OK(snapshot->scan(table::heads, store::Range::prefix(table::foreign_heads_prefix(counts, domain)), [&](View, View value) {
      auto stored = decode_head(value);
      if (!stored) outcome = tl::unexpected(stored.error());
      else known.heads.push_back({stored->head.origin, stored->head.size, to_hex(stored->head.root), to_rfc3339(stored->head.time), counts});
      return outcome.has_value();
    }));
  CHECK_OK(outcome);
  const std::string prefix = link_rows(domain);
  CHECK_OK(snapshot->scan(table::meta, store::Range::prefix(view(prefix)), [&](View key, View value) {
    if (is_link_note(text(key), LinkNote::broken)) known.broken.emplace_back(text(value));
    return true;
  }));
  return known;
}

Result<void> forget_logs(store::Store& store, const std::string& domain) {
  store::Batch batch;
  TRY(const auto snapshot, store.snapshot());
  TRY(const auto head, snapshot->get(store::head_table, store::head_key));
  if (!head) return {};
  const auto remove = [&](store::Table table, View prefix) {
    return snapshot->scan(table, store::Range::prefix(prefix), [&](View key, View) {
      batch.remove(table, to_bytes(key));
      return true;
    });
  };
  for (const bool counts : {true, false}) CHECK_OK(remove(table::heads, table::foreign_heads_prefix(counts, domain)));
  CHECK_OK(remove(table::meta, view(link_rows(domain))));
  const Bytes as_it_was = to_bytes(*head);
  batch.set_head(as_it_was);
  TRY(const auto outcome, store.commit(batch, as_it_was));
  if (outcome == store::Commit::conflict) return fail(Code::conflict, "store: another process wrote to it", "stop icsd first");
  return {};
}

}  // namespace cm4it::ledger
