#include "ledger/transfer_note.h"

#include "ledger/test_support.h"

namespace cm4it::ledger {
namespace {

using namespace test;

TEST(TransferNote, IsWrittenWithTheTransferUntilItsOwnerIsPinned) {
  World world;
  const auto sale = [&](const std::string& name) { return say("line1", code(name), Transfer{"shop.example", id_of("seller")}); };
  const auto noted = [&](const std::string& name) { return world.ledger->reader()->note(transfer_note(code(name)))->has_value(); };
  ASSERT_TRUE(world.append(sale("first")));
  EXPECT_TRUE(noted("first"));
  std::promise<Result<void>> pinned;
  ASSERT_TRUE(world.ledger->add_pin(pin("shop.example", "seller", policy::Pin::Source::transfer), [&](Result<void> result) { pinned.set_value(std::move(result)); }));
  ASSERT_TRUE(pinned.get_future().get());
  EXPECT_TRUE(is_pinned(*world.ledger->published()->policies, {"shop.example", id_of("seller")}));
  EXPECT_FALSE(is_pinned(*world.ledger->published()->policies, {"shop.example", id_of("heir")}));
  ASSERT_TRUE(world.append(sale("second")));
  EXPECT_FALSE(noted("second"));
}

}  // namespace
}  // namespace cm4it::ledger
