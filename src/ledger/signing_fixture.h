// A home with a mark, for tests: its clock, its machine and its store are changed by hand.
#pragma once

#include <fstream>

#include "ledger/test_support.h"
#include "store/test_support.h"

namespace cm4it::ledger::test {

constexpr std::int64_t hour = 3600, day = 24 * hour;

// One home, with a mark, on a machine whose uptime is set by hand.
struct Home {
  Options options() const {
    return {.server_name = "main", .log_key = log_key, .homes = homes, .pins = {pin("acme.example", "acme")},
            .clock = [clock = clock] { return Time{clock->load()}; }, .mark = directory.path() / "log.key.signed",
            .uptime = [machine = machine] { return machine->with([](const auto& now) { return std::optional(now); }); }, .accept_clock = accept, .hold = hold, .on_broken = {}};
  }
  Result<void> start() {
    ledger.reset();
    TRY(ledger, Ledger::open(options(), std::make_unique<SharedStore>(store, std::make_shared<std::atomic<int>>(0)), {}));
    ledger->drain();
    return {};
  }
  void stop() { ledger.reset(); }
  void boot() {
    machine->with([](Uptime& now) { now = {"boot-2", 5}; });
  }
  // Time that really passes.
  void pass(std::int64_t seconds) {
    *clock += seconds;
    machine->with([&](Uptime& now) { now.seconds += seconds; });
  }
  Result<Appended> append(const std::string& label) {
    std::promise<Result<Appended>> answer;
    CHECK_OK(ledger->append({endorsement(label), {}, {"acme.example"}, {}, {}}, [&](auto appended) { answer.set_value(std::move(appended)); }));
    return answer.get_future().get();
  }
  tlog::Head head() const {
    return tlog::open_checkpoint(ledger->reader()->checkpoint("acme.example").value(), log_key->public_key()).value();
  }
  std::string mark() const {
    std::ifstream in(directory.path() / "log.key.signed");
    return std::string(std::istreambuf_iterator<char>(in), {});
  }
  std::shared_ptr<store::Store> fresh_store() const { return std::shared_ptr<store::Store>(store::open_memory()); }
  // A store of the same rows: what a backup keeps.
  std::shared_ptr<store::Store> copy() const {
    auto made = fresh_store();
    store::Batch batch;
    for (const auto& [key, value] : rows_of(*store)) {
      if (key.first == store::head_table) batch.set_head(value);
      else batch.put(key.first, key.second, value);
    }
    EXPECT_TRUE(made->commit(batch, {}));
    return made;
  }

  store::TemporaryDirectory directory;
  std::vector<std::string> homes{"acme.example"};
  crypto::SignerPtr log_key = key_of("acme.example log");
  std::shared_ptr<std::atomic<std::int64_t>> clock = std::make_shared<std::atomic<std::int64_t>>(1'800'000'000);
  std::shared_ptr<Guarded<Uptime>> machine = std::make_shared<Guarded<Uptime>>(Uptime{"boot-1", 1000});
  bool accept = false;
  std::string hold;
  std::shared_ptr<store::Store> store = fresh_store();
  std::unique_ptr<Ledger> ledger;
};

#define EXPECT_SIGNS(home, label) \
  if (const auto signed_ = (home).append(label); !signed_) ADD_FAILURE() << signed_.error().message
inline void expect_signs_nothing(Home& home, const std::string& why) {
  const auto refused = home.append("refused");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::unavailable);
  EXPECT_NE(refused.error().message.find(why), std::string::npos) << refused.error().message;
  EXPECT_NE(home.ledger->signing_refusal().find(why), std::string::npos);
}

}  // namespace cm4it::ledger::test
