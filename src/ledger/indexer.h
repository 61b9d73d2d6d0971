// The indexer makes the derived rows of a journal entry. It is one function, which the appender and rebuild() both call, so that
// rebuilt rows equal those that were written live.
#pragma once

#include <functional>
#include <map>

#include "ledger/feed_row.h"
#include "ledger/journal.h"
#include "store/store.h"

namespace cm4it::ledger {

// Reads a row as the batch so far leaves it: what the batch wrote wins over what the store has.
using RowReader = std::function<Result<std::optional<Bytes>>(store::Table, View key)>;
// The rows of a batch that later entries of it read again.
using Overlay = std::map<std::pair<store::Table, Bytes>, Bytes>;
// table::first_position(), where the rows of the batch under way are looked at as well as the store.
using FirstPositionLookup = std::function<Result<std::optional<std::uint64_t>>(const evidence::SubjectId&)>;
Result<std::optional<std::uint64_t>> first_position_in(const store::Snapshot& snapshot, const Overlay& overlay, const evidence::SubjectId& subject);
using RowWriter = std::function<void(store::Table, Bytes key, Bytes value)>;

// `statements` are those of the entry's record; `times` the received time of each of the entry's own placements.
struct IndexInput {
  const Entry& entry;
  std::uint64_t position;
  const std::vector<evidence::Statement>& statements;
  const std::vector<Time>& times;
};
// Returns what the entry is about, as its rows in the feeds say.
Result<FeedRow> index_entry(const IndexInput& input, const RowReader& read, const FirstPositionLookup& first_position, const RowWriter& write);

// The domains that an entry concerns: where its statement was made, and whose homes received it.
std::vector<std::string> domains_of(const Entry& entry, const std::vector<evidence::Statement>& statements,
                                    const FactRow& facts);

}  // namespace cm4it::ledger
