// Selectors: which subjects they match, and what they are refused for.
#include "policy/policy_fixture.h"

#include "base/budgets.h"

namespace cm4it::policy {
namespace {

using namespace fixture;

struct GlobCase { const char *glob, *text; bool matches; };
class Glob : public testing::TestWithParam<GlobCase> {};

TEST_P(Glob, Matches) {
  EXPECT_EQ(glob_matches(GetParam().glob, GetParam().text), GetParam().matches) << GetParam().glob << " on " << GetParam().text;
}
INSTANTIATE_TEST_SUITE_P(Table, Glob, testing::Values(
    GlobCase{"thermo-2000", "thermo-2000", true}, GlobCase{"thermo-2000", "thermo-20000", false},
    GlobCase{"thermo-*", "thermo-2000", true}, GlobCase{"thermo-*", "thermo-", true}, GlobCase{"thermo-*", "athermo-2", false},
    GlobCase{"*", "", true}, GlobCase{"*", "anything", true}, GlobCase{"**", "x", true}, GlobCase{"?", "", false},
    GlobCase{"?", "x", true}, GlobCase{"?", "xy", false}, GlobCase{"?", "é", true}, GlobCase{"??", "é", false},
    GlobCase{"m?ter", "mèter", true}, GlobCase{"*-20?0", "thermo-2010", true}, GlobCase{"*ab*ab", "abxab", true},
    GlobCase{"*ab*ab", "xab", false}, GlobCase{"a*b*c", "aXbXbXc", true}, GlobCase{"a*b*c", "aXbXb", false},
    GlobCase{"hall.3", "hall-3", false}, GlobCase{"[a-z]", "m", false}, GlobCase{"[a-z]", "[a-z]", true},
    GlobCase{"\\*", "\\anything", true}, GlobCase{"Hall", "hall", false}, GlobCase{"", "", true}, GlobCase{"", "x", false}));

TEST(Glob, ManyStarsOnALongTextEndSoon) {
  std::string glob;
  for (int i = 0; i < 100; ++i) glob += "*a";
  EXPECT_FALSE(glob_matches(glob + "b", std::string(budget::text_field, 'a')));
}

Selector parsed(const std::string& text) {
  auto selector = Selector::parse(text);
  EXPECT_TRUE(selector) << text << ": " << (selector ? "" : selector.error().message);
  return selector ? *selector : Selector{};
}

const Values sensor = {{Field::id, "key:00ff"}, {Field::type, "device"}, {Field::model, "thermo-2000"},
                       {Field::label, "approved"}, {Field::label, "trust:high"}};

struct MatchCase { const char* selector; bool matches; };
class Match : public testing::TestWithParam<MatchCase> {};
TEST_P(Match, Sensor) { EXPECT_EQ(parsed(GetParam().selector).matches(sensor), GetParam().matches) << GetParam().selector; }
INSTANTIATE_TEST_SUITE_P(Table, Match, testing::Values(
    MatchCase{"{}", true}, MatchCase{"{ type = [\"device\"] }", true}, MatchCase{"{ type = [\"gateway\", \"device\"] }", true},
    MatchCase{"{ type = [\"device\"], model = [\"thermo-*\"] }", true}, MatchCase{"{ type = [\"device\"], model = [\"hygro-*\"] }", false},
    MatchCase{"{ label = [\"trust:*\"] }", true}, MatchCase{"{ label = [\"certified\"] }", false},
    MatchCase{"{ cloud = [\"*\"] }", false}, MatchCase{"{ id = [\"key:00*\"] }", true}));

TEST(Selector, ReadsEveryField) {
  const std::string all = "{ id = [\"a\"], type = [\"b\"], name = [\"c\"], maker = [\"d\"], model = [\"e\"], serial = [\"f\"], "
                          "version = [\"g\"], status = [\"h\"], holder = [\"i\"], cloud = [\"j\"], label = [\"k\", \"l\"] }";
  EXPECT_EQ(parsed(all).globs.size(), 11u);
  EXPECT_EQ(parsed(all).text(), all);
}

TEST(Selector, TextReadsBackAsTheSameSelector) {
  for (const char* text : {"{}", "{ cloud = [\"hall-3\"] }", "{ name = [\"say \\\"hi\\\"\", \"back\\\\slash\", \"tab\\tline\\nend\\u0001\", \"é*\"] }"}) {
    const Selector selector = parsed(text);
    EXPECT_EQ(parsed(selector.text()), selector) << selector.text();
  }
  EXPECT_EQ(parsed("{ model = [\"a\"], type = [\"b\"] }").text(), parsed("{type=['b'],model=['a']}").text());
}

TEST(Selector, SelfBecomesTheAsker) {
  const Selector selector = parsed("{ holder = [\"@self\", \"acme.example\"], name = [\"x@self\"] }").resolved("plant.example");
  EXPECT_EQ(selector.text(), "{ name = [\"x@self\"], holder = [\"plant.example\", \"acme.example\"] }");
}

Selectors listed(const std::string& text) {
  auto selectors = Selectors::parse(text);
  EXPECT_TRUE(selectors) << text << ": " << (selectors ? "" : selectors.error().message);
  return selectors ? *selectors : Selectors{};
}

TEST(Selectors, AnyOfAListWillDo) {
  const auto list = listed("[{ cloud = [\"hall-3\"] }, { type = [\"code\", \"model\"] }]");
  EXPECT_FALSE(list.matches(sensor));
  EXPECT_TRUE(list.matches({{Field::type, "code"}}));
  EXPECT_TRUE(list.matches({{Field::type, "device"}, {Field::cloud, "hall-3"}}));
  EXPECT_TRUE(list.names(Field::cloud) && list.names(Field::type));
  EXPECT_FALSE(list.names(Field::holder));
  EXPECT_TRUE(listed("{}").matches({}));
}

TEST(Selectors, ReadBackAsTheSame) {
  for (const char* text : {"{}", "{ cloud = [\"hall-3\"] }", "[{ cloud = [\"hall-3\"] }, { type = [\"code\"] }]"}) {
    EXPECT_EQ(listed(text).text(), text);
    EXPECT_EQ(listed(listed(text).text()), listed(text));
  }
  EXPECT_EQ(listed("[{ cloud = [\"a\"] }]"), listed("{ cloud = [\"a\"] }")) << "a list of one";
  EXPECT_EQ(listed("[{ cloud = [\"a\"] }, { cloud = [\"a\"] }]").any_of.size(), 1u);
  EXPECT_TRUE(listed("[{ cloud = [\"a\"] }, {}]").everything()) << "one of them is everything";
  EXPECT_EQ(listed("[{ holder = [\"@self\"] }, { holder = [\"x.example\"] }]").resolved("plant.example").text(),
            "[{ holder = [\"plant.example\"] }, { holder = [\"x.example\"] }]");
}

TEST(Selectors, WhatIsNoneNamesTheEntry) {
  for (const auto& [text, says] : std::vector<std::pair<std::string, std::string>>{
           {"[]", "select: an empty list selects nothing"}, {"\"x\"", "select: a table expected"}, {"[1]", "select: a list of tables expected"},
           {"[{ cloud = [\"a\"] }, { colour = [\"red\"] }]", "select[1].colour: \"colour\" is no field"},
           {"[{ cloud = [] }]", "select[0].cloud: an empty list"}, {"[{}]\nother = 1", "on one line"},
           {"[" + std::string(9000, ' ') + "]", "more than 8192 octets"}}) {
    const auto refused = Selectors::parse(text);
    ASSERT_FALSE(refused) << text.substr(0, 100);
    EXPECT_THAT(refused.error().message, HasSubstr(says));
  }
}

TEST(Selectors, ThatCanNeverMatchSayWhy) {
  EXPECT_EQ(never_matches(parsed("{ type = [\"dev*\", \"gatewya\"], cloud = [\"hall-3\"] }")), "");
  EXPECT_EQ(never_matches(parsed("{ type = [\"devise\"] }")), "its type is none that there is");
  EXPECT_EQ(never_matches(parsed("{ status = [\"in use\"] }")), "its status is none that there is");
}

struct BadCase { std::string text, says; };
class Refused : public testing::TestWithParam<BadCase> {};
TEST_P(Refused, NamesFieldAndRule) {
  const auto selector = Selector::parse(GetParam().text);
  ASSERT_FALSE(selector) << GetParam().text.substr(0, 200);
  EXPECT_THAT(selector.error().message, HasSubstr(GetParam().says)) << GetParam().text.substr(0, 200);
}
INSTANTIATE_TEST_SUITE_P(Table, Refused, testing::Values(
    BadCase{"", "TOML"}, BadCase{"{", "TOML"}, BadCase{"[]", "a table expected"}, BadCase{"\"x\"", "a table expected"},
    BadCase{"{ colour = [\"red\"] }", "select.colour: \"colour\" is no field of a selector; known: id, type"},
    BadCase{"{ type = \"device\" }", "select.type: a list of strings expected"},
    BadCase{"{ type = [1] }", "select.type: a list of strings expected"}, BadCase{"{ type = [] }", "select.type: an empty list"},
    BadCase{"{ type = [\"\"] }", "select.type: a glob has 1 to 256 octets"},
    BadCase{"{ name = [\"" + std::string(257, 'x') + "\"] }", "select.name: a glob has 1 to 256 octets"},
    BadCase{"{}\nother = 1", "one inline table"}, BadCase{"{ type = [\"a\"], type = [\"b\"] }", "TOML"},
    BadCase{"{ name = [\"" + std::string(9000, 'x') + "\"] }", "more than 8192 octets"}));

}  // namespace
}  // namespace cm4it::policy
