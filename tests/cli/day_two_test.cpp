// Every command of docs/day-two.md, in a plant with a maker, a plant's home and an infield ICS. What is quoted there happens here.
#include "cli/running.h"

namespace cm4it::cli::test {
namespace {

class DayTwo : public Shell {
 protected:
  void SetUp() override {
    start_maker_and_plant();
    ok("ics key new a1.key && ics --dir acme identify a1.key --type device --maker Acme --model thermo-2000 --serial A-1");
    ok("ics --dir acme transfer A-1 --to plant7.example");
    ASSERT_TRUE(eventually([&] { return sh("ics --dir plant show A-1").out.find("holder") != std::string::npos; }));
    ok("ics --dir plant endorse A-1 --label approved && ics --dir plant status A-1 in-use && ics --dir plant assign A-1 --cloud hall-3");
  }
  // The plant's server at another address, which its policy names from then on: the address.
  std::string move_plant() {
    const std::string old_url = content("plant/address");
    stop("plant");
    const auto port = demo::free_port();
    EXPECT_TRUE(port);
    const std::string place = "127.0.0.1:" + std::to_string(port.value_or(0));
    ok("sed -i 's/^listen .*/listen = [\"" + place + "\"]/' plant/icsd.toml");
    ok("EDITOR=\"sed -i s#" + old_url.substr(0, old_url.size() - 1) + "#https://" + place + "#\" $ICS --dir plant policy edit --yes");
    start("plant");
    return place;
  }
  bool admitted(const std::string& dir) const { return sh("ics --dir " + dir + " why A-1").exit == 0; }
  void add_field() {
    ok("ics init field --role infield --domain plant7.example --listen 127.0.0.1:0");
    const auto said = ok("ics trust field $(cat plant/address) --as copy --select cloud=hall-3 --owner $(ics key id plant/owner.key)");
    const auto line = said.find("ics server add HOME");
    ASSERT_NE(line, std::string::npos) << said;
    auto command = said.substr(line, said.find('\n', line) - line);
    command.replace(command.find("HOME"), 4, "plant");
    ok(command + " --yes");
    start("field");
    ASSERT_TRUE(eventually([&] { return admitted("field"); })) << content("field.log");
  }
};

TEST_F(DayTwo, StolenAndFound) {
  add_field();
  const auto said = sh("ics --dir plant status A-1 stolen --reason 'van broken into'");
  EXPECT_EQ(said.exit, 0);
  EXPECT_THAT(said.out, HasSubstr("as maintainer"));
  EXPECT_THAT(said.err, HasSubstr("signed by plant7.example/plant7 (owner, "));
  EXPECT_TRUE(eventually([&] { return !admitted("field"); }));
  // It cannot be withdrawn: the next status is what holds.
  const auto history = ok("ics --dir plant history A-1 --json");
  const auto kind = history.find("\"kind\":\"status\",\"body\":{\"status\":\"stolen\"");
  ASSERT_NE(kind, std::string::npos) << history;
  const auto id = history.substr(history.rfind("\"statement\":\"", kind) + 13, 16);
  const auto refused = sh("ics --dir plant withdraw A-1 " + id);
  EXPECT_EQ(refused.exit, 3);
  EXPECT_THAT(refused.err, HasSubstr("ics status A-1 in-use"));
  ok("ics --dir plant status A-1 --lift --reason 'found, and looked at'");
  EXPECT_TRUE(eventually([&] { return admitted("field"); }));
}

TEST_F(DayTwo, AnIntegratorWhoIsNotTheOwnerAndOneWhoComesAfter) {
  ok("ics key new volta.key && ics key pub volta.key --out volta.pem && ics role add plant integrator volta --key volta.pem --yes");
  ok("ics role end plant integrator plant7 --until now --yes");
  EXPECT_THAT(ok("ics role list plant"), testing::AllOf(HasSubstr("volta"), HasSubstr("integrator")));
  ok("ics key new a2.key && ics --dir acme identify a2.key --type device --maker Acme --model thermo-2000 --serial A-2 && ics --dir acme transfer A-2 --to plant7.example");
  ASSERT_TRUE(eventually([&] { return sh("ics --dir plant show A-2").out.find("holder") != std::string::npos; }));
  // The owner's word is kept, and counts as the holder's: the rule wants an integrator's.
  const auto idle = sh("ics --dir plant endorse A-2 --label approved");
  EXPECT_EQ(idle.exit, 0);
  EXPECT_THAT(idle.out, HasSubstr("as holder"));
  ok("ics --dir plant status A-2 in-use");
  EXPECT_EQ(sh("ics --dir plant why A-2").exit, 1);
  const auto counts = sh("ICS_KEY=volta.key $ICS --dir plant endorse A-2 approved");
  EXPECT_THAT(counts.out, HasSubstr("as integrator")) << counts.err;
  EXPECT_THAT(counts.err, HasSubstr("signed by plant7.example/volta (integrator)"));
  EXPECT_EQ(sh("ics --dir plant why A-2").exit, 0);

  const auto endorsed_by = std::time(nullptr);  // what is received in the very second in which a role ends came too late
  ASSERT_TRUE(eventually([&] { return std::time(nullptr) > endorsed_by; }));
  ok("ics key new ohm.key && ics key pub ohm.key --out ohm.pem && ics role replace plant volta ohm --key ohm.pem --yes");
  EXPECT_THAT(ok("ics role end plant integrator volta --until now --yes"), HasSubstr("nothing changes"));
  EXPECT_EQ(sh("ics --dir plant why A-2").exit, 0) << "what was said before counts on";
  const auto late = sh("ics --dir plant --key volta.key endorse A-2 --label late");
  EXPECT_TRUE(late.exit == 3 || late.err.find("counts for nothing") != std::string::npos) << late.out << late.err;
  ok("ics --dir plant --key ohm.key endorse A-2 --label approved");
}

// What is not taken is told as what is, and what would change it: sold, of nobody any more, by a key that nobody knows.
TEST_F(DayTwo, WhatIsNotTakenIsTold) {
  const auto sold = sh("ics --dir acme transfer A-1 --to plant7.example");
  EXPECT_EQ(sold.exit, 3);
  EXPECT_THAT(sold.out, testing::ContainsRegex("not taken: A-1 belongs to plant7.example since 20[0-9T:-]*Z; acme.example can no longer transfer it"));
  EXPECT_THAT(sold.err, HasSubstr("→ plant7.example can give it back: ics transfer A-1 --to acme.example"));

  // The plant gives it back: its own word as holder ends there.
  ok("ics --dir plant transfer A-1 --to acme.example");
  const auto given = sh("ics --dir plant transfer A-1 --to acme.example");
  EXPECT_THAT(given.out, testing::ContainsRegex("not taken: A-1 belongs to acme.example since 20[0-9T:-]*Z; plant7.example can no longer transfer it"));

  // An identity that has ended: nobody holds the thing.
  ok("ics key new short.key");
  // On a machine that is busy it may be over before the statement arrives: then it is said again.
  ASSERT_TRUE(eventually([&] { return sh("ics --dir acme identify short.key --type device --maker Acme --serial B-3 --expires 1s").exit == 0; }));
  ASSERT_TRUE(eventually([&] { return sh("ics --dir acme history short.key").out.find("expired at") != std::string::npos; }));
  const auto ended = sh("ics --dir acme transfer short.key --to plant7.example");
  EXPECT_EQ(ended.exit, 3);
  EXPECT_THAT(ended.out, testing::ContainsRegex("not taken: nobody holds B-3: its identity by acme.example/acme expired at 20[0-9T:-]*Z; acme.example cannot transfer it"));
  EXPECT_THAT(ended.err, HasSubstr("→ its maker identifies it first"));

  ok("ics key new stray.key");
  const auto stranger = sh("ics --dir acme --key stray.key transfer A-1 --to plant7.example");
  EXPECT_EQ(stranger.exit, 3);
  EXPECT_THAT(stranger.out, testing::ContainsRegex("no policy that is known here lists the key key:[0-9a-f]{16};"));
  EXPECT_THAT(stranger.err, HasSubstr("→ is it the right key (--key)?"));
  for (const auto& said : {sold, given, ended, stranger}) EXPECT_THAT(said.err, testing::Not(HasSubstr("when that has come")));
}

TEST_F(DayTwo, AServerMoves) {
  add_field();
  const std::string place = move_plant();
  EXPECT_THAT(ok("ics trust field https://" + place + " --as copy"), HasSubstr("is followed from https://" + place));
  EXPECT_THAT(content("field/icsd.toml"), HasSubstr("from = \"https://" + place + "\""));
  EXPECT_THAT(ok("ics trust field https://" + place + " --as copy"), HasSubstr("is followed already"));
  stop("field");
  start("field");
  ok("ics --dir plant status A-1 stolen");
  EXPECT_TRUE(eventually([&] { return !admitted("field"); })) << content("field.log");
}

// The policy names the new address while the old one answers: nobody has to be told.
TEST_F(DayTwo, AServerMovesAndIsFollowed) {
  add_field();
  const auto port = demo::free_port();
  ASSERT_TRUE(port);
  const std::string place = "127.0.0.1:" + std::to_string(*port), old_url = content("plant/address");
  ok("EDITOR=\"sed -i s#" + old_url.substr(0, old_url.size() - 1) + "#https://" + place + "#\" $ICS --dir plant policy edit --yes");
  ASSERT_TRUE(eventually([&] { return sh("ics --dir field policy show --text").out.find(place) != std::string::npos; }));
  stop("plant");
  ok("sed -i 's/^listen .*/listen = [\"" + place + "\"]/' plant/icsd.toml");
  start("plant");
  ok("ics --dir plant status A-1 stolen");
  EXPECT_TRUE(eventually([&] { return !admitted("field"); })) << content("field.log");
  EXPECT_THAT(content("field.log"), HasSubstr("followed from https://" + place + " now"));
  EXPECT_THAT(ok("ics --dir field peers"), HasSubstr("https://" + place));
}

// The old address was gone before: the policy is brought to who follows.
TEST_F(DayTwo, AServerMovedAndItsPolicyIsBrought) {
  add_field();
  const std::string place = move_plant();
  ok("ics --dir field push $(ls plant/evidence/*-policy-[0-9]*.cose | tail -1)");
  ok("ics --dir plant status A-1 stolen");
  EXPECT_TRUE(eventually([&] { return !admitted("field"); })) << content("field.log");
  EXPECT_TRUE(eventually([&] { return sh("ics --dir acme show A-1").out.find("stolen") != std::string::npos; })) << content("acme.log");
}

TEST_F(DayTwo, ServerKeyIsLost) {
  add_field();
  const auto base64 = [&] {
    auto text = ok("ics key show plant/server.key | sed -n 's/^base64 *//p'");
    text.pop_back();
    return text;
  };
  const auto before = base64();
  stop("plant");
  ok("rm plant/server.key && ics key new plant/server.key --alg p256");
  ok("EDITOR=\"sed -i s#" + before + "#" + base64() + "#\" $ICS --dir plant policy edit --yes");
  start("plant");
  ok("ics --dir plant status A-1 stolen");
  EXPECT_TRUE(eventually([&] { return sh("ics --dir acme show A-1").out.find("stolen") != std::string::npos; })) << content("plant.log");
  ok("ics trust field $(cat plant/address) --as copy");  // icsd.toml of the copy names the key
  stop("field");
  start("field");
  EXPECT_TRUE(eventually([&] { return !admitted("field"); })) << content("field.log");
}

TEST_F(DayTwo, NothingThatAStruckKeySaidCounts) {
  ok("ics key new volta.key && ics role add plant integrator volta --key volta.key --yes");
  ok("ics --dir plant --key volta.key endorse A-1 approved && ics role end plant integrator plant7 --until 2026-01-01 --yes");
  ASSERT_TRUE(admitted("plant"));
  EXPECT_THAT(sh("ics role remove plant integrator volta --yes").err, HasSubstr("will count no more"));
  const auto why = sh("ics --dir plant why A-1");
  EXPECT_EQ(why.exit, 1);
  EXPECT_THAT(why.out, HasSubstr("volta endorsed it as \"approved\""));
}

// How long a supplier may be silent is another question than how long a copy that is cut off admits.
TEST_F(DayTwo, ASuppliersServerIsOff) {
  EXPECT_THAT(content("plant/policy.toml"), HasSubstr("cut off from plant7.example admits for 24 h more"));
  stop("acme");
  const std::string edit = "$ICS --dir plant policy edit --yes";
  ok("EDITOR=\"sed -i '0,/{ own = .24h., /s//{ own = \\\"24h\\\", manufacturer = \\\"2s\\\", /'\" " + edit);
  EXPECT_THAT(ok("ics policy check plant/policy.toml"), HasSubstr("admit.device.max_staleness.manufacturer is below 2m"));
  ASSERT_TRUE(eventually([&] { return !admitted("plant"); }));
  EXPECT_TRUE(eventually([&] {
    const auto why = sh("ics --dir plant why A-1");
    return why.out.find("acme.example has not been heard of since ") != std::string::npos && why.out.find("more than 2s ago: https://127.0.0.1:") != std::string::npos &&
           why.out.find("onnect") != std::string::npos;
  })) << sh("ics --dir plant why A-1").out;
  ok("EDITOR=\"sed -i 's/manufacturer = .2s./manufacturer = \\\"30d\\\"/'\" " + edit);
  EXPECT_TRUE(eventually([&] { return admitted("plant"); })) << sh("ics --dir plant why A-1").out;
}

// Firmware is in no cloud, and comes to a hall's copy nevertheless.
TEST_F(DayTwo, CodeIsUsedAndDeprecated) {
  ok("ics init dev --role developer --domain dev.example --listen 127.0.0.1:0");
  start("dev");
  ok("ics trust plant $(cat dev/address) --as developer --owner $(ics key id dev/owner.key) --yes");
  ok("echo firmware > fw-1.4.2.bin && ics --dir dev identify --code fw-1.4.2.bin --maker Dev --model thermo-2000 --version 1.4.2");
  add_field();
  EXPECT_THAT(ok("ics server list plant"), HasSubstr("[{ cloud = [\"hall-3\"] }, { type = [\"code\", \"model\"] }]"));
  EXPECT_THAT(content("field/icsd.toml"), HasSubstr("select = [{ cloud = [\"hall-3\"] }, { type = [\"code\", \"model\"] }]"));
  ASSERT_TRUE(eventually([&] { return sh("ics --dir field why fw-1.4.2.bin").exit == 0; })) << sh("ics --dir field why fw-1.4.2.bin").out;
  ok("ics permit add plant --from 'model=thermo-*' --to '{ type = [\"code\"], model = [\"thermo-*\"] }' --yes");
  ASSERT_TRUE(eventually([&] { return sh("ics --dir field may A-1 fw-1.4.2.bin").exit == 0; })) << sh("ics --dir field may A-1 fw-1.4.2.bin").out;

  ok("ics --dir dev status fw-1.4.2.bin deprecated --reason 'CVE-2026-1234: update to 1.4.3'");
  const auto said = std::chrono::steady_clock::now();
  ASSERT_TRUE(eventually([&] { return sh("ics --dir field why fw-1.4.2.bin").exit == 1; }));
  RecordProperty("milliseconds_until_refused", static_cast<int>((std::chrono::steady_clock::now() - said) / 1ms));
  EXPECT_THAT(sh("ics --dir field why fw-1.4.2.bin").out, HasSubstr("status is deprecated"));
  EXPECT_EQ(sh("ics --dir field may A-1 fw-1.4.2.bin").exit, 1);
  EXPECT_TRUE(admitted("field")) << "the device is still who it is";
}

// What a warning began, a line ends.
TEST_F(DayTwo, TheLogTellsThatALinkHealed) {
  add_field();
  stop("plant");
  EXPECT_THAT(content("plant.log"), HasSubstr("stopped"));
  ASSERT_TRUE(eventually([&] { return content("field.log").find("warning copy of plant7.example") != std::string::npos; })) << content("field.log");
  start("plant");
  EXPECT_TRUE(eventually([&] { return content("field.log").find("following again") != std::string::npos; })) << content("field.log");
}

TEST_F(DayTwo, NothingIsSignedByADryRun) {
  const auto before = ok("ics --dir plant history A-1");
  ok("ics --dir plant status A-1 stolen --dry-run && ics --dir plant transfer A-1 --to acme.example --dry-run");
  ok("ics key new x.key && ics role add plant integrator x --key x.key --dry-run");
  EXPECT_EQ(ok("ics --dir plant history A-1"), before);
  EXPECT_THAT(ok("ics role list plant"), testing::Not(HasSubstr(" x ")));
}

TEST_F(DayTwo, FindNarrowsByCloudVerdictAndLabel) {
  EXPECT_THAT(ok("ics --dir plant find --cloud hall-3"), HasSubstr("A-1"));
  EXPECT_THAT(ok("ics --dir plant find --cloud hall-4"), testing::Not(HasSubstr("A-1")));
  EXPECT_THAT(ok("ics --dir plant find --verdict admitted"), HasSubstr("A-1"));
  EXPECT_THAT(ok("ics --dir plant find --verdict not-admitted"), testing::Not(HasSubstr("A-1")));
  EXPECT_THAT(ok("ics --dir plant find --label approved"), HasSubstr("A-1"));
  EXPECT_THAT(ok("ics --dir plant find --type server"), testing::Not(HasSubstr("not admitted"))) << "no rule is for servers";
  EXPECT_EQ(sh("ics --dir plant find --type devise").exit, 2);
}

}  // namespace
}  // namespace cm4it::cli::test
