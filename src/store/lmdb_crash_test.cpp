#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <random>
#include <thread>

#include "store/lmdb.h"
#include "store/test_support.h"

namespace cm4it::store {
namespace {

// Commit n puts row n (of a size that n gives) into table 1, removes row n − 3, overwrites the rows "last" of
// tables 2 and 3 with n, and makes n the head.
std::size_t size_of(int n) { return static_cast<std::size_t>(n) * 7919 % 20'000; }

Batch batch_of(int n) {
  const std::string number = std::to_string(n);
  Batch batch;
  batch.put(1, bytes(number), Bytes(size_of(n), 'v'));
  if (n > 3) batch.remove(1, bytes(std::to_string(n - 3)));
  batch.put(2, bytes("last"), bytes(number));
  batch.put(3, bytes("last"), bytes(number));
  batch.set_head(bytes(number));
  return batch;
}

// Commits until it is killed, and tells each number when its commit is done.
int write_until_killed(const LmdbOptions& options, int acknowledgements) {
  const auto store = open_lmdb(options);
  if (!store) return 1;
  int last = std::stoi(get_text(**store, head_table, "head").value_or("0"));
  for (;;) {
    const std::string before = last ? std::to_string(last) : "";
    const auto outcome = (*store)->commit(batch_of(++last), view(before));
    if (!outcome || *outcome != Commit::done) return 2;
    if (write(acknowledgements, &last, sizeof last) != sizeof last) return 3;
  }
}

// `known`: the last commit that is known to be done; becomes the last that is there.
void expect_whole(const LmdbOptions& options, int& known) {
  const auto store = open_lmdb(options);
  ASSERT_TRUE(store) << store.error().message;
  const std::string head = get_text(**store, head_table, "head").value_or("0");
  const int last = std::stoi(head);
  ASSERT_GE(last, known);
  ASSERT_LE(last, known + 1);  // the one that was under way
  known = last;
  if (last == 0) return;
  EXPECT_EQ(get_text(**store, 2, "last"), head);
  EXPECT_EQ(get_text(**store, 3, "last"), head);
  for (int n = std::max(1, last - 5); n <= last + 1; ++n) {
    const auto row = get_text(**store, 1, std::to_string(n));
    ASSERT_EQ(row.has_value(), n > last - 3 && n <= last) << "row " << n << " at " << last;
    EXPECT_EQ(row.value_or(std::string(size_of(n), 'v')), std::string(size_of(n), 'v'));
  }
}

TEST(LmdbCrash, killed_at_any_moment_every_acknowledged_commit_is_there_and_whole) {
  const TemporaryDirectory directory;
  const LmdbOptions options{.directory = directory.path()};
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  int acknowledged = 0;
  for (int round = 0; round < 40; ++round) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
      close(ends[0]);
      _exit(write_until_killed(options, ends[1]));
    }
    close(ends[1]);
    // Killed after some commits and a random moment into the next one (or, with none, into the opening).
    const int target = acknowledged + static_cast<int>(random() % 12);
    while (acknowledged < target && read(ends[0], &acknowledged, sizeof acknowledged) == sizeof acknowledged)
      continue;
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 3000));
    kill(child, SIGKILL);
    while (read(ends[0], &acknowledged, sizeof acknowledged) == sizeof acknowledged) continue;
    close(ends[0]);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "exit " << WEXITSTATUS(status);
    ASSERT_NO_FATAL_FAILURE(expect_whole(options, acknowledged)) << "round " << round;
  }
  EXPECT_GT(acknowledged, 40);
}

}  // namespace
}  // namespace cm4it::store
