// The cache of ready answers against a plain map, and its bound.
#include "service/answer_cache.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <random>

#include "crypto/digest.h"

namespace cm4it::service {
namespace {

constexpr Time now{1'000}, later{2'000};

AnswerCache::Key cache_key(int number, std::uint8_t kind = 1, std::uint32_t domain = 0) {
  AnswerCache::Key key;
  key.subject.digest = crypto::sha256(view("subject " + std::to_string(number)));
  key.kind = kind;
  key.domain = domain;
  return key;
}
std::shared_ptr<const std::string> answer(const std::string& text) { return std::make_shared<const std::string>(text); }

TEST(AnswerCache, GivesWhatWasPutUnderTheSameStampUntilItsTime) {
  AnswerCache cache(1 << 20);
  const Stamp stamp{1, 2};
  EXPECT_EQ(cache.find(cache_key(1), stamp, now), nullptr);
  cache.put(cache_key(1), stamp, later, answer("one"));
  ASSERT_NE(cache.find(cache_key(1), stamp, now), nullptr);
  EXPECT_EQ(**cache.find(cache_key(1), stamp, now), "one");
  EXPECT_EQ(cache.find(cache_key(1), stamp, later), nullptr);        // its time has come
  EXPECT_EQ(cache.find(cache_key(1), Stamp{1, 3}, now), nullptr);    // the subject has changed
  EXPECT_EQ(cache.find(cache_key(1), Stamp{2, 2}, now), nullptr);    // everything has
  EXPECT_EQ(cache.find(cache_key(1, 2), stamp, now), nullptr);       // another kind of answer
  EXPECT_EQ(cache.find(cache_key(1, 1, 7), stamp, now), nullptr);    // asked in another domain
  cache.put(cache_key(1), Stamp{2, 2}, later, answer("anew"));
  EXPECT_EQ(**cache.find(cache_key(1), Stamp{2, 2}, now), "anew");
  EXPECT_EQ(cache.size(), 1u);
}

TEST(AnswerCache, KeepsItsBoundAndNeverGivesAnothersAnswer) {
  constexpr std::size_t most = 60'000, octets = 100;
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  AnswerCache cache(most);
  std::map<int, std::string> put;
  const Stamp stamp{1, 1};
  std::size_t found = 0;
  for (int turn = 0; turn < 40'000; ++turn) {
    const int number = static_cast<int>(random() % 1'000);
    if (random() % 2) {
      put[number] = std::to_string(turn) + std::string(octets, 'x');
      cache.put(cache_key(number), stamp, later, answer(put[number]));
      ASSERT_NE(cache.find(cache_key(number), stamp, now), nullptr);  // what came last is there
    } else if (const auto* kept = cache.find(cache_key(number), stamp, now)) {
      ASSERT_EQ(**kept, put[number]);
      ++found;
    }
    ASSERT_LE(cache.size() * octets, most);
  }
  EXPECT_GT(found, 1'000u);
  EXPECT_GT(cache.size(), 100u);
  std::size_t there = 0;
  for (const auto& [number, text] : put) there += cache.find(cache_key(number), stamp, now) != nullptr;
  EXPECT_EQ(there, cache.size());
}

// Whoever asks may choose ids that begin alike: that must not make them meet in the index.
TEST(AnswerCache, ChosenIdsDoNotSlowItDown) {
  AnswerCache cache(std::size_t{1} << 30);
  const auto chosen = [](std::uint32_t number) {
    AnswerCache::Key key = cache_key(0);
    std::memcpy(key.subject.digest.data() + 28, &number, 4);
    return key;
  };
  const auto text = answer("unknown");
  constexpr std::uint32_t many = 200'000;  // colliding, they would take minutes
  for (std::uint32_t number = 0; number < many; ++number) cache.put(chosen(number), {}, later, text);
  std::size_t there = 0;
  for (std::uint32_t number = 0; number < many; ++number) there += cache.find(chosen(number), {}, now) != nullptr;
  EXPECT_EQ(there, many);
}

TEST(AnswerCache, WhatIsAskedForStaysLonger) {
  AnswerCache cache(20'000);
  cache.put(cache_key(-1), {}, later, answer(std::string(100, 'a')));
  for (int number = 0; number < 1'000; ++number) {
    ASSERT_NE(cache.find(cache_key(-1), {}, now), nullptr) << number;
    cache.put(cache_key(number), {}, later, answer(std::string(100, 'b')));
  }
  EXPECT_EQ(cache.find(cache_key(0), {}, now), nullptr);
}

TEST(AnswerCache, AnAnswerLargerThanAllOfItIsNotKept) {
  AnswerCache cache(1'000);
  cache.put(cache_key(1), {}, later, answer(std::string(2'000, 'x')));
  EXPECT_EQ(cache.size(), 0u);
}

}  // namespace
}  // namespace cm4it::service
