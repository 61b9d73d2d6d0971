// When a home signs, and when it does not: its clock, and who is asked.
#include "ledger/signing_fixture.h"

namespace cm4it::ledger {
namespace {

using namespace test;

TEST(Signing, AClockThatWasSetAheadByAYear) {
  Home home;
  ASSERT_TRUE(home.start());
  EXPECT_SIGNS(home, "before");
  const auto before = home.head();
  for (const bool restarted : {false, true}) {
    *home.clock += 365 * day;
    if (restarted) ASSERT_TRUE(home.start());
    expect_signs_nothing(home, "beyond the time that has passed on this machine");
    EXPECT_EQ(home.head(), before);
    *home.clock -= 365 * day;
  }
  EXPECT_SIGNS(home, "the clock is right again");
  EXPECT_LT(home.head().time, before.time + day);
}

TEST(Signing, AClockThatWasSetBack) {
  Home home;
  ASSERT_TRUE(home.start());
  *home.clock -= 2 * hour;
  expect_signs_nothing(home, "before the newest head it has signed");
  home.boot();
  ASSERT_TRUE(home.start());
  expect_signs_nothing(home, "before the newest head it has signed");
  *home.clock += 2 * hour;
  EXPECT_SIGNS(home, "the clock is right again");
}

// Months of which the machine knows; a correction by NTP; a week over a boot: nobody is asked.
TEST(Signing, TimeThatPassedIsNoWrongClock) {
  Home home;
  ASSERT_TRUE(home.start());
  home.stop();
  home.pass(100 * day);
  ASSERT_TRUE(home.start());
  EXPECT_SIGNS(home, "after months");
  *home.clock += hour - 10;
  EXPECT_SIGNS(home, "put right by an hour");
  *home.clock -= hour - 10;
  EXPECT_SIGNS(home, "and back");
  home.stop();
  home.boot();
  *home.clock += 7 * day - hour;
  ASSERT_TRUE(home.start());
  EXPECT_SIGNS(home, "after a week");
}

// Over a boot nothing here tells a long absence from a wrong clock: a peer does, or whoever starts the server.
TEST(Signing, AfterALongAbsenceSomebodyIsAsked) {
  for (const bool by_peer : {true, false}) {
    Home home;
    ASSERT_TRUE(home.start());
    home.stop();
    home.boot();
    *home.clock += 90 * day;
    ASSERT_TRUE(home.start());
    expect_signs_nothing(home, "nobody could be asked");
    home.ledger->vouch(Time{*home.clock} + 2 * hour);  // another time than ours
    expect_signs_nothing(home, "nobody could be asked");
    if (by_peer) {
      home.ledger->vouch(Time{*home.clock} + 60);
    } else {
      home.accept = true;
      ASSERT_TRUE(home.start());
    }
    EXPECT_SIGNS(home, "told");
    home.accept = false;
    ASSERT_TRUE(home.start());
    EXPECT_SIGNS(home, "and that is remembered");
    *home.clock += 90 * day;
    expect_signs_nothing(home, "beyond the time that has passed");  // what was told holds for that time alone
  }
}

// The way back for a home that signed at a wrong time: its log goes on, at the right one.
TEST(Signing, ATimeThatWasAcceptedByMistakeIsTakenBack) {
  Home home;
  ASSERT_TRUE(home.start());
  *home.clock += 365 * day;
  home.accept = true;
  ASSERT_TRUE(home.start());
  EXPECT_SIGNS(home, "a year too early");
  const auto wrong = home.head();
  *home.clock -= 365 * day;
  home.accept = false;
  ASSERT_TRUE(home.start());
  expect_signs_nothing(home, "before the newest head it has signed");
  home.accept = true;
  ASSERT_TRUE(home.start());
  EXPECT_EQ(home.head().size, wrong.size);
  EXPECT_EQ(home.head().time, Time{*home.clock});  // at once, so that copies see it
  EXPECT_SIGNS(home, "at the right time");
  EXPECT_EQ(home.head().size, wrong.size + 1);
  EXPECT_EQ(home.ledger->published()->newest_time, Time{*home.clock});
  home.accept = false;
  ASSERT_TRUE(home.start());
  EXPECT_SIGNS(home, "and goes on");
}

// What is in the log needs no signature, and what is no matter of the log is taken.
TEST(Signing, WhatNeedsNoSignatureIsTaken) {
  Home home;
  ASSERT_TRUE(home.start());
  EXPECT_SIGNS(home, "there");
  *home.clock += 365 * day;
  EXPECT_SIGNS(home, "there");
  std::promise<Result<void>> noted;
  ASSERT_TRUE(home.ledger->put_note("link/x", Bytes{1}, [&](auto outcome) { noted.set_value(std::move(outcome)); }));
  EXPECT_TRUE(noted.get_future().get());
  EXPECT_NE(home.ledger->signing_refusal(), "");
}

TEST(Signing, WhileItIsHeldNothingIsSigned) {
  Home home;
  home.hold = "its peers are being asked";
  ASSERT_TRUE(home.start());
  expect_signs_nothing(home, "its peers are being asked");
  EXPECT_FALSE(home.ledger->reader()->checkpoint("acme.example"));
  home.ledger->hold({});
  EXPECT_SIGNS(home, "released");
}

}  // namespace
}  // namespace cm4it::ledger
