#include "base/time.h"

#include <gtest/gtest.h>

namespace cm4it {
namespace {

TEST(Rfc3339, ThereAndBack) {
  const std::pair<std::int64_t, const char*> cases[] = {
      {0, "1970-01-01T00:00:00Z"}, {-1, "1969-12-31T23:59:59Z"}, {951782400, "2000-02-29T00:00:00Z"}, {1'798'675'200, "2026-12-31T00:00:00Z"},
      {4'107'542'399, "2100-02-28T23:59:59Z"}, {253'402'300'799, "9999-12-31T23:59:59Z"}, {-62'167'219'200, "0000-01-01T00:00:00Z"}};
  for (const auto& [seconds, text] : cases) {
    EXPECT_EQ(to_rfc3339(Time{seconds}), text);
    EXPECT_EQ(from_rfc3339(text).value(), Time{seconds}) << text;
  }
}

// Any signed time up to 2^53 can be shown, and none as another.
TEST(Rfc3339, TimesBeyondTheYear9999) {
  EXPECT_EQ(to_rfc3339(Time::never()), "never");
  for (const std::int64_t seconds : {std::int64_t{253'402'300'800}, std::int64_t{1} << 53, (std::int64_t{1} << 32) * 86'400,
                                     std::int64_t{INT64_MAX} - 1, std::int64_t{INT64_MIN}, std::int64_t{-62'167'219'201}})
    EXPECT_EQ(to_rfc3339(Time{seconds}), "@" + std::to_string(seconds));
}

TEST(Rfc3339, OffsetsAndFractions) {
  const Time noon = from_rfc3339("2026-06-01T12:00:00Z").value();
  for (const char* same : {"2026-06-01T14:00:00+02:00", "2026-06-01T06:30:00-05:30", "2026-06-01t12:00:00z", "2026-06-01 12:00:00Z",
                           "2026-06-01T12:00:00.999Z", "2026-06-02T00:00:00+12:00", "2026-06-01T12:00:00-00:00"})
    EXPECT_EQ(from_rfc3339(same).value(), noon) << same;
  EXPECT_EQ(from_rfc3339("2016-12-31T23:59:60Z").value(), from_rfc3339("2017-01-01T00:00:00Z").value());  // a leap second
}

TEST(Rfc3339, Refuses) {
  for (const char* bad : {"", "2026", "2026-06-01", "2026-06-01T12:00:00", "2026-06-01T12:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
                          "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-06-31T00:00:00Z", "2026-06-01T24:00:00Z", "2026-06-01T12:60:00Z",
                          "2026-06-01T12:00:61Z", "2026-06-01T12:00:00.Z", "2026-06-01T12:00:00+2:00", "2026-06-01T12:00:00+24:00",
                          "2026-06-01T12:00:00+02:60", "2026-06-01T12:00:00+0200", "2026-06-01T12:00:00Zz", "2026-06-01T12:00:00Z ",
                          " 2026-06-01T12:00:00Z", "2026/06/01T12:00:00Z", "26-06-01T12:00:00Z", "-026-06-01T12:00:00Z", "2026-06-01X12:00:00Z",
                          "never", "1800000000"})
    EXPECT_EQ(from_rfc3339(bad).error().code, Code::malformed) << bad;
}

TEST(Duration, ThereAndBack) {
  const std::pair<const char*, Seconds> cases[] = {{"90s", 90}, {"15m", 900}, {"24h", 86'400}, {"7d", 604'800}, {"0s", 0}, {"1000000000s", 1'000'000'000}};
  for (const auto& [text, seconds] : cases) EXPECT_EQ(parse_duration(text).value(), seconds) << text;
  for (const char* same : {"90s", "15m", "1d", "7d", "0s", "25h", "61s"}) EXPECT_EQ(format_duration(parse_duration(same).value()), same);
  EXPECT_EQ(format_duration(86'400), "1d");
  for (const char* bad : {"", "s", "90", "-1s", "1.5h", "1 h", "1h ", "1H", "1w", "1h30m", "1000000001s", "99999999999999999999s", "+1s"})
    EXPECT_EQ(parse_duration(bad).error().code, Code::malformed) << bad;
}

TEST(Time, NeverIsNotPassed) {
  EXPECT_EQ(Time::never() + 1, Time::never());
  EXPECT_EQ(Time{INT64_MAX - 5} + 10, Time::never());
  EXPECT_EQ(Time{5} + 10, Time{15});
  EXPECT_EQ(Time{15} - Time{5}, 10);
}

}  // namespace
}  // namespace cm4it
