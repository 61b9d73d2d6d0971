// Whose turn it is: ranks, owners and streams, and what is refused.
#include "base/turns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

namespace cm4it {
namespace {

using testing::ElementsAre;

Turns::Options options_with(std::array<unsigned, ranks> threads) {
  return {.name = "test", .threads = threads, .requests = 100, .requests_of_owner = 10, .bytes = 1'000'000};
}

// One thread for strangers, which does nothing before release(): what is added meanwhile waits.
class Held {
 public:
  explicit Held(Turns& turns) : turns_(turns) {
    std::promise<void> begun;
    turns_.add(turns_.admit({Rank::anyone, "holder"}), [this, &begun] {
      begun.set_value();
      released_.get_future().wait();
    });
    begun.get_future().wait();
  }
  void release() { released_.set_value(); }
  // Adds a part of a request that notes that it was done.
  void add(const Turns::TicketPtr& ticket, const std::string& name) {
    ASSERT_TRUE(ticket);
    turns_.add(ticket, [this, name] { done.push_back(name); });
  }
  std::vector<std::string> done;  // by that thread

 private:
  Turns& turns_;
  std::promise<void> released_;
};

bool is_done(Turns& turns, Rank rank) {
  auto done = std::make_shared<std::promise<void>>();
  turns.add(turns.admit({rank, "somebody"}), [done] { done->set_value(); });
  return done->get_future().wait_for(std::chrono::seconds(20)) == std::future_status::ready;
}

TEST(Turns, NobodyWaitsForALowerRank) {
  Turns turns(options_with({1, 1, 1, 1}));
  Held held(turns);
  for (int i = 0; i < 5; ++i) held.add(turns.admit({Rank::anyone, "flood"}), "");
  for (const Rank rank : {Rank::server, Rank::principal, Rank::key}) EXPECT_TRUE(is_done(turns, rank)) << to_string(rank);
  EXPECT_TRUE(held.done.empty());
  held.release();
  turns.stop();
}

TEST(Turns, AnIdleThreadOfALowerRankHelps) {
  Turns turns(options_with({0, 0, 0, 1}));
  EXPECT_TRUE(is_done(turns, Rank::server));
  EXPECT_TRUE(is_done(turns, Rank::principal));
}

TEST(Turns, OwnersTakeTurnsHoweverMuchOneAsksFor) {
  Turns turns(options_with({0, 0, 0, 1}));
  Held held(turns);
  for (int i = 0; i < 3; ++i) held.add(turns.admit({Rank::anyone, "many"}), "many " + std::to_string(i));
  held.add(turns.admit({Rank::anyone, "one"}), "one");
  held.release();
  turns.stop();
  EXPECT_THAT(held.done, ElementsAre("many 0", "one", "many 1", "many 2"));
}

TEST(Turns, RequestsOfOneOwnerTakeTurnsByTheirParts) {
  Turns turns(options_with({0, 0, 0, 1}));
  Held held(turns);
  const auto large = turns.admit({Rank::anyone, "address"}), small = turns.admit({Rank::anyone, "address"});
  for (int i = 0; i < 3; ++i) held.add(large, "large " + std::to_string(i));
  held.add(small, "small");
  held.release();
  turns.stop();
  EXPECT_THAT(held.done, ElementsAre("large 0", "small", "large 1", "large 2"));
}

// Of one address: an alarm beside uploads.
TEST(Turns, ASmallRequestWaitsForOneLargeOneAtMost) {
  Turns turns(options_with({0, 0, 0, 1}));
  Held held(turns);
  constexpr std::size_t large = 50'000;
  for (int i = 0; i < 4; ++i) held.add(turns.admit({Rank::anyone, "address"}, large), "large " + std::to_string(i));
  for (int i = 0; i < 2; ++i) held.add(turns.admit({Rank::anyone, "address"}, 300), "small " + std::to_string(i));
  held.release();
  turns.stop();
  EXPECT_THAT(held.done, ElementsAre("small 0", "large 0", "small 1", "large 1", "large 2", "large 3"));
}

TEST(Turns, AKeyIsOneStreamHoweverManyRequestsItMakes) {
  Turns turns(options_with({0, 0, 0, 1}));
  Held held(turns);
  for (int i = 0; i < 3; ++i) held.add(turns.admit({Rank::anyone, "address", 7}), "seven " + std::to_string(i));
  held.add(turns.admit({Rank::anyone, "address", 8}), "eight");
  held.release();
  turns.stop();
  EXPECT_THAT(held.done, ElementsAre("seven 0", "eight", "seven 1", "seven 2"));
}

TEST(Turns, AnOwnerIsRefusedBeforeOthersAre) {
  Turns turns(options_with({0, 0, 0, 1}));
  std::vector<Turns::TicketPtr> tickets;
  for (int i = 0; i < 10; ++i) tickets.push_back(turns.admit({Rank::anyone, "flood"}));
  EXPECT_FALSE(turns.admit({Rank::anyone, "flood"}));
  EXPECT_TRUE(turns.admit({Rank::anyone, "other"}));
  EXPECT_TRUE(turns.admit({Rank::key, "flood"}));
  EXPECT_EQ(turns.counters()[3].refused, 1u);
  EXPECT_EQ(turns.counters()[3].waiting, 10u);
  tickets.pop_back();  // one is over
  EXPECT_TRUE(turns.admit({Rank::anyone, "flood"}));
}

TEST(Turns, ARankIsFullForStrangersToIt) {
  Turns turns(options_with({0, 0, 0, 1}));
  std::vector<Turns::TicketPtr> tickets;
  for (int i = 0; i < 100; ++i) tickets.push_back(turns.admit({Rank::anyone, "address " + std::to_string(i)}));
  EXPECT_FALSE(turns.admit({Rank::anyone, "another"}));
  EXPECT_TRUE(turns.admit({Rank::server, "a server"}));
  EXPECT_TRUE(turns.admit({}));  // this server itself
}

TEST(Turns, LargeRequestsAreBoundedByTheirOctetsAndSmallOnesAreNot) {
  Turns turns(options_with({0, 0, 0, 1}));
  const auto first = turns.admit({Rank::anyone, "flood"}, 500'000);
  EXPECT_TRUE(first);
  EXPECT_FALSE(turns.admit({Rank::anyone, "flood"}, 100'000));
  EXPECT_TRUE(turns.admit({Rank::anyone, "flood"}, 1000));  // an alarm
  EXPECT_TRUE(turns.admit({Rank::anyone, "other"}, 400'000));
}

TEST(Turns, WhatWasAdmittedIsDoneAtTheEnd) {
  Turns turns(options_with({1, 1, 1, 1}));
  std::atomic<int> done = 0;
  for (const Rank rank : {Rank::server, Rank::anyone}) {
    const auto ticket = turns.admit({rank, "somebody"});
    turns.add(ticket, [&turns, &done, ticket] {
      ++done;
      turns.add(ticket, [&done] { ++done; });
    });
  }
  turns.stop();
  EXPECT_EQ(done, 4);
  EXPECT_FALSE(turns.admit({Rank::anyone, "somebody"}));
}

TEST(Turns, AJobThatThrowsEndsNoThread) {
  Turns turns(options_with({0, 0, 0, 1}));
  turns.add(turns.admit({Rank::anyone, "somebody"}), [] { throw std::runtime_error("of the test"); });
  EXPECT_TRUE(is_done(turns, Rank::anyone));
}

}  // namespace
}  // namespace cm4it
