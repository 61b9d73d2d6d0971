// One domain's Merkle log while a batch is appended to it. Copied for each batch: a batch that fails leaves no trace.
#pragma once

#include <algorithm>
#include <map>
#include <string>

#include "base/budgets.h"
#include "ledger/journal.h"
#include "tlog/merkle.h"

namespace cm4it::ledger {

class HomeLog {
 public:
  // Reads the right edge of the tree out of its tiles. `head`: none for a log that begins.
  static Result<HomeLog> load(std::string domain, std::string origin, const std::optional<StoredHead>& head,
                              const store::Snapshot& snapshot);

  const std::string& domain() const { return domain_; }
  const tlog::Head& head() const { return head_; }
  std::uint64_t size() const { return range_.size(); }

  // The time the next head will bear. A log's time does not go back, whatever the clock does; but where its newest head is so
  // far ahead that a home signs only once its clock was accepted (signing.h), that head's time was wrong.
  Time next_time(Time now) const { return head_.time - now > budget::clock_step_seconds ? now : std::max(now, head_.time); }

  // Appends a leaf and returns its index.
  Result<std::uint64_t> append(const Digest& leaf_hash, const store::Snapshot& snapshot);

  // Signs the head of what was appended, puts tiles, head and batch signature into the batch. Call once, at the end.
  Result<void> seal(Time time, const crypto::Signer& log, store::Batch& batch);
  // The published part of the last seal().
  void settle() { tiles_.clear(); sealed_size_ = range_.size(); }

 private:
  std::string domain_, origin_;
  tlog::CompactRange range_;
  tlog::Head head_;
  std::uint64_t sealed_size_ = 0;
  std::map<std::pair<unsigned, std::uint64_t>, Bytes> tiles_;  // (level, index) → hashes, since the last seal
};

// Reads hashes of a home's tree out of its stored tiles.
tlog::NodeReader stored_nodes(std::string domain, const store::Snapshot& snapshot);

}  // namespace cm4it::ledger
