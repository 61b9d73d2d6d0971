// Rows made anew from the sources are the rows that were there, octet for octet.
#include <random>

#include "base/budgets.h"
#include "evidence/formats/x509/crl_test_support.h"
#include "ledger/journal.h"
#include "ledger/test_support.h"
#include "store/lmdb.h"
#include "store/test_support.h"

namespace cm4it::ledger {
namespace {

using namespace test;
using store::Fault;

// Of one of a few numbers, with up to three pages of entries, some of them twice.
Verified random_crl(std::mt19937& random) {
  const evidence::x509::test::Authority ca{key_of("ca"), evidence::x509::test::name("ca", "Acme")};
  evidence::x509::test::CrlDraft draft{.by = ca, .number = 1 + random() % 5};
  for (auto left = random() % 80; left > 0; --left)
    draft.entries.push_back({{1, static_cast<std::uint8_t>(random())}, random() % 2 ? crypto::RevocationReason::superseded : crypto::RevocationReason::unspecified});
  return verified(Format::crl, draft.encode(), ca.key->public_key());
}

// Statements of every kind, about subjects of every kind, native and foreign, with places in our logs, with other homes'
// receipts, with both, and with receipts that come later.
Submission random_submission(std::mt19937& random) {
  const auto pick = [&](unsigned of) { return static_cast<unsigned>(random() % of); };
  const std::string name = "device-" + std::to_string(pick(12));
  const auto device = SubjectId::key(id_of(name));
  const auto evidence = [&]() -> Verified {
    switch (pick(10)) {
      case 0: {
        Identity identity;
        identity.spki = to_bytes(key_of(name)->public_key().spki());
        identity.maker = "Acme";
        identity.model = pick(2) ? "thermo-2000" : "Thermo 3000 ü";
        identity.serial = name;
        identity.uris = {"urn:dev:ow:" + std::to_string(pick(3)), "https://acme.example/" + std::string(pick(300), 'x') + name};
        identity.attributes = {{"lot", std::to_string(pick(5))}};
        return say("line1", device, identity, pick(2) ? std::vector<std::string>{"acme.example"} : std::vector<std::string>{"acme.example", "beta.example"});
      }
      case 1: return say("line1", device, StatusChange{evidence::Status::in_use, std::to_string(pick(3))});
      case 2: return say("line2", device, Transfer{"plant.example", id_of("plant")});
      case 3: return say("volta", device, Assign{pick(2) ? "hall-3" : ""}, {"plant.example"});
      case 4: return say("line1", SubjectId::model_of("acme.example", "thermo-2000").value(), StatusChange{evidence::Status::deprecated, std::to_string(pick(4))});
      case 5: return say("line1", code("firmware"), evidence::Withdraw{endorsement(std::to_string(pick(5))).id(), ""});
      case 6: return policy_statement("acme", "acme.example", acme_policy(1 + pick(4)));
      case 7: return random_crl(random);
      case 8: return manifest_identity("01234567890" + std::to_string(1 + pick(8)));
      default: return endorsement(std::to_string(pick(9)), {"acme.example", "plant.example"});
    }
  }();
  Submission submission{evidence, {}, {}, {}, {}};
  if (evidence.format() != Format::cose) submission.submission_domain = pick(2) ? "acme.example" : "beta.example";
  if (pick(3)) submission.homes.push_back("acme.example");
  if (pick(3) == 0) submission.homes.push_back("beta.example");
  for (const char* domain : {"plant.example", "gamma.example"})
    if (pick(3) == 0) submission.receipts.push_back(foreign_receipt(domain, evidence, Time{1'799'000'000 + pick(1000)}));
  if (pick(4) == 0) submission.forward_to = {"plant.example"};
  return submission;
}

// Batches of several at once, under a clock that also jumps back.
void work(World& world, std::mt19937& random, int batches) {
  for (int batch = 0; batch < batches; ++batch) {
    *world.clock += static_cast<int>(random() % 100) - 20;
    std::vector<std::future<bool>> answers;
    if (random() % 4 == 0) {
      EXPECT_TRUE(world.ledger->refuse(endorsement(std::to_string(random() % 9), {"acme.example", "plant.example"}).id(), "plant.example", to_bytes(view("no"))));
    }
    for (unsigned i = 0; i < 1 + random() % 6; ++i) {
      auto answer = std::make_shared<std::promise<bool>>();
      answers.push_back(answer->get_future());
      ASSERT_TRUE(world.ledger->append(random_submission(random), [answer](auto appended) { answer->set_value(appended.has_value()); }));
    }
    if (random() % 4 == 0) {
      const Time time{1'799'000'000 + static_cast<int>(random() % 1000)};
      EXPECT_TRUE(world.ledger->append_head(foreign_head("plant.example", random() % 100, time)));
    }
    if (random() % 10 == 0) {
      EXPECT_TRUE(world.ledger->add_pin(pin("plant.example", "plant", policy::Pin::Source::transfer)));
    }
    for (auto& answer : answers) EXPECT_TRUE(answer.get());
    if (random() % 10 == 0) world.open();
  }
}

void expect_same(const Rows& rebuilt, const Rows& live) {
  for (const auto& [key, value] : live) {
    const auto found = rebuilt.find(key);
    ASSERT_NE(found, rebuilt.end()) << "table " << int{key.first} << ": missing " << to_hex(key.second);
    ASSERT_EQ(to_hex(found->second), to_hex(value)) << "table " << int{key.first} << " at " << to_hex(key.second);
  }
  EXPECT_EQ(rebuilt.size(), live.size()) << "rows too many";
}

class RebuildTest : public testing::Test {
 protected:
  RebuildTest() : seed(std::random_device{}()), random(seed) {
    RecordProperty("seed", std::to_string(seed));
    work(world, random, 60);
    world.ledger.reset();
  }
  void TearDown() override {
    if (HasFailure()) std::cerr << "seed " << seed << "\n";
  }
  Result<std::uint64_t> run() { return rebuild(*world.store, {}); }

  const unsigned seed;
  std::mt19937 random;
  World world;
};

TEST_F(RebuildTest, GivesTheSameRows) {
  const Rows live = world.rows();
  const auto done = run();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_GT(*done, 50u);
  expect_same(world.rows(), live);
}

TEST_F(RebuildTest, HealsAnyDamageToDerivedRows) {
  const Rows live = world.rows();
  store::Batch damage;
  damage.set_head(live.at({store::head_table, store::head_key}));
  for (const auto& [key, value] : world.rows(true)) {
    switch (random() % 4) {
      case 0: damage.remove(key.first, key.second); break;
      case 1: damage.put(key.first, key.second, Bytes(3, 0xff)); break;
      case 2: {
        Bytes other = key.second;
        other.back() ^= 1;
        if (!live.contains({key.first, other})) damage.put(key.first, other, value);
        break;
      }
      default: break;
    }
  }
  ASSERT_GT(damage.writes().size(), 50u);
  ASSERT_TRUE(world.store->commit(damage, damage.head()));
  const auto done = run();
  ASSERT_TRUE(done) << done.error().message;
  expect_same(world.rows(), live);
  world.open();
  world.expect_sound();
}

TEST_F(RebuildTest, ReportsProgress) {
  std::uint64_t last = 0, total = 0;
  const auto done = rebuild(*world.store, [&](std::uint64_t so_far, std::uint64_t of) { last = so_far, total = of; });
  EXPECT_EQ(last, done.value());
  EXPECT_EQ(total, done.value());
}

// Cut off at any of its commits, a server does not run on what is left; begun again, it is done.
TEST_F(RebuildTest, CutOffIsBegunAgain) {
  const Rows live = world.rows();
  for (int commits = 0;; ++commits) {
    SCOPED_TRACE("cut off after " + std::to_string(commits) + " commits");
    ASSERT_LT(commits, 1000);
    struct Counting : store::Store {
      store::Store& inner;
      int left;
      Counting(store::Store& store, int count) : inner(store), left(count) {}
      Result<std::unique_ptr<store::Snapshot>> snapshot() const override { return inner.snapshot(); }
      Result<store::Commit> commit(const store::Batch& batch, View head) override {
        if (left-- <= 0) return fail(Code::unavailable, "store: killed on demand");
        return inner.commit(batch, head);
      }
    } counting(*world.store, commits);
    if (rebuild(counting, {})) break;
    const auto opened = world.try_open();
    if (commits == 0) continue;  // nothing was touched yet
    ASSERT_FALSE(opened) << "a server ran on half an index";
    EXPECT_NE(opened.error().detail.find("ics rebuild"), std::string::npos) << opened.error().message;
  }
  expect_same(world.rows(), live);
  world.open();
  world.expect_sound();
}

// Rows of a program that made others: it would miss some without a word.
TEST_F(RebuildTest, OtherRowsAreMadeAnewFirst) {
  const Rows live = world.rows();
  {
    const auto snapshot = world.store->snapshot();
    const Bytes head = to_bytes(**(*snapshot)->get(store::head_table, store::head_key));
    store::Batch batch;
    batch.put(table::meta, to_bytes(view(table::rows)), to_bytes(view("1")));
    batch.set_head(head);
    ASSERT_EQ(world.store->commit(batch, head).value(), store::Commit::done);
  }
  const auto opened = world.try_open();
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().detail.find("ics rebuild"), std::string::npos) << opened.error().message;
  ASSERT_TRUE(rebuild(*world.store, {}));
  expect_same(world.rows(), live);
  world.open();
  world.expect_sound();
}

Bytes last_in(const Rows& rows) {
  auto row = rows.lower_bound({table::heads, {}});
  return std::prev(row)->first.second;
}

TEST_F(RebuildTest, SeesDamageToTheSources) {
  Rows live = world.rows();
  const auto change = [&](store::Table table, const Bytes& key, std::optional<Bytes> value) {
    store::Batch batch;
    batch.set_head(live.at({store::head_table, store::head_key}));
    if (value) batch.put(table, key, *value);
    else batch.remove(table, key);
    ASSERT_TRUE(world.store->commit(batch, batch.head()));
  };
  // The entry of the last leaf is gone: the signed head cannot be met.
  Bytes last_placed;
  for (const auto& [key, value] : live)
    if (key.first == table::journal && !decode_entry(value, 1)->placements.empty()) last_placed = key.second;
  change(table::journal, last_placed, std::nullopt);
  EXPECT_FALSE(run());
  EXPECT_FALSE(world.try_open());
  change(table::journal, last_placed, live.at({table::journal, last_placed}));
  // Any entry, the first and the last too.
  for (const std::uint64_t position : {std::uint64_t{1}, 2 + random() % 40, table::last_number(last_in(live))}) {
    change(table::journal, table::journal_key(position), std::nullopt);
    EXPECT_FALSE(run()) << "without entry " << position;
    change(table::journal, table::journal_key(position), live.at({table::journal, table::journal_key(position)}));
  }
  ASSERT_TRUE(run());
  expect_same(world.rows(), live);
  // All of the journal is gone, and the heads stay.
  for (const auto& [key, value] : live)
    if (key.first == table::journal) change(table::journal, key.second, std::nullopt);
  EXPECT_FALSE(run());
}

TEST(Rebuild, EmptyStore) {
  const auto store = store::open_memory();
  EXPECT_EQ(rebuild(*store, {}).value(), 0u);
}

// More rows than one commit takes, in a store on disk: rows of earlier commits are read again by later entries.
TEST(Rebuild, ManyCommitsOnDisk) {
  World world;
  constexpr int count = 3000;
  for (int i = 0; i < count; ++i) {
    const Verified one = say("line1", code(std::to_string(i % 100)), Endorse{std::to_string(i), ""});
    ASSERT_TRUE(world.ledger->append({one, {}, {"acme.example"}, {}, {}}, [](const auto&) {}));
    if (i % 3 == 0) {
      world.ledger->drain();
      ASSERT_TRUE(world.ledger->append({one, {}, {"beta.example"}, {foreign_receipt("plant.example", one, Time{1'799'000'000})}, {}}, [](const auto&) {}));
    }
  }
  world.ledger.reset();
  const Rows live = world.rows();
  ASSERT_GT(world.rows(true).size(), budget::append_batch);

  const store::TemporaryDirectory directory;
  const auto disk = store::open_lmdb({.directory = directory.path() / "store"}).value();
  store::Batch all;
  for (const auto& [key, value] : live)
    if (key.first != store::head_table) all.put(key.first, key.second, value);
  all.set_head(live.at({store::head_table, store::head_key}));
  ASSERT_TRUE(disk->commit(all, {}));
  const auto done = rebuild(*disk, {});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(*done, count + count / 3u);
  expect_same(rows_of(*disk), live);
}

// Evidence whose other signature was placed later is the same leaf, before and after.
TEST(Rebuild, TwinsAreOneLeaf) {
  World world;
  for (int i = 0; i < 3; ++i) {
    const auto key = key_of("line1", crypto::Algorithm::es256);
    const Bytes bytes = signed_bytes("line1", code("firmware"), Endorse{"a", ""}, {"acme.example", "beta.example"}, crypto::Algorithm::es256);
    const auto homes = i == 1 ? std::vector<std::string>{"acme.example"} : std::vector<std::string>{"beta.example"};
    ASSERT_TRUE(world.append(verified(Format::cose, bytes, key->public_key()), homes));
  }
  world.ledger.reset();
  const Rows live = world.rows();
  const auto done = rebuild(*world.store, {});
  ASSERT_TRUE(done) << done.error().message;
  expect_same(world.rows(), live);
}

}  // namespace
}  // namespace cm4it::ledger
