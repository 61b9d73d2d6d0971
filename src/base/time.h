// Seconds of Unix time, the resolution of every signed time here (RFC 8392 NumericDate).
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cm4it {

struct Time {
  std::int64_t seconds = 0;

  auto operator<=>(const Time&) const = default;
  static constexpr Time never() { return {std::numeric_limits<std::int64_t>::max()}; }
};

using Seconds = std::int64_t;  // a span of time

// A clock that says less was never set: it is no judge of anybody else's.
inline constexpr Time plausible_clock{1'767'225'600};  // 2026

// Saturates at never(): an unbounded span stays unbounded.
constexpr Time operator+(Time time, Seconds span) {
  if (span > 0 && time.seconds > std::numeric_limits<std::int64_t>::max() - span) return Time::never();
  return {time.seconds + span};
}
constexpr Seconds operator-(Time later, Time earlier) { return later.seconds - earlier.seconds; }

// Where the time comes from is always an argument; only `icsd`, `ics` and the demo pass this one.
using Clock = std::function<Time()>;
Time system_time();

std::string to_rfc3339(Time time);                      // 2026-12-31T00:00:00Z; "never" for never()
Result<Time> from_rfc3339(std::string_view text);       // any offset; fractions are cut off
Result<Seconds> parse_duration(std::string_view text);  // "90s", "15m", "24h", "7d"
std::string format_duration(Seconds span);

}  // namespace cm4it
