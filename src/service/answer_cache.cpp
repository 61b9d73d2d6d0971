#include "service/answer_cache.h"

#include <cstring>
#include <utility>

#include "crypto/digest.h"

namespace cm4it::service {
namespace {

constexpr std::size_t entry_overhead = 160;  // of an entry and its place in the index, besides the answer's octets

constexpr std::size_t most_at_once = 256;     // entries that one call looks at for room

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

bool CacheBudget::take(std::size_t bytes) {
  if (used_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= most_) return true;
  give_back(bytes);
  return false;
}

AnswerCache::AnswerCache(CacheBudget& budget) : budget_(budget), secret_(random_words()) {}
AnswerCache::~AnswerCache() {
  if (joined_) budget_.leave(bytes_);
}

std::size_t AnswerCache::hash_of(const AnswerKey& key) const {
  std::array<std::uint64_t, 4> words;
  static_assert(sizeof words == sizeof key.asked);
  std::memcpy(words.data(), key.asked.data(), sizeof words);
  const std::uint64_t rest = std::uint64_t{key.domain} << 8 | key.kind;
  return mixed(mixed(words[0] ^ secret_[0], words[1] ^ secret_[1]) ^ rest, mixed(words[2] ^ secret_[2], words[3] ^ secret_[3]) ^ secret_[0]);
}

std::size_t AnswerCache::place_of(const AnswerKey& key, std::size_t hash) const {
  const std::size_t mask = index_.size() - 1;
  std::size_t place = hash & mask;
  while (index_[place].entry != none && !(index_[place].tag == tag_of(hash) && entries_[index_[place].entry].key == key))
    place = (place + 1) & mask;
  return place;
}

void AnswerCache::insert(const AnswerKey& key, std::uint32_t entry) {
  if (4 * (count_ + 1) > 3 * index_.size()) grow();
  const std::size_t hash = hash_of(key);
  index_[place_of(key, hash)] = {tag_of(hash), entry};
  ++count_;
}

// Moves back the entries that were pushed past the place that becomes free, so that a probe may still end at the first free place.
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
      const AnswerKey& key = entries_[place.entry].key;
      index_[place_of(key, hash_of(key))] = place;
    }
}

const Answer* AnswerCache::find(const AnswerKey& key) {
  if (bytes_ > budget_.share()) (void)make_room(0);
  const Place& place = index_[place_of(key, hash_of(key))];
  if (place.entry == none) return nullptr;
  Entry& entry = entries_[place.entry];
  entry.used = true;
  return &entry.answer;
}

void AnswerCache::put(const AnswerKey& key, Answer answer) {
  if (!joined_) budget_.join();
  joined_ = true;
  const std::size_t hash = hash_of(key);
  if (const std::size_t place = place_of(key, hash); index_[place].entry != none) drop(place);
  const std::size_t bytes = answer.octets->size() + entry_overhead;
  if (bytes > budget_.share() || !make_room(bytes) || !budget_.take(bytes)) return;
  auto at = static_cast<std::uint32_t>(entries_.size());
  if (free_.empty()) {
    entries_.emplace_back();
  } else {
    at = free_.back();
    free_.pop_back();
  }
  entries_[at] = {key, std::move(answer), false};
  insert(key, at);
  bytes_ += bytes;
}

void AnswerCache::drop(std::size_t place) {
  const std::uint32_t at = index_[place].entry;
  Answer& answer = entries_[at].answer;
  const std::size_t bytes = answer.octets->size() + entry_overhead;
  erase(place);
  bytes_ -= bytes;
  budget_.give_back(bytes);
  answer.octets.reset();
  free_.push_back(at);
}

// When another cache comes into use every share becomes smaller. The excess is evicted in parts, since an event loop waits meanwhile.
bool AnswerCache::make_room(std::size_t bytes) {
  const std::size_t share = budget_.share();
  for (std::size_t looked_at = 0; bytes_ + bytes > share && count_ > 0; ++looked_at) {
    if (looked_at == most_at_once) return false;
    hand_ = hand_ < entries_.size() ? hand_ : 0;
    Entry& entry = entries_[hand_++];
    if (!entry.answer.octets) continue;
    if (!std::exchange(entry.used, false)) drop(place_of(entry.key, hash_of(entry.key)));  // else it has its second chance
  }
  return true;
}

}  // namespace cm4it::service
