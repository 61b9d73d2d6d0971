// A peer that lies, garbles, floods or stalls: nothing of it is believed, and a contradiction ends the link for good.
#include "sync/node.h"

namespace cm4it::sync::test {
namespace {

struct Liar : TwoNodes {
  void SetUp() override {
    make("sensor");
    sell("sensor");
    found_plant(plant_text());
  }
  void follow_honestly() {
    plant.follow();
    ASSERT_TRUE(eventually([&] { return stored_of(plant, "sensor") == 2 && plant.follows("acme.example"); }));
    ASSERT_TRUE(caught_up());
    ASSERT_TRUE(eventually([&] { return plant.follows("acme.example"); }));
  }
  // A head that acme's log key really signed.
  std::string head(std::uint64_t size, const Digest& root, Time time) const {
    return *tlog::sign_checkpoint({"main/acme.example", size, root, time}, *key_of("acme.example log"));
  }
  tlog::Head true_head() const { return acme.ics.ledger().published()->own_heads.at("acme.example"); }
  void send_head(const std::string& note) {
    acme.tamper([note](service::FeedPage& page) {
      for (auto& one : page.heads)
        if (one.domain == "acme.example") one.note = note;
    });
  }
  std::string state() const { return plant.link("acme.example").value_or(none).state; }
  std::string last_error() const { return plant.link("acme.example").value_or(none).last_error; }
  void nudge() { make("nudge"); }  // ends a long poll
  void expect_broken(const std::string& how) {
    ASSERT_TRUE(eventually([&] { return state() == "broken"; })) << last_error();
    EXPECT_THAT(last_error(), HasSubstr(how));
    // It stays so after a restart, and nothing is asked for any more.
    plant.ics.ledger().drain();
    acme.tamper({});
    acme.forget_asked();
    plant.unfollow();
    plant.follow();
    ASSERT_TRUE(eventually([&] { return state() == "broken"; }));
    EXPECT_THAT(last_error(), HasSubstr(how));
    EXPECT_TRUE(acme.asked("/v1/feed").empty());
  }
  const LinkState none = [] {
    LinkState state;
    state.state = "not there yet";
    return state;
  }();
};

TEST_F(Liar, WronglySignedEvidenceIsNotStored) {
  make("other");
  sell("other");
  acme.tamper([](service::FeedPage& page) {
    for (auto& record : page.records) {
      const auto statements = evidence::statements_of_stored(record.format, record.evidence, record.issuer);
      if (statements && statements->at(0).subject == subject_of("sensor")) record.evidence.back() ^= 1;
    }
  });
  plant.follow();
  ASSERT_TRUE(eventually([&] { return stored_of(plant, "other") == 2; }));
  EXPECT_EQ(stored_of(plant, "sensor"), 0u);
  EXPECT_TRUE(eventually([&] { return state() == "backing-off" && last_error().find("missing here") != std::string::npos; }));
}

TEST_F(Liar, ReceiptsOfAnotherLogDoNotCount) {
  make("other");
  sell("other");
  acme.tamper([&](service::FeedPage& page) {
    for (auto& record : page.records) {
      const auto statements = evidence::statements_of_stored(record.format, record.evidence, record.issuer);
      if (statements->at(0).subject != subject_of("sensor")) continue;
      const auto hash = tlog::leaf_hash(evidence::leaf_bytes(record.format, record.evidence));
      const auto batch = tlog::sign_batch("main/acme.example", Time{1'700'000'000}, 1, hash, *key_of("no log of acme's"));
      record.receipts = {{"acme.example", tlog::encode_receipt(*batch, 0, {})}};
    }
  });
  plant.follow();
  ASSERT_TRUE(eventually([&] { return stored_of(plant, "other") == 2; }));
  EXPECT_EQ(stored_of(plant, "sensor"), 0u);  // a copy keeps only what a home has received
}

TEST_F(Liar, AReceiptFromTheFutureDoesNotCount) {
  acme.tamper([&](service::FeedPage& page) {
    for (auto& record : page.records) {
      const auto hash = tlog::leaf_hash(evidence::leaf_bytes(record.format, record.evidence));
      const auto batch = tlog::sign_batch("main/acme.example", Time{4'000'000'000}, 1, hash, *key_of("acme.example log"));
      record.receipts = {{"acme.example", tlog::encode_receipt(*batch, 0, {})}};
    }
  });
  plant.follow();
  ASSERT_TRUE(caught_up());
  EXPECT_EQ(stored_of(plant, "sensor"), 2u);  // nothing is passed over
  EXPECT_FALSE(plant.ics.verdict(subject_of("sensor")).identity);
  EXPECT_LT(plant.ics.service->now(), Time{4'000'000'000});
}

TEST_F(Liar, TwoRootsOfOneSize) {
  follow_honestly();
  auto other = true_head();
  other.root[0] ^= 1;
  send_head(head(other.size, other.root, other.time));  // the same second: it could be missed
  acme.ics.ledger().drain();
  plant.unfollow();
  plant.follow();
  expect_broken("two roots of one size");
}

TEST_F(Liar, ALaterHeadOfASmallerTree) {
  follow_honestly();
  auto other = true_head();
  send_head(head(other.size - 1, other.root, other.time + 60));
  nudge();
  expect_broken("a later head of a smaller tree");
}

// The log grows, and its tiles prove another root than the one that is sent.
TEST_F(Liar, AHeadThatTheTilesDoNotProve) {
  follow_honestly();
  const auto before = true_head();
  acme.tamper([this, before](service::FeedPage& page) {
    for (auto& one : page.heads) {
      auto claimed = *tlog::read_checkpoint_body(one.note);
      if (one.domain != "acme.example" || claimed.size <= before.size) continue;
      claimed.root[5] ^= 1;
      one.note = head(claimed.size, claimed.root, before.time + 1);
    }
  });
  nudge();
  expect_broken("no proof that the earlier tree is the beginning");
}

// Without tiles nothing is proven, and nothing is refuted.
TEST_F(Liar, AHeadWithoutTilesIsNotTaken) {
  follow_honestly();
  const auto before = true_head();
  acme.script([](const net::Request& request, net::Responder& respond) {
    if (!request.path.starts_with("/log/")) return false;
    return answer_with(respond, 404);
  });
  nudge();
  ASSERT_TRUE(eventually([&] { return state() == "backing-off"; }));
  EXPECT_THAT(last_error(), HasSubstr("/log/acme.example/tile"));
  const auto heads = plant.ics.ledger().reader()->foreign_heads();
  EXPECT_FALSE(heads->empty());
  for (const auto& known : *heads)
    EXPECT_EQ(tlog::read_checkpoint_body(known.note)->size, before.size);
  acme.script({});
  EXPECT_TRUE(caught_up());
  EXPECT_TRUE(eventually([&] { return plant.follows("acme.example"); }));
}

TEST_F(Liar, HeadsByOthersAndFromTheFutureAreNotTaken) {
  follow_honestly();
  const auto now = true_head();
  const std::string forged = *tlog::sign_checkpoint({"main/acme.example", now.size + 1, now.root, now.time + 60}, *key_of("no log of acme's"));
  const std::string elsewhere = *tlog::sign_checkpoint({"other/acme.example", now.size + 1, now.root, now.time + 60}, *key_of("acme.example log"));
  const std::string future = head(now.size, now.root, Time{4'000'000'000});
  acme.tamper([=](service::FeedPage& page) {
    page.heads = {{"acme.example", "main/acme.example", forged}, {"acme.example", "other/acme.example", elsewhere},
                  {"acme.example", "main/acme.example", future}, {"acme.example", "", "no note"}, {"nowhere.example", "x", forged}};
  });
  make("marker");
  sell("marker");
  ASSERT_TRUE(eventually([&] { return stored_of(plant, "marker") == 2; }));
  EXPECT_NE(state(), "broken");
  EXPECT_LT(plant.ics.service->now(), Time{4'000'000'000});
  const auto heads = plant.ics.ledger().reader()->foreign_heads();
  EXPECT_FALSE(heads->empty());
  for (const auto& known : *heads)
    EXPECT_EQ(tlog::read_checkpoint_body(known.note)->size, now.size);
}

TEST_F(Liar, GarbageIsAnError) {
  std::atomic<int> garbled{0};
  const std::vector<std::string> garbage = {"", "not a feed", std::string("\xa5\x01", 2), std::string(1000, '\xff'), std::string(100'000, '\x9f')};
  const Silence at_the_end{*this};
  acme.script([&](const net::Request& request, net::Responder& respond) {
    if (request.path != "/v1/feed" || garbled >= static_cast<int>(garbage.size())) return false;
    return answer_with(respond, 200, garbage[static_cast<std::size_t>(garbled++)], "application/cm4it-feed+cbor");
  });
  plant.follow();
  ASSERT_TRUE(eventually([&] { return last_error() != ""; }));
  EXPECT_EQ(state(), "backing-off");
  EXPECT_TRUE(eventually([&] { return stored_of(plant, "sensor") == 2 && plant.follows("acme.example"); }));
}

TEST_F(Liar, AnotherDomainsFeedIsAnError) {
  acme.tamper([](service::FeedPage& page) { page.domain = "other.example"; });
  plant.follow();
  ASSERT_TRUE(eventually([&] { return last_error() != ""; }));
  EXPECT_THAT(last_error(), HasSubstr("another domain"));
  EXPECT_EQ(stored_of(plant, "sensor"), 0u);
}

TEST_F(Liar, FloodsAreCutOff) {
  std::atomic<int> flooded{0};
  const Silence at_the_end{*this};
  acme.script([&](const net::Request& request, net::Responder& respond) {
    if (request.path != "/v1/feed" || flooded >= 2) return false;
    ++flooded;
    return answer_with(respond, 200, std::string(64 << 20, '\x40'), "application/cm4it-feed+cbor");
  });
  plant.follow();
  ASSERT_TRUE(eventually([&] { return last_error() != ""; }));
  EXPECT_THAT(last_error(), HasSubstr("/v1/feed"));
  EXPECT_TRUE(eventually([&] { return stored_of(plant, "sensor") == 2 && plant.follows("acme.example"); }));
}

TEST_F(Liar, ManyRecordsOfOneAnswerAreCutOff) {
  acme.tamper([](service::FeedPage& page) {
    while (!page.records.empty() && page.records.size() < 5000) page.records.push_back(page.records[0]);
  });
  plant.follow();
  ASSERT_TRUE(eventually([&] { return last_error() != ""; }));
  EXPECT_EQ(state(), "backing-off");
  EXPECT_EQ(stored_of(plant, "sensor"), 0u);
}

TEST_F(Liar, StallsEndInTime) {
  std::mutex mutex;
  std::vector<net::Responder> held;
  std::atomic<int> stalled{0};
  const Silence at_the_end{*this};
  acme.script([&](const net::Request& request, net::Responder& respond) {
    if (request.path != "/v1/feed" || stalled >= 2) return false;
    std::lock_guard lock(mutex);
    held.push_back(std::move(respond));
    ++stalled;
    return true;
  });
  plant.follow({}, 300ms);
  ASSERT_TRUE(eventually([&] { return last_error() != ""; }));
  EXPECT_EQ(state(), "backing-off");
  EXPECT_TRUE(eventually([&] { return stored_of(plant, "sensor") == 2; }));
}

// A feed that claims that more waits, for ever, and gives nothing.
TEST_F(Liar, EndlessPagesDoNotSpin) {
  acme.tamper([](service::FeedPage& page) {
    page.records.clear();
    page.heads.clear();
    page.more = true;
  });
  plant.follow();
  ASSERT_TRUE(eventually([&] { return last_error() != ""; }));
  EXPECT_EQ(state(), "backing-off");
  EXPECT_THAT(last_error(), HasSubstr("does not move on"));
}

}  // namespace
}  // namespace cm4it::sync::test
