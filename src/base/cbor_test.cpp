#include "base/cbor.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "base/hex_for_test.h"

namespace cm4it {
namespace {

Result<View> whole_item(View encoded) {
  CborReader reader(encoded);
  TRY(const View item, reader.item());
  CHECK_OK(reader.end());
  return item;
}

// RFC 8949 Appendix A, as far as the values belong to the subset.
TEST(Cbor, RfcExamplesOfUnsignedIntegers) {
  struct Case { std::uint64_t value; const char* encoding; };
  const Case cases[] = {{0, "00"}, {1, "01"}, {10, "0a"}, {23, "17"}, {24, "1818"}, {25, "1819"}, {100, "1864"},
                        {1000, "1903e8"}, {1000000, "1a000f4240"}, {1000000000000, "1b000000e8d4a51000"},
                        {UINT64_MAX, "1bffffffffffffffff"}, {255, "18ff"}, {256, "190100"}, {65535, "19ffff"},
                        {65536, "1a00010000"}, {0xffffffff, "1affffffff"}, {0x100000000, "1b0000000100000000"}};
  for (const auto& [value, encoding] : cases) {
    EXPECT_EQ(to_hex(CborWriter().uint(value).view()), encoding);
    const Bytes bytes = hex(encoding);
    CborReader reader(bytes);
    EXPECT_EQ(reader.uint().value(), value) << encoding;
    EXPECT_TRUE(reader.at_end());
    EXPECT_TRUE(whole_item(bytes)) << encoding;
  }
}

TEST(Cbor, RfcExamplesOfSignedIntegers) {
  struct Case { std::int64_t value; const char* encoding; };
  const Case cases[] = {{-1, "20"}, {-10, "29"}, {-24, "37"}, {-25, "3818"}, {-100, "3863"}, {-1000, "3903e7"}, {1000, "1903e8"},
                        {INT64_MAX, "1b7fffffffffffffff"}, {INT64_MIN, "3b7fffffffffffffff"}};
  for (const auto& [value, encoding] : cases) {
    EXPECT_EQ(to_hex(CborWriter().integer(value).view()), encoding);
    const Bytes bytes = hex(encoding);
    EXPECT_EQ(CborReader(bytes).integer().value(), value) << encoding;
  }
  // -18446744073709551616 and 2^63 are well-formed, but beyond what integer() can give.
  for (const char* beyond : {"3bffffffffffffffff", "3b8000000000000000", "1b8000000000000000"}) {
    const Bytes bytes = hex(beyond);
    EXPECT_EQ(CborReader(bytes).integer().error().code, Code::malformed) << beyond;
    EXPECT_TRUE(whole_item(bytes)) << beyond;
  }
}

TEST(Cbor, RfcExamplesOfStringsAndSimpleValues) {
  EXPECT_EQ(to_hex(CborWriter().bytes({}).bytes(hex("01020304")).view()), "40" "4401020304");
  struct Case { const char* value; const char* encoding; };
  const Case cases[] = {{"", "60"}, {"a", "6161"}, {"IETF", "6449455446"}, {"\"\\", "62225c"}, {"\u00fc", "62c3bc"},
                        {"\u6c34", "63e6b0b4"}, {"\xf0\x90\x85\x91", "64f0908591"}};
  for (const auto& [value, encoding] : cases) {
    EXPECT_EQ(to_hex(CborWriter().text(value).view()), encoding);
    const Bytes bytes = hex(encoding);
    EXPECT_EQ(CborReader(bytes).text().value(), value) << encoding;
  }
  EXPECT_EQ(to_hex(CborWriter().boolean(false).boolean(true).null().view()), "f4f5f6");
  const Bytes bytes = hex("f4f5f6");
  CborReader reader(bytes);
  EXPECT_FALSE(reader.next_is_null());
  EXPECT_FALSE(reader.boolean().value());
  EXPECT_TRUE(reader.boolean().value());
  EXPECT_TRUE(reader.next_is_null());
  EXPECT_TRUE(reader.null());
  EXPECT_FALSE(reader.next_is_null());
  EXPECT_TRUE(reader.end());
}

TEST(Cbor, RfcExamplesOfNestedItems) {
  for (const char* encoding : {"80", "83010203", "8301820203820405", "98190102030405060708090a0b0c0d0e0f101112131415161718181819",
                               "a0", "a201020304", "a26161016162820203", "826161a161626163",
                               "a56161614161626142616361436164614461656145"}) {
    const Bytes bytes = hex(encoding);
    const auto item = whole_item(bytes);
    ASSERT_TRUE(item) << encoding << ": " << item.error().message;
    EXPECT_EQ(to_hex(*item), encoding);
  }
}

Result<void> take_uint(CborReader& reader) {
  CHECK_OK(reader.uint());
  return {};
}

TEST(Cbor, MapsAreReadFieldByField) {
  const Bytes bytes = hex("a3" "0161" "61" "20" "8101" "6162" "01");  // a text key among integer keys
  EXPECT_EQ(CborReader(bytes).int_map([](auto) { return Result<void>(); }).error().code, Code::malformed);

  const Bytes integers = CborWriter().map(3).uint(1).text("one").uint(2).map(1).text("x").uint(7).integer(-1).null().take();
  CborReader reader(integers);
  std::string seen;
  const auto read = reader.int_map([&](std::int64_t key) -> Result<void> {
    seen += std::to_string(key) + " ";
    if (key == -1) return reader.null();
    if (key == 2) return reader.text_map([&](std::string_view inner) {
      seen += inner;
      return take_uint(reader);
    });
    CHECK_OK(reader.text());
    return {};
  });
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(reader.end());
  EXPECT_EQ(seen, "1 2 x-1 ");
}

struct Refused { const char* what; const char* encoding; };

const Refused refused[] = {
    {"23 in two octets", "1817"}, {"0 in two octets", "1800"}, {"255 in three", "1900ff"}, {"65535 in five", "1a0000ffff"},
    {"2^32-1 in nine", "1b00000000ffffffff"}, {"-1 in two octets", "3800"}, {"string length not shortest", "580101"},
    {"text length not shortest", "780161"}, {"array count not shortest", "980101"}, {"map count not shortest", "b8010102"},
    {"tag not shortest", "d80100"},
    {"indefinite bytes", "5f42010243030405ff"}, {"indefinite text", "7f657374726561646d696e67ff"},
    {"indefinite array", "9f01ff"}, {"indefinite map", "bf0102ff"}, {"a break alone", "ff"},
    {"reserved 28", "1c"}, {"reserved 29", "3d"}, {"reserved 30", "5e"},
    {"half float", "f93c00"}, {"single float", "fa47c35000"}, {"double float", "fb3ff199999999999a"},
    {"undefined", "f7"}, {"simple 16", "f0"}, {"simple 0", "e0"}, {"simple 255", "f8ff"}, {"false in two octets", "f814"},
    {"key twice", "a201000100"}, {"keys in the wrong order", "a202000100"}, {"negative before positive", "a220000100"},
    {"long before short key", "a2626161006162" "00"}, {"text keys in the wrong order", "a2616200616100"},
    {"key twice deep inside", "81a101a201000100"},
    {"text: a lone continuation octet", "6180"}, {"text: overlong slash", "62c0af"}, {"text: overlong in three", "63e080af"},
    {"text: surrogate", "63eda080"}, {"text: beyond U+10FFFF", "64f4908080"}, {"text: cut character", "61c3"},
    {"text: ff", "61ff"}, {"text as key that is no UTF-8", "a161ff00"},
    {"trailing octet", "0000"}, {"nothing", ""},
    {"string longer than the input", "5bffffffffffffffff00"}, {"array longer than the input", "9bffffffffffffffff00"},
    {"map longer than the input", "bbffffffffffffffff00"}, {"map: key without value", "a101"},
    {"2^63 pairs (doubling would wrap)", "bb800000000000000000"},
};

TEST(Cbor, Refuses) {
  for (const auto& [what, encoding] : refused) {
    const Bytes bytes = hex(encoding);
    const auto item = whole_item(bytes);
    ASSERT_FALSE(item) << what;
    EXPECT_EQ(item.error().code, Code::malformed) << what;
    EXPECT_NE(item.error().message.find("octet "), std::string::npos) << what << ": " << item.error().message;
  }
}

// The typed readers refuse what item() refuses, and every other type.
TEST(Cbor, TypedReadersWantTheirType) {
  const char* const of_type[] = {"01", "20", "4101", "6161", "8101", "a10102", "c101", "f4", "f6"};
  for (const char* encoding : of_type) {
    const Bytes bytes = hex(encoding);
    const auto accepted = [&](auto read) { CborReader reader(bytes); return read(reader).has_value(); };
    const std::string is = encoding;
    EXPECT_EQ(accepted([](auto& r) { return r.uint(); }), is == "01") << is;
    EXPECT_EQ(accepted([](auto& r) { return r.integer(); }), is == "01" || is == "20") << is;
    EXPECT_EQ(accepted([](auto& r) { return r.bytes(); }), is == "4101") << is;
    EXPECT_EQ(accepted([](auto& r) { return r.text(); }), is == "6161") << is;
    EXPECT_EQ(accepted([](auto& r) { return r.array(); }), is == "8101") << is;
    EXPECT_EQ(accepted([](auto& r) { return r.tag(); }), is == "c101") << is;
    EXPECT_EQ(accepted([](auto& r) { return r.boolean(); }), is == "f4") << is;
    EXPECT_EQ(accepted([](auto& r) { return r.null(); }), is == "f6") << is;
    EXPECT_EQ(accepted([](auto& r) { return r.int_map([&](auto) { return take_uint(r); }); }),
              is == "a10102") << is;
  }
}

TEST(Cbor, IntMapRefusesDisorder) {
  for (const char* encoding : {"a201000100", "a202000100", "a220000100", "a2180100" "0200", "bf0100ff", "a10100" "00", "a2010002"}) {
    const Bytes bytes = hex(encoding);
    CborReader reader(bytes);
    auto read = reader.int_map([&](auto) { return take_uint(reader); });
    EXPECT_FALSE(read && reader.end()) << encoding;
  }
}

TEST(Cbor, TruncatedAtEveryOctet) {
  const Bytes bytes = CborWriter().tag(18).array(4).bytes(hex("a10126")).map(2).uint(300).text("\u6c34 water").integer(-70001)
                          .array(2).boolean(true).null().uint(UINT64_MAX).bytes(Bytes(300, 7)).take();
  ASSERT_TRUE(whole_item(bytes));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto item = whole_item(View(bytes).first(size));
    ASSERT_FALSE(item) << size;
    EXPECT_EQ(item.error().code, Code::malformed) << size;
  }
}

Bytes nested(std::size_t levels, View level) {
  Bytes bytes;
  for (std::size_t i = 0; i < levels; ++i) append(bytes, level);
  bytes.push_back(0);
  return bytes;
}

TEST(Cbor, DepthHasABudget) {
  for (const char* level : {"81", "a100", "c1"}) {
    const Bytes fits = nested(budget::cbor_depth, hex(level)), deeper = nested(budget::cbor_depth + 1, hex(level));
    EXPECT_TRUE(whole_item(fits)) << level;
    EXPECT_EQ(whole_item(deeper).error().code, Code::too_large) << level;
    EXPECT_EQ(whole_item(nested(200'000, hex(level))).error().code, Code::too_large) << level;  // no deep recursion
  }
}

TEST(Cbor, NumberOfItemsHasABudget) {
  const auto zeros = [](std::size_t count) {
    CborWriter out;
    out.array(count);
    for (std::size_t i = 0; i < count; ++i) out.uint(0);
    return out.take();
  };
  const Bytes fits = zeros(budget::cbor_items - 1), more = zeros(budget::cbor_items);  // the array is an item too
  EXPECT_TRUE(whole_item(fits));
  EXPECT_EQ(whole_item(more).error().code, Code::too_large);
  CborReader generous(more, budget::cbor_items + 1);
  EXPECT_TRUE(generous.item());
}

}  // namespace
}  // namespace cm4it
