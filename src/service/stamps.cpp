#include "service/stamps.h"

#include <cstring>

namespace cm4it::service {

std::uint32_t Stamps::slot_of(const evidence::SubjectId& subject) {
  std::uint32_t slot;
  std::memcpy(&slot, subject.digest.data() + 8, sizeof slot);
  return slot & 0xffff;
}

Stamp Stamps::current(const evidence::SubjectId& subject) const {
  const std::uint32_t slot = slot_of(subject);
  return {epoch_.load(std::memory_order_acquire), slot, slots_[slot].load(std::memory_order_acquire)};
}

bool Stamps::is_present(Stamp stamp) const {
  return stamp.epoch == epoch_.load(std::memory_order_acquire) &&
         stamp.changes == slots_[stamp.slot & 0xffff].load(std::memory_order_acquire);
}

void Stamps::committed(const ledger::Change& change) {
  for (const auto& touched : change.subjects) slots_[slot_of(touched.subject)].fetch_add(1, std::memory_order_release);
  if (change.everything) everything_changed();
}

}  // namespace cm4it::service
