// A home that moves to another address, and whoever follows it.
#include "sync/node.h"

namespace cm4it::sync::test {
namespace {

struct Move : TwoNodes {
  // acme's next policy names `url` for its home.
  Bytes acme_at(const std::string& url, std::uint64_t version = 2) {
    std::string text = acme_policy(version, {});
    const std::string usual = "https://acme.example:8443";
    for (auto at = text.find(usual); at != text.npos; at = text.find(usual)) text.replace(at, usual.size(), url);
    return policy_evidence("acme", "acme.example", Node::located(text, {&plant}), *acme.ics.clock);
  }
  bool hears_of(const std::string& name) {
    return eventually([&] { return stored_of(plant, name) == 2; });
  }
};

// The new address is signed while the old one still answers.
TEST_F(Move, ThePolicyNamedTheNewAddressBefore) {
  follow_a_sale();
  const auto old_url = acme.url();
  acme.move();
  const auto new_url = acme.url();
  acme.close();
  ASSERT_NE(old_url, new_url);
  // Known here before the old address falls silent: by the feed, or by whoever brings it.
  const auto next = acme_at(new_url);
  received({acme.ics.submit_one(next)});
  ASSERT_FALSE(plant.ics.submit_one(next).error);
  acme.open();
  make("second");
  sell("second");
  EXPECT_TRUE(hears_of("second"));
  ASSERT_TRUE(eventually([&] { return plant.follows("acme.example"); }));
  EXPECT_EQ(plant.link("acme.example")->url, new_url) << "the [[copy]] rule still names " << old_url;
  // It stays with who answered.
  plant.forget_asked();
  acme.forget_asked();
  make("third");
  sell("third");
  EXPECT_TRUE(hears_of("third"));
}

// The home is gone first, and its policy comes afterwards, by somebody else.
TEST_F(Move, ThePolicyNamesTheNewAddressAfterwards) {
  follow_a_sale();
  acme.move();
  make("second");
  sell("second");
  ASSERT_TRUE(eventually([&] { return !plant.follows("acme.example"); }));
  EXPECT_TRUE(plant.link("acme.example")->since.has_value());
  EXPECT_EQ(stored_of(plant, "second"), 0u);
  const auto next = acme_at(acme.url());
  received({acme.ics.submit_one(next)});
  ASSERT_FALSE(plant.ics.submit_one(next).error);
  EXPECT_TRUE(hears_of("second"));
  ASSERT_TRUE(eventually([&] { return plant.follows("acme.example"); }));
  EXPECT_EQ(plant.link("acme.example")->url, acme.url());
  EXPECT_FALSE(plant.link("acme.example")->since.has_value());
}

// Somebody else answers at the old address: not with that server's key.
TEST_F(Move, AStrangerAtTheOldAddressIsPassedOver) {
  follow_a_sale();
  const auto old_url = acme.url();
  acme.close();
  Node stranger("stranger.example", pin("stranger.example", "stranger"));
  stranger.open_at(old_url.substr(8));
  acme.move();
  const auto next = acme_at(acme.url());
  received({acme.ics.submit_one(next)});
  ASSERT_FALSE(plant.ics.submit_one(next).error);
  make("second");
  sell("second");
  EXPECT_TRUE(hears_of("second"));
  EXPECT_TRUE(stranger.asked("/v1/feed").empty());
}

}  // namespace
}  // namespace cm4it::sync::test
