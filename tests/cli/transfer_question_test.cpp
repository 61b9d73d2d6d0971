// A transfer is for good, so at a terminal it is asked for.
#include "cli/running.h"
#include "terminal.h"

namespace cm4it::cli::test {
namespace {

using demo::test::Terminal;

struct TransferQuestion : Shell {
  void SetUp() override {
    ok("ics init acme --role manufacturer --domain acme.example --listen 127.0.0.1:0 && ics key new plant.key");
    start("acme");
    for (const char* serial : {"A-1", "A-2"})
      ok(std::string("ics key new ") + serial + ".key && ics --dir acme identify " + serial + ".key --type device --serial " + serial);
    owner = ok("ics key id plant.key");
    owner.erase(owner.find('\n'));
  }
  demo::Arguments transfer(const demo::Arguments& more) const {
    demo::Arguments words{CM4IT_ICS, "--dir", (directory / "acme").string(), "transfer", "--to", "plant7.example", "--owner", owner};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  bool sent(const std::string& serial) const { return ok("ics --dir acme history " + serial).find("transfer") != std::string::npos; }

  std::string owner;
};

// Evidence is whatever somebody has signed: it could steer a terminal.
TEST_F(TransferQuestion, NothingBinaryIsShownAtATerminal) {
  for (const demo::Arguments& words : {demo::Arguments{"export", "A-1"}, demo::Arguments{"token", "A-1", "--out", "-"}}) {
    demo::Arguments all{CM4IT_ICS, "--dir", (directory / "acme").string()};
    all.insert(all.end(), words.begin(), words.end());
    Terminal terminal(all);
    EXPECT_EQ(terminal.end(), 3);
    EXPECT_THAT(terminal.shown(), testing::AllOf(HasSubstr("standard output is a terminal"), HasSubstr("--out FILE"), testing::Not(HasSubstr("cm4it-statement"))));
  }
  EXPECT_GT(ok("ics --dir acme export A-1 | wc -c").size(), 2u);
}

TEST_F(TransferQuestion, NoSendsNothingAndYesSends) {
  for (const char* answer : {"n\n", "\n", "perhaps\n", "\x04"}) {
    Terminal asked(transfer({"A-1"}));
    asked.await("Only plant7.example can give");
    asked.type(answer);
    EXPECT_EQ(asked.end(), 3) << asked.shown();
    EXPECT_THAT(asked.shown(), HasSubstr("nothing was signed"));
  }
  EXPECT_FALSE(sent("A-1"));
  Terminal agreed(transfer({"A-1"}));
  agreed.await("Only plant7.example can give");
  EXPECT_THAT(agreed.shown(), HasSubstr(owner));  // whom it will belong to is said before
  agreed.type("y\n");
  EXPECT_EQ(agreed.end(), 0) << agreed.shown();
  EXPECT_TRUE(sent("A-1"));
}

TEST_F(TransferQuestion, OfSeveralIsAskedOnceAndYesIsNotAsked) {
  Terminal asked(transfer({"A-1", "A-2"}));
  asked.await("Give 2 subjects to plant7.example?");
  asked.type("n\n");
  EXPECT_EQ(asked.end(), 3) << asked.shown();
  Terminal told(transfer({"A-1", "A-2", "--yes"}));
  EXPECT_EQ(told.end(), 0) << told.shown();
  EXPECT_THAT(told.shown(), testing::Not(HasSubstr("Give 2 subjects")));
  EXPECT_TRUE(sent("A-1"));
  EXPECT_TRUE(sent("A-2"));
}

}  // namespace
}  // namespace cm4it::cli::test
