#include "store/conformance_snapshots.h"
#include "store/faulty.h"
#include "store/lmdb.h"
#include "store/memory.h"

namespace cm4it::store {
namespace {

const Opener memory{"memory", [](const auto&) { return open_memory(); }};
const Opener lmdb{"lmdb", [](const auto& directory) { return open_lmdb({.directory = directory}); }};
const Opener faultless{"faulty", [](const auto&) { return std::make_unique<Faulty>(open_memory()); }};

INSTANTIATE_TEST_SUITE_P(Memory, Conformance, testing::Values(memory));
INSTANTIATE_TEST_SUITE_P(Lmdb, Conformance, testing::Values(lmdb));
INSTANTIATE_TEST_SUITE_P(Faulty, Conformance, testing::Values(faultless));

TEST(Memory, a_snapshot_outlives_the_store) {
  auto store = open_memory();
  ASSERT_TRUE(commit_onto_head(*store, {}, "1"));
  const auto snapshot = snapshot_of(*store);
  store.reset();
  EXPECT_EQ(text(**snapshot->get(head_table, head_key)), "1");
}

TEST(Memory, a_small_batch_onto_many_rows_is_quick) {
  const auto store = open_memory();
  const auto rows = [](int from, int count) {
    Batch batch;
    for (int i = from; i < from + count; ++i) batch.put(1, bytes(std::to_string(i)), bytes("value"));
    return batch;
  };
  ASSERT_TRUE(commit_onto_head(*store, rows(0, 100'000), "1"));
  std::vector<std::unique_ptr<Snapshot>> snapshots;  // copies of the whole would need gigabytes
  for (int i = 0; i < 50; ++i) {
    snapshots.push_back(snapshot_of(*store));
    ASSERT_TRUE(commit_onto_head(*store, rows(i * 1000, 1000), std::to_string(i)));
  }
  EXPECT_EQ(get_text(*store, 1, "49999"), "value");
}

TEST(Faulty, each_fault_hits_the_next_commit_alone) {
  struct Case {
    Fault fault;
    std::optional<Code> error;  // none: a conflict
    bool written;
  };
  for (const Case& expected :
       {Case{Fault::fail_before, Code::unavailable, false}, Case{Fault::fail_lost, Code::internal, false},
        Case{Fault::fail_after, Code::internal, true}, Case{Fault::conflict, {}, false}}) {
    SCOPED_TRACE(static_cast<int>(expected.fault));
    Faulty store(open_memory());
    Batch batch;
    batch.put(1, bytes("row"), bytes("1"));
    batch.set_head(bytes("1"));
    store.fail_next(expected.fault);
    const auto outcome = store.commit(batch, {});
    if (expected.error) {
      ASSERT_FALSE(outcome);
      EXPECT_EQ(outcome.error().code, *expected.error);
    } else {
      EXPECT_EQ(outcome.value(), Commit::conflict);
    }
    EXPECT_EQ(get_text(store, 1, "row").has_value(), expected.written);
    EXPECT_EQ(get_text(store, head_table, "head").has_value(), expected.written);
    EXPECT_TRUE(commit_onto_head(store, {}, "2"));
  }
}

}  // namespace
}  // namespace cm4it::store
