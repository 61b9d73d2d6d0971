// The obligations of store.h as tests, for every store that a test program instantiates them with:
//   INSTANTIATE_TEST_SUITE_P(Lmdb, Conformance, testing::Values(open_in_directory));
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <random>
#include <thread>

#include "store/store.h"
#include "store/test_support.h"

namespace cm4it::store {

struct Opener {
  std::string name;
  std::function<Result<std::unique_ptr<Store>>(const std::filesystem::path& directory)> open;

  friend std::ostream& operator<<(std::ostream& out, const Opener& opener) { return out << opener.name; }
};

class Conformance : public testing::TestWithParam<Opener> {
 protected:
  void SetUp() override {
    auto opened = GetParam().open(directory_.path());
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
  }

  // Commits onto whatever the head is.
  void commit(Batch batch, std::string_view head) {
    ASSERT_TRUE(commit_onto_head(*store_, std::move(batch), head));
  }
  std::optional<std::string> get(Table table, std::string_view key) const {
    return get_text(*store_, table, key);
  }
  std::vector<std::string> keys(Table table, const Range& range) const {
    std::vector<std::string> found;
    EXPECT_TRUE(snapshot_of(*store_)->scan(table, range, [&](View key, View) {
      found.emplace_back(text(key));
      return true;
    }));
    return found;
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Store> store_;
};
using Keys = std::vector<std::string>;

TEST_P(Conformance, an_empty_store_has_no_head_and_no_rows) {
  EXPECT_EQ(get(head_table, "head"), std::nullopt);
  for (Table table = 0; table < table_count; ++table) EXPECT_EQ(keys(table, {}), Keys{});
}

TEST_P(Conformance, a_batch_sets_rows_and_head) {
  Batch batch;
  batch.put(1, bytes("a"), bytes("one"));
  batch.put(2, bytes("a"), bytes(""));
  batch.set_head(bytes("first"));
  const auto outcome = store_->commit(batch, {});
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(*outcome, Commit::done);
  EXPECT_EQ(get(1, "a"), "one");
  EXPECT_EQ(get(2, "a"), "");
  EXPECT_EQ(get(3, "a"), std::nullopt);
  EXPECT_EQ(get(head_table, "head"), "first");
}

TEST_P(Conformance, another_head_than_expected_changes_nothing) {
  const auto attempt = [&](std::string_view expected, std::string_view head) {
    Batch batch;
    batch.put(1, bytes("row"), bytes(head));
    batch.set_head(bytes(head));
    return store_->commit(batch, view(expected)).value();
  };
  EXPECT_EQ(attempt("first", "second"), Commit::conflict);
  EXPECT_EQ(get(1, "row"), std::nullopt);
  EXPECT_EQ(attempt("", "first"), Commit::done);
  EXPECT_EQ(attempt("", "other"), Commit::conflict);
  EXPECT_EQ(attempt("firs", "other"), Commit::conflict);
  EXPECT_EQ(attempt("first ", "other"), Commit::conflict);
  EXPECT_EQ(get(1, "row"), "first");
  EXPECT_EQ(get(head_table, "head"), "first");
  EXPECT_EQ(attempt("first", "second"), Commit::done);
  EXPECT_EQ(get(1, "row"), "second");
}

// Two who write: each reads the head, and adds one to it; none of them overtakes the other.
TEST_P(Conformance, of_two_commits_on_one_head_one_wins) {
  constexpr int each = 200;
  const auto count_up = [this] {
    for (int done = 0; done < each;) {
      const std::string head = get(head_table, "head").value_or("");
      Batch batch;
      batch.set_head(bytes(std::to_string(head.empty() ? 1 : std::stoi(head) + 1)));
      done += store_->commit(batch, view(head)).value() == Commit::done;
    }
  };
  std::thread other(count_up);
  count_up();
  other.join();
  EXPECT_EQ(get(head_table, "head"), std::to_string(2 * each));
}

TEST_P(Conformance, the_head_may_stay_as_it_is) {
  Batch none;
  none.put(1, bytes("a"), bytes("1"));
  EXPECT_EQ(store_->commit(none, {}).value(), Commit::done);
  EXPECT_EQ(get(head_table, "head"), std::nullopt);
  commit({}, "head one");
  commit({}, "head one");
  EXPECT_EQ(get(head_table, "head"), "head one");
  EXPECT_EQ(get(1, "a"), "1");
}

TEST_P(Conformance, the_later_write_to_a_key_wins) {
  Batch batch;
  batch.put(1, bytes("put twice"), bytes("1"));
  batch.remove(1, bytes("put last"));
  batch.put(1, bytes("removed last"), bytes("1"));
  batch.put(1, bytes("put twice"), bytes("2"));
  batch.put(1, bytes("put last"), bytes("2"));
  batch.remove(1, bytes("removed last"));
  commit(std::move(batch), "1");
  EXPECT_EQ(get(1, "put twice"), "2");
  EXPECT_EQ(get(1, "put last"), "2");
  EXPECT_EQ(get(1, "removed last"), std::nullopt);
}

TEST_P(Conformance, removed_rows_are_gone_and_may_come_back) {
  Batch rows;
  for (const char* key : {"a", "b", "c"}) rows.put(1, bytes(key), bytes("1"));
  rows.put(2, bytes("c"), bytes("other table"));
  commit(std::move(rows), "1");
  Batch removal;
  removal.remove(1, bytes("c"));
  removal.remove(1, bytes("never there"));
  removal.remove(1, bytes("z"));
  removal.put(1, bytes("d"), bytes("2"));
  commit(std::move(removal), "2");
  EXPECT_EQ(keys(1, {}), (Keys{"a", "b", "d"}));
  EXPECT_EQ(get(2, "c"), "other table");
  Batch again;
  again.put(1, bytes("c"), bytes("3"));
  commit(std::move(again), "3");
  EXPECT_EQ(keys(1, {}), (Keys{"a", "b", "c", "d"}));
  EXPECT_EQ(get(1, "c"), "3");
}

TEST_P(Conformance, keys_are_ordered_bytewise) {
  const Keys ordered = {
      std::string("\0", 1), "A", "a", std::string("a\0", 2), "aa", "b", "\x7f", "\x80", "\xff", "\xff\x01"};
  Batch batch;
  for (auto key = ordered.rbegin(); key != ordered.rend(); ++key) batch.put(1, bytes(*key), {});
  commit(std::move(batch), "1");
  EXPECT_EQ(keys(1, {}), ordered);
  EXPECT_EQ(keys(1, {{}, {}, true}), Keys(ordered.rbegin(), ordered.rend()));
}

TEST_P(Conformance, ranges_hold_their_begin_and_not_their_end) {
  Batch batch;
  for (const char* key : {"b", "d", "f"}) batch.put(1, bytes(key), {});
  batch.put(2, bytes("c"), {});
  commit(std::move(batch), "1");
  const auto both_ways = [&](std::string_view begin, std::string_view end) {
    const Keys forwards = keys(1, {bytes(begin), bytes(end)});
    Keys backwards = keys(1, {bytes(begin), bytes(end), true});
    std::reverse(backwards.begin(), backwards.end());
    EXPECT_EQ(forwards, backwards) << begin << " to " << end;
    return forwards;
  };
  EXPECT_EQ(both_ways("b", "f"), (Keys{"b", "d"}));
  EXPECT_EQ(both_ways("a", "g"), (Keys{"b", "d", "f"}));
  EXPECT_EQ(both_ways("c", ""), (Keys{"d", "f"}));
  EXPECT_EQ(both_ways("", "d"), (Keys{"b"}));
  EXPECT_EQ(both_ways("", "b"), Keys{});
  EXPECT_EQ(both_ways("", "a"), Keys{});
  EXPECT_EQ(both_ways("g", ""), Keys{});
  EXPECT_EQ(both_ways("d", "d"), Keys{});
  EXPECT_EQ(both_ways("f", "b"), Keys{});
}

TEST_P(Conformance, a_prefix_is_a_range) {
  const std::string top = "\xff\xff";
  Batch batch;
  for (const std::string key :
       {"a", "ab", "ab\xff", "ab\xff\xff", "ac", "b", "\xff", "\xff\xff", "\xff\xff\x01"})
    batch.put(1, bytes(key), {});
  commit(std::move(batch), "1");
  EXPECT_EQ(keys(1, Range::prefix(view("ab"))), (Keys{"ab", "ab\xff", "ab\xff\xff"}));
  EXPECT_EQ(keys(1, Range::prefix(view("ab\xff"))), (Keys{"ab\xff", "ab\xff\xff"}));
  EXPECT_EQ(keys(1, Range::prefix(view(top))), (Keys{"\xff\xff", "\xff\xff\x01"}));
  EXPECT_EQ(keys(1, Range::prefix(view("x"))), Keys{});
  EXPECT_EQ(keys(1, Range::prefix({})).size(), 9U);
  Range newest = Range::prefix(view("a"));
  newest.backwards = true;
  EXPECT_EQ(keys(1, newest), (Keys{"ac", "ab\xff\xff", "ab\xff", "ab", "a"}));
}

TEST_P(Conformance, a_visitor_ends_the_scan_and_may_read) {
  Batch batch;
  for (const char* key : {"a", "b", "c"}) batch.put(1, bytes(key), bytes(std::string("value of ") + key));
  commit(std::move(batch), "1");
  const auto snapshot = snapshot_of(*store_);
  Keys seen;
  EXPECT_TRUE(snapshot->scan(1, {}, [&](View key, View value) {
    EXPECT_EQ(text(**snapshot->get(1, key)), text(value));
    EXPECT_TRUE(snapshot->scan(1, {}, [](View, View) { return true; }));
    seen.emplace_back(text(value));
    return seen.size() < 2;
  }));
  EXPECT_EQ(seen, (Keys{"value of a", "value of b"}));
}

TEST_P(Conformance, limits_of_keys_and_values) {
  Batch longest;
  longest.put(1, Bytes(500, 'k'), Bytes(16 * 1024 * 1024, 'v'));
  longest.put(table_count - 1, Bytes(1, 0), {});
  commit(std::move(longest), "1");
  const auto snapshot = snapshot_of(*store_);
  EXPECT_EQ((**snapshot->get(1, Bytes(500, 'k'))).size(), 16U * 1024 * 1024);
  EXPECT_TRUE(snapshot->scan(1, {Bytes(501, 'k'), {}}, [](View, View) { return true; }));
  EXPECT_EQ(snapshot->get(1, {}).error().code, Code::malformed);
  EXPECT_EQ(snapshot->get(1, Bytes(501, 'k')).error().code, Code::malformed);
  EXPECT_EQ(snapshot->get(table_count, bytes("a")).error().code, Code::malformed);
  EXPECT_EQ(snapshot->scan(table_count, {}, [](View, View) { return true; }).error().code, Code::malformed);
  EXPECT_EQ(snapshot->scan(1, {Bytes(502, 'k'), {}}, [](View, View) { return true; }).error().code,
            Code::malformed);

  const auto refused = [&](Table table, Bytes key, Bytes value, Bytes head) {
    Batch batch;
    batch.put(1, bytes("rides along"), {});
    batch.put(table, std::move(key), std::move(value));
    batch.set_head(std::move(head));
    const auto outcome = store_->commit(batch, view("1"));
    return !outcome && outcome.error().code == Code::malformed;
  };
  EXPECT_TRUE(refused(1, {}, {}, bytes("2")));
  EXPECT_TRUE(refused(1, Bytes(501, 'k'), {}, bytes("2")));
  EXPECT_TRUE(refused(1, bytes("a"), Bytes(16 * 1024 * 1024 + 1, 'v'), bytes("2")));
  EXPECT_TRUE(refused(table_count, bytes("a"), {}, bytes("2")));
  EXPECT_TRUE(refused(head_table, head_key, bytes("2"), bytes("2")));  // set_head alone writes it
  EXPECT_TRUE(refused(1, bytes("a"), {}, {}));                         // that would take the head away
  EXPECT_EQ(get(1, "rides along"), std::nullopt);
  EXPECT_EQ(get(head_table, "head"), "1");
}

TEST_P(Conformance, rows_survive_many_random_batches_as_in_a_map) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  std::map<std::string, std::string> expected;
  for (int round = 0; round < 40; ++round) {
    Batch batch;
    for (int i = 0; i < 200; ++i) {
      const std::string key = std::to_string(random() % 1500);
      if (random() % 3 == 0) {
        batch.remove(7, bytes(key));
        expected.erase(key);
      } else {
        const std::string value(random() % (random() % 20 == 0 ? 9000 : 60),
                                static_cast<char>('a' + round % 26));
        batch.put(7, bytes(key), bytes(value));
        expected[key] = value;
      }
    }
    commit(std::move(batch), std::to_string(round));
  }
  std::map<std::string, std::string> found;
  EXPECT_TRUE(snapshot_of(*store_)->scan(7, {}, [&](View key, View value) {
    found.emplace(text(key), text(value));
    return true;
  }));
  EXPECT_EQ(found, expected);
}

}  // namespace cm4it::store
