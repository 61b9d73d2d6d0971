// [read]: what a copy may not read, what only the subject itself may, and feeds that are longer than a page.
#include "base/budgets.h"
#include "service/network_fixture.h"

namespace cm4it::service::fixture {
namespace {

struct Reading : testing::Test {
  // Two domains, of which acme's says who may read.
  void found(const std::string& read) {
    const Bytes acme_1 = policy_evidence("acme", "acme.example", acme_policy(1, "[read]\n" + read), *acme.clock);
    const Bytes plant_1 = policy_evidence("plant", "plant.example", plant_policy(), *plant.clock);
    for (const auto& item : acme.submit({acme_1, plant_1})) ASSERT_FALSE(item.error) << why(item);
    for (const auto& item : plant.submit({acme_1, plant_1})) ASSERT_FALSE(item.error) << why(item);
    auto made = acme.submit({acme.say("acme", sensor, device_identity("sensor")),
                             acme.say("acme", sensor, Transfer{"plant.example", id_of("plant")})});
    for (const auto& item : made) ASSERT_FALSE(item.error) << why(item);
  }
  // As the plant's server asks for it.
  std::size_t carry_as_server() {
    const auto server = key_of("plant.example server", crypto::Algorithm::es256)->public_key().id();
    auto page = acme.service->feed().page({"acme.example", 0, {}}, server);
    EXPECT_TRUE(page);
    auto records = peer_records(*page);
    const std::size_t count = records.size();
    EXPECT_TRUE(plant.service->intake().ingest("acme.example", std::move(records)));
    note_heads(plant, *page);
    return count;
  }

