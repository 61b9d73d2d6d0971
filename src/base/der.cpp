#include "base/der.h"

#include <chrono>

namespace cm4it {

namespace der {

Bytes item(std::uint8_t tag, std::initializer_list<View> parts) {
  std::size_t size = 0;
  for (const View part : parts) size += part.size();
  Bytes out{tag};
  out.reserve(size + 6);
  if (size < 0x80) {
    out.push_back(static_cast<std::uint8_t>(size));
  } else {  // X.690 section 10.1: the length in the fewest octets
    int octets = 1;
    while (octets < 8 && size >> (8 * octets) != 0) ++octets;
    out.push_back(static_cast<std::uint8_t>(0x80 | octets));
    while (octets-- > 0) out.push_back(static_cast<std::uint8_t>(size >> (8 * octets)));
  }
  for (const View part : parts) append(out, part);
  return out;
}

Bytes item(std::uint8_t tag, View content) { return item(tag, {content}); }

Bytes integer_of(std::uint64_t value, std::uint8_t tag) {
  Bytes content;
  append_u64(content, value);
  std::size_t zeros = 0;
  while (zeros < 7 && content[zeros] == 0) ++zeros;
  content.erase(content.begin(), content.begin() + static_cast<std::ptrdiff_t>(zeros));
  if (content[0] >= 0x80) content.insert(content.begin(), 0);  // it would be negative
  return item(tag, content);
}

Bytes unsigned_of(View octets) {
  while (octets.size() > 1 && octets[0] == 0) octets = octets.subspan(1);
  const std::uint8_t zero = 0;
  const bool needs_zero = octets.empty() || (octets[0] & 0x80) != 0;  // a first bit that is set would make it negative
  return item(integer, {View(&zero, needs_zero ? 1 : 0), octets});
}

Bytes bits_of(View octets) {
  const std::uint8_t unused = 0;
  return item(bit_string, {View(&unused, 1), octets});
}

Bytes generalized(Time time) {
  const std::string text = to_rfc3339(time);  // 2026-12-31T00:00:00Z
  std::string digits;
  for (const char c : text)
    if (c >= '0' && c <= '9') digits += c;
  return item(generalized_time, view(digits + "Z"));
}

}  // namespace der

namespace {

tl::unexpected<Error> broken(const char* field, const char* rule, const char* where = "X.690") {
  return fail(Code::malformed, std::string(field) + ": " + rule, where);
}

// Two digits, or -1.
int two_digits(View text, std::size_t at) {
  const int high = text[at] - '0', low = text[at + 1] - '0';
  return high < 0 || high > 9 || low < 0 || low > 9 ? -1 : 10 * high + low;
}

}  // namespace

Result<DerItem> DerReader::item(const char* field) {
  if (rest_.size() < 2) return broken(field, rest_.empty() ? "missing" : "cut off");
  if ((rest_[0] & 0x1f) == 0x1f) return broken(field, "a tag number above 30, which nothing here has");
  std::size_t size = rest_[1], head = 2;
  if (size >= 0x80) {
    const std::size_t octets = size & 0x7f;
    if (octets == 0) return broken(field, "a length without its number; DER says how long", "X.690 section 10.1");
    if (octets > 4) return broken(field, "a length of more than 32 bits");
    if (rest_.size() < 2 + octets) return broken(field, "cut off");
    size = 0;
    for (std::size_t i = 0; i < octets; ++i) size = size << 8 | rest_[2 + i];
    if (size < 0x80 || size >> (8 * (octets - 1)) == 0)
      return broken(field, "a length that is not in its shortest form", "X.690 section 10.1");
    head += octets;
  }
  if (rest_.size() - head < size) return broken(field, "cut off");
  const DerItem found{rest_[0], rest_.subspan(head, size), rest_.first(head + size)};
  rest_ = rest_.subspan(head + size);
  return found;
}

Result<View> DerReader::take(std::uint8_t tag, const char* field) {
  if (!rest_.empty() && rest_[0] != tag) return broken(field, "another type than expected");
  TRY(const DerItem found, item(field));
  return found.content;
}

Result<DerReader> DerReader::enter(std::uint8_t tag, const char* field) {
  TRY(const View content, take(tag, field));
  return DerReader(content);
}

Result<View> DerReader::integer(const char* field) {
  TRY(const View content, take(der::integer, field));
  if (content.empty()) return broken(field, "an integer without octets");
  if (content.size() > 1 && ((content[0] == 0 && content[1] < 0x80) || (content[0] == 0xff && content[1] >= 0x80)))
    return broken(field, "an integer that is not in its shortest form", "X.690 section 8.3.2");
  return content;
}

Result<std::uint64_t> DerReader::uint(const char* field, std::uint8_t tag) {
  if (!next_is(tag)) return broken(field, rest_.empty() ? "missing" : "another type than expected");
  TRY(const View content, take(tag, field));
  if (content.empty() || content[0] >= 0x80) return broken(field, "a number from 0 up expected");
  if (content.size() > 1 && content[0] == 0 && content[1] < 0x80)
    return broken(field, "an integer that is not in its shortest form", "X.690 section 8.3.2");
  if (content.size() > 9 || (content.size() == 9 && content[0] != 0)) return broken(field, "a number of more than 64 bits");
  std::uint64_t value = 0;
  for (const std::uint8_t octet : content) value = value << 8 | octet;
  return value;
}

Result<bool> DerReader::boolean(const char* field) {
  TRY(const View content, take(der::boolean, field));
  if (content.size() != 1 || (content[0] != 0 && content[0] != 0xff))
    return broken(field, "a boolean is one octet, 00 or FF", "X.690 section 11.1");
  return content[0] != 0;
}

Result<View> DerReader::object(const char* field) {
  TRY(const View content, take(der::object, field));
  bool begins = true;  // each part in the fewest octets, the last of them with bit 8 clear
  for (const std::uint8_t octet : content) {
    if (begins && octet == 0x80)
      return broken(field, "an object identifier that is not in its shortest form", "X.690 section 8.19.2");
    begins = octet < 0x80;
  }
  if (content.empty() || !begins) return broken(field, "an object identifier that is cut off", "X.690 section 8.19.2");
  return content;
}

Result<View> DerReader::bits(const char* field) {
  TRY(const View content, take(der::bit_string, field));
  if (content.empty() || content[0] != 0) return broken(field, "a bit string of whole octets expected");
  return content.subspan(1);
}

Result<Time> DerReader::time(const char* field) {
  constexpr const char* where = "RFC 5280 section 4.1.2.5";
  TRY(const DerItem found, item(field));
  const bool utc = found.tag == der::utc_time;
  if (!utc && found.tag != der::generalized_time) return broken(field, "UTCTime or GeneralizedTime expected", where);
  const View text = found.content;
  const std::size_t date = utc ? 2 : 4;
  if (text.size() != date + 11 || text.back() != 'Z')
    return broken(field, utc ? "YYMMDDHHMMSSZ expected" : "YYYYMMDDHHMMSSZ expected", where);
  int year = two_digits(text, 0);
  if (!utc) year = two_digits(text, 2) < 0 || year < 0 ? -1 : 100 * year + two_digits(text, 2);
  else if (year >= 0) year += year >= 50 ? 1900 : 2000;
  int part[5];
  for (std::size_t i = 0; i < 5; ++i) part[i] = two_digits(text, date + 2 * i);
  using namespace std::chrono;
  const year_month_day day{std::chrono::year{year}, month{static_cast<unsigned>(part[0])},
                           std::chrono::day{static_cast<unsigned>(part[1])}};
  if (year < 0 || !day.ok() || part[2] < 0 || part[2] > 23 || part[3] < 0 || part[3] > 59 || part[4] < 0 || part[4] > 59)
    return broken(field, "no such time", where);
  return Time{sys_days{day}.time_since_epoch().count() * std::int64_t{86400} + part[2] * 3600 + part[3] * 60 + part[4]};
}

Result<void> DerReader::end(const char* field) const {
  if (!rest_.empty()) return broken(field, "octets after its end");
  return {};
}

}  // namespace cm4it
