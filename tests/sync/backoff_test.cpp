// How soon a server that was away is asked again.
#include "sync/backoff.h"

#include <gtest/gtest.h>

#include <set>

namespace cm4it::sync {
namespace {

using namespace std::chrono_literals;

TEST(Backoff, StaysBelowTwoSecondsForMinutes) {
  Backoff backoff;
  auto now = Backoff::Clock::time_point{} + 1h;
  const auto begun = now;
  auto least = 100ms;
  while (now - begun < 5min) {
    const auto pause = backoff.next(now);
    EXPECT_LT(pause, 2s);
    EXPECT_GE(pause, least);
    least = std::min(least * 2, std::chrono::milliseconds(950));
    now += pause;
  }
}

TEST(Backoff, GrowsForOneThatIsAwayForLong) {
  Backoff backoff;
  auto now = Backoff::Clock::time_point{} + 1h;
  for (const auto end = now + 10min; now < end;) now += backoff.next(now);
  for (int i = 0; i < 10; ++i) {
    const auto pause = backoff.next(now);
    EXPECT_GE(pause, 15s);
    EXPECT_LE(pause, 30s);
  }
  backoff.reset();
  EXPECT_LE(backoff.next(now), 200ms);
}

TEST(Backoff, LinksDoNotKnockTogether) {
  std::set<std::chrono::milliseconds> pauses;
  for (int i = 0; i < 100; ++i) pauses.insert(Backoff().next());
  EXPECT_GT(pauses.size(), 5u);
}

}  // namespace
}  // namespace cm4it::sync
