#include "ledger/home_log.h"

#include <algorithm>
#include <vector>

#include "ledger/schema.h"

namespace cm4it::ledger {
namespace {

constexpr std::size_t hash_bytes = 32;
constexpr unsigned tile_height = 8;

Digest hash_at(View hashes, std::size_t index) {
  Digest hash;
  std::copy_n(hashes.begin() + static_cast<std::ptrdiff_t>(index * hash_bytes), hash_bytes, hash.begin());
  return hash;
}

}  // namespace

tlog::NodeReader stored_nodes(std::string domain, const store::Snapshot& snapshot) {
  return [domain = std::move(domain), &snapshot](unsigned level, std::uint64_t index) -> Result<Digest> {
    // The node lies inside a tile at the level below it that is a multiple of eight: hash its leaves up.
    const unsigned inside = level % tile_height;
    const std::uint64_t first = index << inside, count = std::uint64_t{1} << inside;
    TRY(const auto tile, snapshot.get(table::tiles, table::tile_key(domain, level / tile_height, first >> tile_height)));
    const std::uint64_t offset = first & 0xff;
    if (!tile || tile->size() < (offset + count) * hash_bytes)
      return fail(Code::internal, "log of " + domain + ": a tile is missing", "run `ics rebuild`");
    std::vector<Digest> hashes;
    hashes.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i) hashes.push_back(hash_at(*tile, offset + i));
    for (; hashes.size() > 1; hashes.resize(hashes.size() / 2))
      for (std::size_t i = 0; i < hashes.size() / 2; ++i) hashes[i] = tlog::node_hash(hashes[2 * i], hashes[2 * i + 1]);
    return hashes[0];
  };
}

Result<HomeLog> HomeLog::load(std::string domain, std::string origin, const std::optional<StoredHead>& head,
                              const store::Snapshot& snapshot) {
  HomeLog log;
  log.domain_ = std::move(domain);
  log.origin_ = std::move(origin);
  if (!head) return log;
  log.head_ = head->head;
  TRY(log.range_, tlog::read_range(head->head.size, stored_nodes(log.domain_, snapshot)));
  if (log.range_.root() != head->head.root)
    return fail(Code::conflict, "log of " + log.domain_ + ": its tiles do not give the root of its newest head",
                "run `ics rebuild`; if that fails too, restore a backup");
  log.sealed_size_ = head->head.size;
  return log;
}

Result<std::uint64_t> HomeLog::append(const Digest& leaf_hash, const store::Snapshot& snapshot) {
  const std::uint64_t index = range_.size();
  Result<void> outcome;
  range_.append(leaf_hash, [&](unsigned level, std::uint64_t node, const Digest& hash) {
    if (level % tile_height != 0 || !outcome) return;
    const auto at = std::pair{level / tile_height, node >> tile_height};
    auto [tile, fresh] = tiles_.try_emplace(at);
    if (fresh && (node & 0xff) != 0) {  // a tile that an earlier batch began
      auto stored = snapshot.get(table::tiles, table::tile_key(domain_, at.first, at.second));
      if (!stored || !*stored || (*stored)->size() < (node & 0xff) * hash_bytes)
        outcome = fail(Code::internal, "log of " + domain_ + ": a tile is missing");
      else
        tile->second = to_bytes((*stored)->first((node & 0xff) * hash_bytes));
    }
    cm4it::append(tile->second, hash);
  });
  CHECK_OK(outcome);
  return index;
}

Result<void> HomeLog::seal(Time time, const crypto::Signer& log, store::Batch& batch) {
  head_ = {origin_, range_.size(), range_.root(), next_time(time)};
  TRY(std::string note, tlog::sign_checkpoint(head_, log));
  const KeyId key = log.public_key().id();
  batch.put(table::heads, table::own_head_key(domain_), encode(StoredHead{std::move(note), head_, key}));
  if (range_.size() > sealed_size_) {
    TRY(const auto signature, tlog::sign_batch(origin_, head_.time, head_.size, head_.root, log));
    batch.put(table::heads, table::batch_key(domain_, head_.size), encode(signature));
  }
  for (auto& [at, hashes] : tiles_) batch.put(table::tiles, table::tile_key(domain_, at.first, at.second), hashes);
  return {};
}

}  // namespace cm4it::ledger
