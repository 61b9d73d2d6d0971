// --select: what is typed, what it means, and how it is shown to be typed again.
#include "apps/ics/arguments.h"

#include <gmock/gmock.h>

namespace cm4it::ics {
namespace {

std::string selected(const std::vector<std::string>& options) {
  const auto select = parse_select(options);
  return select ? select->text() : "refused: " + select.error().message;
}

TEST(Select, FieldsAreOfOneSelectorTablesOfAList) {
  EXPECT_EQ(selected({"all"}), "{}");
  EXPECT_EQ(selected({"cloud=hall-3", "type=device,gateway"}), "{ type = [\"device\", \"gateway\"], cloud = [\"hall-3\"] }");
  EXPECT_EQ(selected({"{ holder = [\"@self\"] }"}), "{ holder = [\"@self\"] }");
  EXPECT_EQ(selected({"[{ cloud = [\"hall-3\"] }, { type = [\"code\"] }]"}), "[{ cloud = [\"hall-3\"] }, { type = [\"code\"] }]");
  EXPECT_EQ(selected({"cloud=hall-3", "{ type = [\"code\"] }"}), "[{ cloud = [\"hall-3\"] }, { type = [\"code\"] }]");
  EXPECT_EQ(selected({"{ type = [\"code\"] }", "{ type = [\"model\"] }"}), "[{ type = [\"code\"] }, { type = [\"model\"] }]");
  EXPECT_EQ(selected({"{ type = [\"code\"] }", "{}"}), "{}") << "everything, whatever stands beside it";
  EXPECT_EQ(selected({"name={braces}"}), "{ name = [\"{braces}\"] }");
}

TEST(Select, WhatIsNoneIsRefused) {
  EXPECT_THAT(selected({"hall-3"}), testing::HasSubstr("is not field=glob"));
  EXPECT_THAT(selected({"[]"}), testing::HasSubstr("--select: select: an empty list"));
  EXPECT_THAT(selected({"[{ colour = [\"red\"] }]"}), testing::HasSubstr("select[0].colour"));
  EXPECT_FALSE(parse_selector({"[{ cloud = [\"a\"] }, { type = [\"code\"] }]"})) << "a permit has one selector";
  EXPECT_EQ(parse_selector({"cloud=a"})->text(), "{ cloud = [\"a\"] }");
}

TEST(Select, ByCloudBringsCodeAndModels) {
  const auto added = [](const std::vector<std::string>& options) {
    auto select = parse_select(options).value();
    return add_code(select) ? select.text() : "";
  };
  EXPECT_EQ(added({"cloud=hall-3"}), "[{ cloud = [\"hall-3\"] }, { type = [\"code\", \"model\"] }]");
  EXPECT_EQ(added({"cloud=hall-3", "type=device"}), "") << "types are chosen";
  EXPECT_EQ(added({"maker=Acme"}), "");
  EXPECT_EQ(added({"all"}), "");
}

TEST(Select, IsShownAsItIsTyped) {
  for (const std::vector<std::string>& options : {std::vector<std::string>{"cloud=hall-3"}, {"all"}})
    EXPECT_EQ(select_options(parse_select(options).value()), "--select " + options[0]);
  EXPECT_EQ(select_options(parse_select({"[{ cloud = [\"hall-3\"] }, { type = [\"code\"] }]"}).value()),
            "--select '[{ cloud = [\"hall-3\"] }, { type = [\"code\"] }]'");
}

}  // namespace
}  // namespace cm4it::ics
