// For tests: a client that sends exactly the bytes it is told to, and takes what comes.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <string>
#include <string_view>

#include "net/address.h"

namespace cm4it::net {

class RawClient {
 public:
  explicit RawClient(std::uint16_t port) {
    auto fd = connect_tcp("127.0.0.1", port, std::chrono::seconds(10));
    EXPECT_TRUE(fd) << fd.error().message;
    if (fd) fd_ = std::move(*fd);
  }

  // False once the server has closed.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
      if (sent < 0 && errno != EAGAIN) return false;
      if (sent < 0 && !wait(POLLOUT)) return false;
    }
    return true;
  }

  // One whole answer of HTTP, by its Content-Length (HEAD: its head), or what came before the end or 10 s.
  std::string answer(bool head_only = false) {
    std::size_t end = std::string::npos;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos)
      if (!receive()) return std::exchange(received_, {});
    std::size_t size = end + 4;
    std::size_t length = received_.find("Content-Length: ");
    if (!head_only && length < end) size += std::stoul(received_.substr(length + 16));
    while (received_.size() < size)
      if (!receive()) return std::exchange(received_, {});
    std::string whole = received_.substr(0, size);
    received_.erase(0, size);
    return whole;
  }
  // One line without its end, or what came before the end or 10 s.
  std::string line() {
    std::size_t end = std::string::npos;
    while ((end = received_.find('\n')) == std::string::npos)
      if (!receive()) return std::exchange(received_, {});
    std::string line = received_.substr(0, end);
    received_.erase(0, end + 1);
    return line;
  }
  std::string until_closed() {
    while (receive()) {
    }
    return std::exchange(received_, {});
  }
  // Within 10 s; what still comes is dropped.
  bool closed_by_server() {
    while (receive()) {
    }
    return ended_;
  }
  // Did anything come, or the end?
  bool quiet(std::chrono::milliseconds time) {
    pollfd waiting{fd_.get(), POLLIN, 0};
    return received_.empty() && ::poll(&waiting, 1, static_cast<int>(time.count())) == 0;
  }
  void end() { ::shutdown(fd_.get(), SHUT_WR); }
  void close() { fd_ = FileDescriptor(); }
  // So that the server is told that nothing can be sent here any more either.
  void reset() {
    const linger now{1, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }

 private:
  bool wait(short events) {
    pollfd waiting{fd_.get(), events, 0};
    return ::poll(&waiting, 1, 10'000) == 1;
  }
  bool receive() {
    if (ended_ || !wait(POLLIN)) return false;
    char bytes[65536];
    ssize_t count = ::recv(fd_.get(), bytes, sizeof bytes, 0);
    ended_ = count <= 0;
    if (count > 0) received_.append(bytes, static_cast<std::size_t>(count));
    return count > 0;
  }

  FileDescriptor fd_;
  std::string received_;
  bool ended_ = false;
};

}  // namespace cm4it::net
