// A commit wakes those whom it concerns, and nobody else.
#include "service/watch.h"

#include "service/network_fixture.h"

namespace cm4it::service {
namespace {

using namespace fixture;

ledger::Change change(std::uint64_t next, const std::string& subject, std::vector<std::string> domains) {
  ledger::Change made;
  made.next = next;
  made.subjects.push_back({subject_of(subject), std::move(domains)});
  return made;
}

struct Watching : testing::Test {
  Watching() { watch.begin(10); }
  // How often it was called.
  std::shared_ptr<int> subscribe(Watch::Interest interest, std::uint64_t position = 10) {
    auto calls = std::make_shared<int>(0);
    EXPECT_TRUE(watch.subscribe(std::move(interest), position, [calls] { ++*calls; }));
    return calls;
  }
  Watch watch{20'000};
};

TEST_F(Watching, OfADomainOfASubjectOfBothAndOfAll) {
  const auto acme = subscribe({{"acme.example"}}), plant = subscribe({{"beta.example", "plant.example"}}), one = subscribe({{}, subject_of("one")}),
             two = subscribe({{}, subject_of("two")}), one_of_acme = subscribe({{"acme.example"}, subject_of("one")}), all = subscribe({});
  watch.committed(change(11, "one", {"plant.example"}));
  EXPECT_EQ(*acme, 0);
  EXPECT_EQ(*plant, 1);
  EXPECT_EQ(*one, 1);
  EXPECT_EQ(*two, 0);
  EXPECT_EQ(*one_of_acme, 0);
  EXPECT_EQ(*all, 1);
  watch.committed(change(12, "one", {"acme.example"}));
  EXPECT_EQ(*acme, 1);
  EXPECT_EQ(*one_of_acme, 1);
  EXPECT_EQ(*plant + *one + *all, 3) << "once";
  ledger::Change policy;
  policy.next = 13;
  policy.everything = true;
  watch.committed(policy);
  EXPECT_EQ(*two, 1);
}

TEST_F(Watching, WhoComesLateIsToldOfWhatConcernsHim) {
  watch.committed(change(11, "one", {"acme.example"}));
  EXPECT_EQ(*subscribe({{"acme.example"}}, 10), 1) << "at once";
  EXPECT_EQ(*subscribe({{"acme.example"}}, 11), 0) << "he has read that";
  EXPECT_EQ(*subscribe({{"plant.example"}}, 10), 0);
  EXPECT_EQ(*subscribe({{"plant.example"}}, 9), 1) << "of before the start nobody knows";
  for (std::uint64_t next = 12; next < 12'000; ++next) watch.committed(change(next, "much", {"acme.example"}));
  EXPECT_EQ(*subscribe({{"plant.example"}}, 11), 1) << "too long ago to be known";
  EXPECT_EQ(*subscribe({{"plant.example"}}, 11'500), 0);
}

TEST_F(Watching, WhoForgotIsNotCalledAndRoomIsBounded) {
  auto calls = std::make_shared<int>(0);
  const auto ticket = watch.subscribe({{"acme.example"}}, 10, [calls] { ++*calls; });
  watch.forget(*ticket);
  watch.committed(change(11, "one", {"acme.example"}));
  EXPECT_EQ(*calls, 0);
  Watch small(2);
  EXPECT_TRUE(small.subscribe({}, 0, [] {}));
  EXPECT_TRUE(small.subscribe({{"a"}}, 0, [] {}));
  EXPECT_FALSE(small.subscribe({{"a"}}, 0, [] {}));
}

TEST_F(Watching, TenThousandOthersSleepOn) {
  std::vector<std::shared_ptr<int>> others;
  for (int i = 0; i < 10'000; ++i) others.push_back(subscribe({{"acme.example"}, subject_of("other " + std::to_string(i))}));
  const auto mine = subscribe({{"acme.example"}, subject_of("mine")});
  for (std::uint64_t next = 11; next < 111; ++next) watch.committed(change(next, "mine", {"acme.example"}));
  EXPECT_EQ(*mine, 1);
  for (const auto& other : others) ASSERT_EQ(*other, 0);
}

// Rows tell what changed, so that a restart forgets nothing.
TEST(ChangesAfterARestart, AreThoseSinceThatPosition) {
  const auto store = std::make_shared<std::unique_ptr<store::Store>>(store::open_memory());
  struct Borrowed : store::Store {
    explicit Borrowed(store::Store& to) : inner(to) {}
    Result<std::unique_ptr<store::Snapshot>> snapshot() const override { return inner.snapshot(); }
    Result<store::Commit> commit(const store::Batch& batch, View head) override { return inner.commit(batch, head); }
    store::Store& inner;
  };
  const auto start = [&] { return std::make_unique<Ics>("plant.example", pin("plant.example", "plant"), true, std::make_unique<Borrowed>(**store)); };
  auto plant = start();
  plant->submit_one(policy_evidence("plant", "plant.example", plant_policy(1), *plant->clock));
  const auto from = plant->service->feed().changes({}, "", {})->next;
  ASSERT_FALSE(plant->submit_one(plant->say("volta", subject_of("a thing"), Endorse{"approved", ""})).error);
  plant = start();
  const auto page = plant->service->feed().changes(from, "", {});
  ASSERT_TRUE(page);
  EXPECT_FALSE(page->everything);
  EXPECT_THAT(page->subjects, testing::ElementsAre(subject_of("a thing")));
  const auto before_all = plant->service->feed().changes(1, "", {});
  EXPECT_TRUE(before_all->everything) << "a policy was among them";
  EXPECT_TRUE(plant->service->feed().changes(page->next + 5, "", {})->everything) << "of another store";
  EXPECT_FALSE(plant->service->feed().changes(page->next, "", {})->everything);
}

}  // namespace
}  // namespace cm4it::service
