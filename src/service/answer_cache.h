// Ready-made answers, one cache per thread: no lock, no copy. The verdict cache of the house.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "service/service.h"

namespace cm4it::service {

// Bounded by bytes; evicts by second chance. Used by one thread.
class AnswerCache {
 public:
  explicit AnswerCache(std::size_t most_bytes);

  // What distinguishes answers about a subject: the kind of answer, and the domain asked.
  struct Key {
    SubjectId subject;
    std::uint8_t kind = 0;
    std::uint32_t domain = 0;  // the caller's number for it
    bool operator==(const Key&) const = default;
  };

  // Null: not here, or no longer good.
  const std::shared_ptr<const std::string>* find(const Key& key, Stamp present, Time now);
  void put(const Key& key, Stamp computed_under, Time valid_until, std::shared_ptr<const std::string> answer);

  std::size_t size() const { return count_; }

 private:
  struct Entry {
    Key key;
    Stamp stamp;
    Time valid_until;
    std::shared_ptr<const std::string> answer;
    bool used = false;
  };
  // A place of the index: an entry's number, and bits of its hash, so that hardly any other entry is looked at.
  struct Place { std::uint32_t tag = 0, entry = none; };
  static constexpr std::uint32_t none = UINT32_MAX;

  std::size_t hash_of(const Key& key) const;
  std::size_t place_of(const Key& key, std::size_t hash) const;  // where it is, or would be
  void insert(const Key& key, std::uint32_t entry);
  void erase(std::size_t place);
  void grow();
  void make_room(std::size_t bytes);

  const std::size_t most_bytes_;
  // Strangers choose the ids they ask about: without a secret they could choose ones that collide.
  const std::array<std::uint64_t, 4> secret_;
  std::size_t bytes_ = 0;
  std::size_t hand_ = 0;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> free_;
  // Open addressing, linear probing, at most three quarters full: one line of the index and one entry make a find.
  std::vector<Place> index_{64};
  std::size_t count_ = 0;
};

// Answers that took long to make, for all threads.
class SharedAnswers {
 public:
  explicit SharedAnswers(std::size_t most_bytes) : cache_(most_bytes) {}

  std::shared_ptr<const std::string> find(const AnswerCache::Key& key, Stamp present, Time now) {
    if (!used_.load(std::memory_order_relaxed)) return {};
    return cache_.with([&](AnswerCache& cache) {
      const auto* found = cache.find(key, present, now);
      return found ? *found : nullptr;
    });
  }
  void put(const AnswerCache::Key& key, Stamp computed_under, Time valid_until, std::shared_ptr<const std::string> answer) {
    cache_.with([&](AnswerCache& cache) { cache.put(key, computed_under, valid_until, std::move(answer)); });
    used_.store(true, std::memory_order_relaxed);
  }

 private:
  Guarded<AnswerCache> cache_;
  std::atomic<bool> used_{false};  // most servers never make one: then nobody takes the lock
};

}  // namespace cm4it::service
