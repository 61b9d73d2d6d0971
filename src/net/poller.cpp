#include "net/poller.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace cm4it::net {
namespace {

tl::unexpected<Error> failed() {
  return fail(Code::unavailable, "event loop: " + std::generic_category().message(errno));
}

}  // namespace

Result<Poller> Poller::make() {
  FileDescriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
  FileDescriptor waker(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (epoll.get() < 0 || waker.get() < 0) return failed();
  Poller poller(std::move(epoll), std::move(waker));
  CHECK_OK(poller.add(poller.waker_.get(), nullptr));
  return poller;
}

Result<void> Poller::add(int fd, void* who) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = who;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event)) return failed();
  return {};
}

void Poller::remove(int fd) {
  epoll_event ignored{};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, &ignored);  // one that could not be added is not there
}

std::span<const epoll_event> Poller::wait(std::chrono::milliseconds timeout) {
  int count = ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()),
                           static_cast<int>(timeout.count()));
  return {events_.data(), static_cast<std::size_t>(count > 0 ? count : 0)};
}

void Poller::wake() {
  std::uint64_t one = 1;
  [[maybe_unused]] ssize_t written = ::write(waker_.get(), &one, sizeof one);  // full: it is awake anyway
}

}  // namespace cm4it::net
