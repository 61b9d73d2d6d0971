// RFC 9162 section 2 hashing and proofs. Pure: no I/O, no state.
#pragma once

#include <functional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace cm4it::tlog {

Digest leaf_hash(View leaf);                               // SHA-256(0x00 ‖ leaf)
Digest node_hash(const Digest& left, const Digest& right);  // SHA-256(0x01 ‖ left ‖ right)
Digest empty_root();                                       // SHA-256 of nothing

// The right edge of a tree: the roots of its perfect subtrees, largest first. Enough to append and to know the root.
class CompactRange {
 public:
  CompactRange() = default;
  // `peaks`: one hash for each 1 bit of `size`, largest subtree first. malformed otherwise.
  static Result<CompactRange> from_peaks(std::uint64_t size, std::vector<Digest> peaks);

  // `on_node(level, index, hash)` is called for each complete node, level 0 being the leaf.
  using OnNode = std::function<void(unsigned level, std::uint64_t index, const Digest& hash)>;
  void append(const Digest& leaf_hash, const OnNode& on_node = {});

  std::uint64_t size() const { return size_; }
  Digest root() const;
  const std::vector<Digest>& peaks() const { return peaks_; }

 private:
  std::uint64_t size_ = 0;
  std::vector<Digest> peaks_;
};

// A stored node: the root of the perfect subtree of 2^level leaves that begins at leaf index << level.
using NodeReader = std::function<Result<Digest>(unsigned level, std::uint64_t index)>;

Result<CompactRange> read_range(std::uint64_t size, const NodeReader& nodes);
// RFC 9162 2.1.3.1 and 2.1.4.1. index < size; 0 < from <= to.
Result<std::vector<Digest>> inclusion_path(std::uint64_t index, std::uint64_t size, const NodeReader& nodes);
Result<std::vector<Digest>> consistency_path(std::uint64_t from, std::uint64_t to, const NodeReader& nodes);

// RFC 9162 2.1.3.2 and 2.1.4.2. malformed for a path that proves nothing.
Result<Digest> root_from_inclusion(const Digest& leaf_hash, std::uint64_t index, std::uint64_t size,
                                   const std::vector<Digest>& path);
Result<void> check_consistency(std::uint64_t from, const Digest& from_root, std::uint64_t to, const Digest& to_root,
                               const std::vector<Digest>& path);

}  // namespace cm4it::tlog
