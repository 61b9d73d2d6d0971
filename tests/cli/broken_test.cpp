// A home that was started from an old backup while nobody who knew better could be asked, and whoever copies it
// (docs/day-two.md, "A copy says `broken`").
#include "cli/running.h"

namespace cm4it::cli::test {
namespace {

struct Broken : Shell {
  void SetUp() override {
    ok("ics init acme --role manufacturer --domain acme.example --listen 127.0.0.1:0");
    ok("ics init plant --role maintenance --domain plant7.example --listen 127.0.0.1:0");
    start("acme");
    start("plant");
    ok("ics trust plant $(cat acme/address) --as manufacturer --select all --owner $(ics key id acme/owner.key) --yes");
    ok("ics init field --role infield --domain plant7.example --listen 127.0.0.1:0");
    auto said = ok("ics trust field $(cat plant/address) --as copy --owner $(ics key id plant/owner.key)");
    auto command = said.substr(said.find("ics server add HOME"));
    command = command.substr(0, command.find('\n'));
    command.replace(command.find("HOME"), 4, "plant");
    ok(command + " --yes");
    start("field");
    for (const char* key : {"one.key", "two.key", "four.key"}) ok(std::string("ics key new ") + key);
    ASSERT_TRUE(eventually([&] { return follows("plant") && follows("field"); })) << content("plant.log") << content("field.log");
  }
  bool follows(const std::string& dir) const { return sh("ics --dir " + dir + " peers").out.find("following") != std::string::npos; }
  bool is_broken(const std::string& dir) const { return sh("ics --dir " + dir + " peers").out.find("broken") != std::string::npos; }

  // The home at `dir` goes on from an old copy of its directory, while `copy` is off; what it said since then is in `dir`.new.
  void set_back(const std::string& dir, const std::string& copy, const std::function<void(const std::string& key)>& say,
                const std::vector<std::string>& anew = {"two.key"}) {
    stop(dir);
    ok("cp -r " + dir + " " + dir + ".old");
    start(dir);
    say("one.key");
    ASSERT_TRUE(eventually([&] { return sh("ics --dir " + copy + " show one.key").exit == 0; })) << content(copy + ".log");
    stop(copy);
    stop(dir);
    ok("mv " + dir + " " + dir + ".new && mv " + dir + ".old " + dir);
    start(dir);
    for (const auto& key : anew) say(key);  // of one: as many entries as the copy has seen, and others
    start(copy);
    ASSERT_TRUE(eventually([&] { return is_broken(copy); })) << content(copy + ".log");
  }
  // The newest store is put back; the copy forgives while the home is off.
  void settle(const std::string& dir, const std::string& copy, const std::string& domain) {
    stop(dir);
    ok("mv " + dir + " " + dir + ".wrong && mv " + dir + ".new " + dir);
    EXPECT_THAT(sh("ics --dir " + copy + " forgive " + domain + " --yes").err, HasSubstr("stop icsd first"));
    stop(copy);
    const auto asked = sh("ics --dir " + copy + " forgive " + domain);
    EXPECT_EQ(asked.exit, 3) << "nobody can be asked, and nothing was changed";
    EXPECT_THAT(asked.out, testing::AllOf(testing::ContainsRegex("broken since 20[0-9T:-]*Z "), HasSubstr("main/" + domain)));
    EXPECT_THAT(ok("ics --dir " + copy + " forgive " + domain + " --yes"), HasSubstr("is followed anew"));
    start(dir);
    start(copy);
    EXPECT_TRUE(eventually([&] { return follows(copy) && !is_broken(copy); })) << content(copy + ".log");
  }
};

// An infield ICS: its own domain. It is not ready, and says why.
TEST_F(Broken, AnInfieldIcs) {
  set_back("plant", "field", [&](const std::string& key) { ok("ics --dir plant identify " + key + " --type party --maker Acme"); });
  const auto ready = sh("curl -sk -o - -w '%{http_code}' $(cat field/address)/readyz");
  EXPECT_THAT(ready.out, testing::AllOf(HasSubstr("the copy of plant7.example is broken since 20"), HasSubstr("ics help broken"), HasSubstr("503")));
  EXPECT_THAT(sh("ics --dir field peers").err, HasSubstr("→ ics help broken"));
  EXPECT_THAT(sh("ics --dir field status").out, HasSubstr("no: the copy of plant7.example is broken"));
  EXPECT_THAT(content("field.log"), HasSubstr("`ics help broken` says what to do"));
  EXPECT_THAT(ok("ics help broken"), HasSubstr("ics --dir field forgive plant7.example"));
  settle("plant", "field", "plant7.example");
  EXPECT_EQ(sh("curl -skf $(cat field/address)/readyz").exit, 0);
  ok("ics --dir plant identify four.key --type party --maker Acme --name again");
  EXPECT_TRUE(eventually([&] { return sh("ics --dir field show four.key").out.find("again") != std::string::npos; })) << content("field.log");
}

// No two heads are of one size then: that they are of two histories only a proof tells.
TEST_F(Broken, AHomeThatHasOutgrownItsCopy) {
  set_back("plant", "field", [&](const std::string& key) { ok("ics --dir plant identify " + key + " --type party --maker Acme"); }, {"two.key", "four.key"});
  EXPECT_THAT(sh("ics --dir field peers").out, HasSubstr("no proof that the earlier tree is the beginning of the later one"));
  EXPECT_THAT(sh("ics --dir field peers").err, HasSubstr("ics forgive plant7.example"));
  settle("plant", "field", "plant7.example");
}

// Another address of the same home does not settle which of its histories is right, also where the newest store is back.
TEST_F(Broken, ItStaysSoAtAnotherAddress) {
  set_back("plant", "field", [&](const std::string& key) { ok("ics --dir plant identify " + key + " --type party --maker Acme"); });
  stop("plant");
  ok("mv plant plant.wrong && mv plant.new plant && sed -i 's/^listen .*/listen = [\"127.0.0.1:0\"]/' plant/icsd.toml");
  start("plant");
  EXPECT_THAT(ok("ics trust field $(cat plant/address) --as copy --owner $(ics key id plant/owner.key)"), HasSubstr("is followed from"));
  stop("field");
  start("field");
  EXPECT_TRUE(eventually([&] { return is_broken("field"); })) << content("field.log");
  EXPECT_FALSE(follows("field"));
  stop("field");
  ok("ics --dir field forgive plant7.example --yes");
  start("field");
  EXPECT_TRUE(eventually([&] { return follows("field") && !is_broken("field"); })) << content("field.log");
}

// A home that copies another: its own log stays, and it is ready meanwhile.
TEST_F(Broken, AHomeThatCopiesAnother) {
  set_back("acme", "plant", [&](const std::string& key) { ok("ics --dir acme identify " + key + " --type device --maker Acme"); });
  EXPECT_THAT(sh("curl -sk -w '%{http_code}' $(cat plant/address)/readyz").out, testing::AllOf(HasSubstr("warning: the copy of acme.example is broken"), HasSubstr("200")));
  settle("acme", "plant", "acme.example");
  ok("ics --dir plant log verify");
  ok("ics --dir acme identify four.key --type device --maker Acme --name again");
  EXPECT_TRUE(eventually([&] { return sh("ics --dir plant show four.key").out.find("again") != std::string::npos; })) << content("plant.log");
}

}  // namespace
}  // namespace cm4it::cli::test
