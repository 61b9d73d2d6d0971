#include "apps/ics/follow_edit.h"

#include <gmock/gmock.h>

namespace cm4it::ics {
namespace {

const std::string key = "key:" + std::string(64, 'a'), old_key = "key:" + std::string(64, 'b');
const std::string top = "name = \"field\"   # of this server\nhomes = []\n";
const std::string other_follow = "\n[[follow]]\ndomain = \"other.example\"\nfrom = \"https://other\"\n";
const std::string behind = "\n[quotas]\nissuer_per_minute = 1\n";

TEST(FollowEdit, ADomainThatMovedIsFollowedThere) {
  const std::string before = top + other_follow + "\n[[follow]]   # where the copy comes from\ndomain = \"plant.example\"\nfrom = \"https://old:1\"\nserver_key = \"" + old_key +
                             "\"\nselect = { cloud = [\"hall-3\"] }   # ours\n" + behind;
  const auto after = with_follow(before, {"plant.example", "https://new:2", key, {}});
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_EQ(*after, top + other_follow + "\n[[follow]]   # where the copy comes from\ndomain = \"plant.example\"\nfrom = \"https://new:2\"\nserver_key = \"" + key +
                        "\"\nselect = { cloud = [\"hall-3\"] }   # ours\n" + behind);
  EXPECT_EQ(with_follow(*after, {"plant.example", "https://new:2", key, {}}).value(), *after) << "once more changes nothing";
  const auto selected = with_follow(*after, {"plant.example", "https://new:2", key, "{ cloud = [\"hall-4\"] }"});
  ASSERT_TRUE(selected);
  EXPECT_THAT(*selected, testing::HasSubstr("select = { cloud = [\"hall-4\"] }\n"));
}

TEST(FollowEdit, WhatIsMissingIsAdded) {
  const auto keyed = with_follow(top + "[[follow]]\ndomain = \"plant.example\"\nfrom = \"https://old:1\"\n" + behind, {"plant.example", "https://new:2", key, {}});
  ASSERT_TRUE(keyed) << keyed.error().message;
  EXPECT_THAT(*keyed, testing::HasSubstr("server_key = \"" + key + "\"\nfrom = \"https://new:2\"\n"));
  const auto first = with_follow(top + other_follow, {"plant.example", "https://new:2", key, "{}"});
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_TRUE(first->starts_with(top + other_follow));
  EXPECT_THAT(*first, testing::HasSubstr("domain = \"plant.example\"\nfrom = \"https://new:2\"\n"));
}

TEST(FollowEdit, WhatCannotBeEditedIsSaid) {
  const auto inlined = with_follow("follow = [{ domain = \"plant.example\", from = \"https://old:1\" }]\n", {"plant.example", "https://new:2", key, {}});
  EXPECT_FALSE(inlined);
}

}  // namespace
}  // namespace cm4it::ics
