#include "ledger/forgive.h"

#include <gmock/gmock.h>

#include "ledger/test_support.h"

namespace cm4it::ledger {
namespace {

using namespace test;

TEST(Forgive, ForgetsOneDomainsHeadsAndLinksAndNothingElse) {
  World world;
  const auto note = [&](const std::string& key, const std::string& value) { return world.put_note(key, to_bytes(view(value))); };
  ASSERT_TRUE(note("link/plant.example/https://a/broken", "2027-01-15T08:00:00Z two roots of one size"));
  ASSERT_TRUE(note("link/plant.example/https://a/position", "17"));
  ASSERT_TRUE(note("link/plant.example.org/https://b/broken", "another's"));
  const auto notes = [&] {
    std::vector<std::string> keys;
    for (const auto& [row, value] : world.rows())
      if (const auto at = text(row.second).find("link/"); row.first == table::meta && at != std::string_view::npos) keys.emplace_back(text(row.second).substr(at));
    return keys;
  };
  ASSERT_EQ(notes().size(), 3u);
  const auto known = known_logs(*world.store, "plant.example");
  ASSERT_TRUE(known);
  EXPECT_THAT(known->broken, testing::ElementsAre("2027-01-15T08:00:00Z two roots of one size"));
  ASSERT_TRUE(forget_logs(*world.store, "plant.example"));
  EXPECT_THAT(known_logs(*world.store, "plant.example")->broken, testing::IsEmpty());
  EXPECT_THAT(known_logs(*world.store, "plant.example.org")->broken, testing::ElementsAre("another's"));
  EXPECT_THAT(notes(), testing::ElementsAre("link/plant.example.org/https://b/broken"));
}

}  // namespace
}  // namespace cm4it::ledger
