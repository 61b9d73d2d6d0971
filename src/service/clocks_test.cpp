// Clocks that are wrong: a copy's, a home's, and who is believed. Nothing is admitted because of one.
#include "base/budgets.h"
#include "service/network_fixture.h"

namespace cm4it::service {
namespace {

using namespace fixture;
using policy::Admitted;

constexpr Seconds hour = 3600, day = 24 * hour;

// What a feed brings: its records, then its heads.
IngestReport pull(Ics& from, Ics& to, const std::string& domain) {
  const auto page = from.service->feed().page({domain, 0, {}}, {});
  EXPECT_TRUE(page);
  const auto report = to.service->intake().ingest(domain, peer_records(*page));
  EXPECT_TRUE(report);
  note_heads(to, *page);
  return report ? *report : IngestReport{};
}

const policy::Reason* reason_of(const policy::Verdict& verdict, const std::string& rule) {
  for (const auto& reason : verdict.reasons)
    if (reason.rule == rule) return &reason;
  return nullptr;
}

bool warns(Ics& server, const std::string& words) {
  const auto warnings = server.service->health().warnings({});
  return std::any_of(warnings.begin(), warnings.end(), [&](const auto& one) { return one.find(words) != std::string::npos; });
}

// A copy of acme's domain, which admits what acme has identified, while the newest head is a minute old.
struct CopyClock : testing::Test {
  CopyClock() {
    const std::string admit = "[admit.device]\nidentified_by = [\"manufacturer\"]\nmax_staleness = \"60s\"\n";
    const auto said = acme.submit({policy_evidence("acme", "acme.example", acme_policy(1, admit), *acme.clock),
                                   acme.say("acme", sensor, device_identity("sensor"))});
    for (const auto& item : said) EXPECT_EQ(item.outcome, Outcome::received) << why(item);
  }
  void say_stolen() {
    ASSERT_EQ(acme.submit_one(acme.say("acme", sensor, StatusChange{Status::stolen, ""})).outcome, Outcome::received);
  }
  void pass(Seconds seconds) {
    for (Ics* one : {&acme, &field}) {
      *one->clock = Time(*one->clock) + seconds;
      *one->passed += seconds;
    }
  }

