// What the kernel says is ready, for one thread: epoll, edge-triggered, each socket registered once,
// so that serving a request takes no system call but reading and writing. For net's own use.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <chrono>
#include <span>

#include "net/address.h"

namespace cm4it::net {

class Poller {
 public:
  // Errors: unavailable (no descriptors are left).
  static Result<Poller> make();

  // From now on until remove(), every change of `fd` to readable, writable or ended is told to
  // `who`, once: whoever is told reads until nothing is left.
  Result<void> add(int fd, void* who);
  // Before it is closed: closing alone ends it only if no other process has the socket too, as a child has between fork and exec.
  void remove(int fd);
  // What happened, at most `timeout` from now; valid until the next call. A wake() has no `who`.
  std::span<const epoll_event> wait(std::chrono::milliseconds timeout);
  void wake();  // any thread: wait() returns

  static constexpr std::uint32_t broken = EPOLLHUP | EPOLLERR;  // both directions have ended
  static constexpr std::uint32_t ended = EPOLLRDHUP | broken;

 private:
  Poller(FileDescriptor epoll, FileDescriptor waker) : epoll_(std::move(epoll)), waker_(std::move(waker)) {}

  FileDescriptor epoll_, waker_;
  std::array<epoll_event, 256> events_;
};

}  // namespace cm4it::net
