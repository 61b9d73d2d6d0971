#include "base/text.h"

#include <gtest/gtest.h>

#include <set>

namespace cm4it {
namespace {

TEST(Text, Contains) {
  EXPECT_TRUE(contains(std::vector<std::string>{"a", "b"}, std::string_view("b")));
  EXPECT_FALSE(contains(std::vector<std::string>{}, "a"));
  constexpr int known[] = {1, 2};
  EXPECT_TRUE(contains(known, 2));
  EXPECT_FALSE(contains(known, 3));
}

TEST(Text, CaseIsOfAsciiAlone) {
  EXPECT_EQ(lowercase("AZ@[`{ Ä"), "az@[`{ Ä");
  EXPECT_EQ(uppercase("az@[`{ ä"), "AZ@[`{ ä");
}

TEST(Text, TrimmedAtItsEnds) {
  EXPECT_EQ(trimmed(" \t\r\n\v\fa b\n "), "a b");
  EXPECT_EQ(trimmed(" \n"), "");
  EXPECT_EQ(trimmed(""), "");
}

TEST(Text, Joined) {
  EXPECT_EQ(joined(std::vector<std::string>{}), "");
  EXPECT_EQ(joined(std::set<std::string>{"b", "a"}), "a, b");
  const std::string_view texts[] = {"a", "", "b"};
  EXPECT_EQ(joined(texts, "/"), "a//b");
  EXPECT_EQ(joined(std::vector<int>{1, 20}, ", ", [](int number) { return std::to_string(number); }), "1, 20");
}

TEST(Text, Alternatives) {
  EXPECT_EQ(alternatives(std::vector<std::string>{}), "");
  EXPECT_EQ(alternatives(std::vector<std::string>{"a"}), "a");
  EXPECT_EQ(alternatives(std::vector<std::string>{"a", "b"}), "a or b");
  EXPECT_EQ(alternatives(std::vector<std::string>{"a", "b", "c"}), "a, b or c");
}

}  // namespace
}  // namespace cm4it
