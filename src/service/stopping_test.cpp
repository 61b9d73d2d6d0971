// A server stops while its appender writes: what waits behind that is neither lost nor used when it is gone.
#include "base/waiting_for_test.h"
#include "service/network_fixture.h"

namespace cm4it::service {
namespace {

using namespace fixture;

// A store that outlives its servers. While it is shut, a commit stays under way.
struct SharedStore {
  const std::unique_ptr<store::Store> store = store::open_memory();
  std::atomic<bool> shut{false};
  std::promise<void> reached, opened;
  const std::shared_future<void> open = opened.get_future().share();
};

struct Opened final : store::Store {
  explicit Opened(SharedStore& to) : shared(to) {}
  Result<std::unique_ptr<store::Snapshot>> snapshot() const override { return shared.store->snapshot(); }
  Result<store::Commit> commit(const store::Batch& batch, View head) override {
    if (shared.shut.exchange(false)) {
      shared.reached.set_value();
      shared.open.wait();
    }
    return shared.store->commit(batch, head);
  }
  SharedStore& shared;
};

struct Stopping : testing::Test {
  using Answer = std::future<std::vector<ItemResult>>;

  std::unique_ptr<Ics> start() { return std::make_unique<Ics>("acme.example", pin("acme.example", "acme"), true, std::make_unique<Opened>(shared)); }
  Answer submit(std::vector<Piece> pieces) {
    auto done = std::make_shared<std::promise<std::vector<ItemResult>>>();
    auto answer = done->get_future();
    EXPECT_TRUE(acme->service->intake().submit(std::move(pieces), {}, [done](auto results) { done->set_value(std::move(results)); }, stranger));
    return answer;
  }
  // Keeps a worker busy until it is released; returns once it does. `until` empty: returns once it was done.
  void occupy_worker(std::optional<std::shared_future<void>> until) {
    auto begun = std::make_shared<std::promise<void>>();
    const auto split = [begun, until]() -> Result<std::vector<Piece>> {
      begun->set_value();
      if (until) until->wait();
      return std::vector<Piece>{};
    };
    ASSERT_TRUE(acme->service->intake().submit(split, 0, {}, [](const auto&) {}, stranger));
    begun->get_future().wait();
  }

  SharedStore shared;
  const Caller stranger{{}, "192.0.2.1"};  // for whom there are as many threads as workers
  const SubjectId sensor = subject_of("sensor");
  std::unique_ptr<Ics> acme = start();
};

TEST_F(Stopping, WhatWaitsForTheAppenderIsWrittenAndAnswered) {
  ASSERT_EQ(acme->submit_one(policy_evidence("acme", "acme.example", acme_policy(), *acme->clock)).outcome, Outcome::received);
  ASSERT_EQ(acme->submit_one(acme->say("acme", sensor, device_identity("sensor"))).outcome, Outcome::received);
  shared.shut = true;
  auto written = submit({{Format::cose, acme->say("acme", sensor, Endorse{"tested", ""})}});
  shared.reached.get_future().wait();

  // All other workers but one are busy, and that one has examined what comes next before it does anything else.
  std::promise<void> released;
  const auto until = released.get_future().share();
  for (unsigned i = 1; i < Ics::workers; ++i) occupy_worker(until);
  auto waiting = submit({{Format::cose, policy_evidence("acme", "acme.example", acme_policy(2), *acme->clock)},
                         {Format::cose, acme->say("acme", sensor, Transfer{"plant.example", id_of("plant")})}});
  occupy_worker({});

  Queues& queues = acme->service->queues();
  std::thread stopping([&] { acme->service.reset(); });
  while (queues.admit_submission(stranger, 0)) std::this_thread::yield();
  released.set_value();
  shared.opened.set_value();
  stopping.join();
  EXPECT_EQ(written.get().at(0).outcome, Outcome::received);
  for (const auto& item : waiting.get()) EXPECT_EQ(item.outcome, Outcome::received) << why(item);

  acme = start();
  const auto policies = acme->service->access().policies();
  EXPECT_EQ(policies->newest("acme.example")->version, 2u);
  EXPECT_EQ(acme->verdict(sensor).holder, "plant.example");
  // Whom the transfer names is pinned by what the start finds noted.
  EXPECT_TRUE(eventually([&] { return acme->service->access().policies()->chain("plant.example") != nullptr; }));
}

}  // namespace
}  // namespace cm4it::service
