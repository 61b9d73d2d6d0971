// What is replaced is read anew, whoever read it before.
#include "base/newest.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace cm4it
