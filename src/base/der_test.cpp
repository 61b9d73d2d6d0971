#include "base/der.h"

#include <gtest/gtest.h>

#include "base/hex_for_test.h"

namespace cm4it {
namespace {

Result<DerItem> read(std::string_view digits) {
  static Bytes bytes;
  bytes = hex(digits);
  DerReader reader(bytes);
  TRY(const DerItem found, reader.item("it"));
  CHECK_OK(reader.end("it"));
  return found;
}

Result<Time> time_of(std::uint8_t tag, std::string_view text) {
  const Bytes bytes = der::item(tag, view(text));
  return DerReader(bytes).time("it");
}

Result<std::uint64_t> uint_of(std::string_view digits) {
  const Bytes bytes = hex(digits);
  return DerReader(bytes).uint("it");
}

TEST(Der, LengthsHaveOneForm) {
  EXPECT_EQ(read("0500")->tag, der::null);
  for (const std::size_t size : {std::size_t{127}, std::size_t{128}, std::size_t{255}, std::size_t{256}, std::size_t{65'536}}) {
    const Bytes made = der::item(der::octet_string, Bytes(size, 7));
    const auto found = read(to_hex(made));
    ASSERT_TRUE(found) << size;
    EXPECT_EQ(found->content.size(), size);
    EXPECT_TRUE(equal(found->whole, made));
  }
  // 1: one octet, in long form; 2: two where one does; 3: indefinite; 4: of five octets; 5, 6: cut off; 7: a high tag; 8: more
  // behind it
  for (const char* bad : {"04810100", "0482008000", "048000000000", "048500000000010000", "0402ff", "0482", "1f0100", "050000"})
    EXPECT_EQ(read(bad).error().code, Code::malformed) << bad;
  EXPECT_EQ(to_hex(der::item(der::octet_string, Bytes(128, 0))).substr(0, 6), "048180");
  EXPECT_EQ(to_hex(der::item(der::octet_string, Bytes(256, 0))).substr(0, 8), "04820100");
}

TEST(Der, IntegersHaveOneForm) {
  for (const std::uint64_t value : {0ull, 1ull, 127ull, 128ull, 255ull, 256ull, 0x7fffffffffffffffull, 0xffffffffffffffffull})
    EXPECT_EQ(uint_of(to_hex(der::integer_of(value))).value(), value);
  EXPECT_EQ(to_hex(der::integer_of(128)), "02020080");
  EXPECT_EQ(to_hex(der::unsigned_of(hex("0000"))), "020100");
  EXPECT_EQ(to_hex(der::unsigned_of(View())), "020100");
  EXPECT_EQ(to_hex(der::unsigned_of(hex("007f"))), "02017f");
  EXPECT_EQ(to_hex(der::unsigned_of(hex("0080ff"))), "02030080ff");
  for (const char* bad : {"0200", "02020001", "0201ff", "0209010000000000000000", "040101", ""})
    EXPECT_EQ(uint_of(bad).error().code, Code::malformed) << bad;
  const Bytes negative = hex("0201ff"), long_negative = hex("0202ff80");
  EXPECT_EQ(to_hex(DerReader(negative).integer("it").value()), "ff");
  EXPECT_FALSE(DerReader(long_negative).integer("it"));
}

TEST(Der, BooleansAndBitStrings) {
  const Bytes yes = hex("0101ff"), no = hex("010100"), other = hex("010101"), bits = hex("030200ab"), unused = hex("030204a0"),
              none = hex("0300");
  EXPECT_TRUE(DerReader(yes).boolean("it").value());
  EXPECT_FALSE(DerReader(no).boolean("it").value());
  EXPECT_FALSE(DerReader(other).boolean("it"));
  EXPECT_EQ(to_hex(DerReader(bits).bits("it").value()), "ab");
  EXPECT_FALSE(DerReader(unused).bits("it"));
  EXPECT_FALSE(DerReader(none).bits("it"));
  EXPECT_EQ(der::bits_of(hex("ab")), bits);
}

TEST(Der, ObjectIdentifiers) {
  const Bytes good = hex("06032b6570"), none = hex("0600"), cut = hex("06022b86"), padded = hex("06042b800101");
  EXPECT_EQ(to_hex(DerReader(good).object("it").value()), "2b6570");
  for (const Bytes& bad : {none, cut, padded}) EXPECT_FALSE(DerReader(bad).object("it")) << to_hex(bad);
}

TEST(Der, Times) {
  EXPECT_EQ(to_rfc3339(time_of(der::utc_time, "491231235959Z").value()), "2049-12-31T23:59:59Z");
  EXPECT_EQ(to_rfc3339(time_of(der::utc_time, "500101000000Z").value()), "1950-01-01T00:00:00Z");
  EXPECT_EQ(to_rfc3339(time_of(der::generalized_time, "20240229120102Z").value()), "2024-02-29T12:01:02Z");
  const Time time{1'800'000'000};
  const Bytes made = der::generalized(time);
  EXPECT_EQ(DerReader(made).time("it").value(), time);
  for (const char* bad :
       {"2024022912010Z", "20240229120102", "20240229120102+", "20230229120102Z", "20240229240102Z", "20240229126002Z",
        "20240229120160Z", "2024022912010xZ", "20241329120102Z", "20240200120102Z", "20240229120102.5Z", ""})
    EXPECT_FALSE(time_of(der::generalized_time, bad)) << bad;
  for (const char* bad : {"4912312359Z", "491231235959+0100", "20240229120102Z"})
    EXPECT_FALSE(time_of(der::utc_time, bad)) << bad;
  EXPECT_FALSE(time_of(der::octet_string, "20240229120102Z"));
}

TEST(Der, ErrorsNameTheField) {
  const Bytes sequence = hex("3003020101");
  DerReader outer(sequence);
  auto inner = outer.enter(der::sequence, "list");
  ASSERT_TRUE(inner);
  EXPECT_TRUE(outer.at_end());
  const auto wrong = inner->take(der::octet_string, "list.name");
  ASSERT_FALSE(wrong);
  EXPECT_TRUE(wrong.error().message.starts_with("list.name: "));
  DerReader nothing({});
  EXPECT_EQ(nothing.take(der::octet_string, "list.end").error().message, "list.end: missing");
}

}  // namespace
}  // namespace cm4it
