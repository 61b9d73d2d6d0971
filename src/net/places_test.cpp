#include "net/places.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cm4it::net {
namespace {

using Doing = Standing::Doing;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Places, StrangersLeaveTheReserveAlone) {
  Places places({4, 2, 9});
  places.enter();
  places.enter();
  EXPECT_FALSE(places.has_room());
  places.become_known();
  EXPECT_TRUE(places.has_room()) << "it came as a stranger, and is none";
  places.enter();
  places.become_known();
  places.enter();
  EXPECT_FALSE(places.has_room()) << "that is all there are";
  places.leave(true);
  EXPECT_FALSE(places.has_room()) << "which is kept for one who is known";
  places.leave(false);
  EXPECT_TRUE(places.has_room());
}

TEST(Places, TheLongestIdleLeavesFirst) {
  const Places places({9, 9, 9});
  const std::vector<Standing> all = {
      {1, Doing::something, false, 1}, {2, Doing::nothing, true, 2}, {3, Doing::nothing, false, 9}, {4, Doing::nothing, false, 5}, {5, Doing::handshake, false, 3}};
  EXPECT_THAT(places.who_leaves(all), ElementsAre(3));
}

TEST(Places, OfThoseWhoAllDoSomethingWhoHoldsMostLeaves) {
  const Places places({9, 9, 9});
  const std::vector<Standing> all = {
      {1, Doing::something, false, 1}, {2, Doing::something, false, 7}, {2, Doing::handshake, false, 5}, {3, Doing::something, true, 0}};
  EXPECT_THAT(places.who_leaves(all), ElementsAre(2));
  EXPECT_THAT(places.who_leaves(std::vector<Standing>{{1, Doing::nothing, true, 0}}), IsEmpty()) << "those who are known stay";
}

TEST(Places, HandshakesOfOneSourceDisplaceEachOther) {
  Places places({100, 100, 2});
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(places.may_begin_handshake(7));
    places.begin_handshake(7);
  }
  EXPECT_FALSE(places.may_begin_handshake(7));
  EXPECT_TRUE(places.may_begin_handshake(8));
  EXPECT_THAT(places.who_leaves(std::vector<Standing>{{7, Doing::nothing, false, 0}, {7, Doing::handshake, false, 3}, {7, Doing::handshake, false, 2}, {8, Doing::handshake, false, 1}}, 7),
              ElementsAre(2));
  places.end_handshake(7);
  EXPECT_TRUE(places.may_begin_handshake(7));
}

TEST(Places, ManyLeaveAtOnceWhereThereAreMany) {
  const Places places({6400, 640, 9});
  std::vector<Standing> all;
  for (std::uint64_t i = 0; i < 640; ++i) all.push_back({i, Doing::nothing, false, 1000 - i});
  const auto leave = places.who_leaves(all);
  EXPECT_THAT(leave, ElementsAre(639, 638, 637, 636, 635, 634, 633, 632, 631, 630));
}

}  // namespace
}  // namespace cm4it::net
