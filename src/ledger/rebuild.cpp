// Every derived row made anew from journal and heads, by the same index_entry() and HomeLog as every commit.
#include <algorithm>
#include <map>

#include "base/budgets.h"
#include "base/cbor.h"
#include "ledger/indexer.h"
#include "ledger/state.h"
#include "ledger/schema.h"

namespace cm4it::ledger {
namespace {

// Overwrites `store`'s derived rows in commits of bounded size. The store's head stays as it is. From the first commit to
// the last a mark says that rows are missing: no server runs on them, and a rebuild that is cut off is begun again.
class Rebuild {
 public:
  explicit Rebuild(store::Store& store) : store_(store) {}

  Result<std::uint64_t> run(const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
    TRY(const auto snapshot, store_.snapshot());
    TRY(const auto head, snapshot->get(store::head_table, store::head_key));
    if (!head) return std::uint64_t{0};
    head_ = to_bytes(*head);
    batch_.put(table::meta, to_bytes(view(table::rebuilding)), {});
    CHECK_OK(flush());
    CHECK_OK(clear());
    CHECK_OK(count(*snapshot));
    Result<void> outcome;
    CHECK_OK(snapshot->scan(table::journal, {}, [&](View key, View value) {
      outcome = table::last_number(key) == done_ + 1 ? take(*snapshot, done_ + 1, value) : Result<void>(missing(done_ + 1));
      if (outcome && ++done_ % 10'000 == 0 && progress) progress(done_, total_);
      return outcome.has_value();
    }));
    CHECK_OK(outcome);
    TRY(const auto next, next_position());
    if (next != done_ + 1) return missing(done_ + 1);
    CHECK_OK(write_tiles());
    CHECK_OK(flush());
    CHECK_OK(check_heads(*snapshot));
    batch_.put(table::meta, to_bytes(view(table::rows)), to_bytes(view(table::rows_version)));
    batch_.remove(table::meta, to_bytes(view(table::rebuilding)));
    CHECK_OK(flush());
    if (progress) progress(done_, total_);
    return done_;
  }

 private:
  static tl::unexpected<Error> missing(std::uint64_t position) {
    return fail(Code::malformed, "journal: entry " + std::to_string(position) + " is missing", "restore a backup");
  }

  // [1, next position, commits]
  Result<std::uint64_t> next_position() const {
    CborReader reader(head_);
    CHECK_OK(reader.array());
    CHECK_OK(reader.uint());
    return reader.uint();
  }

  Result<void> clear() {
    for (const auto table : table::derived) {
      for (bool more = true; more;) {
        more = false;
        TRY(const auto snapshot, store_.snapshot());
        std::vector<Bytes> keys;
        CHECK_OK(snapshot->scan(table, {}, [&](View key, View) {
          keys.push_back(to_bytes(key));
          return keys.size() < budget::append_batch;
        }));
        more = keys.size() == budget::append_batch;
        for (auto& key : keys) batch_.remove(table, std::move(key));
        CHECK_OK(flush());
      }
    }
    return {};
  }

  Result<void> count(const store::Snapshot& snapshot) {
    store::Range last;
    last.backwards = true;
    return snapshot.scan(table::journal, last, [&](View key, View) {
      total_ = table::last_number(key);
      return false;
    });
  }

  Result<void> take(const store::Snapshot& sources, std::uint64_t position, View row) {
    TRY(auto entry, decode_entry(row, position));
    std::optional<Record> record = entry.record;
    if (record) CHECK_OK(check_id(*record));
    if (!record) {  // an earlier entry has it: its row was just made
      TRY(const auto first, read(table::statements, entry.id.digest));
      if (!first) return fail(Code::malformed, "journal: entry " + std::to_string(position) + " has no record before it");
      const std::uint64_t at = read_u64(View(*first).first(8));
      TRY(const auto bytes, sources.get(table::journal, table::journal_key(at)));
      if (!bytes) return fail(Code::malformed, "journal: entry " + std::to_string(at) + " is missing");
      TRY(const auto earlier, decode_entry(*bytes, at));
      record = earlier.record;
    }
    TRY(const auto statements, evidence::statements_of_stored(record->format, record->evidence, record->issuer, record->id));
    std::vector<Time> times;
    for (const auto& [domain, index] : entry.placements) {
      TRY(const Time received, received_at(sources, domain, index));
      times.push_back(received);
      leaves_[domain][index] = tlog::leaf_hash(evidence::leaf_bytes(record->format, record->evidence));
    }
    CHECK_OK(index_entry({entry, position, statements, times},
                         [this](store::Table table, View key) { return read(table, key); },
                         [this](const evidence::SubjectId& subject) { return first_position(subject); },
                         [this](store::Table table, Bytes key, Bytes value) {
                           overlay_[{table, key}] = value;
                           batch_.put(table, std::move(key), std::move(value));
                         }));
    return batch_.writes().size() >= budget::append_batch ? flush() : Result<void>{};
  }

  Result<std::optional<Bytes>> read(store::Table table, View key) const {
    if (const auto row = overlay_.find({table, to_bytes(key)}); row != overlay_.end()) return std::optional(row->second);
    TRY(const auto snapshot, store_.snapshot());
    TRY(const auto stored, snapshot->get(table, key));
    return stored ? std::optional(to_bytes(*stored)) : std::nullopt;
  }

  Result<std::optional<std::uint64_t>> first_position(const evidence::SubjectId& subject) const {
    TRY(const auto snapshot, store_.snapshot());
    return first_position_in(*snapshot, overlay_, subject);
  }

  Result<void> write_tiles() {
    for (const auto& [domain, leaves] : leaves_) {
      tlog::CompactRange range;
      std::map<std::pair<unsigned, std::uint64_t>, Bytes> tiles;
      for (const auto& [index, hash] : leaves) {
        if (index != range.size())
          return fail(Code::malformed, "log of " + domain + ": leaf " + std::to_string(range.size()) + " is missing",
                      "restore a backup");
        range.append(hash, [&](unsigned level, std::uint64_t node, const Digest& value) {
          if (level % 8 == 0) append(tiles[{level / 8, node >> 8}], value);
        });
      }
      for (auto& [at, hashes] : tiles) {
        batch_.put(table::tiles, table::tile_key(domain, at.first, at.second), std::move(hashes));
        if (batch_.writes().size() >= budget::append_batch) CHECK_OK(flush());
      }
      roots_[domain] = range.root();
    }
    return {};
  }

  // What was signed must be what is there: a head for every log, and each log whole.
  Result<void> check_heads(const store::Snapshot& snapshot) {
    Result<void> outcome;
    CHECK_OK(snapshot.scan(table::heads, store::Range::prefix(table::own_heads_prefix()), [&](View key, View row) {
      outcome = check_head(std::string(text(key.subspan(1))), row);
      return outcome.has_value();
    }));
    CHECK_OK(outcome);
    if (!roots_.empty())
      return fail(Code::malformed, "log of " + roots_.begin()->first + ": its signed head is missing", "restore a backup");
    return {};
  }

  Result<void> check_head(const std::string& domain, View row) {
    TRY(const auto head, decode_head(row));
    const auto made = roots_.find(domain);
    if (head.head.root != (made == roots_.end() ? tlog::empty_root() : made->second))
      return fail(Code::conflict, "log of " + domain + ": the records do not give the root of the signed head",
                  "restore a backup");
    roots_.erase(domain);
    return {};
  }

  Result<void> flush() {
    if (batch_.writes().empty()) return {};
    batch_.set_head(head_);
    TRY(const auto outcome, store_.commit(batch_, head_));
    if (outcome == store::Commit::conflict)
      return fail(Code::conflict, "store: another process wrote to it", "stop icsd first");
    batch_ = {};
    overlay_.clear();
    return {};
  }

  store::Store& store_;
  Bytes head_;
  store::Batch batch_;
  Overlay overlay_;
  std::map<std::string, std::map<std::uint64_t, Digest>> leaves_;
  std::map<std::string, Digest> roots_;  // of what the records give; without those that a head has signed
  std::uint64_t done_ = 0, total_ = 0;
};

}  // namespace

Result<std::uint64_t> rebuild(store::Store& store, const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  return Rebuild(store).run(progress);
}

}  // namespace cm4it::ledger
