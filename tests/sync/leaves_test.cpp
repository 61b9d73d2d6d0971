// The tree of the leaves that are held: any order, repeats, gaps.
#include "sync/leaves.h"

#include <gtest/gtest.h>

#include "crypto/digest.h"

namespace cm4it::sync {
namespace {

using Answer = Leaves::Answer;

Digest leaf(std::uint64_t index) { return tlog::leaf_hash(view("leaf " + std::to_string(index))); }

tlog::Head head(std::uint64_t size) {
  tlog::CompactRange range;
  for (std::uint64_t i = 0; i < size; ++i) range.append(leaf(i));
  return {"main/acme.example", size, range.root(), {}};
}

TEST(Leaves, GiveTheRootOfWhatIsThere) {
  Leaves leaves;
  EXPECT_EQ(leaves.proves(head(0)), Answer::yes);
  for (std::uint64_t i = 0; i < 20; ++i) {
    EXPECT_EQ(leaves.proves(head(i + 1)), Answer::no);
    leaves.take(i, leaf(i));
    EXPECT_EQ(leaves.proves(head(i + 1)), Answer::yes);
  }
  EXPECT_EQ(leaves.proves(head(13)), Answer::yes);  // and lately
  auto other = head(13);
  other.root[0] ^= 1;
  EXPECT_EQ(leaves.proves(other), Answer::no);
}

TEST(Leaves, OldHeadsAreForgotten) {
  Leaves leaves;
  for (std::uint64_t i = 0; i < 10'000; ++i) leaves.take(i, leaf(i));
  EXPECT_EQ(leaves.proves(head(10'000)), Answer::yes);
  EXPECT_EQ(leaves.proves(head(9'000)), Answer::yes);
  EXPECT_EQ(leaves.proves(head(10)), Answer::too_old);
}

TEST(Leaves, InAnyOrderAndAgain) {
  Leaves leaves;
  for (const std::uint64_t i : {3, 1, 1, 0, 0, 2, 5, 3}) leaves.take(i, leaf(i));
  EXPECT_EQ(leaves.size(), 4u);
  EXPECT_EQ(leaves.proves(head(4)), Answer::yes);
  leaves.take(4, leaf(4));
  EXPECT_EQ(leaves.proves(head(6)), Answer::yes);
}

TEST(Leaves, AnotherLeafGivesAnotherRoot) {
  Leaves leaves;
  leaves.take(0, leaf(0));
  leaves.take(1, leaf(7));
  leaves.take(1, leaf(1));
  EXPECT_EQ(leaves.proves(head(2)), Answer::no);
}

TEST(Leaves, AreStored) {
  Leaves leaves;
  for (std::uint64_t i = 0; i < 11; ++i) leaves.take(i, leaf(i));
  leaves.take(12, leaf(12));
  auto again = Leaves::decode(leaves.encode());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->proves(head(11)), Answer::yes);
  again->take(11, leaf(11));
  EXPECT_EQ(again->proves(head(12)), Answer::yes);  // what waited behind the gap comes again
  EXPECT_FALSE(Leaves::decode({}));
  const Bytes all = leaves.encode();
  for (std::size_t length = 0; length < all.size(); ++length) EXPECT_FALSE(Leaves::decode(View(all).first(length)));
}

}  // namespace
}  // namespace cm4it::sync
