// Serials that are given by mistake, taken back, and given again: at the maker's and at the buyer's.
#include "cli/running.h"

namespace cm4it::cli::test {
namespace {

struct Names : Shell {
  void SetUp() override {
    start_maker_and_plant();
    for (const char* key : {"nine.key", "ten.key"}) ok(std::string("ics key new ") + key);
  }
  std::string id(const std::string& key) const { return ok("ics key id " + key).substr(0, 20); }
  // Who has been sold to the plant, and how it is called there.
  std::string shown(const std::string& dir, const std::string& name) const {
    const auto output = sh("ics --dir " + dir + " show " + name);
    return output.out + output.err;
  }
};

constexpr const char* identify = "ics --dir acme identify --type device --maker Acme --model thermo-2000 --serial A-9 ";

TEST_F(Names, AtTheMakersAndAtTheBuyers) {
  ok(std::string(identify) + "nine.key");
  const auto again = sh(std::string(identify) + "ten.key");  // a slip: it is A-10
  EXPECT_EQ(again.exit, 0);
  EXPECT_THAT(again.err, testing::AllOf(HasSubstr("! the serial A-9 is given twice: " + id("nine.key")), HasSubstr("Acme thermo-2000"), HasSubstr("ics withdraw")));
  ok("ics --dir acme transfer nine.key ten.key --to plant7.example");
  ASSERT_TRUE(eventually([&] { return shown("plant", id("nine.key")).find("holder") != std::string::npos && shown("plant", id("ten.key")).find("holder") != std::string::npos; }));
  ok("ics --dir plant status nine.key in-stock");
  for (const char* dir : {"acme", "plant"}) {
    const auto several = sh("ics --dir " + std::string(dir) + " show A-9");
    EXPECT_EQ(several.exit, 3);
    EXPECT_THAT(several.err, testing::AllOf(HasSubstr("SUBJECT"), HasSubstr("MAKER"), HasSubstr("SERIAL"), HasSubstr("STATUS")));
    for (const char* key : {"nine.key", "ten.key"}) EXPECT_THAT(several.err, HasSubstr(id(key)));
    EXPECT_THAT(several.err, testing::ContainsRegex("thermo-2000 +A-9"));
  }
  EXPECT_THAT(sh("ics --dir plant show A-9").err, HasSubstr("in-stock"));

  // Taken back and said rightly: the name is the other's again, everywhere.
  const auto history = ok("ics --dir acme history ten.key --json");
  const auto statement = history.find("\"statement\":\"");
  ASSERT_NE(statement, std::string::npos) << history;
  ok("ics --dir acme withdraw ten.key " + history.substr(statement + 13, 16));
  ok("ics --dir acme identify --type device --maker Acme --model thermo-2000 --serial A-10 ten.key");
  for (const char* dir : {"acme", "plant"}) {
    EXPECT_TRUE(eventually([&] { return shown(dir, "A-9").find(id("nine.key")) != std::string::npos; })) << dir << shown(dir, "A-9");
    EXPECT_TRUE(eventually([&] { return shown(dir, "A-10").find(id("ten.key")) != std::string::npos; })) << dir << shown(dir, "A-10");
  }
}

// In a file of evidence, by itself or beside others.
TEST_F(Names, InWhatIsPushedAndImported) {
  ok(std::string(identify) + "nine.key");
  ok("ics init other --role manufacturer --domain acme.example --listen 127.0.0.1:0 --key acme/owner.key");
  ok("ics --dir acme identify --type device --maker Acme --model thermo-2000 --serial A-8 ten.key");
  // Statements made elsewhere by the same maker come as files.
  start("other");
  for (const char* key : {"a.key", "b.key"}) ok(std::string("ics key new ") + key + " && ics --dir other identify --type device --maker Acme --serial " + (key[0] == 'a' ? "A-9 " : "A-8 ") + key);
  for (const char* key : {"a.key", "b.key"}) ok(std::string("ics --dir other export ") + key + " --out " + key[0] + ".cose");
  const auto pushed = sh("ics --dir acme push a.cose");
  EXPECT_EQ(pushed.exit, 0) << pushed.out << pushed.err;
  EXPECT_THAT(pushed.err, HasSubstr("! the serial A-9 is given twice: " + id("nine.key")));
  const auto imported = sh("ics --dir acme import b.cose");
  EXPECT_EQ(imported.exit, 0) << imported.out << imported.err;
  EXPECT_THAT(imported.err, testing::AllOf(HasSubstr("b.cose, octet 0: the serial A-8 is given twice: " + id("ten.key")), HasSubstr("1 warning")));
}

}  // namespace
}  // namespace cm4it::cli::test
