#include "service/answer_cache.h"

namespace cm4it::service {
namespace {

constexpr std::size_t entry_overhead = 160;  // of an entry and its place in the index, besides the answer's octets

}  // namespace

const std::shared_ptr<const std::string>* AnswerCache::find(const Key& key, Stamp present, Time now) {
  const auto found = index_.find(key);
  if (found == index_.end()) return nullptr;
  Entry& entry = entries_[found->second];
  if (entry.stamp != present || entry.valid_until <= now) return nullptr;
  entry.used = true;
  return &entry.answer;
}

void AnswerCache::put(const Key& key, Stamp computed_under, Time valid_until,
                      std::shared_ptr<const std::string> answer) {
  const std::size_t bytes = answer->size() + entry_overhead;
  if (bytes > most_bytes_) return;
  if (const auto found = index_.find(key); found != index_.end()) {
    Entry& entry = entries_[found->second];
    bytes_ = bytes_ - entry.answer->size() + answer->size();
    entry.stamp = computed_under;
    entry.valid_until = valid_until;
    entry.answer = std::move(answer);
    return;
  }
  make_room(bytes);
  std::size_t at = entries_.size();
  if (free_.empty()) {
    entries_.emplace_back();
  } else {
    at = free_.back();
    free_.pop_back();
  }
  entries_[at] = {key, computed_under, valid_until, std::move(answer), false};
  index_.emplace(key, at);
  bytes_ += bytes;
}

void AnswerCache::make_room(std::size_t bytes) {
  while (bytes_ + bytes > most_bytes_ && !index_.empty()) {
    hand_ = hand_ < entries_.size() ? hand_ : 0;
    Entry& entry = entries_[hand_];
    if (entry.answer && entry.used) {
      entry.used = false;  // its second chance
    } else if (entry.answer) {
      bytes_ -= entry.answer->size() + entry_overhead;
      index_.erase(entry.key);
      entry.answer.reset();
      free_.push_back(hand_);
    }
    ++hand_;
  }
}

}  // namespace cm4it::service
