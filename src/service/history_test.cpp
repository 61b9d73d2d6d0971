// Long histories stay within their budgets, and what may not be read looks like what is not there.
#include "base/budgets.h"
#include "base/text.h"
#include "service/network_fixture.h"

namespace cm4it::service {
namespace {

using namespace fixture;

struct Long : Network {
  // A subject with so many statements about it.
  void talk_about(const SubjectId& subject, std::size_t statements) {
    std::vector<Bytes> pieces;
    for (std::size_t i = 0; i < statements; ++i)
      pieces.push_back(plant.say("volta", subject, Endorse{"label " + std::to_string(i), std::string(100, 'n')}));
    for (const auto& item : plant.submit(std::move(pieces))) ASSERT_EQ(item.outcome, Outcome::received) << why(item);
  }
};

TEST_F(Long, HistoriesAreWholeUpToTheBudget) {
  talk_about(sensor_id, 3000);
  const auto verdict = plant.verdict(sensor_id);
  EXPECT_EQ(verdict.judgements.size(), 3000u);
  EXPECT_EQ(verdict.endorsements.size(), 3000u);
}

// A selector asks what the fold said after each statement: of a long history this must not cost its square.
TEST_F(Long, AFeedOfASelectionOverALongHistory) {
  talk_about(sensor_id, 3000);
  const auto page = plant.service->feed().page({"plant.example", 0, policy::Selector{{{policy::Field::holder, {"nobody.example"}}}}}, {});
  ASSERT_TRUE(page);
  EXPECT_EQ(page->records.size(), 2u);  // policies
}

TEST_F(Long, AFeedComesInPages) {
  talk_about(sensor_id, 2500);
  std::set<std::string> seen;
  std::size_t pages = 0;
  for (std::uint64_t from = 0;;) {
    const auto page = plant.service->feed().page({"plant.example", from, {}}, {});
    ASSERT_TRUE(page);
    EXPECT_LE(page->records.size(), budget::feed_records);
    for (const auto& record : page->records) seen.insert(to_hex(record.evidence));
    ASSERT_LT(++pages, 10u);
    EXPECT_EQ(page->heads.empty(), page->more);  // heads cover what was sent, so they come last
    if (!page->more) break;
    ASSERT_GT(page->next, from);
    from = page->next;
  }
  EXPECT_EQ(seen.size(), 2502u);
}

TEST_F(Long, SearchWalksOnlySoFar) {
  for (int i = 0; i < 30; ++i) talk_about(subject_of("device " + std::to_string(i)), 2);
  SearchQuery query;
  query.limit = 7;
  std::set<std::string> seen;
  for (int pages = 0; pages < 10; ++pages) {
    const auto page = plant.service->verdicts().search(query, {});
    ASSERT_TRUE(page);
    for (const auto& looked : page->subjects) EXPECT_TRUE(seen.insert(looked.verdict.subject.text()).second);
    query.cursor = page->cursor;
    if (query.cursor.empty()) break;
  }
  EXPECT_EQ(seen.size(), 30u + 1u);  // and the owner, of whom the policy speaks
}

// Watchers are told of every subject once, and of "everything" when too much was missed.
TEST_F(Long, ChangesAreBounded) {
  const auto before = plant.service->feed().changes({}, "", {});
  ASSERT_TRUE(before);
  talk_about(sensor_id, 500);
  talk_about(subject_of("other"), 1);
  const auto page = plant.service->feed().changes(before->next, "", {});
  ASSERT_TRUE(page);
  EXPECT_EQ(page->subjects.size(), 2u);
  EXPECT_FALSE(page->everything);
}

struct Rights : Network {
  Rights() : Network("[read]\nstatus = [\"holder\"]\nendorse = [\"maintainer\"]\nassign = [\"owner\"]\n") {}
  void SetUp() override { deploy(); }
  std::vector<Kind> seen_by(const Principal& who) const {
    std::vector<Kind> kinds;
    const auto looked = plant.service->verdicts().look_up(sensor_id, "", who);
    EXPECT_TRUE(looked);
    for (const auto& judgement : looked->verdict.judgements) kinds.push_back(judgement.fact->statement.kind());
    std::sort(kinds.begin(), kinds.end());
    return kinds;
  }
};

TEST_F(Rights, EachKindByItsReaders) {
  using List = std::vector<Kind>;
  const auto stranger = id_of("stranger");
  EXPECT_EQ(seen_by({}), (List{Kind::identity, Kind::transfer}));
  EXPECT_EQ(seen_by(stranger), (List{Kind::identity, Kind::transfer}));
  EXPECT_EQ(seen_by(id_of("new integrator")), (List{Kind::identity, Kind::endorse, Kind::transfer}));  // a maintainer
  EXPECT_EQ(seen_by(id_of("volta")), (List{Kind::identity, Kind::endorse, Kind::status, Kind::transfer}));  // and the holder's agent
  EXPECT_EQ(seen_by(id_of("plant")), (List{Kind::identity, Kind::endorse, Kind::status, Kind::transfer, Kind::assign}));
  EXPECT_EQ(seen_by(key_of("plant.example server", crypto::Algorithm::es256)->public_key().id()).size(), 5u);
  EXPECT_EQ(seen_by(id_of("acme")), (List{Kind::identity, Kind::transfer}));
}

TEST_F(Rights, WhatIsHiddenIsNotShownByTheViewEither) {
  const auto looked = plant.service->verdicts().look_up(sensor_id, "", {});
  ASSERT_TRUE(looked);
  const auto& verdict = looked->verdict;
  EXPECT_TRUE(verdict.endorsements.empty());
  EXPECT_EQ(verdict.cloud, "");
  EXPECT_FALSE(verdict.status);
  EXPECT_EQ(verdict.admitted, policy::Admitted::yes);  // the verdict itself is open
  std::set<std::optional<StatementId>> named;
  for (const auto& reason : verdict.reasons)
    if (reason.statement) named.insert(reason.statement);
  ASSERT_TRUE(verdict.identity_statement);
  EXPECT_EQ(named, std::set{verdict.identity_statement});
}

// What another domain said, under its own rules, is not opened by being stored here.
struct Borrowed : testing::Test {
  Borrowed() {
    const Bytes acme_1 = policy_evidence("acme", "acme.example", acme_policy(1, "[read]\nstatus = [\"holder\"]\nidentity = [\"holder\"]\n"), *acme.clock);
    const Bytes plant_1 = policy_evidence("plant", "plant.example", plant_policy(), *plant.clock);
    acme.submit({acme_1, plant_1});
    plant.submit({acme_1, plant_1});
    const auto made = acme.submit({acme.say("acme", sensor, device_identity("sensor")), acme.say("acme", sensor, StatusChange{Status::in_stock, ""}),
                                   acme.say("acme", sensor, Transfer{"plant.example", id_of("plant")})});
    for (const auto& item : made) EXPECT_EQ(item.outcome, Outcome::received) << why(item);
    status = *made[1].statement;
    // The plant's server reads as the holder.
    const auto page = acme.service->feed().page({"acme.example", 0, {}}, server);
    const auto report = plant.service->intake().ingest("acme.example", peer_records(*page));
    EXPECT_EQ(report->refused + report->not_yet, 0u) << report->first_refusal;
    EXPECT_GE(report->taken, 3u);
    note_heads(plant, *page);
  }
  std::vector<Kind> history(const Principal& who) const {
    std::vector<Kind> kinds;
    const auto looked = plant.service->verdicts().look_up(sensor, "plant.example", who);
    EXPECT_TRUE(looked);
    for (const auto& judgement : looked->verdict.judgements) kinds.push_back(judgement.fact->statement.kind());
    return kinds;
  }
  std::vector<Kind> feed(const Principal& who) const {
    std::vector<Kind> kinds;
    const auto page = plant.service->feed().page({"plant.example", 0, {}}, who);
    EXPECT_TRUE(page);
    for (const auto& record : page->records) {
      const auto statements = evidence::statements_of_stored(record.format, record.evidence, record.issuer);
      kinds.push_back(statements->at(0).kind());
    }
    return kinds;
  }
  Ics acme{"acme.example", pin("acme.example", "acme")};
  Ics plant{"plant.example", pin("plant.example", "plant")};
  const SubjectId sensor = subject_of("sensor");
  const KeyId server = key_of("plant.example server", crypto::Algorithm::es256)->public_key().id();
  StatementId status;
};

TEST_F(Borrowed, IsHiddenFromAnyoneHereToo) {
  using testing::UnorderedElementsAre;
  EXPECT_THAT(history({}), UnorderedElementsAre(Kind::transfer));
  EXPECT_THAT(feed({}), UnorderedElementsAre(Kind::policy, Kind::policy, Kind::transfer));
  EXPECT_FALSE(plant.service->feed().evidence(status, {}));
  const auto looked = plant.service->verdicts().look_up(sensor, "plant.example", {});
  EXPECT_FALSE(looked->verdict.identity);
  EXPECT_FALSE(looked->verdict.status);
  EXPECT_FALSE(looked->open);
  EXPECT_FALSE(plant.service->verdicts().key(id_of("sensor"), {}));
  SearchQuery query;
  query.words = "sensor";
  EXPECT_TRUE(plant.service->verdicts().search(query, {})->subjects.empty());
}

TEST_F(Borrowed, IsReadByWhomThatDomainLetsRead) {
  using testing::UnorderedElementsAre;
  for (const auto& who : {id_of("plant"), id_of("volta"), server}) {  // the holder, its agent, its server
    EXPECT_THAT(history(who), UnorderedElementsAre(Kind::identity, Kind::status, Kind::transfer));
    EXPECT_THAT(feed(who), UnorderedElementsAre(Kind::policy, Kind::policy, Kind::identity, Kind::status, Kind::transfer));
    EXPECT_TRUE(plant.service->feed().evidence(status, who));
    EXPECT_TRUE(plant.service->verdicts().key(id_of("sensor"), who));
  }
}

TEST_F(Rights, ARoleThatEndedReadsNoMore) {
  ASSERT_EQ(plant.submit_one(policy_evidence("plant", "plant.example",
                                             plant_policy(2, to_rfc3339(*plant.clock + 60), "[read]\nendorse = [\"integrator\"]\n"), *plant.clock))
                .outcome, Outcome::received);
  const auto sees = [&] {
    const auto kinds = seen_by(id_of("volta"));
    return contains(kinds, Kind::endorse);
  };
  EXPECT_TRUE(sees());
  *plant.clock = *plant.clock + 60;
  EXPECT_FALSE(sees());
}

}  // namespace
}  // namespace cm4it::service
