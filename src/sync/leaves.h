// What is held here of another home's log: leaf by leaf, so that its root can be worked out. A mirror can leave a leaf out,
// but not so that the root is still the one its home signed.
#pragma once

#include <deque>
#include <map>

#include "tlog/checkpoint.h"
#include "tlog/merkle.h"

namespace cm4it::sync {

// Leaves may come in any order, and again; what is known is the tree of those before the first gap, and lately what it was: a
// mirror's head may be a little behind its leaves.
class Leaves {
 public:
  void take(std::uint64_t index, const Digest& leaf);

  std::uint64_t size() const { return earlier_.size() + since_.size(); }
  // Whether the leaves up to the head's size give its root. too_old: of a size that is not known any more.
  enum class Answer { yes, no, too_old };
  Answer proves(const tlog::Head& head) const;

  // The tree without what waits behind a gap: that is fetched again.
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
