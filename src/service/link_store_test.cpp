// What a copy keeps over a restart, in the octets of docs/formats/store.md: running stores are understood.
#include "service/link_store.h"

#include "crypto/digest.h"
#include "service/fixture.h"

namespace cm4it::service {
namespace {

using namespace fixture;

struct StoredByALink : testing::Test {
  Ics ics{"plant.example", {{"plant.example", id_of("plant"), policy::Pin::Source::configuration}}};
  ledger::Ledger& ledger = ics.ledger();

  LinkStore store(const std::string& url = "https://a") { return ics.service->link_store("acme.example", url); }
  Bytes note(const std::string& key) {
    ledger.drain();
    return ledger.reader()->note(key).value().value_or(Bytes{});
  }
  void put(const std::string& key, const std::string& value) {
    ASSERT_TRUE(ledger.put_note(key, to_bytes(view(value)), {}));
    ledger.drain();
  }
};

TEST_F(StoredByALink, APositionHoldsForItsScopeAlone) {
  EXPECT_FALSE(store().position("all"));
  ASSERT_TRUE(store().keep_position(0x0102, "all"));
  Bytes expected{0, 0, 0, 0, 0, 0, 1, 2};
  append(expected, crypto::sha256(view("all")));
  EXPECT_EQ(note("link/acme.example/https://a/position"), expected);
  EXPECT_EQ(store().position("all"), 0x0102u);
  EXPECT_FALSE(store().position("some"));
  EXPECT_FALSE(store("https://b").position("all"));
}

TEST_F(StoredByALink, Leaves) {
  EXPECT_FALSE(store().leaves());
  ASSERT_TRUE(store().keep_leaves({1, 2}));
  EXPECT_EQ(note("link/acme.example/https://a/leaves"), (Bytes{1, 2}));
  EXPECT_EQ(store().leaves(), (Bytes{1, 2}));
}

// Two histories are the domain's: whoever copies it from another address is told too.
TEST_F(StoredByALink, ABrokenDomainIsBrokenWhereverItIsCopiedFrom) {
  EXPECT_FALSE(store().broken());
  ASSERT_TRUE(store().keep_broken(Time{1'800'000'000}, "two roots of one size"));
  EXPECT_EQ(text(note("link/acme.example/https://a/broken")), "2027-01-15T08:00:00Z two roots of one size");
  const auto broken = store("https://b").broken();
  ASSERT_TRUE(broken);
  EXPECT_EQ(broken->since, Time{1'800'000'000});
  EXPECT_EQ(broken->how, "two roots of one size");
  EXPECT_FALSE(ics.service->link_store("acme.example.org", "https://a").broken());
}

TEST_F(StoredByALink, EarlierVersionsDidNotSaySinceWhen) {
  put("link/acme.example/https://a/broken", "two roots of one size");
  const auto broken = store().broken();
  ASSERT_TRUE(broken);
  EXPECT_FALSE(broken->since);
  EXPECT_EQ(broken->how, "two roots of one size");
}

}  // namespace
}  // namespace cm4it::service
