// What a log key has signed: no store begins again, or goes back, under it. Each crash leaves a mark that raises no alarm.
#include "ledger/signing_fixture.h"

namespace cm4it::ledger {
namespace {

using namespace test;

TEST(Mark, AStoreThatIsGoneBeginsNoSecondHistory) {
  Home home;
  ASSERT_TRUE(home.start());
  EXPECT_SIGNS(home, "one");
  home.stop();
  const auto store = home.store;
  home.store = home.fresh_store();
  const auto refused = home.start();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::conflict);
  EXPECT_NE(refused.error().message.find("has signed 1 entry"), std::string::npos) << refused.error().message;
  EXPECT_FALSE(home.start()) << "nor when it is tried again";
  home.store = store;
  ASSERT_TRUE(home.start());
  EXPECT_SIGNS(home, "two");
}

TEST(Mark, AnEmptyLogThatWasBegunIsNotBegunAgain) {
  Home home;
  ASSERT_TRUE(home.start());  // a head of no entries
  home.stop();
  home.store = home.fresh_store();
  EXPECT_FALSE(home.start());
}

TEST(Mark, AStoreFromABackupDoesNotGoBack) {
  Home home;
  ASSERT_TRUE(home.start());
  EXPECT_SIGNS(home, "one");
  home.stop();
  const auto backup = home.copy();
  ASSERT_TRUE(home.start());
  EXPECT_SIGNS(home, "two");
  home.stop();
  const auto newest = std::exchange(home.store, backup);
  const auto refused = home.start();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("ends after 1 entry"), std::string::npos) << refused.error().message;
  home.store = newest;
  EXPECT_TRUE(home.start());
}

TEST(Mark, AnotherHistoryOfTheSameLengthOrLonger) {
  Home home;
  ASSERT_TRUE(home.start());
  home.stop();
  const auto begun = home.copy();
  const auto mark_then = home.mark();
  for (const int more : {0, 5}) {
    home.store = begun;
    home.store = home.copy();
    std::ofstream(home.directory.path() / "log.key.signed") << mark_then;
    ASSERT_TRUE(home.start());
    EXPECT_SIGNS(home, "this");
    home.stop();
    const auto mark_now = home.mark();
    home.store = begun;
    home.store = home.copy();
    std::ofstream(home.directory.path() / "log.key.signed") << mark_then;
    ASSERT_TRUE(home.start());
    for (int i = 0; i <= more; ++i) EXPECT_SIGNS(home, "that " + std::to_string(i));
    home.stop();
    std::ofstream(home.directory.path() / "log.key.signed") << mark_now;
    const auto refused = home.start();
    ASSERT_FALSE(refused) << more;
    EXPECT_NE(refused.error().message.find("another one"), std::string::npos) << refused.error().message;
  }
}

// A crash between a commit and its mark leaves the mark behind, and before the first one none at all: no alarm.
TEST(Mark, OneThatIsBehindRaisesNoAlarm) {
  Home home;
  std::vector<std::string> marks{""};
  ASSERT_TRUE(home.start());
  for (int i = 0; i < 5; ++i) {
    home.pass(2);
    EXPECT_SIGNS(home, std::to_string(i));
    marks.push_back(home.mark());
  }
  home.stop();
  for (const auto& mark : marks) {
    std::filesystem::remove(home.directory.path() / "log.key.signed");
    if (!mark.empty()) std::ofstream(home.directory.path() / "log.key.signed") << mark;
    const auto started = home.start();
    EXPECT_TRUE(started) << started.error().message;
    home.stop();
    EXPECT_NE(home.mark().find(" 5 "), std::string::npos) << home.mark();
  }
}

// Whoever hears of a log's first head can count on its mark.
TEST(Mark, OfALogThatBeginsIsThereBeforeAnybodyHearsOfIt) {
  Home home;
  ASSERT_TRUE(home.start());
  EXPECT_NE(home.mark().find("log " + home.log_key->public_key().id().text() + " acme.example 0 "), std::string::npos) << home.mark();
  home.homes.push_back("beta.example");
  ASSERT_TRUE(home.start());
  EXPECT_NE(home.mark().find(" beta.example 0 "), std::string::npos) << home.mark();
}

TEST(Mark, AnotherKeyBeginsAnotherLog) {
  Home home;
  ASSERT_TRUE(home.start());
  EXPECT_SIGNS(home, "one");
  home.stop();
  home.store = home.fresh_store();
  const auto old = std::exchange(home.log_key, key_of("a new log"));
  ASSERT_TRUE(home.start());
  EXPECT_SIGNS(home, "of a new log");
  home.stop();
  home.store = home.fresh_store();
  home.log_key = old;
  EXPECT_FALSE(home.start());  // the old one was used all the same
}

TEST(Mark, ThatCannotBeReadOrWritten) {
  Home home;
  ASSERT_TRUE(home.start());
  home.stop();
  const auto mark = home.mark();
  for (const auto& damaged : {std::string("junk\n"), mark.substr(0, mark.size() - 5), mark + "more\n", mark + mark, std::string()}) {
    std::ofstream(home.directory.path() / "log.key.signed", std::ios::trunc) << damaged;
    const auto refused = home.start();
    ASSERT_FALSE(refused) << damaged;
    EXPECT_NE(refused.error().message.find("log.key.signed"), std::string::npos);
    EXPECT_NE(refused.error().detail.find("remove the file"), std::string::npos);
  }
  std::filesystem::remove(home.directory.path() / "log.key.signed");
  std::filesystem::create_directory(home.directory.path() / "log.key.signed.new");  // nothing can be written there
  const auto refused = home.start();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().detail.find("log_mark"), std::string::npos) << refused.error().detail;
}

// What a peer shows is our own signature: it needs no trust.
TEST(OwnHead, ThatAPeerKnowsAndTheStoreDoesNot) {
  Home home;
  ASSERT_TRUE(home.start());
  EXPECT_SIGNS(home, "one");
  const auto small = home.ledger->reader()->checkpoint("acme.example").value();
  home.stop();
  const auto backup = home.copy();
  const auto mark_then = home.mark();
  ASSERT_TRUE(home.start());
  EXPECT_SIGNS(home, "two");
  const auto shown = home.ledger->reader()->checkpoint("acme.example").value();
  EXPECT_TRUE(home.ledger->compare_own_head("acme.example", shown));
  EXPECT_TRUE(home.ledger->compare_own_head("acme.example", small));
  home.stop();
  home.store = backup;
  std::ofstream(home.directory.path() / "log.key.signed") << mark_then;  // the whole directory went back
  ASSERT_TRUE(home.start());
  EXPECT_TRUE(home.ledger->compare_own_head("acme.example", small));
  const auto forged = tlog::sign_checkpoint({"main/acme.example", 9, {}, Time{*home.clock}}, *key_of("somebody"));
  EXPECT_EQ(home.ledger->compare_own_head("acme.example", *forged).error().code, Code::bad_signature);
  EXPECT_EQ(home.ledger->signing_refusal(), "");
  EXPECT_EQ(home.ledger->compare_own_head("acme.example", shown).error().code, Code::conflict);
  expect_signs_nothing(home, "a peer knows a head of 2 entries");
  home.stop();
  EXPECT_FALSE(home.start());  // the mark remembers what the peer showed
}

}  // namespace
}  // namespace cm4it::ledger
