// What is folded of one subject when more is stored than can be.
#include "ledger/budgets.h"
#include "ledger/test_support.h"

namespace cm4it::ledger {
namespace {

using namespace test;

struct Flood : testing::Test {
  // As if the statement had come so often again under other ids: its rows at positions of their own.
  void repeat(const StatementId& id, std::size_t times, std::uint64_t from, bool each_by_another = false) {
    const auto all = world.rows();
    const std::uint64_t position = read_u64(View(all.at({table::statements, Bytes(id.digest.begin(), id.digest.end())})).first(8));
    const Bytes entry = all.at({table::journal, table::journal_key(position)});
    const Bytes facts = all.at({table::subjects, table::subject_key(subject, position)});
    const Bytes head = all.at({store::head_table, store::head_key});
    store::Batch batch;
    batch.set_head(head);
    for (std::uint64_t at = from; at < from + times; ++at) {
      const KeyId speaker = each_by_another ? KeyId{crypto::sha256(view("signer " + std::to_string(at)))} : id_of("line1");
      batch.put(table::journal, table::journal_key(at), entry);
      batch.put(table::subjects, table::subject_key(subject, at), facts);
      batch.put(table::speakers, table::speaker_key(subject, speaker, at), {});
    }
    ASSERT_EQ(world.store->commit(batch, head).value(), store::Commit::done);
  }
  World world;
  const SubjectId subject = code("firmware");
};

TEST_F(Flood, NobodyKeepsOthersFromBeingHeard) {
  const auto first = world.append(endorsement("much"));
  ASSERT_TRUE(first);
  repeat(first->id, budget::subject_statements + 10, 1000);
  const auto alarm = world.append(say("line2", subject, StatusChange{evidence::Status::stolen, ""}));
  ASSERT_TRUE(alarm);
  const auto reader = world.ledger->reader();
  const auto facts = reader->facts(subject);
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_LE(facts->about.size(), budget::subject_statements);
  std::size_t alarms = 0;
  for (const auto& fact : facts->about) alarms += fact.statement.id == alarm->id;
  EXPECT_EQ(alarms, 1u);
  EXPECT_FALSE(facts->whole) << "nothing is admitted";
  EXPECT_EQ(reader->count(subject, id_of("line2"), 100).value(), 1u);
  EXPECT_EQ(reader->count(subject, id_of("line1"), 100).value(), 100u);
}

// As many signers as statements: a share of each would be less than one.
TEST_F(Flood, AlarmsAreFoldedFirstWhoeverElseSpoke) {
  const auto first = world.append(endorsement("much"));
  const auto alarm = world.append(say("line2", subject, StatusChange{evidence::Status::stolen, ""}));
  ASSERT_TRUE(first && alarm);
  repeat(first->id, budget::subject_statements + 10, 1000, true);
  const auto reader = world.ledger->reader();
  const auto facts = reader->facts(subject);
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_FALSE(facts->whole);
  EXPECT_LE(facts->about.size(), 2 * budget::share_statements);
  EXPECT_EQ(std::count_if(facts->about.begin(), facts->about.end(), [&](const auto& fact) { return fact.statement.id == alarm->id; }), 1);
}

TEST_F(Flood, UpToTheBudgetAllIsFolded) {
  const auto first = world.append(endorsement("much"));
  ASSERT_TRUE(first);
  repeat(first->id, budget::subject_statements - 1, 1000);
  const auto facts = world.ledger->reader()->facts(subject);
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->about.size(), budget::subject_statements);
  EXPECT_TRUE(facts->whole);
}

}  // namespace
}  // namespace cm4it::ledger
