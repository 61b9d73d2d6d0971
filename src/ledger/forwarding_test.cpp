#include "ledger/forwarding.h"

#include <gtest/gtest.h>

namespace cm4it::ledger {
namespace {

const StatementId forwarded_id{Digest{1, 2, 3}};

TEST(ForwardingKeys, SayOfWhatTheyAre) {
  for (const auto& key : {forward_note(forwarded_id, "plant.example"), refusal_note(forwarded_id, "plant.example"),
                          taken_note(forwarded_id, "plant.example")}) {
    const auto read = read_forwarding_key(key);
    ASSERT_TRUE(read) << key;
    EXPECT_EQ(read->statement, forwarded_id);
    EXPECT_EQ(read->domain, "plant.example");
  }
  EXPECT_TRUE(forward_note(forwarded_id, "a").starts_with(forward_notes));
  EXPECT_TRUE(refusal_note(forwarded_id, "a").starts_with(refusal_notes));
}

TEST(ForwardingKeys, OthersAreNone) {
  const std::string hex = forwarded_id.text();
  for (const auto& key : {std::string(), std::string("forward"), "forward/" + hex, "forward/" + hex.substr(1) + "/a",
                          "forward/" + hex + "0/a", std::string("link/a/b/position")})
    EXPECT_FALSE(read_forwarding_key(key)) << key;
}

// Stores of versions that noted no time: it waits since it was first seen.
TEST(ForwardingValues, WaitsSinceItWasSeenWhereNothingElseIsKnown) {
  EXPECT_EQ(decode_waiting({}, Time{7}).since, Time{7});
  const auto read = decode_waiting(encode(Waiting{Time{9}, "no policy counts"}), Time{7});
  EXPECT_EQ(read.since, Time{9});
  EXPECT_EQ(read.undecided, "no policy counts");
}

TEST(ForwardingValues, ARefusalSaysWhoRefused) {
  EXPECT_EQ(refusal_text("a.example", view("kid: nobody's")), "refused by the home of a.example: kid: nobody's");
  EXPECT_EQ(refusal_text("a.example", not_sent("given up")), "not forwarded to the home of a.example: given up");
  EXPECT_EQ(refusal_text("a.example", {}), "refused by the home of a.example: ");
}

}  // namespace
}  // namespace cm4it::ledger
