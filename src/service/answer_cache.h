// Ready-made answers, one cache per thread: no lock, no copy. The verdict cache of the house.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "service/service.h"

namespace cm4it::service {

// Bounded by bytes; evicts by second chance. Used by one thread.
class AnswerCache {
 public:
  explicit AnswerCache(std::size_t most_bytes) : most_bytes_(most_bytes) {}

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

  std::size_t size() const { return index_.size(); }

 private:
  struct Hash {
    std::size_t operator()(const Key& key) const {
      return evidence::SubjectIdHash{}(key.subject) ^ (key.kind * 0x9e3779b97f4a7c15u) ^ (key.domain * 0x85ebca6bu);
    }
  };
  struct Entry {
    Key key;
    Stamp stamp;
    Time valid_until;
    std::shared_ptr<const std::string> answer;
    bool used = false;
  };
  void make_room(std::size_t bytes);

  const std::size_t most_bytes_;
  std::size_t bytes_ = 0;
  std::size_t hand_ = 0;
  std::vector<Entry> entries_;
  std::vector<std::size_t> free_;
  std::unordered_map<Key, std::size_t, Hash> index_;
};

}  // namespace cm4it::service
