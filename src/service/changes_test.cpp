// Whose verdict may have changed: of which domain, for whom, and at what cost.
#include "service/network_fixture.h"

namespace cm4it::service {
namespace {

using namespace fixture;

struct Changes : Network {
  std::vector<std::string> since(std::uint64_t from, const std::string& domain) const {
    const auto page = plant.service->feed().changes(from, domain, {});
    EXPECT_TRUE(page);
    EXPECT_FALSE(page->everything);
    std::vector<std::string> subjects;
    for (const auto& subject : page->subjects) subjects.push_back(subject.text());
    return subjects;
  }
};

TEST_F(Changes, AreOfTheDomainThatIsAskedAndWhatItRefersTo) {
  deploy();
  const auto from = plant.service->feed().changes({}, "", {})->next;
  const SubjectId own = subject_of("the plant's own");
  ASSERT_EQ(plant.submit_one(plant.say("volta", own, Endorse{"approved", ""})).outcome, Outcome::received);
  EXPECT_THAT(since(from, "plant.example"), testing::ElementsAre(own.text()));
  EXPECT_TRUE(since(from, "acme.example").empty()) << "acme's policy does not refer to the plant";
  make("another");
  carry(acme, plant, "acme.example");
  const std::string another = subject_of("another").text();
  EXPECT_THAT(since(from, "plant.example"), testing::UnorderedElementsAre(own.text(), another));  // which refers to acme
  EXPECT_THAT(since(from, "acme.example"), testing::ElementsAre(another));
}

// Verdicts are for the holder: whether one is his takes a fold of each.
struct HoldersChanges : testing::Test {
  HoldersChanges() {
    plant.submit_one(policy_evidence("plant", "plant.example", plant_policy(1, {}, "[read]\nverdict = [\"holder\"]\n"), *plant.clock));
    from = plant.service->feed().changes({}, "", id_of("plant"))->next;
    std::vector<Bytes> pieces;
    for (int i = 0; i < 30; ++i) pieces.push_back(plant.say("volta", subject_of("thing " + std::to_string(i)), Endorse{"approved", ""}));
    for (const auto& item : plant.submit(std::move(pieces))) EXPECT_EQ(item.outcome, Outcome::received) << why(item);
  }
  Ics plant{"plant.example", pin("plant.example", "plant"), true, nullptr, Quotas{.folded_statements = 10}};
  std::uint64_t from = 0;
};

TEST_F(HoldersChanges, RatherThanFoldAllOfThemAnyMayHaveChanged) {
  const auto page = plant.service->feed().changes(from, "", id_of("volta"));  // who speaks for a domain that may hold them
  ASSERT_TRUE(page);
  EXPECT_TRUE(page->everything);
  EXPECT_TRUE(page->subjects.empty());
  EXPECT_EQ(plant.service->feed().changes(from, "", id_of("plant"))->subjects.size(), 30u);  // the owner needs no fold
}

TEST_F(HoldersChanges, ForAnyoneNothingIsFolded) {
  const auto page = plant.service->feed().changes(from, "", {});
  ASSERT_TRUE(page);
  EXPECT_TRUE(page->subjects.empty());
  EXPECT_FALSE(page->everything);
  const auto before = plant.service->counters().look_ups;
  EXPECT_TRUE(plant.service->verdicts().search({}, {})->subjects.empty());
  EXPECT_EQ(plant.service->counters().look_ups, before);
}

TEST_F(HoldersChanges, ASearchEndsItsPageEarlyAndGoesOn) {
  SearchQuery query;
  std::set<std::string> seen;
  std::size_t pages = 0;
  for (bool more = true; more && pages < 20; ++pages) {
    const auto page = plant.service->verdicts().search(query, id_of("plant"));
    ASSERT_TRUE(page);
    EXPECT_LE(page->subjects.size(), 10u);
    for (const auto& looked : page->subjects) EXPECT_TRUE(seen.insert(looked.verdict.subject.text()).second);
    query.cursor = page->cursor;
    more = !query.cursor.empty();
  }
  EXPECT_EQ(seen.size(), 30u + 1u);  // and the owner, of whom the policy speaks
  EXPECT_GE(pages, 3u);
}

}  // namespace
}  // namespace cm4it::service
