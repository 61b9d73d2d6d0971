// Who is served before whom: the ranks that policies give, and floods that keep nobody else waiting.
#include "service/network_fixture.h"

namespace cm4it::service {
namespace {

using namespace fixture;

constexpr auto long_enough = std::chrono::seconds(30);

TEST(Caller, IsAnAddressWithoutItsPort) {
  const auto address = [](const char* remote) { return Caller::from(nullptr, remote).address; };
  EXPECT_EQ(address("192.0.2.1:49152"), address("192.0.2.1:80"));
  EXPECT_NE(address("192.0.2.1:49152"), address("192.0.2.2:49152"));
  EXPECT_EQ(address("[2001:db8::1]:1"), address("[2001:db8::ffff:2]:2")) << "one network is one customer's";
  EXPECT_NE(address("[2001:db8::1]:1"), address("[2001:db8:0:1::1]:1"));
  EXPECT_NE(address("[::ffff:192.0.2.1]:1"), address("[::ffff:192.0.2.2]:1"));
  EXPECT_FALSE(address("").empty()) << "only this server itself has none";
}

struct Ranks : Network {
  Rank rank(const Principal& who) const { return plant.service->access().rank_of({who, "192.0.2.1"}); }
  static KeyId server_of(const std::string& domain) { return key_of(domain + " server", crypto::Algorithm::es256)->public_key().id(); }
};

TEST_F(Ranks, AreGivenByPolicies) {
  EXPECT_EQ(rank(server_of("plant.example")), Rank::server);
  EXPECT_EQ(rank(server_of("acme.example")), Rank::server);  // which the plant copies
  EXPECT_EQ(rank(id_of("volta")), Rank::principal);
  EXPECT_EQ(rank(id_of("stranger")), Rank::key);
  EXPECT_EQ(rank({}), Rank::anyone);
  EXPECT_EQ(plant.service->access().rank_of({}), Rank::server);  // this server itself
}

// Many pieces with bad signatures, sent by strangers from many addresses.
struct Flood : Network {
  std::vector<Piece> forged(std::size_t count) {
    std::vector<Piece> pieces;
    for (std::size_t i = 0; i < count; ++i) {
      Bytes bytes = plant.say("volta", subject_of("thing"), Endorse{"forged " + std::to_string(i), ""});
      bytes.back() ^= 1;
      pieces.push_back({Format::cose, std::move(bytes)});
    }
    return pieces;
  }
};

TEST_F(Flood, OfSubmissionsKeepsNoAlarmWaiting) {
  deploy();
  const auto pieces = forged(1500);
  std::atomic<int> over = 0;
  for (int i = 0; i < 4; ++i)
    ASSERT_TRUE(plant.service->intake().submit(pieces, {}, [&](const auto&) { ++over; }, {{}, "192.0.2.1"}));
  // From another address, from the same one, and by a key that the policy names.
  for (const Caller& caller : {Caller{{}, "192.0.2.2"}, Caller{{}, "192.0.2.1"}, Caller{id_of("volta"), "192.0.2.1"}}) {
    std::promise<std::vector<ItemResult>> done;
    ++plant.clock->seconds;
    ASSERT_TRUE(plant.service->intake().submit({{Format::cose, plant.say("volta", sensor_id, StatusChange{Status::stolen, ""})}}, {},
                                      [&](auto results) { done.set_value(std::move(results)); }, caller));
    auto answer = done.get_future();
    ASSERT_EQ(answer.wait_for(long_enough), std::future_status::ready);
    EXPECT_EQ(answer.get().at(0).outcome, Outcome::received);
    EXPECT_EQ(over, 0) << "the flood's requests are done before the alarm, which came after them";
  }
  plant.service.reset();
  EXPECT_EQ(over, 4);
}

TEST_F(Flood, OfReadingsKeepsNoServerWaiting) {
  std::promise<void> released;
  const auto until = released.get_future().share();
  unsigned admitted = 0;
  for (unsigned address = 0; address < 100; ++address)
    for (unsigned i = 0; i < 10; ++i)
      admitted += plant.service->queues().read_in_turn({{}, "192.0.2." + std::to_string(address)}, [until] { until.wait(); }).has_value();
  EXPECT_EQ(admitted, 1000u);
  for (const Principal& who : {Principal(Ranks::server_of("plant.example")), Principal(id_of("volta")), Principal(id_of("stranger"))}) {
    std::promise<void> done;
    ASSERT_TRUE(plant.service->queues().read_in_turn({who, "192.0.2.1"}, [&] { done.set_value(); }));
    EXPECT_EQ(done.get_future().wait_for(long_enough), std::future_status::ready);
  }
  released.set_value();
}

TEST_F(Flood, OfOneAddressIsRefusedBeforeOthersAre) {
  HeldReadings held(*plant.service);  // all of them wait
  EXPECT_EQ(plant.service->queues().read_in_turn({{}, "192.0.2.1"}, [] {}).error().code, Code::unavailable);
  EXPECT_TRUE(plant.service->queues().read_in_turn({id_of("stranger"), "192.0.2.1"}, [] {}));
  EXPECT_TRUE(plant.service->queues().read_in_turn({Ranks::server_of("plant.example"), "192.0.2.1"}, [] {}));
  held.release();
}

// A restart takes as long as what is worked on, not as what waits.
TEST_F(Flood, KeepsNoStopWaiting) {
  const std::vector<Piece> pieces(20'000, forged(1).at(0));  // seconds of work
  std::promise<std::vector<ItemResult>> done;
  ASSERT_TRUE(plant.service->intake().submit(pieces, {}, [&](auto results) { done.set_value(std::move(results)); }, {{}, "192.0.2.1"}));
  plant.service.reset();
  const auto results = done.get_future().get();
  ASSERT_EQ(results.size(), pieces.size());
  EXPECT_THAT(why(results.back()), testing::HasSubstr("stopping"));
}

TEST_F(Flood, IsToldOf) {
  const auto refused = [&] {
    std::uint64_t sum = 0;
    for (const auto& load : plant.service->queues().loads())
      if (load.queue == "readings" && load.rank == "anyone") sum += load.counters.refused;
    return sum;
  };
  HeldReadings held(*plant.service);
  const auto before = refused();
  EXPECT_FALSE(plant.service->queues().read_in_turn({{}, "192.0.2.1"}, [] {}));
  EXPECT_EQ(refused(), before + 1);
  held.release();
}

}  // namespace
}  // namespace cm4it::service
