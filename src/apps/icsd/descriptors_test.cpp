#include "apps/icsd/descriptors.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "base/budgets.h"

namespace cm4it::icsd {
namespace {

TEST(Descriptors, TheSoftLimitIsRaised) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  if (before.rlim_max < 512) GTEST_SKIP() << "the hard limit here leaves nothing to raise";
  rlimit low = before;
  low.rlim_cur = 256;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  const auto raised = raise_descriptor_limit(2);
  rlimit now{};
  getrlimit(RLIMIT_NOFILE, &now);
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(raised.found, 256u);
  EXPECT_EQ(raised.limit, std::min<std::size_t>(before.rlim_max, 2 * budget::connections + 1024));
  EXPECT_EQ(now.rlim_cur, raised.limit);
}

TEST(Descriptors, ListenersShareAndLeaveSome) {
  for (const std::size_t limit : {64u, 1024u, 4096u, 65536u, 1u << 20})
    for (const std::size_t listeners : {1u, 2u, 5u}) {
      const auto share = share_of_listener(limit, listeners);
      EXPECT_GE(share.connections, 1u);
      EXPECT_LE(share.connections, budget::connections);
      EXPECT_LE(share.connections * listeners + std::min<std::size_t>(limit / 16, 1024), limit) << limit << " " << listeners;
      EXPECT_EQ(share.reserved, share.connections / 8);
    }
  EXPECT_EQ(share_of_listener(1024, 2).connections, 448u);
}

}  // namespace
}  // namespace cm4it::icsd
