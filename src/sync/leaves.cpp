#include "sync/leaves.h"

#include <algorithm>

#include "base/cbor.h"

namespace cm4it::sync {

void Leaves::take(std::uint64_t index, const Digest& leaf) {
  if (index < size()) return;
  if (index > size()) {
    if (waiting_.size() < most_waiting) waiting_.emplace(index, leaf);
    return;
  }
  append(leaf);
  for (auto next = waiting_.begin(); next != waiting_.end() && next->first <= size(); next = waiting_.erase(next))
    if (next->first == size()) append(next->second);
}

void Leaves::append(const Digest& leaf) {
  since_.push_back(leaf);
  if (since_.size() <= most_since) return;
  earlier_.append(since_.front());
  since_.pop_front();
}

tlog::CompactRange Leaves::at(std::uint64_t size) const {
  auto range = earlier_;
  for (std::size_t i = 0; range.size() < size; ++i) range.append(since_[i]);
  return range;
}

Leaves::Answer Leaves::proves(const tlog::Head& head) const {
  if (head.size < earlier_.size()) return Answer::too_old;
  return head.size <= size() && at(head.size).root() == head.root ? Answer::yes : Answer::no;
}

Bytes Leaves::encode() const {
  CborWriter out;
  const auto range = whole();
  out.array(2).uint(range.size()).array(range.peaks().size());
  for (const Digest& peak : range.peaks()) out.bytes(peak);
  return out.take();
}

Result<Leaves> Leaves::decode(View bytes) {
  CborReader reader(bytes);
  TRY(const auto items, reader.array());
  if (items != 2) return fail(Code::malformed, "leaves: [size, peaks] expected");
  TRY(const auto size, reader.uint());
  TRY(const auto count, reader.array());
  std::vector<Digest> peaks;
  for (std::size_t i = 0; i < count; ++i) {
    TRY(const View peak, reader.bytes());
    if (peak.size() != 32) return fail(Code::malformed, "leaves: a peak is not 32 octets");
    std::copy(peak.begin(), peak.end(), peaks.emplace_back().begin());
  }
  CHECK_OK(reader.end());
  Leaves leaves;
  TRY(leaves.earlier_, tlog::CompactRange::from_peaks(size, std::move(peaks)));
  return leaves;
}

}  // namespace cm4it::sync
