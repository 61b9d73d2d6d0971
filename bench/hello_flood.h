// TLS hellos that cost their sender next to nothing: the same octets again and again, over connections of one other address.
#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace cm4it::bench {

// The ClientHello of OpenSSL with a key share for the first of these groups (as SSL_set1_groups_list has them).
Result<Bytes> client_hello(const std::string& groups);

// So many threads that connect from 127.0.0.2, send this, and leave when something is answered, or after half a second.
class HelloFlood {
 public:
  HelloFlood(std::size_t threads, std::uint16_t port, Bytes hello);
  ~HelloFlood();
  HelloFlood(const HelloFlood&) = delete;
  std::size_t sent() const { return sent_; }

 private:
  void send_one(std::uint16_t port);
  const Bytes hello_;
  std::atomic<bool> over_{false};
  std::atomic<std::size_t> sent_{0};
  std::vector<std::thread> threads_;
};

}  // namespace cm4it::bench
