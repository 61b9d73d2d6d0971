// Policies of domains that nothing pins: whoever brings many of them makes room with his own (docs/decisions/0046).
#include "ledger/budgets.h"
#include "service/fixture.h"

namespace cm4it::service {
namespace {

using namespace fixture;

// The policy of `domain` that names itself `owner`'s.
Bytes introduction(const std::string& domain, const std::string& owner, Time time) {
  return policy_evidence(owner, domain,
                         "domain = \"" + domain + "\"\nversion = 1\nowner = \"" + owner + "\"\n[keys]\n" + owner + " = \"" + base64_of(key_of(owner)) +
                             "\"\n" + server_line(domain),
                         time);
}

TEST(UnpinnedPolicies, AnAddressThatBringsManyMakesRoomWithItsOwn) {
  Ics plant("plant.example", {});
  const auto brought = [&](const std::string& owner, const std::string& address) {
    std::promise<ItemResult> done;
    std::vector<Piece> pieces{{Format::cose, introduction("wanted.example", owner, *plant.clock)}};
    EXPECT_TRUE(plant.service->intake().submit(std::move(pieces), {}, [&](auto results) { done.set_value(results.at(0)); }, Caller{{}, address}));
    return done.get_future().get();
  };
  const auto honest = brought("honest", "192.0.2.1");
  ASSERT_NE(honest.outcome, ItemResult::Outcome::refused) << (honest.error ? honest.error->message : "");
  for (std::size_t i = 0; i < 2 * budget::unpinned_owners; ++i) {
    ++plant.clock->seconds;
    const auto flood = brought("flood" + std::to_string(i), "203.0.113.9");
    ASSERT_NE(flood.outcome, ItemResult::Outcome::refused) << (flood.error ? flood.error->message : "");
  }
  const auto stored = plant.ledger().reader()->descriptors("wanted.example").value();
  EXPECT_EQ(stored.size(), budget::unpinned_owners);
  EXPECT_TRUE(std::any_of(stored.begin(), stored.end(), [&](const auto& one) { return one.second == honest.statement; }));
  const auto counters = plant.service->counters();
  EXPECT_EQ(counters.unpinned, budget::unpinned_owners);
  EXPECT_EQ(counters.unpinned_dropped, budget::unpinned_owners + 1);
}

}  // namespace
}  // namespace cm4it::service
