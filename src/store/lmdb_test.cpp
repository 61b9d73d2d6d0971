#include "store/lmdb.h"

#include <gtest/gtest.h>
#include <lmdb.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "store/test_support.h"

namespace cm4it::store {
namespace {

class LmdbTest : public testing::Test {
 protected:
  LmdbOptions options(bool read_only = false) const {
    return {.directory = directory_.path(), .read_only = read_only};
  }

  std::unique_ptr<Store> open(const LmdbOptions& given) const {
    auto store = open_lmdb(given);
    if (!store) ADD_FAILURE() << store.error().message;
    return store ? std::move(*store) : nullptr;
  }
  // The error of opening.
  Error refused(const LmdbOptions& given) const {
    const auto store = open_lmdb(given);
    return store ? Error{} : store.error();
  }
  std::filesystem::path data() const { return directory_.path() / "data.mdb"; }

  // Another program's hand in the directory: sets a key of the unnamed database.
  void put_raw(std::string key, std::string value) const {
    MDB_env* environment = nullptr;
    MDB_txn* transaction = nullptr;
    MDB_dbi table = 0;
    MDB_val k{key.size(), key.data()}, v{value.size(), value.data()};
    ASSERT_EQ(mdb_env_create(&environment), 0);
    ASSERT_EQ(mdb_env_open(environment, directory_.path().c_str(), 0, 0600), 0);
    ASSERT_EQ(mdb_txn_begin(environment, nullptr, 0, &transaction), 0);
    ASSERT_EQ(mdb_dbi_open(transaction, nullptr, 0, &table), 0);
    ASSERT_EQ(mdb_put(transaction, table, &k, &v, 0), 0);
    ASSERT_EQ(mdb_txn_commit(transaction), 0);
    mdb_env_close(environment);
  }

