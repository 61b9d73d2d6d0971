#include "base/bytes.h"

#include <gtest/gtest.h>

#include <string>

namespace cm4it {
namespace {

TEST(Hex, ThereAndBack) {
  Bytes all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<std::uint8_t>(i));
  EXPECT_EQ(from_hex(to_hex(all)).value(), all);
  EXPECT_EQ(to_hex(Bytes{0x00, 0x9f, 0xff}), "009fff");
  EXPECT_EQ(from_hex("009FfF").value(), (Bytes{0x00, 0x9f, 0xff}));
  EXPECT_EQ(from_hex("").value(), Bytes{});
  for (const char* bad : {"0", "0g", "g0", " 00", "0x", "0 ", "00\n", "\xc3\xbc"})
    EXPECT_EQ(from_hex(bad).error().code, Code::malformed) << bad;
  EXPECT_TRUE(digest_from_hex(std::string(64, 'a')));
  for (const std::string& bad : {std::string(), std::string(63, 'a'), std::string(65, 'a'), std::string(66, 'a'), std::string(64, 'g')})
    EXPECT_EQ(digest_from_hex(bad).error().code, Code::malformed) << bad;
}

TEST(Hex, IdsAreWrittenInOneWay) {
  Digest digest;
  const std::string good = std::string(62, '0') + "af";
  ASSERT_TRUE(digest_from_lowercase_hex(good, digest));
  EXPECT_EQ(digest[31], 0xaf);
  for (const std::string& bad : {std::string(), good + "0", good.substr(1), std::string(62, '0') + "aF", std::string(63, '0') + "g", std::string(64, '\xff')})
    EXPECT_FALSE(digest_from_lowercase_hex(bad, digest)) << bad;
}

TEST(Base64, ThereAndBack) {
  // RFC 4648 section 10.
  const std::pair<const char*, const char*> cases[] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : cases) {
    EXPECT_EQ(to_base64(view(plain)), encoded);
    EXPECT_EQ(text(from_base64(encoded).value()), plain);
    const std::string url = std::string(encoded).substr(0, std::string_view(encoded).find('='));
    EXPECT_EQ(to_base64url(view(plain)), url);
    EXPECT_EQ(text(from_base64url(url).value()), plain);
  }
  const Bytes odd{0xfb, 0xff, 0xfe};
  EXPECT_EQ(to_base64(odd), "+//+");
  EXPECT_EQ(to_base64url(odd), "-__-");
}

TEST(Base64, OneWayToWriteIt) {
  for (const char* bad : {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zg==Zg==", "====", "A===", "=", "==", "Zg=g", " Zg==", "Zg==\n", "Zm 9v", "-__-",
                          "AAAAA===", "Zm9v====", "\xc3\xbc\xc3\xbc"})
    EXPECT_EQ(from_base64(bad).error().code, Code::malformed) << bad;
  for (const char* bad : {"Z", "Zg==", "Zh", "Zm9", "+//+", "Zg ", "Zm9vY"})
    EXPECT_EQ(from_base64url(bad).error().code, Code::malformed) << bad;
}

TEST(Numbers, BigEndian) {
  Bytes out;
  append_u64(out, 0x0102030405060708);
  EXPECT_EQ(to_hex(out), "0102030405060708");
  EXPECT_EQ(read_u64(out), 0x0102030405060708u);
}

TEST(Utf8, Rfc3629) {
  for (const char* good : {"", "a", "\x7f", "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\uffff", "\U00010000", "\U0010ffff"})
    EXPECT_TRUE(is_utf8(good)) << to_hex(view(good));
  for (const char* bad : {"\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x9f\xbf", "\xe1\x80", "\xed\xa0\x80", "\xed\xbf\xbf",
                          "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xfe"})
    EXPECT_FALSE(is_utf8(bad)) << to_hex(view(bad));
  EXPECT_TRUE(is_utf8(std::string_view("a\0b", 3)));
}

TEST(CleanText, NoControlCharacters) {
  EXPECT_TRUE(is_clean_text("Thermometer 7, größer \U0001f321"));
  for (const std::string_view bad : {std::string_view("a\0b", 3), std::string_view("a\nb"), std::string_view("\x1b[2J"), std::string_view("\x7f"),
                                     std::string_view("\xc2\x80"), std::string_view("\xc2\x9b"), std::string_view("\xff")})
    EXPECT_FALSE(is_clean_text(bad)) << to_hex(view(bad));
  EXPECT_TRUE(is_clean_text("\xc2\xa0"));
  EXPECT_TRUE(is_clean_text("a\n\tb", "\n\t"));
  EXPECT_FALSE(is_clean_text("a\rb", "\n\t"));
}

}  // namespace
}  // namespace cm4it
