// What is replaced is read anew, whoever read it before.
#include "base/newest.h"

#include <gtest/gtest.h>

#include <latch>
#include <thread>
#include <vector>

namespace cm4it {
namespace {

std::shared_ptr<const int> number(int value) { return std::make_shared<const int>(value); }

TEST(Newest, GivesWhatReplacedItLast) {
  Newest<int> one(number(1)), other(number(10));
  EXPECT_EQ(*one.get(), 1);
  EXPECT_EQ(*other.get(), 10);
  one.replace(number(2));
  EXPECT_EQ(*other.get(), 10);
  EXPECT_EQ(*one.get(), 2);
}

TEST(Newest, AThreadNeverSeesAnOlderOneThanBefore) {
  Newest<int> newest(number(0));
  std::atomic<bool> fell_back{false};
  constexpr int last = 20'000;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i)
    readers.emplace_back([&] {
      for (int before = 0; before < last;) {
        const int now = *newest.get();
        if (now < before) fell_back = true;
        before = now;
      }
    });
  for (int value = 1; value <= last; ++value) newest.replace(number(value));
  for (auto& reader : readers) reader.join();
  EXPECT_FALSE(fell_back);
}

// The newest that was replaced is let go when the last thread that read it reads again.
TEST(Newest, KeepsNothingThatNobodyReads) {
  std::weak_ptr<const int> first, second;
  Newest<int> newest(number(0));
  {
    const auto one = number(1), two = number(2);
    first = one;
    second = two;
    newest.replace(one);
    newest.replace(two);
  }
  EXPECT_TRUE(first.expired());
  EXPECT_FALSE(second.expired());
  EXPECT_EQ(*newest.get(), 2);
  newest.replace(number(3));
  EXPECT_EQ(*newest.get(), 3);
  EXPECT_TRUE(second.expired());
}

TEST(Newest, IsReadWithoutALock) {
  Newest<int> newest(number(0));
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> locks{0};
  std::latch reading(3);
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i)
    readers.emplace_back([&] {
      const auto before = locks_taken;
      reading.count_down();
      while (!done) (void)newest.get();
      locks += locks_taken - before;
    });
  reading.wait();
  for (int value = 1; value <= 1'000; ++value) newest.replace(number(value));
  done = true;
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(locks, 0u);
}

}  // namespace
}  // namespace cm4it
