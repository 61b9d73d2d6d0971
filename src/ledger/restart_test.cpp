// What a restart keeps: everything that was acknowledged, and what this server knows.
#include "ledger/test_support.h"

namespace cm4it::ledger {
namespace {

using namespace test;

TEST(Restart, ReceiptsAndHeadsStay) {
  World world;
  std::vector<Verified> said;
  std::map<std::string, std::vector<tlog::Head>> heads;
  for (int i = 0; i < 40; ++i) {
    said.push_back(endorsement(std::to_string(i), {"acme.example", "beta.example"}));
    ASSERT_TRUE(world.append(said.back(), i % 3 ? std::vector<std::string>{"acme.example"} : std::vector<std::string>{"acme.example", "beta.example"}));
    *world.clock += 7;
    for (const char* domain : {"acme.example", "beta.example"}) heads[domain].push_back(world.head(domain));
  }
  const auto state = [&] {
    std::vector<std::pair<std::string, Bytes>> all;
    const auto reader = world.ledger->reader();
    for (const auto& one : said) {
      const auto receipts = reader->receipts(one.id()).value();
      all.insert(all.end(), receipts.begin(), receipts.end());
    }
    for (const char* domain : {"acme.example", "beta.example"}) all.emplace_back(reader->checkpoint(domain).value(), Bytes{});
    return all;
  };
  const auto before = state();
  for (int restarts = 0; restarts < 3; ++restarts) {
    world.open();
    EXPECT_EQ(state(), before);
    world.expect_sound();
  }
  ASSERT_TRUE(world.append(endorsement("after"), {"acme.example", "beta.example"}));
  for (const auto& [domain, earlier] : heads)
    for (const tlog::Head& head : earlier) world.expect_continues(domain, head);
}

TEST(Restart, KnowsWhatItKnew) {
  World world;
  const Verified old = endorsement("old", {"acme.example", "plant.example"});
  ASSERT_TRUE(world.append(policy_statement("acme", "acme.example", acme_policy(1))));
  ASSERT_TRUE(world.append(policy_statement("acme", "acme.example", acme_policy(2))));
  ASSERT_TRUE(world.append(policy_statement("plant", "plant.example", plant_policy(1))));
  ASSERT_TRUE(world.append(policy_statement("gamma", "gamma.example", head("gamma.example", 1, "gamma", {"gamma"})), {}));
  ASSERT_TRUE(world.ledger->add_pin(pin("plant.example", "plant", policy::Pin::Source::transfer)));
  ASSERT_TRUE(world.ledger->append_head(foreign_head("plant.example", 3, Time{1'800'000'010})));
  ASSERT_TRUE(world.append(Submission{old, {}, {"acme.example"}, {foreign_receipt("plant.example", old, Time{1'800'000'020})}, {"plant.example"}}));
  ASSERT_TRUE(world.put_note("link/x", Bytes{1, 2}));
  ASSERT_TRUE(world.put_note("link/y", Bytes{3}));
  ASSERT_TRUE(world.put_note("link/y", std::nullopt));
  const auto before = world.ledger->published();
  world.open();
  const auto after = world.ledger->published();
  EXPECT_EQ(after->next, before->next);
  EXPECT_EQ(after->own_heads, before->own_heads);
  EXPECT_EQ(after->own_log, before->own_log);
  EXPECT_EQ(after->newest_time, before->newest_time);
  EXPECT_EQ(after->newest_time, Time{1'800'000'010});  // of the head: receipts do not move it
  EXPECT_EQ(after->unpinned_domains, 1u);
  ASSERT_EQ(after->domains.size(), before->domains.size());
  for (const auto& [domain, state] : before->domains) {
    EXPECT_EQ(after->domains.at(domain).home, state.home) << domain;
    EXPECT_EQ(after->domains.at(domain).newest_head, state.newest_head) << domain;
  }
  EXPECT_EQ(after->policies->newest("acme.example")->version, 2u);
  ASSERT_TRUE(after->policies->newest("plant.example"));
  EXPECT_EQ(after->policies->chain("plant.example")->pinned_by, policy::Pin::Source::transfer);
  const auto reader = world.ledger->reader();
  EXPECT_EQ(reader->note("link/x").value(), (Bytes{1, 2}));
  EXPECT_FALSE(reader->note("link/y")->has_value());
  EXPECT_EQ(reader->notes("forward/")->at(0).first, forward_note(old.id(), "plant.example"));
  EXPECT_EQ(reader->foreign_heads()->size(), 1u);
  EXPECT_EQ(reader->descriptors("acme.example")->size(), 2u);
}

// What waits when a server stops is still appended, and answered.
TEST(Restart, StoppingWritesWhatWaits) {
  World world;
  std::atomic<int> answered = 0;
  for (int i = 0; i < 300; ++i)
    ASSERT_TRUE(world.ledger->append({endorsement(std::to_string(i)), {}, {"acme.example"}, {}, {}},
                                     [&](const auto& appended) { answered += appended.has_value(); }));
  world.ledger.reset();
  EXPECT_EQ(answered, 300);
  world.open();
  EXPECT_EQ(world.head("acme.example").size, 300u);
  world.expect_sound();
}

TEST(Restart, RefusesAnotherServersStore) {
  World world;
  ASSERT_TRUE(world.append(endorsement("a")));
  world.ledger.reset();
  const auto refused = [&](Options options) {
    auto opened = Ledger::open(std::move(options), std::make_unique<SharedStore>(world.store, world.fail_read), {});
    EXPECT_FALSE(opened);
    return opened ? Error{} : opened.error();
  };
  Options renamed = world.options();
  renamed.server_name = "other";
  EXPECT_EQ(refused(renamed).code, Code::conflict);
  Options other_key = world.options();
  other_key.log_key = key_of("another log");
  EXPECT_EQ(refused(other_key).code, Code::conflict);
  Options keyless = world.options();
  keyless.log_key = nullptr;
  EXPECT_EQ(refused(keyless).code, Code::malformed);
  Options p256 = world.options();
  p256.log_key = key_of("log", crypto::Algorithm::es256);
  EXPECT_EQ(refused(p256).code, Code::malformed);
  world.open();
}

TEST(Restart, RefusesAStoreOfAnotherFormat) {
  for (const Bytes& head : {Bytes{0x83, 0x02, 0x01, 0x01}, Bytes{0x82, 0x01, 0x01}, Bytes{0xff}, Bytes{0x00}}) {
    World world;
    world.ledger.reset();
    store::Batch batch;
    batch.set_head(head);
    ASSERT_TRUE(world.store->commit(batch, world.rows().at({store::head_table, store::head_key})));
    EXPECT_FALSE(world.try_open()) << to_hex(head);
  }
}

// Damage to what the logs are computed from is found when the store is opened, and what helps is said.
TEST(Restart, FindsDamagedTiles) {
  for (const bool missing : {true, false}) {
    World world;
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(world.append(endorsement(std::to_string(i))));
    world.ledger.reset();
    store::Batch batch;
    const Rows rows = world.rows();
    batch.set_head(rows.at({store::head_table, store::head_key}));
    const Bytes key = table::tile_key("acme.example", 0, 0);
    Bytes tile = rows.at({table::tiles, key});
    tile[5 * 32 - 1] ^= 1;
    if (missing) batch.remove(table::tiles, key);
    else batch.put(table::tiles, key, tile);
    ASSERT_TRUE(world.store->commit(batch, batch.head()));
    const auto opened = world.try_open();
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().detail.find("ics rebuild"), std::string::npos) << opened.error().message;
    ASSERT_TRUE(rebuild(*world.store, {}));
    world.open();
    world.expect_sound();
  }
}

TEST(Restart, ServerWithoutHomes) {
  World world(std::vector<std::string>{});
  const Verified old = endorsement("old");
  ASSERT_TRUE(world.append(Submission{old, {}, {}, {foreign_receipt("acme.example", old, Time{1'799'999'999})}, {}}));
  world.open();
  EXPECT_TRUE(world.ledger->reader()->record(old.id())->has_value());
  EXPECT_EQ(world.ledger->reader()->receipts(old.id())->size(), 1u);
  EXPECT_EQ(world.ledger->published()->own_log, KeyId{});
}

}  // namespace
}  // namespace cm4it::ledger
