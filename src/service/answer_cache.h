// The cached answers of one thread: found without a lock and without a copy.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "service/stamps.h"

namespace cm4it::service {

// The octets that all caches of a process may use together: each cache in use has an equal share. Any thread.
class CacheBudget {
 public:
  explicit CacheBudget(std::size_t most_bytes) : most_(most_bytes) {}

  std::size_t share() const { return most_ / std::max<std::size_t>(1, caches_.load(std::memory_order_relaxed)); }
  std::size_t used() const { return used_.load(std::memory_order_relaxed); }
  void join() { caches_.fetch_add(1, std::memory_order_relaxed); }
  void leave(std::size_t bytes) {
    give_back(bytes);
    caches_.fetch_sub(1, std::memory_order_relaxed);
  }
  // False: there is no room, since others still have more than their share.
  bool take(std::size_t bytes);
  void give_back(std::size_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }

 private:
  const std::size_t most_;
  std::atomic<std::size_t> used_{0}, caches_{0};
};

// What was asked: the kind of call, and a digest of all in the request that makes a difference to the answer.
struct AnswerKey {
  Digest asked{};
  std::uint8_t kind = 0;
  std::uint32_t domain = 0;  // the door's number for it
  bool operator==(const AnswerKey&) const = default;
};

struct Answer {
  std::shared_ptr<const std::string> octets;
  Stamp stamp;       // taken before it was made
  Time valid_until;
};

// Evicts by second chance. Used by one thread.
class AnswerCache {
 public:
  explicit AnswerCache(CacheBudget& budget);
  ~AnswerCache();
  AnswerCache(const AnswerCache&) = delete;
  AnswerCache& operator=(const AnswerCache&) = delete;

  // Null: not cached. The caller checks whether the answer is still valid. The pointer holds until the next call.
  const Answer* find(const AnswerKey& key);
  // Not cached where it is larger than this cache's share.
  void put(const AnswerKey& key, Answer answer);

  std::size_t size() const { return count_; }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    AnswerKey key;
    Answer answer;
    bool used = false;
  };
  // A place of the index: an entry's number, and bits of its hash, so that hardly any other entry is looked at.
  struct Place { std::uint32_t tag = 0, entry = none; };
  static constexpr std::uint32_t none = UINT32_MAX;

  std::size_t hash_of(const AnswerKey& key) const;
  std::size_t place_of(const AnswerKey& key, std::size_t hash) const;  // where it is, or would be
  void insert(const AnswerKey& key, std::uint32_t entry);
  void erase(std::size_t place);
  void grow();
  void drop(std::size_t place);
  bool make_room(std::size_t bytes);  // false: not at once

  CacheBudget& budget_;
  // Strangers choose what they ask about: without a secret they could choose keys that collide.
  const std::array<std::uint64_t, 4> secret_;
  bool joined_ = false;
  std::size_t bytes_ = 0;
  std::size_t hand_ = 0;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> free_;
  // Open addressing, linear probing, at most three quarters full: one line of the index and one entry make a find.
  std::vector<Place> index_{64};
  std::size_t count_ = 0;
};

}  // namespace cm4it::service
