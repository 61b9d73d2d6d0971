#include "sync/leaves.h"

#include <algorithm>

#include "base/cbor.h"

namespace cm4it::sync {

void Leaves::take(std::uint64_t index, const Digest& leaf) {
  if (index < range_.size()) return;
  if (index > range_.size()) {
    if (waiting_.size() < most_waiting) waiting_.emplace(index, leaf);
    return;
  }
  range_.append(leaf);
  for (auto next = waiting_.begin(); next != waiting_.end() && next->first <= range_.size(); next = waiting_.erase(next))
    if (next->first == range_.size()) range_.append(next->second);
}

Bytes Leaves::encode() const {
  CborWriter out;
  out.array(2).uint(range_.size()).array(range_.peaks().size());
  for (const Digest& peak : range_.peaks()) out.bytes(peak);
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
  TRY(leaves.range_, ledger::CompactRange::from_peaks(size, std::move(peaks)));
  return leaves;
}

}  // namespace cm4it::sync
