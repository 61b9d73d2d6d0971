// What ready-made answers hang on: whether anything has come about their subject since they were made.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "ledger/ledger.h"

namespace cm4it::service {

// What an answer about a subject hangs on: taken before reading, it is present until something comes about that subject (or
// one of its slot), or of what concerns all. Taking it and asking costs two atomic loads.
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
