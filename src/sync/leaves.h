// The leaves of another home's log that are held here, from which its root is computed. A mirror can leave out a leaf, but then the root
// is no longer the one that the home signed.
#pragma once

#include <deque>
#include <map>

#include "tlog/checkpoint.h"
#include "tlog/merkle.h"

namespace cm4it::sync {

// Leaves may come in any order, and repeatedly. Known are the tree of all leaves before the first gap, and its recent earlier states, since
// a mirror's head may be a little behind its leaves.
class Leaves {
 public:
  void take(std::uint64_t index, const Digest& leaf);

  std::uint64_t size() const { return earlier_.size() + since_.size(); }
  // Whether the leaves up to the head's size give its root. too_old: the tree of that size is no longer known.
  enum class Answer { yes, no, too_old };
  Answer proves(const tlog::Head& head) const;

  // The tree without the leaves behind the first gap, which are fetched again after a restart.
  Bytes encode() const;  // [size: uint, [* peak: bstr .size 32]]
  static Result<Leaves> decode(View bytes);

 private:
  static constexpr std::size_t most_waiting = 100'000;
  static constexpr std::size_t most_since = 8192;
  void append(const Digest& leaf);
  tlog::CompactRange whole() const { return at(size()); }
  tlog::CompactRange at(std::uint64_t size) const;

  tlog::CompactRange earlier_;
  std::deque<Digest> since_;  // the leaves after it
  std::map<std::uint64_t, Digest> waiting_;  // behind a gap
};

}  // namespace cm4it::sync
