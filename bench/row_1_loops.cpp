// Row 1, what several event loops answer beside one. Over a network the load generator takes one of two cores, so each thread here
// asks the door itself, as its event loop would.
#include <fmt/format.h>

#include <atomic>
#include <latch>
#include <thread>

#include "crypto/digest.h"
#include "door_in_process.h"
#include "population.h"
#include "row_1.h"

namespace cm4it::bench {
namespace {

constexpr std::size_t most_subjects = 1'000;  // few enough for each processor's own cache: that threads share memory is not the question
constexpr double of_each = 0.9;               // of what a loop alone answers

using Answer = DoorInProcess::Loop::Answer;

// One thread's work: calls are counted in steps, so that looking at the clock or at others costs nothing.
using Step = std::function<bool()>;  // false: something else happened than was to be measured
constexpr std::uint64_t calls_of_step = 100;

// Calls a second of so many threads together, each with its own work. Work is made on its thread.
Result<double> per_second(unsigned threads, double seconds, const std::function<Step(unsigned thread)>& work) {
  std::latch ready(threads);
  std::atomic<bool> stop{false}, failed{false};
  std::vector<double> rates(threads);
  std::vector<std::thread> running;
  for (unsigned i = 0; i < threads; ++i)
    running.emplace_back([&, i] {
      const Step step = work(i);
      ready.arrive_and_wait();
      const auto began = Clock::now();
      std::uint64_t calls = 0;
      for (; !stop.load(std::memory_order_relaxed); calls += calls_of_step)
        if (!step()) failed = stop = true;
      rates[i] = static_cast<double>(calls) / since(began);
    });
  ready.wait();
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  stop = true;
  for (auto& thread : running) thread.join();
  if (failed) return fail(Code::internal, "an answer of another kind than is measured");
  double sum = 0;
  for (const double rate : rates) sum += rate;
  return sum;
}

// All paths in turn, by that loop; once before anything is counted.
Step asking(const DoorInProcess& door, unsigned number, const std::vector<std::string>& paths, Answer expected) {
  auto loop = std::make_shared<DoorInProcess::Loop>(door, number);
  for (const auto& path : paths) (void)loop->get(path);
  return [&paths, loop, expected, turn = std::size_t{number}]() mutable {
    bool all = true;
    for (std::uint64_t i = 0; i < calls_of_step; ++i) all &= loop->get(paths[turn = (turn + 1) % paths.size()]) == expected;
    return all;
  };
}

Step hashing() {
  return [block = Bytes(1024)]() mutable {
    for (std::uint64_t i = 0; i < calls_of_step; ++i) block[0] = crypto::sha256(block)[0];
    return true;
  };
}

// Of one thread and of all, in turn.
Result<Row> compare(const Setup& setup, unsigned threads, std::string what, const std::function<Step(unsigned)>& work) {
  std::vector<double> one, all;
  for (int round = 0; round < setup.rounds; ++round) {
    TRY(one.emplace_back(), per_second(1, setup.seconds, work));
    TRY(all.emplace_back(), per_second(threads, setup.seconds, work));
  }
  return Row{1, std::move(what), "/s", median(all), "one of them alone", median(one), {}, {}};
}

}  // namespace

Result<void> several_loops(const Setup& setup, const Home& home) {
  const unsigned threads = std::thread::hardware_concurrency();
  if (threads < 2) return setup.note("one processor: nothing to compare several event loops on"), Result<void>{};
  TRY(const auto service, open_service(home));
  TRY(const auto ids, read_ids(home, std::min(setup.size, most_subjects)));
  std::vector<std::string> paths;
  for (const auto& id : ids) paths.push_back("/v1/subjects/key:" + id + "/verdict");
  const DoorInProcess keeps(*service, threads, std::size_t{256} << 20), folds(*service, threads, 0);
  TRY(auto ready, compare(setup, threads, fmt::format("verdict in process, ready answers, {} event loops", threads),
                          [&](unsigned i) { return asking(keeps, i, paths, Answer::ready); }));
  setup.report(ready.at_least(of_each * threads));
  TRY(auto folded, compare(setup, threads, fmt::format("verdict in process, folded anew, {} event loops", threads),
                           [&](unsigned i) { return asking(folds, i, paths, Answer::made); }));
  setup.report(folded.at_least(of_each * threads));
  TRY(auto machine, compare(setup, threads, fmt::format("what this machine gives: SHA-256 of 1 KiB by {} threads", threads), [](unsigned) { return hashing(); }));
  setup.report(std::move(machine));
  return {};
}

}  // namespace cm4it::bench
