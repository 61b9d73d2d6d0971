// DER (X.690 sections 8 and 10), read strictly: what has two encodings is refused. Low tag numbers only: nothing that is read
// here has others.
#pragma once

#include <initializer_list>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace cm4it {

namespace der {

// Identifier octets (X.690 section 8.1.2).
inline constexpr std::uint8_t boolean = 0x01, integer = 0x02, bit_string = 0x03, octet_string = 0x04, null = 0x05, object = 0x06,
                              enumerated = 0x0a, utf8_string = 0x0c, utc_time = 0x17, generalized_time = 0x18, sequence = 0x30,
                              set = 0x31;
constexpr std::uint8_t context(std::uint8_t number) { return static_cast<std::uint8_t>(0xa0 | number); }  // constructed
constexpr std::uint8_t context_primitive(std::uint8_t number) { return static_cast<std::uint8_t>(0x80 | number); }

// One item around the concatenation of the parts.
Bytes item(std::uint8_t tag, std::initializer_list<View> parts);
Bytes item(std::uint8_t tag, View content);
Bytes integer_of(std::uint64_t value, std::uint8_t tag = integer);
Bytes unsigned_of(View octets);  // INTEGER of a number from zero up, most significant octet first, zeros before it or not
Bytes bits_of(View octets);  // BIT STRING without unused bits
Bytes generalized(Time time);  // YYYYMMDDHHMMSSZ (RFC 5280 section 4.1.2.5.2)

}  // namespace der

struct DerItem {
  std::uint8_t tag = 0;
  View content, whole;
};

// Reads items in order out of a buffer that outlives it; every view handed out lies in that buffer. `field` names what is
// read, for errors: malformed, all of them. After an error the reader is of no further use.
class DerReader {
 public:
  explicit DerReader(View input) : rest_(input) {}

  bool at_end() const { return rest_.empty(); }
  bool next_is(std::uint8_t tag) const { return !rest_.empty() && rest_[0] == tag; }

  Result<DerItem> item(const char* field);
  Result<View> take(std::uint8_t tag, const char* field);  // its content
  Result<DerReader> enter(std::uint8_t tag, const char* field);  // a reader of its content
  Result<View> integer(const char* field);  // two's complement, in the fewest octets (section 8.3.2)
  Result<std::uint64_t> uint(const char* field, std::uint8_t tag = der::integer);
  Result<bool> boolean(const char* field);
  Result<View> object(const char* field);  // an OBJECT IDENTIFIER's octets (section 8.19)
  Result<View> bits(const char* field);  // without unused bits
  Result<Time> time(const char* field);  // UTCTime or GeneralizedTime, as RFC 5280 4.1.2.5 has them
  // The input must be used up.
  Result<void> end(const char* field) const;

 private:
  View rest_;
};

}  // namespace cm4it