  Ics acme{"acme.example", pin("acme.example", "acme")};
  Ics field{"acme.example", pin("acme.example", "acme"), false};
  SubjectId sensor = subject_of("sensor");
};

TEST_F(CopyClock, ThirtyDaysBehindObeysAnAlarm) {
  *field.clock = Time(*acme.clock) + -30 * day;
  pull(acme, field, "acme.example");
  EXPECT_EQ(field.service->now(), Time(*acme.clock));  // all homes say so
  const auto before = field.verdict(sensor);
  EXPECT_EQ(before.admitted, Admitted::yes);
  ASSERT_TRUE(reason_of(before, "clock"));
  EXPECT_THAT(reason_of(before, "clock")->text, testing::HasSubstr("this server's clock is 30d behind the heads of main/acme.example"));
  EXPECT_TRUE(warns(field, "this server's clock is 30d behind"));
  EXPECT_EQ(field.service->health().clocks().behind(), 30 * day);
  pass(10);
  say_stolen();
  pull(acme, field, "acme.example");
  EXPECT_EQ(field.verdict(sensor).admitted, Admitted::no);
  EXPECT_EQ(field.verdict(sensor).status, Status::stolen);
}

TEST_F(CopyClock, TimeGoesOnWhileTheClockIsBehind) {
  *field.clock = Time(*acme.clock) + -30 * day;
  pull(acme, field, "acme.example");
  EXPECT_EQ(field.verdict(sensor).admitted, Admitted::yes);
  pass(61);  // cut off
  EXPECT_EQ(field.service->now(), Time(*acme.clock));
  EXPECT_EQ(field.verdict(sensor).admitted, Admitted::no);
  ASSERT_TRUE(reason_of(field.verdict(sensor), "max_staleness"));
  // It is set right: the homes' time is not added to it.
  *field.clock = Time(*acme.clock);
  pull(acme, field, "acme.example");
  EXPECT_EQ(field.service->now(), Time(*acme.clock));
  EXPECT_FALSE(warns(field, "clock"));
}

// The same after a restart, before anybody was heard.
TEST_F(CopyClock, AStoredHeadIsAtLeastHowLateItIs) {
  HomeClocks clocks([] { return Time{1'800'000'000}; }, [this] { return Seconds{*field.passed}; }, false);
  EXPECT_TRUE(clocks.heard("acme.example", {"main/acme.example", 1, {}, Time{1'800'000'000 + 30 * day}}, false));
  EXPECT_EQ(clocks.now(), Time{1'800'000'000 + 30 * day});
  *field.passed += 100;
  EXPECT_EQ(clocks.now(), Time{1'800'000'000 + 30 * day + 100});
}

TEST_F(CopyClock, ThatWasNeverSetIsNoJudge) {
  *field.clock = Time{0};
  pull(acme, field, "acme.example");
  EXPECT_EQ(field.service->now(), Time(*acme.clock));
  EXPECT_EQ(field.verdict(sensor).admitted, Admitted::yes);
  say_stolen();
  pull(acme, field, "acme.example");
  EXPECT_EQ(field.verdict(sensor).admitted, Admitted::no);
}

// The home's clock was ahead, and it said so much by mistake; then it was put right. Its copies come back with it.
TEST_F(CopyClock, AHomeThatWasAheadComesBack) {
  *acme.clock = Time(*acme.clock) + (hour - 60);
  acme.submit_one(acme.say("acme", subject_of("other"), device_identity("other")));
  pull(acme, field, "acme.example");
  EXPECT_EQ(field.service->now(), Time(*acme.clock));
  *acme.clock = Time(*field.clock);
  say_stolen();  // the log's time stands still; the copy's clock is moved with it, so that it counts
  pull(acme, field, "acme.example");
  EXPECT_EQ(field.verdict(sensor).status, Status::stolen);
  EXPECT_NE(field.verdict(sensor).admitted, Admitted::yes);
}

TEST(HomeClocks, OneThatAgreesWithOursSaysThatTheOtherIsWrong) {
  Time clock{1'800'000'000};
  Seconds passed = 0;
  HomeClocks clocks([&] { return clock; }, [&] { return passed; }, false);
  clocks.heard("a.example", {"main/a.example", 1, {}, clock + 2 * hour});
  EXPECT_EQ(clocks.now(), clock + 2 * hour);  // all that are heard
  EXPECT_TRUE(clocks.heard("b.example", {"main/b.example", 1, {}, clock}));
  EXPECT_EQ(clocks.now(), clock);
  EXPECT_THAT(clocks.doubt("a.example"), testing::HasSubstr("the clock of main/a.example is 2h ahead of this server's, and another home's agrees"));
  EXPECT_EQ(clocks.doubt("b.example"), "");
  // One that has not been heard for long says nothing of the present.
  passed += 700;
  clock = clock + 700;
  EXPECT_TRUE(clocks.heard("a.example", {"main/a.example", 2, {}, clock + 2 * hour}));
  EXPECT_EQ(clocks.now(), clock + 2 * hour);
  EXPECT_EQ(clocks.doubt("a.example"), "");
}

TEST(HomeClocks, OfHomesThatAreAheadTheLeastIsBelieved) {
  const Time clock{1'800'000'000};
  HomeClocks clocks([&] { return clock; }, [] { return Seconds{0}; }, false);
  clocks.heard("a.example", {"main/a.example", 1, {}, clock + 365 * day});
  clocks.heard("b.example", {"main/b.example", 1, {}, clock + 30 * day});
  EXPECT_EQ(clocks.now(), clock + 30 * day);
  EXPECT_NE(clocks.doubt("a.example"), "");
  EXPECT_EQ(clocks.doubt("b.example"), "");
}

TEST(HomeClocks, ATreeThatGrowsIsTheNewerOneWhateverTheTime) {
  const Time clock{1'800'000'000};
  const tlog::Head ahead{"o", 5, {}, clock + 365 * day}, right{"o", 5, {}, clock}, grown{"o", 6, {}, clock};
  EXPECT_TRUE(supersedes(right, ahead, clock));
  EXPECT_FALSE(supersedes(right, tlog::Head{"o", 5, {}, clock + 10}, clock));
  EXPECT_TRUE(supersedes(grown, ahead, clock));
  EXPECT_FALSE(supersedes(ahead, grown, clock));
}

// Two homes that refer to each other: neither takes the other's time.
struct Clocks : Network {
  void say_at(Seconds ahead, Body body) {
    *acme.clock = Time(*plant.clock) + ahead;
    const auto item = acme.submit_one(acme.say("acme", sensor_id, std::move(body)));
    EXPECT_EQ(item.outcome, Outcome::received) << why(item);
  }
};

TEST_F(Clocks, AReferencedHomeTwoHoursAheadIsInDoubt) {
  deploy();
  const Time before = plant.service->now();
  EXPECT_EQ(plant.verdict(sensor_id).admitted, Admitted::yes);
  say_at(2 * hour, StatusChange{Status::stolen, ""});
  const auto report = pull(acme, plant, "acme.example");
  EXPECT_GE(report.taken, 1u);  // nothing is passed over
  EXPECT_EQ(plant.service->now(), before);
  const auto verdict = plant.verdict(sensor_id);
  EXPECT_EQ(verdict.admitted, Admitted::unknown);
  ASSERT_TRUE(reason_of(verdict, "clock"));
  EXPECT_THAT(reason_of(verdict, "clock")->text, testing::HasSubstr("the clock of main/acme.example is 2h ahead of this server's"));
  EXPECT_TRUE(warns(plant, "main/acme.example is 2h ahead"));
  // When either clock was set, or the time has come, it counts.
  *plant.clock = Time(*acme.clock);
  pull(acme, plant, "acme.example");
  EXPECT_EQ(plant.verdict(sensor_id).status, Status::stolen);
  EXPECT_EQ(plant.verdict(sensor_id).admitted, Admitted::no);
}

// An alarm that a home received at a time still to come does not count; nobody admits what it is about for that.
TEST_F(Clocks, AnAlarmReceivedInTheFutureIsNotForgotten) {
  deploy();
  say_at(hour - 60, StatusChange{Status::stolen, ""});
  const auto page = acme.service->feed().page({"acme.example", 0, {}}, {});
  ASSERT_TRUE(plant.service->intake().ingest("acme.example", peer_records(*page)));
  const auto verdict = plant.verdict(sensor_id);
  EXPECT_NE(verdict.status, Status::stolen);
  EXPECT_EQ(verdict.admitted, Admitted::unknown);
  EXPECT_THAT(reason_of(verdict, "clock")->text, testing::HasSubstr("which is still to come"));
}

TEST_F(Clocks, AReceiptAloneMovesNoTime) {
  deploy();
  const Time before = plant.service->now();
  say_at(budget::clock_skew_seconds, StatusChange{Status::in_stock, ""});
  const auto page = acme.service->feed().page({"acme.example", 0, {}}, {});
  ASSERT_TRUE(plant.service->intake().ingest("acme.example", peer_records(*page)));
  EXPECT_EQ(plant.service->now(), before);
  pull(acme, plant, "acme.example");
  EXPECT_EQ(plant.service->now(), before + budget::clock_skew_seconds);  // a head does, by so little
}

// A home that does not sign takes no alarm, and so admits nothing.
TEST_F(Clocks, AHomeThatSignsNothingAdmitsNothing) {
  deploy();
  EXPECT_EQ(plant.verdict(sensor_id).admitted, Admitted::yes);
  plant.ledger().hold("its peers are being asked");
  const auto refused = plant.submit_one(plant.say("volta", sensor_id, StatusChange{Status::lost, ""}));
  ASSERT_TRUE(refused.error);
  EXPECT_EQ(refused.error->code, Code::unavailable);
  EXPECT_THAT(refused.error->message, testing::HasSubstr("nothing is signed: its peers are being asked"));
  const auto verdict = plant.verdict(sensor_id);
  EXPECT_EQ(verdict.admitted, Admitted::unknown);
  EXPECT_THAT(reason_of(verdict, "log")->text, testing::HasSubstr("its peers are being asked"));
  std::vector<std::string> silent;
  for (const auto& domain : plant.service->logs().domains({}))
    if (!domain.not_signing.empty()) silent.push_back(domain.domain);
  EXPECT_EQ(silent, std::vector<std::string>{"plant.example"});
  EXPECT_TRUE(warns(plant, "nothing is signed"));
  plant.ledger().hold({});
  plant.ledger().drain();
  EXPECT_EQ(plant.verdict(sensor_id).admitted, Admitted::yes);
}

// Its transfer counts, and its owner is pinned, also while its clock is a little ahead of ours.
TEST(Transfers, AHomeALittleAhead) {
  Ics acme{"acme.example", pin("acme.example", "acme")};
  Ics field{"acme.example", pin("acme.example", "acme"), false};
  *acme.clock = *field.clock + 100;
  acme.submit({policy_evidence("acme", "acme.example", acme_policy(), *acme.clock),
               acme.say("acme", subject_of("sensor"), device_identity("sensor")),
               acme.say("acme", subject_of("sensor"), Transfer{"plant.example", id_of("plant")})});
  const auto page = acme.service->feed().page({"acme.example", 0, {}}, {});
  ASSERT_TRUE(page);
  ASSERT_TRUE(field.service->intake().ingest("acme.example", peer_records(*page)));
  EXPECT_TRUE(field.ledger().published()->policies->chain("plant.example"));
}

}  // namespace
}  // namespace cm4it::service
