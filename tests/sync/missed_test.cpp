// What a selected copy could not take: it knows, says so, asks again, and is not fresh meanwhile.
#include "sync/node.h"
#include "sync/peer.h"
#include "sync/witnesses.h"

namespace cm4it::sync::test {
namespace {

struct Missed : TwoNodes {
  void SetUp() override {
    make("sensor");
    sell("sensor");
    found_plant(plant_text());
  }
  // Changes on the way what acme's feed says of the sensor.
  void spoil(std::function<void(service::FeedRecord&)> how) {
    acme.tamper([how](service::FeedPage& page) {
      for (auto& record : page.records) {
        const auto statements = evidence::statements_of_stored(record.format, record.evidence, record.issuer);
        if (statements && statements->at(0).subject == subject_of("sensor")) how(record);
      }
    });
  }
  static std::optional<Time> head_of(Node& node, const std::string& domain = "acme.example") {
    const auto published = node.ics.ledger().published();
    const auto state = published->domains.find(domain);
    return state == published->domains.end() ? std::nullopt : state->second.newest_head;
  }
  static KeyId id_of_server(const std::string& domain) { return key_of(domain + " server", crypto::Algorithm::es256)->public_key().id(); }
  LinkState link() const { return plant.link("acme.example").value_or(LinkState{}); }
};

TEST_F(Missed, ADamagedRecordIsSaidAndAskedForAgain) {
  make("marker");
  sell("marker");
  spoil([](service::FeedRecord& record) { record.evidence.back() ^= 1; });
  plant.follow();
  ASSERT_TRUE(eventually([&] { return link().missed == 2 && stored_of(plant, "marker") == 2; }));
  EXPECT_TRUE(eventually([&] { return link().state == "backing-off"; }));
  EXPECT_THAT(link().last_error, HasSubstr("2 records that a home has received are missing here, and asked for again"));
  EXPECT_FALSE(head_of(plant));
  EXPECT_EQ(stored_of(plant, "sensor"), 0u);
  acme.tamper({});
  ASSERT_TRUE(eventually([&] { return stored_of(plant, "sensor") == 2 && plant.follows("acme.example"); }));
  EXPECT_EQ(link().missed, 0u);
  EXPECT_EQ(link().last_error, "");
  EXPECT_TRUE(eventually([&] { return head_of(plant).has_value(); }));
}

// An alarm that comes damaged on a link that follows: it is as stale as if nothing had come.
TEST_F(Missed, AnAlarmThatCameDamagedMakesNothingFresh) {
  plant.follow();
  ASSERT_TRUE(caught_up());
  const auto before = head_of(plant);
  spoil([](service::FeedRecord& record) { record.evidence.clear(); });
  *acme.ics.clock = *acme.ics.clock + 60;
  received({acme.ics.submit_one(acme.ics.say("acme", subject_of("sensor"), StatusChange{Status::stolen, ""}))});
  ASSERT_TRUE(eventually([&] { return link().missed > 0; }));
  *acme.ics.clock = *acme.ics.clock + 60;
  make("later");
  sell("later");
  ASSERT_TRUE(eventually([&] { return stored_of(plant, "later") == 2; }));
  EXPECT_EQ(head_of(plant), before);
  // It is asked for again after a restart as well.
  plant.unfollow();
  acme.tamper({});
  plant.follow();
  EXPECT_TRUE(eventually([&] { return plant.ics.verdict(subject_of("sensor"), "acme.example").status == Status::stolen; }));
  EXPECT_TRUE(eventually([&] { return plant.follows("acme.example") && head_of(plant) > before; }));
}

// However much of it comes: what is remembered does not grow, and nobody is asked in a hurry.
TEST_F(Missed, AHomeThatSendsNothingButGarbageIsNotAskedInAHurry) {
  spoil([](service::FeedRecord& record) { record.evidence.resize(3); });
  acme.forget_asked();
  plant.follow();
  ASSERT_TRUE(eventually([&] { return link().missed > 0 && link().state == "backing-off"; }));
  const auto begun = acme.asked("/v1/feed").size();
  ASSERT_TRUE(eventually([&] { return acme.asked("/v1/feed").size() >= begun + 4; }));  // after 1 s, 2 s, …; a poll takes 2 s
  EXPECT_LE(link().missed, 2u);
  EXPECT_LT(acme.asked("/v1/feed").size(), begun + 20);
}

// Its policy does not refer to that domain: of it, it is no witness.
TEST_F(Missed, HeadsOfOtherDomainsAreNotBelieved) {
  Node field{"field.example", {pin("acme.example", "acme")[0], pin("plant.example", "plant")[0]}, false};
  const auto policy = field.ics.submit_one(policy_evidence("plant", "plant.example", plant_text(), *plant.ics.clock));
  ASSERT_FALSE(policy.error) << policy.error->message;
  const std::string head = plant.ics.ledger().reader()->checkpoint("plant.example").value();
  acme.tamper([&](service::FeedPage& page) { page.heads.push_back({"plant.example", "main/plant.example", head}); });
  field.follow({Follow{"acme.example", acme.url(), {}, policy::Selector{{{policy::Field::type, {"device"}}}}}});
  ASSERT_TRUE(eventually([&] { return head_of(field).has_value(); }));
  EXPECT_FALSE(head_of(field, "plant.example"));
  acme.tamper({});
}

TEST_F(Missed, AHomeThatWasSetBackIsShownWhatItSigned) {
  const std::string earlier = acme.ics.ledger().reader()->checkpoint("acme.example").value();
  *acme.ics.clock = *acme.ics.clock + 60;
  make("later");
  plant.follow();
  ASSERT_TRUE(caught_up());
  acme.tamper([&](service::FeedPage& page) {
    for (auto& one : page.heads)
      if (one.domain == "acme.example") one.note = earlier;
  });
  make("nudge");
  EXPECT_TRUE(eventually([&] { return !acme.asked("/v1/domains/acme.example/heads").empty(); }));
  EXPECT_TRUE(eventually([&] { return link().state == "backing-off" && link().last_error.find("was set back") != std::string::npos; })) << link().last_error;
  EXPECT_EQ(acme.ics.ledger().signing_refusal(), "");  // it was not, in truth
  acme.tamper({});
  make("another nudge");
  EXPECT_TRUE(eventually([&] { return plant.follows("acme.example"); }));
}

// Whatever it waits for.
TEST_F(Missed, WakingFindsAHomeThatIsBack) {
  plant.follow();
  ASSERT_TRUE(caught_up());
  acme.close();
  ASSERT_TRUE(eventually([&] { return link().state == "backing-off"; }));
  acme.open();
  make("later");
  sell("later");
  plant.sync->wake();
  EXPECT_TRUE(eventually([&] { return stored_of(plant, "later") == 2; }, 5s));
  for (int i = 0; i < 5; ++i) plant.sync->wake();  // also in the midst of a poll
  make("last");
  sell("last");
  EXPECT_TRUE(eventually([&] { return stored_of(plant, "last") == 2; }));
}

// It is in a pause of half a minute at least, and would not ask for that long.
TEST_F(Missed, AHomeThatIsBackIsFoundByWhatItSends) {
  plant.follow({}, 20s, 60s);
  ASSERT_TRUE(caught_up());
  acme.close();
  ASSERT_TRUE(eventually([&] { return !link().last_error.empty(); }));
  acme.open();
  make("later");
  sell("later");
  Peer push(plant.url(), key_of("acme.example server", crypto::Algorithm::es256), "acme", id_of_server("plant.example"), 20s);
  ASSERT_TRUE(push.policies("plant.example"));
  EXPECT_TRUE(eventually([&] { return stored_of(plant, "later") == 2 && plant.follows("acme.example"); }, 20s));
}

struct Asked : TwoNodes {
  const Options options{key_of("plant.example server", crypto::Algorithm::es256), "node", {}, 2s, 2s};
  // What acme says that it knows of the plant's log.
  void answer(std::string note) {
    acme.script([note = std::move(note), now = Time(*plant.ics.clock)](const net::Request& request, net::Responder& respond) {
      if (request.path != "/v1/domains/plant.example/heads") return false;
      std::string quoted;
      for (const char c : note) c == '\n' ? quoted += "\\n" : quoted += c;
      return answer_with(respond, 200, R"({"domain":"plant.example","time":")" + to_rfc3339(now) + R"(","heads":[")" + quoted + "\"]}");
    });
  }
};

TEST_F(Asked, APeerThatKnowsMoreStopsTheSigning) {
  found_plant(plant_text());
  const auto own = plant.ics.ledger().reader()->checkpoint("plant.example").value();
  answer(own);
  Witnesses honest(options, *plant.ics.service);
  EXPECT_EQ(honest.unasked(), 1u);
  EXPECT_TRUE(honest.ask());
  EXPECT_EQ(honest.unasked(), 0u);
  answer(*tlog::sign_checkpoint({"main/plant.example", 100, {}, *plant.ics.clock}, *key_of("plant.example log")));
  Witnesses knows(options, *plant.ics.service);
  const auto asked = knows.ask();
  ASSERT_FALSE(asked);
  EXPECT_EQ(asked.error().code, Code::conflict);
  EXPECT_THAT(asked.error().message, HasSubstr("a head of it of 100 entries"));
  EXPECT_TRUE(eventually([&] { return !plant.ics.ledger().signing_refusal().empty(); }));
  const auto item = plant.ics.submit_one(policy_evidence("plant", "plant.example", plant_text(2), *plant.ics.clock));
  ASSERT_TRUE(item.error);
  EXPECT_THAT(item.error->message, HasSubstr("set back"));
}

TEST_F(Asked, AForgedHeadStopsNobody) {
  found_plant(plant_text());
  answer(*tlog::sign_checkpoint({"main/plant.example", 100, {}, *plant.ics.clock}, *key_of("somebody's log")));
  Witnesses witnesses(options, *plant.ics.service);
  EXPECT_TRUE(witnesses.ask());
  EXPECT_EQ(witnesses.unasked(), 0u);
  plant.ics.ledger().drain();
  EXPECT_EQ(plant.ics.ledger().signing_refusal(), "");
}

TEST_F(Asked, WhoIsAwayIsAskedLater) {
  found_plant(plant_text());
  acme.close();
  Witnesses witnesses(options, *plant.ics.service);
  EXPECT_TRUE(witnesses.ask());
  EXPECT_EQ(witnesses.unasked(), 1u);
  witnesses.keep_asking();
  acme.open();
  EXPECT_TRUE(eventually([&] { return witnesses.unasked() == 0; }));  // it knows no such log: that is an answer
}

}  // namespace
}  // namespace cm4it::sync::test
