// "ADDRESS:PORT" and sockets bound or connected to it.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "base/result.h"

namespace cm4it::net {

// Closes its file descriptor.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor();

  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

// Is it an address that one could listen at: the grammar, a port of 0 to 65535. malformed names the rule.
Result<void> check_address(const std::string& address);

// The unit that bounds are counted for: an IPv4 address, or the first 64 bits of an IPv6 address, since one party has all of that network.
using Source = std::uint64_t;
Source source_of(const sockaddr_storage& address);

// A non-blocking listening TCP socket. "192.0.2.1:8443", "[2001:db8::1]:8443", "localhost:0";
// `shared`: several sockets of this process listen there (SO_REUSEPORT).
// Errors: malformed (the text), unavailable (in use, or not an address of this machine).
Result<FileDescriptor> listen_tcp(const std::string& address, bool shared);
// Nobody listens there: a shared port could otherwise silently be shared with another process.
Result<void> check_free(const std::string& address);
// A non-blocking connected TCP socket. Errors: unavailable (host, port and cause).
Result<FileDescriptor> connect_tcp(const std::string& host, std::uint16_t port,
                                   std::chrono::milliseconds timeout);

// The next connection that waits at a listening socket, non-blocking, and where it is from; none
// waits or it has gone: no descriptor. Errors: unavailable (the socket is closed for good; no descriptors are
// left).
struct Accepted {
  FileDescriptor fd;
  std::string remote;
  Source source{};
};
Result<Accepted> accept_tcp(int listening);

std::string to_text(const sockaddr_storage& address);  // "192.0.2.1:8443", "[2001:db8::1]:8443"
std::string local_address(int fd);                     // as bound
std::uint16_t port_of(const std::string& address);     // of such a text; 0 if there is none

}  // namespace cm4it::net
