// What the kernel tells of sockets, and what it must tell no more.
#include "net/poller.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace cm4it::net {
namespace {

using std::chrono::milliseconds;

// A second descriptor keeps the socket open, as a child process does between fork and exec.
TEST(Poller, TellsNothingOfWhatWasRemovedThoughAnotherStillHasIt) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  FileDescriptor ours(ends[0]), theirs(ends[1]), duplicate(::dup(ends[0]));
  auto poller = Poller::make().value();
  int who = 0;
  const auto told = [&] {
    const auto events = poller.wait(milliseconds(0));
    return std::count_if(events.begin(), events.end(), [&](const epoll_event& event) { return event.data.ptr == &who; });
  };
  ASSERT_TRUE(poller.add(ours.get(), &who));
  ASSERT_EQ(told(), 1);  // it may be written to
  ASSERT_EQ(::write(theirs.get(), "a", 1), 1);
  ASSERT_EQ(told(), 1);
  poller.remove(ours.get());
  ours = FileDescriptor();
  ASSERT_EQ(::write(theirs.get(), "b", 1), 1);
  theirs = FileDescriptor();
  EXPECT_EQ(told(), 0);
}

}  // namespace
}  // namespace cm4it::net
