// Where a link goes on after a restart, and how it behaves towards a peer that fails.
#include "sync/node.h"

namespace cm4it::sync::test {
namespace {

struct Restart : TwoNodes {
  void SetUp() override {
    follow_a_sale();
    ASSERT_TRUE(eventually([&] { return stored_position() > 0; }));
  }
  std::uint64_t stored_position() const {
    const auto notes = plant.ics.ledger().reader()->notes("link/acme.example/");
    for (const auto& [name, value] : *notes)
      if (name.ends_with("/position")) return read_u64(View(value).first(8));
    return 0;
  }
};

const std::string from_the_beginning = "/v1/feed?domain=acme.example&from=0&";

TEST_F(Restart, GoesOnWhereItWas) {
  ASSERT_TRUE(eventually([&] { return plant.link("acme.example") && plant.link("acme.example")->position == stored_position(); }));
  plant.unfollow();
  const auto position = stored_position();
  acme.forget_asked();
  make("later");
  sell("later");
  plant.follow();
  ASSERT_TRUE(eventually([&] { return stored_of(plant, "later") == 2; }));
  EXPECT_TRUE(acme.asked(from_the_beginning).empty());
  ASSERT_FALSE(acme.asked("/v1/feed").empty());
  EXPECT_THAT(acme.asked("/v1/feed")[0], HasSubstr("from=" + std::to_string(position) + "&"));
}

// A policy that came by another way while nobody followed changes what the feed would have given.
TEST_F(Restart, ANewPolicyMeanwhileMeansFromTheBeginning) {
  plant.unfollow();
  received({plant.ics.submit_one(policy_evidence("plant", "plant.example", plant_text(2), *plant.ics.clock))});
  acme.forget_asked();
  plant.follow();
  EXPECT_TRUE(eventually([&] { return !acme.asked(from_the_beginning).empty(); }));
}

// The same of a selector in the configuration.
TEST_F(Restart, AnotherSelectorMeansFromTheBeginning) {
  make("gateway");
  Node field{"field.example", pin("acme.example", "acme"), false};
  const policy::Selector narrow{{{policy::Field::serial, {"sensor"}}}}, wide{{{policy::Field::type, {"device"}}}};
  field.follow({Follow{"acme.example", acme.url(), {}, narrow}});
  ASSERT_TRUE(eventually([&] { return stored_of(field, "sensor") == 2; }));
  ASSERT_TRUE(eventually([&] { return field.follows("acme.example"); }));
  EXPECT_EQ(stored_of(field, "gateway"), 0u);
  field.unfollow();
  field.follow({Follow{"acme.example", acme.url(), {}, wide}});
  EXPECT_TRUE(eventually([&] { return stored_of(field, "gateway") == 1; }));
}

TEST_F(Restart, AFailingPeerIsNotHurried) {
  std::mutex mutex;
  std::vector<std::chrono::steady_clock::time_point> asked;
  std::atomic<bool> failing{true};
  plant.unfollow();
  acme.close();  // what it had asked before is no answer to what is measured
  acme.open();
  const Silence at_the_end{*this};
  acme.script([&](const net::Request& request, net::Responder& respond) {
    if (!failing || request.path != "/v1/feed") return false;
    std::lock_guard lock(mutex);
    asked.push_back(std::chrono::steady_clock::now());
    return answer_with(respond, 500);
  });
  const auto times = [&] {
    std::lock_guard lock(mutex);
    return asked;
  };
  plant.follow();
  ASSERT_TRUE(eventually([&] { return times().size() >= 5; }));
  // Pauses of 0.2, 0.4, 0.8, 1.6 seconds, each by up to a half shorter.
  for (const auto& [i, least] : {std::pair{1u, 100ms}, {2u, 200ms}, {3u, 400ms}, {4u, 800ms}}) EXPECT_GE(times()[i] - times()[i - 1], least) << i;
  const auto state = plant.link("acme.example");
  EXPECT_EQ(state->state, "backing-off");
  EXPECT_THAT(state->last_error, HasSubstr("500"));
  failing = false;
  make("later");
  sell("later");
  EXPECT_TRUE(eventually([&] { return stored_of(plant, "later") == 2 && plant.follows("acme.example"); }));
  EXPECT_EQ(plant.link("acme.example")->last_error, "");
}

TEST_F(Restart, APeerThatGoesAwayAndComesBack) {
  acme.close();
  make("later");
  sell("later");
  ASSERT_TRUE(eventually([&] { return plant.link("acme.example")->state == "backing-off"; }));
  EXPECT_NE(plant.link("acme.example")->last_error, "");
  acme.open();
  EXPECT_TRUE(eventually([&] { return stored_of(plant, "later") == 2 && plant.follows("acme.example"); }));
}

// stop() ends the calls that are under way, whatever the peer does.
TEST_F(Restart, StoppingDoesNotWaitForASilentPeer) {
  plant.unfollow();
  std::atomic<int> held{0};
  std::mutex mutex;
  std::vector<net::Responder> waiting;
  const Silence at_the_end{*this};
  acme.script([&](const net::Request&, net::Responder& respond) {
    std::lock_guard lock(mutex);
    waiting.push_back(std::move(respond));
    ++held;
    return true;
  });
  Node stranger{"field.example", pin("acme.example", "acme"), false};  // has to ask for policies first
  plant.follow();
  stranger.follow({Follow{"acme.example", acme.url(), {}, {}}});
  const auto item = plant.ics.submit_one(plant.ics.say("volta", subject_of("sensor"), Endorse{"x", ""}, {"acme.example", "plant.example"}));
  ASSERT_EQ(item.outcome, Outcome::received) << why(item);
  ASSERT_TRUE(eventually([&] { return held >= 3; }));  // a feed, policies, a submission
  const auto begun = std::chrono::steady_clock::now();
  plant.unfollow();
  stranger.unfollow();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 10s);
}

}  // namespace
}  // namespace cm4it::sync::test