  Ics acme{"acme.example", pin("acme.example", "acme")};
  Ics plant{"plant.example", pin("plant.example", "plant")};
  SubjectId sensor = subject_of("sensor");
};

TEST_F(Reading, ACopyThatMayNotReadAlarmsDoesNotAdmit) {
  found("status = [\"owner\"]\n");
  ASSERT_FALSE(acme.submit_one(acme.say("acme", sensor, StatusChange{Status::stolen, ""})).error);
  ASSERT_GT(carry_as_server(), 0u);
  const auto said = plant.submit({plant.say("volta", sensor, Endorse{"approved", ""}), plant.say("volta", sensor, StatusChange{Status::in_use, ""})});
  for (const auto& item : said) ASSERT_FALSE(item.error) << why(item);
  EXPECT_EQ(plant.verdict(sensor).admitted, policy::Admitted::unknown);
}

TEST_F(Reading, ACopyReadsWhatItsDomainReadsAsHolder) {
  found("status = [\"owner\", \"holder\"]\n");
  ASSERT_GT(carry_as_server(), 0u);
  const auto said = plant.submit({plant.say("volta", sensor, Endorse{"approved", ""}), plant.say("volta", sensor, StatusChange{Status::in_use, ""})});
  for (const auto& item : said) ASSERT_FALSE(item.error) << why(item);
  EXPECT_EQ(plant.verdict(sensor).admitted, policy::Admitted::yes);
}

TEST_F(Reading, ASubjectReadsWhatIsSaidOfIt) {
  found("status = [\"self\"]\n");
  ASSERT_FALSE(acme.submit_one(acme.say("acme", sensor, StatusChange{Status::in_stock, ""})).error);
  const auto seen_by = [&](const Principal& who) {
    auto looked = acme.service->verdicts().look_up(sensor, "acme.example", who);
    EXPECT_TRUE(looked);
    return looked && looked->verdict.status.has_value();
  };
  EXPECT_TRUE(seen_by(id_of("sensor")));
  EXPECT_FALSE(seen_by(id_of("another sensor")));
  EXPECT_FALSE(seen_by(std::nullopt));
}

// However many share a name, one finds what one may see.
TEST_F(Reading, HiddenSubjectsDoNotHideOthersOfTheirName) {
  found("default = [\"self\"]\nverdict = [\"anyone\"]\n");
  std::vector<SubjectId> all;
  for (int i = 0; i < 15; ++i) {
    const std::string name = "twin " + std::to_string(i);
    auto identity = device_identity(name);
    identity.serial = "the same";
    ASSERT_FALSE(acme.submit_one(acme.say("acme", subject_of(name), std::move(identity))).error);
    all.push_back(subject_of(name));
  }
  for (const auto& subject : all) {
    const auto own = acme.service->verdicts().resolve("serial:the same", "acme.example", KeyId{subject.digest});
    ASSERT_TRUE(own) << own.error().message;
    EXPECT_EQ(*own, subject);
  }
  EXPECT_EQ(acme.service->verdicts().resolve("serial:the same", "acme.example", {}).error().code, Code::not_found);
  EXPECT_EQ(acme.service->verdicts().resolve("serial:the same", "acme.example", id_of("acme")).error().code, Code::ambiguous);
}

// A serial given by mistake and taken back is not ambiguous for ever; one that was corrected is that of the other.
TEST_F(Reading, ANameLeadsToWhoBearsItNow) {
  found("default = [\"anyone\"]\n");
  const auto called = [](const std::string& key, const std::string& serial) {
    auto identity = device_identity(key);
    identity.serial = serial;
    return identity;
  };
  const auto leads_to = [&](const std::string& name) {
    const auto subject = acme.service->verdicts().resolve(name, "acme.example", {});
    return subject ? subject->text() : to_string(subject.error().code);
  };
  const auto say = [&](const std::string& key, const std::string& serial) {
    const auto item = acme.submit_one(acme.say("acme", subject_of(key), called(key, serial)));
    EXPECT_FALSE(item.error) << why(item);
    return item.statement.value_or(StatementId{});
  };
  const auto slip = say("nine", "A-9");
  say("ten", "A-9");
  EXPECT_EQ(leads_to("serial:A-9"), "ambiguous");
  ASSERT_FALSE(acme.submit_one(acme.say("acme", subject_of("nine"), evidence::Withdraw{slip, ""})).error);
  EXPECT_EQ(leads_to("serial:A-9"), subject_of("ten").text());

  // Identified anew without a withdrawal: its issuer's newest identity is what it is called.
  *acme.clock = *acme.clock + 10;
  say("ten", "A-10");
  EXPECT_EQ(leads_to("serial:A-10"), subject_of("ten").text());
  say("eleven", "A-9");
  EXPECT_EQ(leads_to("serial:A-9"), subject_of("eleven").text());
}

// What bears a name by nothing that counts is found by it as long as nothing else is.
TEST_F(Reading, ANameOfSomethingTakenBackStillLeadsThere) {
  found("default = [\"anyone\"]\n");
  const auto only = acme.submit_one(acme.say("acme", subject_of("nine"), device_identity("nine")));
  ASSERT_FALSE(acme.submit_one(acme.say("acme", subject_of("nine"), evidence::Withdraw{*only.statement, ""})).error);
  const auto alias = "serial:" + device_identity("nine").serial;
  EXPECT_EQ(acme.service->verdicts().resolve(alias, "acme.example", {}).value(), subject_of("nine"));
}

TEST_F(Reading, ASerialThatOneMakerGivesTwiceIsToldAtOnce) {
  found("default = [\"anyone\"]\n");
  auto first = device_identity("one"), second = device_identity("two"), third = device_identity("three");
  first.serial = second.serial = third.serial = "S-1";
  third.maker = "Somebody else";
  EXPECT_THAT(acme.submit_one(acme.say("acme", subject_of("one"), first)).warnings, testing::IsEmpty());
  const auto again = acme.submit_one(acme.say("acme", subject_of("two"), second));
  ASSERT_EQ(again.warnings.size(), 1u);
  EXPECT_THAT(again.warnings[0], testing::AllOf(testing::HasSubstr("S-1"), testing::HasSubstr(subject_of("one").text().substr(0, 20))));
  // Two of one submission, each new.
  auto fourth = device_identity("four"), fifth = device_identity("five");
  fourth.serial = fifth.serial = "S-2";
  const auto both = acme.submit({acme.say("acme", subject_of("four"), fourth), acme.say("acme", subject_of("five"), fifth)});
  ASSERT_EQ(both.size(), 2u);
  for (const auto& item : both) EXPECT_EQ(item.warnings.size(), 1u);
}

TEST_F(Reading, AFeedPageIsBoundedWhateverCameIntoViewAtOnce) {
  found("default = [\"anyone\"]\n");
  const SubjectId busy = subject_of("busy");
  std::vector<Bytes> evidence{acme.say("acme", busy, device_identity("busy"))};
  const std::size_t statements = 2 * budget::feed_records + 200;
  for (std::size_t i = 0; i < statements; ++i) {
    ++acme.clock->seconds;
    evidence.push_back(acme.say("acme", busy, StatusChange{Status::in_stock, ""}));
  }
  for (const auto& item : acme.submit(std::move(evidence))) ASSERT_FALSE(item.error) << why(item);
  const policy::Selector ours{{{policy::Field::holder, {"plant.example"}}}};
  auto page = acme.service->feed().page({"acme.example", 0, ours}, {});
  while (page && page->more) page = acme.service->feed().page({"acme.example", page->next, ours}, {});
  ASSERT_TRUE(page);
  // Now the plant buys it: all that was said before comes along, in several pages.
  ++acme.clock->seconds;
  ASSERT_FALSE(acme.submit_one(acme.say("acme", busy, Transfer{"plant.example", id_of("plant")})).error);
  std::size_t backfilled = 0, others = 0, pages = 0;
  do {
    page = acme.service->feed().page({"acme.example", page->next, ours}, {});
    ASSERT_TRUE(page);
    ASSERT_LE(page->records.size(), budget::feed_records);
    ASSERT_LT(++pages, 10u);
    for (const auto& record : page->records) ++(record.backfill ? backfilled : others);
  } while (page->more);
  EXPECT_EQ(backfilled, statements + 2);  // with its identity, and the buyer's policy
  EXPECT_EQ(others, 1u);
  EXPECT_EQ(pages, 3u);
}

}  // namespace
}  // namespace cm4it::service::fixture
