// A referenced home whose clock is ahead of this server's.
#include "base/budgets.h"
#include "service/network_fixture.h"

namespace cm4it::service {
namespace {

using namespace fixture;

struct Clocks : Network {
  // What the home of acme says at a time that is so far ahead, without its head.
  IngestReport take_records(Seconds ahead) {
    *acme.clock = *plant.clock + ahead;
    const auto item = acme.submit_one(acme.say("acme", sensor_id, StatusChange{Status::in_stock, std::to_string(ahead)}));
    EXPECT_EQ(item.outcome, Outcome::received) << why(item);
    const auto page = acme.service->feed({"acme.example", 0, {}}, {});
    EXPECT_TRUE(page);
    heads = page->heads;
    std::vector<PeerRecord> records;
    for (auto& record : page->records) records.push_back({{record.format, record.evidence}, record.issuer, record.receipts});
    auto report = plant.service->ingest("acme.example", std::move(records));
    EXPECT_TRUE(report);
    return report ? *report : IngestReport{};
  }
  std::vector<FeedPage::HomeHead> heads;
};

TEST_F(Clocks, TwoHoursAheadMakeNothingStale) {
  deploy();
  const Time before = plant.service->now();
  const auto report = take_records(2 * 60 * 60);
  EXPECT_EQ(report.not_yet, 1u);  // when either clock was set, it can be taken
  EXPECT_THAT(report.first_refusal, testing::HasSubstr("ahead of this server's clock"));
  for (const auto& head : heads) {
    const auto check = plant.service->check_head(head.domain, head.note);
    if (head.domain != "acme.example") continue;
    ASSERT_FALSE(check);
    EXPECT_THAT(check.error().message, testing::HasSubstr("ahead of this server's clock"));
  }
  EXPECT_EQ(plant.service->now(), before);
  EXPECT_EQ(plant.verdict(sensor_id).admitted, policy::Admitted::yes);
  *plant.clock = Time(*acme.clock);
  EXPECT_EQ(take_records(0).not_yet, 0u);
}

TEST_F(Clocks, AReceiptAloneMovesNoTime) {
  deploy();
  const Time before = plant.service->now();
  const auto report = take_records(budget::clock_skew_seconds);
  EXPECT_EQ(report.not_yet, 0u);
  EXPECT_GE(report.taken, 1u);
  EXPECT_EQ(plant.service->now(), before);
  for (const auto& head : heads)
    if (auto check = plant.service->check_head(head.domain, head.note); check && !check->settled) {
      EXPECT_TRUE(plant.service->note_head(*check, std::nullopt));
    }
  plant.service->ledger().drain();
  EXPECT_EQ(plant.service->now(), before + budget::clock_skew_seconds);  // a head does
}

// A clock that was never set is no judge of others.
TEST_F(Clocks, WithoutAClockHomesAreBelieved) {
  deploy();
  const auto report = take_records(2 * 60 * 60);
  EXPECT_EQ(report.not_yet, 1u);
  *plant.clock = Time{0};
  const auto page = acme.service->feed({"acme.example", 0, {}}, {});
  ASSERT_TRUE(page);
  EXPECT_TRUE(plant.service->check_head("acme.example", page->heads.at(0).note)) << page->heads.at(0).domain;
}

// Its transfer counts, and its owner is pinned, also while its clock is a little ahead of ours.
TEST(Transfers, AHomeALittleAhead) {
  Ics acme{"acme.example", pin("acme.example", "acme")};
  Ics field{"acme.example", pin("acme.example", "acme"), false};
  *acme.clock = *field.clock + 100;
  acme.submit({policy_evidence("acme", "acme.example", acme_policy(), *acme.clock),
               acme.say("acme", subject_of("sensor"), device_identity("sensor")),
               acme.say("acme", subject_of("sensor"), Transfer{"plant.example", id_of("plant")})});
  const auto page = acme.service->feed({"acme.example", 0, {}}, {});
  ASSERT_TRUE(page);
  std::vector<PeerRecord> records;
  for (auto& record : page->records) records.push_back({{record.format, record.evidence}, record.issuer, record.receipts});
  ASSERT_TRUE(field.service->ingest("acme.example", std::move(records)));
  EXPECT_TRUE(field.service->ledger().published()->policies->chain("plant.example"));
}

}  // namespace
}  // namespace cm4it::service
