// The cache of ready answers against a plain map, and its bound.
#include "service/answer_cache.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <random>

#include "crypto/digest.h"

namespace cm4it::service {
namespace {

AnswerKey cache_key(int number, std::uint8_t kind = 1, std::uint32_t domain = 0) {
  return {crypto::sha256(view("subject " + std::to_string(number))), kind, domain};
}
Answer answer(const std::string& text) { return {std::make_shared<const std::string>(text), {}, Time::never()}; }

TEST(AnswerCache, GivesWhatWasPutUnderTheSameKey) {
  CacheBudget budget(1 << 20);
  AnswerCache cache(budget);
  EXPECT_EQ(cache.find(cache_key(1)), nullptr);
  cache.put(cache_key(1), answer("one"));
  ASSERT_NE(cache.find(cache_key(1)), nullptr);
  EXPECT_EQ(*cache.find(cache_key(1))->octets, "one");
  EXPECT_EQ(cache.find(cache_key(1, 2)), nullptr);     // another kind of answer
  EXPECT_EQ(cache.find(cache_key(1, 1, 7)), nullptr);  // asked in another domain
  cache.put(cache_key(1), answer("anew"));
  EXPECT_EQ(*cache.find(cache_key(1))->octets, "anew");
  EXPECT_EQ(cache.size(), 1u);
}

TEST(AnswerCache, KeepsItsBoundAndNeverGivesAnothersAnswer) {
  constexpr std::size_t most = 60'000, octets = 100;
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  CacheBudget budget(most);
  AnswerCache cache(budget);
  std::map<int, std::string> put;
  std::size_t found = 0;
  for (int turn = 0; turn < 40'000; ++turn) {
    const int number = static_cast<int>(random() % 1'000);
    if (random() % 2) {
      put[number] = std::to_string(turn) + std::string(octets, 'x');
      cache.put(cache_key(number), answer(put[number]));
      ASSERT_NE(cache.find(cache_key(number)), nullptr);  // what came last is there
    } else if (const auto* cached = cache.find(cache_key(number))) {
      ASSERT_EQ(*cached->octets, put[number]);
      ++found;
    }
    ASSERT_LE(cache.bytes(), most);
    ASSERT_EQ(cache.bytes(), budget.used());
  }
  EXPECT_GT(found, 1'000u);
  EXPECT_GT(cache.size(), 100u);
  std::size_t there = 0;
  for (const auto& [number, text] : put) there += cache.find(cache_key(number)) != nullptr;
  EXPECT_EQ(there, cache.size());
}

// Whoever asks may choose ids that begin alike: that must not make them meet in the index.
TEST(AnswerCache, ChosenIdsDoNotSlowItDown) {
  CacheBudget budget(std::size_t{1} << 30);
  AnswerCache cache(budget);
  const auto chosen = [](std::uint32_t number) {
    AnswerKey key = cache_key(0);
    std::memcpy(key.asked.data() + 28, &number, 4);
    return key;
  };
  const auto text = answer("unknown");
  constexpr std::uint32_t many = 200'000;  // colliding, they would take minutes
  for (std::uint32_t number = 0; number < many; ++number) cache.put(chosen(number), text);
  std::size_t there = 0;
  for (std::uint32_t number = 0; number < many; ++number) there += cache.find(chosen(number)) != nullptr;
  EXPECT_EQ(there, many);
}

TEST(AnswerCache, WhatIsAskedForStaysLonger) {
  CacheBudget budget(20'000);
  AnswerCache cache(budget);
  cache.put(cache_key(-1), answer(std::string(100, 'a')));
  for (int number = 0; number < 1'000; ++number) {
    ASSERT_NE(cache.find(cache_key(-1)), nullptr) << number;
    cache.put(cache_key(number), answer(std::string(100, 'b')));
  }
  EXPECT_EQ(cache.find(cache_key(0)), nullptr);
}

TEST(AnswerCache, AnAnswerLargerThanAllOfItIsNotCached) {
  CacheBudget budget(1'000);
  AnswerCache cache(budget);
  cache.put(cache_key(1), answer(std::string(2'000, 'x')));
  EXPECT_EQ(cache.size(), 0u);
  EXPECT_EQ(budget.used(), 0u);
}

// Another cache that begins to keep something has its share, as soon as the first one is used again; and never is there more
// than the budget allows.
TEST(AnswerCache, CachesOfAProcessShareOneBudget) {
  constexpr std::size_t most = 200'000;
  CacheBudget budget(most);
  AnswerCache first(budget);
  const auto fill = [&](AnswerCache& cache) {
    for (int number = 0; number < 1'000; ++number) {
      cache.put(cache_key(number), answer(std::string(100, 'x')));
      ASSERT_LE(budget.used(), most);
    }
  };
  fill(first);
  EXPECT_GT(first.bytes(), most * 9 / 10);
  {
    AnswerCache second(budget);
    fill(second);
    for (int number = 0; number < 1'000; ++number) (void)first.find(cache_key(number));
    EXPECT_LE(first.bytes(), most / 2);
    fill(second);
    EXPECT_GT(second.bytes(), most * 4 / 10);
    EXPECT_GT(first.bytes(), most * 4 / 10);
    EXPECT_EQ(first.bytes() + second.bytes(), budget.used());
  }
  EXPECT_EQ(first.bytes(), budget.used());
  fill(first);
  EXPECT_GT(first.bytes(), most * 9 / 10);
}

}  // namespace
}  // namespace cm4it::service
