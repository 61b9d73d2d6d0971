// Stamps tell whether a cached answer is still valid: whether anything was committed about its subject since it was made.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "ledger/ledger.h"

namespace cm4it::service {

// Taken before an answer is computed. It stays present until something is committed about the subject, or about another one in the same
// slot, or about what concerns all. Taking a stamp and checking it costs two atomic loads each.
struct Stamp { std::uint64_t epoch = 0; std::uint32_t slot = 0, changes = 0; };

// Any thread, without a lock.
class Stamps {
 public:
  Stamp current(const evidence::SubjectId& subject) const;
  bool is_present(Stamp stamp) const;

  void committed(const ledger::Change& change);
  void everything_changed() { epoch_.fetch_add(1, std::memory_order_release); }

 private:
  static std::uint32_t slot_of(const evidence::SubjectId& subject);

  std::atomic<std::uint64_t> epoch_{1};
  std::array<std::atomic<std::uint32_t>, 65'536> slots_{};
};

}  // namespace cm4it::service
