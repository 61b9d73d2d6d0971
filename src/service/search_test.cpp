// Searches that ask for several things at once, page by page.
#include "service/network_fixture.h"

namespace cm4it::service {
namespace {

using namespace fixture;

// Every third of them is "blue"; all are of one maker.
struct Many : testing::Test {
  static constexpr int count = 60;
  Many() {
    EXPECT_EQ(ics.submit_one(policy_evidence("acme", "acme.example", acme_policy(), *ics.clock)).outcome, Outcome::received);
    for (int i = 0; i < count; ++i) {
      const std::string name = "d" + std::to_string(i);
      Identity identity = device_identity(name);
      identity.name = i % 3 ? "red thermometer" : "blue thermometer";
      const auto item = ics.submit_one(ics.say("acme", subject_of(name), identity));
      EXPECT_EQ(item.outcome, Outcome::received) << why(item);
      if (i % 3 == 0) wanted.push_back(subject_of(name).text());
    }
  }
  // All pages, one after another.
  std::vector<std::string> found(SearchQuery query, std::size_t most_pages) {
    std::vector<std::string> all;
    for (std::size_t pages = 0; pages < most_pages; ++pages) {
      const auto page = ics.service->verdicts().search(query, {});
      EXPECT_TRUE(page) << (page ? "" : page.error().message);
      if (!page) break;
      EXPECT_LE(page->subjects.size(), query.limit);
      for (const auto& looked : page->subjects) all.push_back(looked.verdict.subject.text());
      if (page->cursor.empty()) return all;
      query.cursor = page->cursor;
    }
    ADD_FAILURE() << "its pages do not end";
    return all;
  }

  Ics ics{"acme.example", pin("acme.example", "acme")};
  std::vector<std::string> wanted;  // in the order in which they came
};

TEST_F(Many, EachIsFoundOnceWhateverAPageHolds) {
  for (const std::size_t limit : {1, 7, 20, 100}) EXPECT_EQ(found({.words = "thermometer blue", .maker = "Acme", .limit = limit}, 30), wanted) << limit;
  EXPECT_EQ(found({.words = "blue", .model = "thermo-2000", .limit = 3}, 30), wanted);
  EXPECT_TRUE(found({.words = "blue red"}, 1).empty());
  EXPECT_TRUE(found({.words = "thermometer green"}, 1).empty());
}

// A page that has looked at enough ends, and the next goes on behind it.
TEST_F(Many, AndWhateverAPageLooksAt) {
  for (const std::size_t most : {1, 2, 5, 40})
    EXPECT_EQ(found({.words = "thermometer blue", .maker = "Acme", .limit = 4, .most_examined = most}, 200), wanted) << most;
}

// What was bought is found before the buyer has said a word of it.
TEST_F(Network, WhatWasHandedOverIsFoundByItsHolder) {
  make("sensor");
  carry(acme, plant, "acme.example", policy::Selector{{{policy::Field::holder, {"plant.example"}}}});
  const auto is_found = [&](const SearchQuery& query) {
    const auto page = plant.service->verdicts().search(query, {});
    EXPECT_TRUE(page) << (page ? "" : page.error().message);
    return page && std::any_of(page->subjects.begin(), page->subjects.end(), [&](const auto& looked) { return looked.verdict.subject == sensor_id; });
  };
  EXPECT_TRUE(is_found({}));
  EXPECT_TRUE(is_found({.holder = "plant.example"}));
  EXPECT_FALSE(is_found({.holder = "acme.example"}));
  EXPECT_TRUE(is_found({.limit = 1, .cursor = sensor_id.text().substr(0, 12) + std::string(56, '0')})) << "as `ics` looks for eight digits";
}

}  // namespace
}  // namespace cm4it::service
