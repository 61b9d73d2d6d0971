// What snapshots see of a store that is written to: the second part of its conformance suite.
#pragma once

#include "store/conformance.h"

namespace cm4it::store {

TEST_P(Conformance, a_snapshot_sees_the_state_of_its_beginning) {
  Batch rows;
  for (int i = 0; i < 200; ++i) rows.put(1, bytes("row " + std::to_string(i)), bytes("old"));
  rows.put(1, bytes("large"), Bytes(100'000, 'o'));
  commit(std::move(rows), "old");
  const auto snapshot = snapshot_of(*store_);
  const View row = **snapshot->get(1, view("row 17"));
  const View large = **snapshot->get(1, view("large"));

  std::thread([&] {
    for (int round = 0; round < 20; ++round) {
      Batch batch;
      for (int i = 0; i < 200; ++i) {
        const Bytes key = bytes("row " + std::to_string(i));
        i % 3 == round % 3 ? batch.remove(1, key) : batch.put(1, key, bytes("new"));
      }
      batch.put(1, bytes("large"), Bytes(100'000, 'n'));
      batch.put(1, bytes("added " + std::to_string(round)), {});
      EXPECT_TRUE(commit_onto_head(*store_, std::move(batch), "new " + std::to_string(round)));
    }
  }).join();

  EXPECT_EQ(text(row), "old");
  EXPECT_EQ(to_bytes(large), Bytes(100'000, 'o'));
  EXPECT_EQ(text(**snapshot->get(head_table, head_key)), "old");
  std::size_t rows_seen = 0;
  EXPECT_TRUE(snapshot->scan(1, Range::prefix(view("row ")), [&](View, View value) {
    rows_seen += text(value) == "old";
    return true;
  }));
  EXPECT_EQ(rows_seen, 200U);
  EXPECT_EQ(*snapshot->get(1, view("added 0")), std::nullopt);
  EXPECT_EQ(get(head_table, "head"), "new 19");
}

TEST_P(Conformance, readers_beside_the_writer_see_whole_batches_in_order) {
  std::atomic<bool> stop = false;
  std::atomic<int> torn = 0, backwards = 0;
  std::atomic<std::uint64_t> reads = 0;
  const auto read = [&] {
    std::string last;
    while (!stop) {
      const auto snapshot = snapshot_of(*store_);
      const auto head = *snapshot->get(head_table, head_key);
      if (!head) continue;
      for (Table table = 1; table < 4; ++table)
        if (const auto row = *snapshot->get(table, view("row")); !row || text(*row) != text(*head)) ++torn;
      if (text(*head) < last) ++backwards;
      last = text(*head);
      ++reads;
    }
  };
  std::vector<std::thread> readers;
  for (int i = 0; i < 4; ++i) readers.emplace_back(read);
  for (int i = 0; i < 150 || reads < 100; ++i) {
    const std::string head = std::to_string(1'000'000 + i);
    Batch batch;
    for (Table table = 1; table < 4; ++table) batch.put(table, bytes("row"), bytes(head));
    EXPECT_TRUE(commit_onto_head(*store_, std::move(batch), head));
  }
  stop = true;
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(torn, 0);
  EXPECT_EQ(backwards, 0);
}

TEST_P(Conformance, many_snapshots_at_a_time) {
  std::vector<std::unique_ptr<Snapshot>> snapshots;
  for (int i = 0; i < 100; ++i) {
    commit({}, std::to_string(i));
    snapshots.push_back(snapshot_of(*store_));
  }
  for (int i = 0; i < 100; ++i) EXPECT_EQ(text(**snapshots[i]->get(head_table, head_key)), std::to_string(i));
}

}  // namespace cm4it::store
