#include "ledger/unpinned.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/budgets.h"
#include "ledger/budgets.h"
#include "ledger/schema.h"
#include "ledger/test_support.h"

namespace cm4it::ledger {
namespace {

using namespace test;
using testing::IsEmpty;
using testing::SizeIs;

Unpinned::Row row(const std::string& domain, const std::string& owner, std::uint64_t version, Time seen, std::string source = {}) {
  const std::string all = domain + owner + std::to_string(version) + source;
  return {domain, KeyId{crypto::sha256(view(owner))}, version, StatementId{crypto::sha256(view(all))}, seen, std::move(source)};
}

TEST(Unpinned, TheOldestGoes) {
  Unpinned unpinned;
  for (std::size_t i = 0; i < budget::unpinned_domains; ++i)
    EXPECT_THAT(unpinned.take(row("x" + std::to_string(i), "o", 1, Time{1000 + static_cast<std::int64_t>(i)})), IsEmpty());
  EXPECT_THAT(unpinned.take(row("x0", "o", 1, Time{5000})), IsEmpty()) << "it came again";
  const auto gone = unpinned.take(row("new", "o", 1, Time{5001}));
  ASSERT_THAT(gone, SizeIs(1));
  EXPECT_EQ(gone[0].domain, "x1");
  EXPECT_EQ(unpinned.owners(), budget::unpinned_domains);
}

TEST(Unpinned, WhoBroughtMostLosesFirst) {
  Unpinned unpinned;
  unpinned.take(row("honest", "o", 1, Time{1}, "192.0.2.1"));
  for (std::size_t i = 0; i < 3 * budget::unpinned_domains; ++i) unpinned.take(row("x" + std::to_string(i), "o", 1, Time{1000}, "203.0.113.9"));
  EXPECT_TRUE(unpinned.has(row("honest", "o", 1, {}, "192.0.2.1").id));
  EXPECT_EQ(unpinned.owners(), budget::unpinned_domains);
}

TEST(Unpinned, OneNameHoldsFewOwners) {
  Unpinned unpinned;
  unpinned.take(row("wanted", "honest", 1, Time{1}, "192.0.2.1"));
  for (int i = 0; i < 100; ++i) unpinned.take(row("wanted", "o" + std::to_string(i), 1, Time{1000 + i}, "203.0.113.9"));
  EXPECT_EQ(unpinned.owners(), budget::unpinned_owners);
  EXPECT_TRUE(unpinned.has(row("wanted", "honest", 1, {}, "192.0.2.1").id));
}

TEST(Unpinned, OneOwnerHoldsFewVersionsAndKeepsTheFirst) {
  Unpinned unpinned;
  for (std::uint64_t version = 1; version <= 200; ++version)
    unpinned.take(row("x", "o", version, Time{static_cast<std::int64_t>(version)}));
  const auto rows = unpinned.remove("x");
  ASSERT_THAT(rows, SizeIs(budget::unpinned_descriptors));
  EXPECT_EQ(rows.front().version, 1u);
  EXPECT_EQ(rows.back().version, 200u);
  EXPECT_EQ(unpinned.owners(), 0u);
}

TEST(Unpinned, WhatIsOldGoes) {
  Unpinned unpinned;
  unpinned.take(row("old", "o", 1, Time{1000}));
  EXPECT_THAT(unpinned.take(row("a", "o", 1, Time{1000} + budget::unpinned_seconds)), IsEmpty());
  EXPECT_THAT(unpinned.take(row("b", "o", 1, Time{1001} + budget::unpinned_seconds)), SizeIs(1));
  EXPECT_THAT(unpinned.domains(), testing::ElementsAre("a", "b"));
}

Verified introduction(const std::string& domain, std::uint64_t version = 1, const std::string& owner = "gamma") {
  return policy_statement(owner, domain, head(domain, version, owner, {owner}));
}

std::size_t journal_of(const World& world) { return world.ledger->published()->next - 1; }

TEST(UnpinnedPolicies, StandBesideTheJournal) {
  World world;
  const auto before = journal_of(world);
  const auto first = introduction("gamma.example");
  const auto answer = world.append(first, {});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_TRUE(answer->is_new);
  EXPECT_FALSE(world.append(first, {})->is_new);
  ASSERT_TRUE(world.append(introduction("gamma.example", 2), {}));
  for (int restarts = 0; restarts < 2; ++restarts) {
    EXPECT_EQ(journal_of(world), before);
    const auto reader = world.ledger->reader();
    EXPECT_THAT(reader->descriptors("gamma.example").value(), SizeIs(2));
    const auto record = reader->record(first.id()).value();
    ASSERT_TRUE(record);
    EXPECT_TRUE(equal(record->evidence, first.bytes()));
    EXPECT_THAT(reader->receipts(first.id()).value(), IsEmpty());
    EXPECT_EQ(reader->published().unpinned_domains, 1u);
    world.expect_sound();
    world.ledger.reset();
    ASSERT_TRUE(rebuild(*world.store, {}));
    world.open();
  }
}

TEST(UnpinnedPolicies, EnterTheJournalOncePinned) {
  World world;
  ASSERT_TRUE(world.append(introduction("gamma.example"), {}));
  ASSERT_TRUE(world.append(introduction("gamma.example", 2), {}));
  ASSERT_TRUE(world.append(introduction("delta.example"), {}));
  const auto before = journal_of(world);
  ASSERT_TRUE(world.ledger->add_pin(pin("gamma.example", "gamma", policy::Pin::Source::transfer)));
  world.ledger->drain();
  EXPECT_EQ(journal_of(world), before + 2);
  for (int restarts = 0; restarts < 2; ++restarts) {
    const auto now = world.ledger->published();
    const auto* chain = now->policies->chain("gamma.example");
    ASSERT_NE(chain, nullptr);
    EXPECT_THAT(chain->versions, SizeIs(2));
    EXPECT_EQ(now->unpinned_domains, 1u) << "delta stays aside";
    EXPECT_THAT(world.ledger->reader()->descriptors("gamma.example").value(), SizeIs(2));
    world.expect_sound();
    world.ledger.reset();
    ASSERT_TRUE(rebuild(*world.store, {}));
    world.open();
  }
}

// What the configuration pins counts from the next start on, without being submitted again.
TEST(UnpinnedPolicies, APinOfTheConfigurationTakesThemIn) {
  World world;
  ASSERT_TRUE(world.append(introduction("gamma.example"), {}));
  world.ledger.reset();
  auto options = world.options();
  options.pins.push_back(pin("gamma.example", "gamma"));
  auto opened = Ledger::open(std::move(options), std::make_unique<SharedStore>(world.store, world.fail_read), {});
  ASSERT_TRUE(opened) << opened.error().message;
  (*opened)->drain();
  const auto* chain = (*opened)->published()->policies->chain("gamma.example");
  ASSERT_NE(chain, nullptr);
  EXPECT_THAT(chain->versions, SizeIs(1));
  EXPECT_EQ((*opened)->published()->unpinned_domains, 0u);
}

TEST(UnpinnedPolicies, StrangersNeverShutOutANewcomer) {
  World world;
  const auto last = budget::unpinned_domains + 20;
  for (std::size_t i = 0; i < last; ++i) {
    ++*world.clock;
    ASSERT_TRUE(world.append(introduction("x" + std::to_string(i) + ".flood"), {})) << i;
  }
  for (int restarts = 0; restarts < 2; ++restarts) {
    const auto reader = world.ledger->reader();
    EXPECT_EQ(reader->published().unpinned_domains, budget::unpinned_domains);
    EXPECT_THAT(reader->descriptors("x0.flood").value(), IsEmpty());
    EXPECT_THAT(reader->descriptors("x" + std::to_string(last - 1) + ".flood").value(), SizeIs(1));
    std::size_t rows = 0;
    for (const auto& [key, value] : world.rows()) rows += key.first == table::aside;
    EXPECT_EQ(rows, 2 * budget::unpinned_domains) << "nothing is left of those who went";
    world.open();
  }
}

}  // namespace
}  // namespace cm4it::ledger
