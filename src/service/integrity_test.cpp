// A bit of the store that flipped: what it is in is sent to nobody, and everybody is told.
#include "ledger/journal.h"
#include "ledger/schema.h"
#include "service/feed_wire.h"
#include "service/network_fixture.h"

namespace cm4it::service {
namespace {

using namespace fixture;

// Two servers on one store: the test's, and this one that changes it behind its back.
class Shared : public store::Store {
 public:
  explicit Shared(std::shared_ptr<store::Store> inner) : inner_(std::move(inner)) {}
  Result<std::unique_ptr<store::Snapshot>> snapshot() const override { return inner_->snapshot(); }
  Result<store::Commit> commit(const store::Batch& batch, View head) override { return inner_->commit(batch, head); }

 private:
  const std::shared_ptr<store::Store> inner_;
};

struct Damaged {
  Damaged() : backing(store::open_memory()), acme("acme.example", pin("acme.example", "acme"), true, std::make_unique<Shared>(backing)) {
    const auto said = acme.submit({policy_evidence("acme", "acme.example", acme_policy(), *acme.clock),
                                   acme.say("acme", subject_of("sound"), device_identity("sound")),
                                   acme.say("acme", subject_of("damaged"), device_identity("damaged"))});
    for (const auto& item : said) EXPECT_EQ(item.outcome, Outcome::received) << why(item);
    statement = *said[2].statement;
    sound = *said[1].statement;
  }
  // Flips a bit of the evidence, so far from its end.
  void flip(Ics& server, store::Store& in, std::size_t from_end) {
    const auto position = server.ledger().reader()->record(statement).value()->position;
    const auto snapshot = in.snapshot().value();
    Bytes row = to_bytes(*snapshot->get(ledger::table::journal, ledger::table::journal_key(position)).value());
    const Bytes evidence = ledger::decode_entry(row, position)->record->evidence;
    const auto begin = std::search(row.begin(), row.end(), evidence.begin(), evidence.end());
    const auto at = static_cast<std::size_t>(begin - row.begin()) + evidence.size() - from_end;
    row[at] ^= 4;
    store::Batch batch;
    batch.put(ledger::table::journal, ledger::table::journal_key(position), row);
    const Bytes head = to_bytes(*snapshot->get(store::head_table, store::head_key).value());
    batch.set_head(head);
    ASSERT_TRUE(in.commit(batch, head));
  }

  std::shared_ptr<store::Store> backing;
  Ics acme;
  StatementId statement, sound;
};
struct Damage : testing::Test, Damaged {};

// Of the signature, which no id covers; of what is said; of its structure.
TEST(Damages, AreSentToNobody) {
  for (const std::size_t from_end : {1u, 70u, 250u}) {
    Damaged one;
    one.flip(one.acme, *one.backing, from_end);
    auto& service = *one.acme.service;
    EXPECT_EQ(service.health().damaged(), 0u);
    const auto evidence = service.feed().evidence(one.statement, {});
    ASSERT_FALSE(evidence) << from_end;
    EXPECT_EQ(evidence.error().code, Code::internal);
    EXPECT_THAT(evidence.error().message, testing::HasSubstr(one.statement.text()));
    EXPECT_FALSE(service.feed().receipt(one.statement, {}, {}));
    EXPECT_FALSE(service.logs().entry_sizes("acme.example", 0, 3, {}));
    EXPECT_TRUE(service.logs().entry_sizes("acme.example", 0, 2, {}));
    EXPECT_TRUE(service.feed().evidence(one.sound, {}));
    EXPECT_EQ(service.health().damaged(), 1u);
  }
}

// A copy learns that something belongs there, and that it does not have it.
TEST(Damages, ACopyKnowsThatItMissesThem) {
  for (const std::size_t from_end : {1u, 250u}) {
    Damaged one;
    one.flip(one.acme, *one.backing, from_end);
    const auto page = one.acme.service->feed().page({"acme.example", 0, {}}, {});
    ASSERT_TRUE(page) << page.error().message;
    ASSERT_EQ(page->records.size(), 3u);
    EXPECT_TRUE(page->records[2].evidence.empty());
    EXPECT_FALSE(page->records[2].receipts.empty());
    EXPECT_EQ(one.acme.service->health().damaged(), 1u);
    Ics field{"acme.example", pin("acme.example", "acme"), false};
    const auto wire = decode_feed(encode_feed(*page));
    ASSERT_TRUE(wire);
    const auto report = field.service->intake().ingest("acme.example", wire->records);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->missed, 1u);
    EXPECT_FALSE(report->first_missed.empty());
    EXPECT_TRUE(field.ledger().reader()->record(one.sound)->has_value());
  }
}

// What has no leaf of our own log is checked by the receipt it came with.
TEST_F(Damage, OfACopy) {
  auto there = std::shared_ptr<store::Store>(store::open_memory());
  Ics mirror{"acme.example", pin("acme.example", "acme"), false, std::make_unique<Shared>(there)};
  carry(acme, mirror, "acme.example");
  EXPECT_TRUE(mirror.service->feed().evidence(statement, {}));
  flip(mirror, *there, 1);
  EXPECT_FALSE(mirror.service->feed().evidence(statement, {}));
  EXPECT_EQ(mirror.service->health().damaged(), 1u);
}

TEST_F(Damage, IsFoundByARebuild) {
  flip(acme, *backing, 70);
  acme.service.reset();
  const auto rebuilt = ledger::rebuild(*backing, {});
  ASSERT_FALSE(rebuilt);
  EXPECT_THAT(rebuilt.error().message, testing::HasSubstr(statement.text()));
  EXPECT_THAT(rebuilt.error().detail, testing::HasSubstr("restore a backup"));
}

// A record that its receipts say a home has received, and that cannot be taken, is missed; what nobody received is not.
TEST_F(Damage, WhatIsMissed) {
  Ics field{"acme.example", pin("acme.example", "acme"), false};
  const auto page = acme.service->feed().page({"acme.example", 0, {}}, {});
  const auto report_of = [&](const std::function<void(PeerRecord&)>& change) {
    auto records = peer_records(*page);
    change(records[2]);
    return *field.service->intake().ingest("acme.example", std::move(records));
  };
  EXPECT_EQ(report_of([](auto& record) { record.piece.bytes.back() ^= 1; }).missed, 1u);
  EXPECT_EQ(report_of([](auto& record) { record.piece.bytes[40] ^= 1; }).missed, 1u);
  EXPECT_EQ(report_of([](auto& record) { record.piece.bytes.clear(); }).missed, 1u);
  EXPECT_EQ(report_of([](auto& record) { record.issuer = id_of("somebody"); }).missed, 1u);
  const auto unreceipted = report_of([](auto& record) { record.receipts.clear(); });
  EXPECT_EQ(unreceipted.missed, 0u);
  EXPECT_EQ(unreceipted.refused, 1u);
  EXPECT_EQ(report_of([](auto&) {}).missed, 0u);
}

}  // namespace
}  // namespace cm4it::service
