// Inbox<M>: a thread's queue of messages. Many senders, one receiver, bounded.
#pragma once

#include <chrono>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

#include "base/mutex.h"

namespace cm4it {

template <class Message>
class Inbox {
 public:
  explicit Inbox(std::size_t capacity) : capacity_(capacity) {}

  // False, with the message untouched, when the inbox is full or closed: the caller answers
  // `unavailable` rather than wait.
  [[nodiscard]] bool send(Message&& message) {
    {
      const Lock lock(mutex_);
      if (closed_ || waiting_.size() >= capacity_) return false;
      waiting_.push_back(std::move(message));
    }
    arrived_.notify_one();
    return true;
  }

  // Everything that waits, at most `most` messages, in order of arrival. Blocks until there is
  // one, until the inbox is closed, or until `timeout`; empty then.
  std::vector<Message> take(std::size_t most, std::chrono::milliseconds timeout) {
    const auto until = std::chrono::steady_clock::now() + timeout;
    Lock lock(mutex_);
    while (!closed_ && waiting_.empty() && arrived_.wait_until(lock, until)) {}
    std::vector<Message> taken;
    if (waiting_.size() <= most) {
      taken.swap(waiting_);
    } else {
      auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(most);
      taken.assign(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
      waiting_.erase(waiting_.begin(), end);
    }
    return taken;
  }

  // No more messages are taken in; what waits is still handed out.
  void close() {
    {
      const Lock lock(mutex_);
      closed_ = true;
    }
    arrived_.notify_all();
  }

  bool closed() const {
    const Lock lock(mutex_);
    return closed_;
  }

 private:
  const std::size_t capacity_;
  mutable Mutex mutex_;
  Condition arrived_;
  std::vector<Message> waiting_ GUARDED_BY(mutex_);
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace cm4it
