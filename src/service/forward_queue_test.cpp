// What waits for other domains' homes, and its ends, in the octets of docs/formats/store.md.
#include "service/forward_queue.h"

#include "service/network_fixture.h"

namespace cm4it::service {
namespace {

using namespace fixture;
using End = ForwardQueue::End;

struct Queue : Network {
  ForwardQueue& queue = plant.service->forwards();
  // What acme's home has to receive as well.
  StatementId said() {
    const auto item =
        plant.submit_one(plant.say("acme", sensor_id, device_identity("sensor"), {"acme.example", "plant.example"}));
    EXPECT_EQ(item.forwarded_to, std::vector<std::string>{"acme.example"}) << why(item);
    return item.statement.value_or(StatementId{});
  }
  bool waits(const StatementId& id) {
    plant.ledger().drain();
    const auto all = queue.waiting().value();
    return std::any_of(all.begin(), all.end(),
                       [&](const auto& one) { return one.statement == id && one.domain == "acme.example"; });
  }
  std::optional<Bytes> note(const std::string& kind, const StatementId& id) {
    plant.ledger().drain();
    return plant.ledger().reader()->note(kind + "/" + id.text() + "/acme.example").value();
  }
};

TEST_F(Queue, WaitsSinceItCameUntilItIsReceived) {
  const auto id = said();
  EXPECT_TRUE(waits(id));
  EXPECT_EQ(queue.waits_since(id, "acme.example").value(), static_cast<Time>(*plant.clock));
  EXPECT_FALSE(queue.waits_since(id, "tuev.example").value());
  EXPECT_EQ(queue.record(id).value()->id, id);
  EXPECT_FALSE(queue.has_receipt(id, "acme.example").value());
  ASSERT_TRUE(queue.received(id, "acme.example"));
  EXPECT_FALSE(waits(id));
  EXPECT_TRUE(queue.ended().value().empty());
}

TEST_F(Queue, AHomeThatShowsNoReceiptHasReceivedItAllTheSame) {
  const auto id = said();
  ASSERT_TRUE(queue.received_unread(id, "acme.example"));
  EXPECT_EQ(note("taken", id), Bytes{});
}

TEST_F(Queue, EndsSayWhoEndedIt) {
  const auto id = said();
  ASSERT_TRUE(queue.end(id, "acme.example", End::refused, "kid: nobody's"));
  EXPECT_FALSE(waits(id));
  EXPECT_EQ(text(note("refused", id).value()), "kid: nobody's");
  ASSERT_EQ(queue.ended()->size(), 1u);
  EXPECT_EQ(queue.ended()->at(0).domain, "acme.example");
  EXPECT_EQ(queue.ended()->at(0).why, "refused by the home of acme.example: kid: nobody's");
  EXPECT_EQ(queue.ended()->at(0).why, ForwardQueue::sentence("acme.example", End::refused, "kid: nobody's"));
  ASSERT_TRUE(queue.end(id, "acme.example", End::not_sent, "given up"));
  EXPECT_EQ(text(note("refused", id).value()), "\x01given up");
  EXPECT_EQ(queue.ended()->at(0).why, "not forwarded to the home of acme.example: given up");
}

}  // namespace
}  // namespace cm4it::service
