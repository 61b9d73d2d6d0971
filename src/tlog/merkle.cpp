#include "tlog/merkle.h"

#include <bit>

#include "crypto/digest.h"

namespace cm4it::tlog {
namespace {

constexpr std::uint8_t leaf_prefix = 0x00, node_prefix = 0x01;

// The largest power of two below n (n > 1): RFC 9162 section 2.1.1, k.
std::uint64_t split_point(std::uint64_t n) { return std::bit_floor(n - 1); }

// The root of leaves [begin, end): a stored node where that is a perfect subtree in place, else hashed from its halves.
Result<Digest> subtree_root(std::uint64_t begin, std::uint64_t end, const NodeReader& nodes) {
  const std::uint64_t count = end - begin;
  if (std::has_single_bit(count) && begin % count == 0) {
    const auto level = static_cast<unsigned>(std::countr_zero(count));
    return nodes(level, begin >> level);
  }
  const std::uint64_t middle = begin + split_point(count);
  TRY(const Digest left, subtree_root(begin, middle, nodes));
  TRY(const Digest right, subtree_root(middle, end, nodes));
  return node_hash(left, right);
}

tl::unexpected<Error> proves_nothing(const char* what) {
  return fail(Code::malformed, std::string("proof: ") + what, "RFC 9162 section 2.1");
}

// RFC 9162 section 2.1.4.1, SUBPROOF(m, D[begin:end], complete).
Result<void> subproof(std::uint64_t m, std::uint64_t begin, std::uint64_t end, bool complete, const NodeReader& nodes,
                      std::vector<Digest>& path) {
  const std::uint64_t n = end - begin;
  if (m == n) {
    if (complete) return {};
    TRY(const Digest root, subtree_root(begin, end, nodes));
    path.push_back(root);
    return {};
  }
  const std::uint64_t k = split_point(n);
  if (m <= k) {
    CHECK_OK(subproof(m, begin, begin + k, complete, nodes, path));
    TRY(const Digest right, subtree_root(begin + k, end, nodes));
    path.push_back(right);
  } else {
    CHECK_OK(subproof(m - k, begin + k, end, false, nodes, path));
    TRY(const Digest left, subtree_root(begin, begin + k, nodes));
    path.push_back(left);
  }
  return {};
}

}  // namespace

Digest leaf_hash(View leaf) { return crypto::sha256({View(&leaf_prefix, 1), leaf}); }

Digest node_hash(const Digest& left, const Digest& right) {
  return crypto::sha256({View(&node_prefix, 1), View(left), View(right)});
}

Digest empty_root() { return crypto::sha256(View{}); }

Result<CompactRange> CompactRange::from_peaks(std::uint64_t size, std::vector<Digest> peaks) {
  if (peaks.size() != static_cast<std::size_t>(std::popcount(size)))
    return fail(Code::malformed, "peaks: one for each 1 bit of the size expected");
  CompactRange range;
  range.size_ = size;
  range.peaks_ = std::move(peaks);
  return range;
}

void CompactRange::append(const Digest& leaf, const OnNode& on_node) {
  Digest hash = leaf;
  std::uint64_t index = size_;
  unsigned level = 0;
  if (on_node) on_node(level, index, hash);
  for (; index & 1; index >>= 1) {  // a right child completes its parent
    hash = node_hash(peaks_.back(), hash);
    peaks_.pop_back();
    ++level;
    if (on_node) on_node(level, index >> 1, hash);
  }
  peaks_.push_back(hash);
  ++size_;
}

Digest CompactRange::root() const {
  if (peaks_.empty()) return empty_root();
  Digest hash = peaks_.back();
  for (auto peak = peaks_.rbegin() + 1; peak != peaks_.rend(); ++peak) hash = node_hash(*peak, hash);
  return hash;
}

Result<CompactRange> read_range(std::uint64_t size, const NodeReader& nodes) {
  std::vector<Digest> peaks;
  std::uint64_t begin = 0;
  for (int bit = 63; bit >= 0; --bit) {
    const std::uint64_t count = std::uint64_t{1} << bit;
    if (!(size & count)) continue;
    TRY(const Digest peak, nodes(static_cast<unsigned>(bit), begin >> bit));
    peaks.push_back(peak);
    begin += count;
  }
  return CompactRange::from_peaks(size, std::move(peaks));
}

Result<std::vector<Digest>> inclusion_path(std::uint64_t index, std::uint64_t size, const NodeReader& nodes) {
  if (index >= size) return proves_nothing("the leaf index is not below the tree size");
  std::vector<Digest> path;
  std::uint64_t begin = 0, end = size;
  while (end - begin > 1) {
    const std::uint64_t middle = begin + split_point(end - begin);
    if (index < middle) {
      TRY(const Digest right, subtree_root(middle, end, nodes));
      path.push_back(right);
      end = middle;
    } else {
      TRY(const Digest left, subtree_root(begin, middle, nodes));
      path.push_back(left);
      begin = middle;
    }
  }
  return std::vector<Digest>(path.rbegin(), path.rend());
}

Result<std::vector<Digest>> consistency_path(std::uint64_t from, std::uint64_t to, const NodeReader& nodes) {
  if (from == 0 || from > to) return proves_nothing("sizes must be 0 < from <= to");
  std::vector<Digest> path;
  CHECK_OK(subproof(from, 0, to, true, nodes, path));
  return path;
}

// RFC 9162 section 2.1.3.2.
Result<Digest> root_from_inclusion(const Digest& leaf, std::uint64_t index, std::uint64_t size,
                                   const std::vector<Digest>& path) {
  if (index >= size) return proves_nothing("the leaf index is not below the tree size");
  std::uint64_t fn = index, sn = size - 1;
  Digest root = leaf;
  for (const Digest& hash : path) {
    if (sn == 0) return proves_nothing("the path is too long");
    if ((fn & 1) || fn == sn) {
      root = node_hash(hash, root);
      while (!(fn & 1) && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      root = node_hash(root, hash);
    }
    fn >>= 1;
    sn >>= 1;
  }
  if (sn != 0) return proves_nothing("the path is too short");
  return root;
}

// RFC 9162 section 2.1.4.2.
Result<void> check_consistency(std::uint64_t from, const Digest& from_root, std::uint64_t to, const Digest& to_root,
                               const std::vector<Digest>& path) {
  if (from > to) return proves_nothing("the tree shrank");
  if (from == 0 && from_root != empty_root()) return proves_nothing("the empty tree has another root");
  if (from == to) {
    if (!path.empty()) return proves_nothing("equal sizes need an empty path");
    if (from_root != to_root) return proves_nothing("one size, two roots");
    return {};
  }
  if (from == 0) {  // every tree continues the empty one
    if (!path.empty()) return proves_nothing("the empty tree needs an empty path");
    return {};
  }
  if (path.empty()) return proves_nothing("the path is empty");
  std::vector<Digest> whole;
  if (std::has_single_bit(from)) whole.push_back(from_root);
  whole.insert(whole.end(), path.begin(), path.end());
  std::uint64_t fn = from - 1, sn = to - 1;
  while (fn & 1) {
    fn >>= 1;
    sn >>= 1;
  }
  Digest fr = whole[0], sr = whole[0];
  for (std::size_t i = 1; i < whole.size(); ++i) {
    if (sn == 0) return proves_nothing("the path is too long");
    if ((fn & 1) || fn == sn) {
      fr = node_hash(whole[i], fr);
      sr = node_hash(whole[i], sr);
      while (!(fn & 1) && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      sr = node_hash(sr, whole[i]);
    }
    fn >>= 1;
    sn >>= 1;
  }
  if (sn != 0) return proves_nothing("the path is too short");
  if (fr != from_root) return proves_nothing("it does not lead to the earlier root");
  if (sr != to_root) return proves_nothing("it does not lead to the later root");
  return {};
}

}  // namespace cm4it::tlog
