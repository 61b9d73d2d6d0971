#include "service/answer_cache.h"

#include <cstring>

#include "crypto/digest.h"

namespace cm4it::service {
namespace {

constexpr std::size_t entry_overhead = 160;  // of an entry and its place in the index, besides the answer's octets

std::uint32_t tag_of(std::size_t hash) { return static_cast<std::uint32_t>(hash >> 32); }

std::array<std::uint64_t, 4> random_words() {
  std::array<std::uint64_t, 4> words;
  const Bytes bytes = crypto::random_bytes(sizeof words);
  std::memcpy(words.data(), bytes.data(), sizeof words);
  return words;
}

// Both halves of a product of 128 bits: each bit depends on all of both factors.
std::uint64_t mixed(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = Wide{a} * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace

AnswerCache::AnswerCache(std::size_t most_bytes) : most_bytes_(most_bytes), secret_(random_words()) {}

std::size_t AnswerCache::hash_of(const Key& key) const {
  std::array<std::uint64_t, 4> words;
  static_assert(sizeof words == sizeof key.subject.digest);
  std::memcpy(words.data(), key.subject.digest.data(), sizeof words);
  const std::uint64_t rest = std::uint64_t{key.domain} << 16 | std::uint64_t{key.kind} << 8 | static_cast<std::uint8_t>(key.subject.kind);
  return mixed(mixed(words[0] ^ secret_[0], words[1] ^ secret_[1]) ^ rest, mixed(words[2] ^ secret_[2], words[3] ^ secret_[3]) ^ secret_[0]);
}

std::size_t AnswerCache::place_of(const Key& key, std::size_t hash) const {
  const std::size_t mask = index_.size() - 1;
  std::size_t place = hash & mask;
  while (index_[place].entry != none && !(index_[place].tag == tag_of(hash) && entries_[index_[place].entry].key == key))
    place = (place + 1) & mask;
  return place;
}

void AnswerCache::insert(const Key& key, std::uint32_t entry) {
  if (4 * (count_ + 1) > 3 * index_.size()) grow();
  const std::size_t hash = hash_of(key);
  index_[place_of(key, hash)] = {tag_of(hash), entry};
  ++count_;
}

// What was pushed past the place that becomes free moves back, so that every probe still ends at the first free place.
void AnswerCache::erase(std::size_t place) {
  const std::size_t mask = index_.size() - 1;
  for (std::size_t next = (place + 1) & mask; index_[next].entry != none; next = (next + 1) & mask) {
    const std::size_t home = hash_of(entries_[index_[next].entry].key) & mask;
    if (((next - home) & mask) < ((next - place) & mask)) continue;
    index_[place] = index_[next];
    place = next;
  }
  index_[place] = {};
  --count_;
}

void AnswerCache::grow() {
  std::vector<Place> smaller(2 * index_.size());
  smaller.swap(index_);
  for (const Place& place : smaller)
    if (place.entry != none) {
      const Key& key = entries_[place.entry].key;
      index_[place_of(key, hash_of(key))] = place;
    }
}

const std::shared_ptr<const std::string>* AnswerCache::find(const Key& key, Stamp present, Time now) {
  const Place& place = index_[place_of(key, hash_of(key))];
  if (place.entry == none) return nullptr;
  Entry& entry = entries_[place.entry];
  if (entry.stamp != present || entry.valid_until <= now) return nullptr;
  entry.used = true;
  return &entry.answer;
}

void AnswerCache::put(const Key& key, Stamp computed_under, Time valid_until,
                      std::shared_ptr<const std::string> answer) {
  const std::size_t bytes = answer->size() + entry_overhead;
  if (bytes > most_bytes_) return;
  if (const Place& place = index_[place_of(key, hash_of(key))]; place.entry != none) {
    Entry& entry = entries_[place.entry];
    bytes_ = bytes_ - entry.answer->size() + answer->size();
    entry.stamp = computed_under;
    entry.valid_until = valid_until;
    entry.answer = std::move(answer);
    return;
  }
  make_room(bytes);
  auto at = static_cast<std::uint32_t>(entries_.size());
  if (free_.empty()) {
    entries_.emplace_back();
  } else {
    at = free_.back();
    free_.pop_back();
  }
  entries_[at] = {key, computed_under, valid_until, std::move(answer), false};
  insert(key, at);
  bytes_ += bytes;
}

void AnswerCache::make_room(std::size_t bytes) {
  while (bytes_ + bytes > most_bytes_ && count_ > 0) {
    hand_ = hand_ < entries_.size() ? hand_ : 0;
    Entry& entry = entries_[hand_];
    if (entry.answer && entry.used) {
      entry.used = false;  // its second chance
    } else if (entry.answer) {
      bytes_ -= entry.answer->size() + entry_overhead;
      erase(place_of(entry.key, hash_of(entry.key)));
      entry.answer.reset();
      free_.push_back(static_cast<std::uint32_t>(hand_));
    }
    ++hand_;
  }
}

}  // namespace cm4it::service
