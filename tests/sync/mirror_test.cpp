// A copy of a copy: a mirror can leave things out, and what it relays does not make anybody fresh.
#include "sync/node.h"

namespace cm4it::sync::test {
namespace {

struct Mirror : TwoNodes {
  // A server of acme's, which keeps all of its domain and is no home.
  Mirror() {
    mirror.open();
    const std::string listed = "[servers.mirror]\nkey = \"" + base64_of(key_of("mirror.example server", crypto::Algorithm::es256)) +
                               "\"\nurl = \"" + mirror.url() + "\"\n";
    received({acme.ics.submit_one(policy_evidence("acme", "acme.example", acme_text(2, listed), *acme.ics.clock))});
    make("sensor");
    mirror.follow({Follow{"acme.example", acme.url(), {}, {}}});
  }
  ~Mirror() override {
    field.unfollow();
    mirror.unfollow();
  }
  void follow_mirror(const policy::Selector& select) {
    ASSERT_TRUE(eventually([&] { return head_of(mirror) && stored_of(mirror, "sensor") == 1; }));
    field.follow({Follow{"acme.example", mirror.url(), {}, select}});
    ASSERT_TRUE(eventually([&] { return stored_of(field, "sensor") == 1; }));
  }
  // How fresh it says that it is.
  static std::optional<Time> head_of(Node& node) {
    const auto published = node.ics.ledger().published();
    for (const auto& [domain, state] : published->domains)
      if (domain == "acme.example") return state.newest_head;
    return {};
  }
  // The alarm is left out, and everything else is sent on.
  void drop_alarms() {
    mirror.tamper([](service::FeedPage& page) {
      std::erase_if(page.records, [](const service::FeedRecord& record) {
        const auto statements = evidence::statements_of_stored(record.format, record.evidence, record.issuer);
        return statements && statements->at(0).kind() == Kind::status;
      });
    });
  }
  // Things go on at acme's meanwhile: new heads come along with them.
  bool meanwhile(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      ++acme.ics.clock->seconds;
      make("another " + std::to_string(++others_));
      std::this_thread::sleep_for(100ms);
    }
    return true;
  }
  std::size_t heads_compared() const { return field.ics.ledger().reader()->foreign_heads(false)->size(); }
  bool knows_head_after(Time time) const {
    const auto heads = field.ics.ledger().reader()->foreign_heads(false);
    const auto log = key_of("acme.example log");
    return std::any_of(heads->begin(), heads->end(), [&](const auto& head) {
      return tlog::open_checkpoint(head.note, log->public_key())->time > time;
    });
  }
  void say_stolen() {
    *acme.ics.clock = *acme.ics.clock + 60;
    received({acme.ics.submit_one(acme.ics.say("acme", subject_of("sensor"), StatusChange{Status::stolen, ""}))});
  }

  Node mirror{"mirror.example", pin("acme.example", "acme"), false};
  Node field{"field.example", pin("acme.example", "acme"), false};
  int others_ = 0;
};

TEST_F(Mirror, OfASelectedCopyDoesNotMakeItFresh) {
  drop_alarms();
  follow_mirror({{{policy::Field::type, {"device"}}}});
  say_stolen();
  const Time alarm = *acme.ics.clock;
  ASSERT_TRUE(meanwhile([&] { return knows_head_after(alarm); }));
  EXPECT_FALSE(head_of(field));
  EXPECT_TRUE(field.follows("acme.example"));
  EXPECT_EQ(field.link("acme.example")->newest_head, std::nullopt);
  // It is kept, nobody knows how fresh; also after a restart.
  const auto verdict = field.ics.verdict(subject_of("sensor"), "acme.example");
  EXPECT_TRUE(verdict.identity);
  EXPECT_EQ(verdict.newest_head, std::nullopt);
}

TEST_F(Mirror, OfAWholeCopyIsFoundOut) {
  follow_mirror({});
  // All of it is there, whoever brought it.
  ASSERT_TRUE(meanwhile([&] { return head_of(field).has_value(); }));
  drop_alarms();
  say_stolen();
  const Time alarm = *acme.ics.clock;
  ASSERT_TRUE(meanwhile([&] { return knows_head_after(alarm); }));
  EXPECT_LT(*head_of(field), alarm);
  ASSERT_TRUE(meanwhile([&] { return field.link("acme.example")->state == "backing-off"; }));
  EXPECT_THAT(field.link("acme.example")->last_error, HasSubstr("do not give the root of main/acme.example"));
  // It is fetched again from the beginning, and again, until it is there.
  field.unfollow();
  mirror.tamper({});
  mirror.forget_asked();
  field.follow({Follow{"acme.example", mirror.url(), {}, {}}});
  ASSERT_TRUE(meanwhile([&] { return head_of(field) > alarm; }));
  EXPECT_EQ(field.ics.verdict(subject_of("sensor"), "acme.example").status, Status::stolen);
  EXPECT_TRUE(eventually([&] { return field.follows("acme.example"); }));
  EXPECT_FALSE(mirror.asked("/v1/feed?domain=acme.example&from=0&").empty());
}

// Whatever way it came: two histories are two histories.
TEST_F(Mirror, WhatItRelaysConvictsAHome) {
  follow_mirror({{{policy::Field::type, {"device"}}}});
  ASSERT_TRUE(meanwhile([&] { return heads_compared() == 1; }));
  mirror.tamper([&](service::FeedPage& page) {
    for (auto& one : page.heads) {
      auto claimed = *tlog::read_checkpoint_body(one.note);
      claimed.root[5] ^= 1;
      one.note = *tlog::sign_checkpoint({"main/acme.example", 1, claimed.root, Time(*field.ics.clock) + 100}, *key_of("acme.example log"));
    }
  });
  EXPECT_TRUE(meanwhile([&] { return field.link("acme.example")->state == "broken"; }));
  EXPECT_THAT(field.link("acme.example")->last_error, HasSubstr("a later head of a smaller tree"));
  field.unfollow();
  mirror.tamper({});
}

// The same of a home that leaves something out: a whole copy finds it out.
TEST_F(Mirror, AHomeThatLeavesSomethingOut) {
  acme.tamper([](service::FeedPage& page) {
    std::erase_if(page.records, [](const service::FeedRecord& record) {
      const auto statements = evidence::statements_of_stored(record.format, record.evidence, record.issuer);
      return statements && statements->at(0).kind() == Kind::status;
    });
  });
  say_stolen();
  field.follow({Follow{"acme.example", acme.url(), {}, {}}});
  ASSERT_TRUE(eventually([&] { return field.link("acme.example") && field.link("acme.example")->last_error != ""; }));
  EXPECT_THAT(field.link("acme.example")->last_error, HasSubstr("do not give the root"));
  EXPECT_FALSE(head_of(field));
  acme.tamper({});
  EXPECT_TRUE(eventually([&] { return field.follows("acme.example") && head_of(field); }));
  EXPECT_EQ(field.ics.verdict(subject_of("sensor"), "acme.example").status, Status::stolen);
  EXPECT_EQ(field.link("acme.example")->last_error, "");
}

}  // namespace
}  // namespace cm4it::sync::test