  TemporaryDirectory directory_;
};

// The exit status of what runs in a child; the parent has no store open meanwhile, or the child opens its
// own.
template <class F>
int in_child(F&& run) {
  const pid_t child = fork();
  if (child == 0) _exit(run());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Batch row(std::string_view key, std::size_t size) {
  Batch batch;
  batch.put(1, bytes(key), Bytes(size, 'v'));
  return batch;
}

TEST_F(LmdbTest, reopened_it_has_everything) {
  for (int i = 0; i < 3; ++i) {
    const auto store = open(options());
    ASSERT_TRUE(commit_onto_head(*store, row(std::to_string(i), 10), std::to_string(i)));
  }
  const auto store = open(options());
  EXPECT_EQ(get_text(*store, head_table, "head"), "2");
  for (const char* key : {"0", "1", "2"}) EXPECT_EQ(get_text(*store, 1, key), std::string(10, 'v'));
}

TEST_F(LmdbTest, a_full_map_refuses_writes_and_keeps_reading) {
  LmdbOptions tiny = options();
  tiny.map_bytes = 1024 * 1024;
  int written = 0;
  {
    const auto store = open(tiny);
    Result<Commit> outcome = Commit::done;
    const auto old = snapshot_of(*store);
    for (; written < 1000; ++written) {
      Batch batch = row(std::to_string(written), 10'000);
      batch.set_head(bytes(std::to_string(written + 1)));
      outcome = store->commit(batch, view(written ? std::to_string(written) : ""));
      if (!outcome) break;
    }
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, Code::unavailable);
    EXPECT_NE(outcome.error().detail.find("map size"), std::string::npos);
    EXPECT_GT(written, 20);
    EXPECT_EQ(get_text(*store, head_table, "head"), std::to_string(written));
    EXPECT_EQ(get_text(*store, 1, std::to_string(written)), std::nullopt);
    for (int i = 0; i < written; ++i)
      EXPECT_EQ(get_text(*store, 1, std::to_string(i)), std::string(10'000, 'v'));
  }
  const auto larger = open(options());
  EXPECT_EQ(get_text(*larger, head_table, "head"), std::to_string(written));
  EXPECT_TRUE(commit_onto_head(*larger, row("more", 1'000'000), "more"));
}

TEST_F(LmdbTest, snapshots_that_are_gone_keep_no_pages) {
  LmdbOptions tiny = options();
  tiny.map_bytes = 1024 * 1024;
  const auto store = open(tiny);
  auto one = snapshot_of(*store), other = snapshot_of(*store);  // one of them is not renewed below
  one.reset();
  other.reset();
  for (int i = 0; i < 200; ++i)
    ASSERT_TRUE(commit_onto_head(*store, row("overwritten", 20'000), std::to_string(i)));
}

TEST_F(LmdbTest, a_full_disk_refuses_writes_and_goes_on_when_there_is_room) {
  const auto store = open(options());
  ASSERT_TRUE(commit_onto_head(*store, row("before", 1000), "before"));
  // A limit on the size of files stands for the disk.
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit full = before;
  full.rlim_cur = std::filesystem::file_size(data()) + 8192;
  setrlimit(RLIMIT_FSIZE, &full);
  Batch batch = row("large", 1'000'000);
  batch.set_head(bytes("after"));
  const auto outcome = store->commit(batch, view("before"));
  const auto head = get_text(*store, head_table, "head");
  const auto old_row = get_text(*store, 1, "before");
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old_handler);

  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::unavailable) << outcome.error().message;
  EXPECT_EQ(head, "before");
  EXPECT_EQ(old_row, std::string(1000, 'v'));
  EXPECT_EQ(store->commit(batch, view("before")).value(), Commit::done);
  EXPECT_EQ(get_text(*store, 1, "large"), std::string(1'000'000, 'v'));
}

TEST_F(LmdbTest, one_writer_at_a_time) {
  const auto first = open(options());
  const Error error = refused(options());
  EXPECT_EQ(error.code, Code::unavailable);
  EXPECT_NE(error.message.find(directory_.path().string() + ": another process has this store open"),
            std::string::npos)
      << error.message;
  EXPECT_EQ(in_child([&] { return refused(options()).code == Code::unavailable ? 0 : 1; }), 0);
  EXPECT_TRUE(commit_onto_head(*first, {}, "1"));
}

TEST_F(LmdbTest, read_only_beside_the_writer) {
  EXPECT_EQ(refused(options(true)).code, Code::not_found);
  const auto writer = open(options());
  ASSERT_TRUE(commit_onto_head(*writer, row("a", 10), "1"));
  EXPECT_EQ(in_child([&] {
              const auto reader = open(options(true));
              if (!reader || get_text(*reader, 1, "a") != std::string(10, 'v')) return 1;
              const auto outcome = reader->commit(row("b", 10), view("1"));
              return !outcome && outcome.error().code == Code::not_permitted ? 0 : 2;
            }),
            0);
  EXPECT_TRUE(commit_onto_head(*writer, row("c", 10), "2"));
}

TEST_F(LmdbTest, a_reader_that_died_gives_its_place_back) {
  LmdbOptions few = options();
  few.max_readers = 2;
  open(few).reset();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(in_child([&] {
                const auto store = open(few);
                const auto snapshot = snapshot_of(*store);
                _exit(7);
                return 0;
              }),
              7);
  }
  const auto store = open(few);
  const auto one = snapshot_of(*store);
  auto two = snapshot_of(*store);
  const auto third = store->snapshot();
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, Code::unavailable);
  two.reset();
  EXPECT_TRUE(store->snapshot());
}

TEST_F(LmdbTest, a_file_that_is_not_lmdb) {
  std::ofstream(data()) << std::string(100'000, 'x');
  const Error error = refused(options());
  EXPECT_EQ(error.code, Code::malformed);
  EXPECT_NE(error.message.find("data.mdb: not an LMDB file"), std::string::npos) << error.message;
  EXPECT_FALSE(error.detail.empty());
  EXPECT_EQ(std::filesystem::file_size(data()), 100'000U);
}

TEST_F(LmdbTest, somebody_elses_database) {
  put_raw("their key", "their value");
  const auto size = std::filesystem::file_size(data());
  for (const bool read_only : {false, true}) {
    const Error error = refused(options(read_only));
    EXPECT_EQ(error.code, Code::unsupported);
    EXPECT_NE(error.message.find("not one of this program"), std::string::npos) << error.message;
    EXPECT_EQ(error.detail, "name another directory for the store, or restore a backup");
  }
  EXPECT_EQ(std::filesystem::file_size(data()), size);
}

TEST_F(LmdbTest, another_version_of_the_layout) {
  open(options()).reset();
  put_raw("cm4it", "27");
  const Error error = refused(options());
  EXPECT_EQ(error.code, Code::unsupported);
  EXPECT_NE(error.message.find("knows version 1, found 27"), std::string::npos) << error.message;
  put_raw("cm4it", "1");
  EXPECT_EQ(refused(options()).message, "");
}

TEST_F(LmdbTest, a_file_that_is_cut_off) {
  {
    const auto store = open(options());
    for (int i = 0; i < 4; ++i)
      ASSERT_TRUE(commit_onto_head(*store, row(std::to_string(i), 1'000'000), std::to_string(i)));
  }
  std::filesystem::resize_file(data(), 2'000'000);
  for (const bool read_only : {false, true}) {
    const Error error = refused(options(read_only));
    EXPECT_EQ(error.code, Code::malformed);
    EXPECT_NE(error.message.find("data.mdb: cut off"), std::string::npos) << error.message;
    EXPECT_FALSE(error.detail.empty());
  }
}

TEST_F(LmdbTest, damaged_pages_are_an_error) {
  open(options()).reset();
  // All but the two meta pages.
  std::fstream file(data(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(2 * 4096);
  file << std::string(std::filesystem::file_size(data()) - 2 * 4096, '\0');
  file.close();
  const Error error = refused(options());
  EXPECT_EQ(error.code, Code::malformed);
  EXPECT_NE(error.message.find("damaged"), std::string::npos) << error.message;
}

TEST_F(LmdbTest, a_directory_that_cannot_be) {
  std::ofstream(directory_.path() / "file") << "x";
  LmdbOptions below = options();
  below.directory /= "file/store";
  const Error error = refused(below);
  EXPECT_EQ(error.code, Code::unavailable);
  EXPECT_NE(error.message.find(below.directory.string()), std::string::npos) << error.message;
}

TEST_F(LmdbTest, a_new_directory_is_made_for_it) {
  LmdbOptions below = options();
  below.directory /= "new/store";
  const auto store = open(below);
  EXPECT_TRUE(commit_onto_head(*store, {}, "1"));
  EXPECT_TRUE(std::filesystem::exists(below.directory / "data.mdb"));
}

}  // namespace
}  // namespace cm4it::store
