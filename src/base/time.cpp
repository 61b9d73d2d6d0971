#include "base/time.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace cm4it {
namespace {

using namespace std::chrono;

// 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z: what four digits of a year can say.
constexpr std::int64_t first_shown = -62'167'219'200, last_shown = 253'402'300'799;

// Digits of a fixed width; -1: not digits.
int digits(std::string_view text, std::size_t at, std::size_t count) {
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (i >= text.size() || text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

tl::unexpected<Error> not_a_time(std::string_view text) {
  return fail(Code::malformed, "time: expected RFC 3339, like 2026-12-31T00:00:00Z, found \"" + std::string(text) + "\"");
}

struct Unit { char letter; Seconds seconds; };
constexpr std::array units = {Unit{'d', 86'400}, Unit{'h', 3600}, Unit{'m', 60}, Unit{'s', 1}};

}  // namespace

Time system_time() { return {duration_cast<seconds>(system_clock::now().time_since_epoch()).count()}; }

std::string to_rfc3339(Time time) {
  if (time == Time::never()) return "never";
  if (time.seconds < first_shown || time.seconds > last_shown) return "@" + std::to_string(time.seconds);
  const auto days_since = floor<days>(seconds{time.seconds});
  const year_month_day date{sys_days{days_since}};
  const std::int64_t in_day = time.seconds - days_since.count() * 86'400;
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), static_cast<int>(in_day / 3600),
                static_cast<int>(in_day / 60 % 60), static_cast<int>(in_day % 60));
  return buffer;
}

// RFC 3339 section 5.6: date-time = full-date "T" full-time.
Result<Time> from_rfc3339(std::string_view text) {
  const int y = digits(text, 0, 4), mo = digits(text, 5, 2), d = digits(text, 8, 2);
  const int h = digits(text, 11, 2), mi = digits(text, 14, 2), s = digits(text, 17, 2);
  if (y < 0 || mo < 0 || d < 0 || h < 0 || mi < 0 || s < 0 || h > 23 || mi > 59 || s > 60) return not_a_time(text);
  if (text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't' && text[10] != ' ') || text[13] != ':' ||
      text[16] != ':')
    return not_a_time(text);
  std::size_t at = 19;
  if (at < text.size() && text[at] == '.') {
    const std::size_t begin = ++at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    if (at == begin) return not_a_time(text);
  }
  const year_month_day date{year{y}, month{static_cast<unsigned>(mo)}, day{static_cast<unsigned>(d)}};
  if (!date.ok() || at >= text.size()) return not_a_time(text);
  Seconds offset = 0;
  if (text[at] == 'Z' || text[at] == 'z') {
    if (at + 1 != text.size()) return not_a_time(text);
  } else {
    const int oh = digits(text, at + 1, 2), om = digits(text, at + 4, 2);
    if ((text[at] != '+' && text[at] != '-') || oh < 0 || om < 0 || oh > 23 || om > 59 || at + 6 != text.size() ||
        text[at + 3] != ':')
      return not_a_time(text);
    offset = (oh * 3600 + om * 60) * (text[at] == '-' ? -1 : 1);
  }
  const auto whole_days = sys_days{date}.time_since_epoch().count();
  return Time{std::int64_t{whole_days} * 86'400 + h * 3600 + mi * 60 + s - offset};
}

Result<Seconds> parse_duration(std::string_view text) {
  Seconds count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const auto bad = [&] {
    return fail(Code::malformed, "duration: expected a number and one of s, m, h, d, like 24h, found \"" +
                std::string(text) + "\"");
  };
  if (error != std::errc{} || end + 1 != text.data() + text.size() || count < 0 || count > 1'000'000'000) return bad();
  for (const Unit& unit : units)
    if (*end == unit.letter) return count * unit.seconds;
  return bad();
}

std::string format_duration(Seconds span) {
  for (const Unit& unit : units)
    if (span != 0 && span % unit.seconds == 0) return std::to_string(span / unit.seconds) + unit.letter;
  return std::to_string(span) + "s";
}

}  // namespace cm4it
