// Answers that take long, or are large: made in turn, off the event loops, in parts.
#include <future>

#include "frontends/http/door_fixture.h"
#include "frontends/http/polls.h"
#include "service/feed_wire.h"

namespace cm4it::http {
namespace {

using namespace fixture;
using namespace std::chrono_literals;

constexpr std::size_t much = 3 * budget::brief_records;

struct Long : Web {
  void SetUp() override {
    Web::SetUp();
    std::vector<Bytes> pieces;
    for (std::size_t i = 0; i < much; ++i) pieces.push_back(plant.say("volta", talked_of, Endorse{"label " + std::to_string(i), ""}));
    for (const auto& item : plant.submit(std::move(pieces))) ASSERT_EQ(item.outcome, Outcome::received) << why(item);
  }
  std::string path(const std::string& rest = {}) const { return "/v1/subjects/" + in_path(talked_of) + rest; }
  const SubjectId talked_of = subject_of("much talked of");
};

TEST_F(Long, HistoriesAreWholeWhoeverMadeThem) {
  const auto shown = object(site.get(path("/history")));
  EXPECT_EQ(shown.at("statements").as_array().size(), much);
  EXPECT_EQ(at(site.get(path("/verdict")), "subject"), talked_of.text());
}

TEST_F(Long, AnswersAreNotMadeOnEventLoops) {
  HeldReadings held{*plant.service};
  for (const auto& rest : {std::string("/history"), std::string("/verdict?at=2030-01-01T00:00:00Z"), std::string(), std::string("/verdict")})
    expect_problem(site.get(path(rest)), 503, "unavailable");
  expect_problem(site.get("/v1/may?from=" + in_path(talked_of) + "&to=" + in_path(sensor_id)), 503, "unavailable");
  expect_problem(site.get("/v1/keys/" + talked_of.text()), 503, "unavailable");
  // What is short is answered all the same.
  EXPECT_EQ(site.get("/healthz").status, 200u);
  EXPECT_EQ(site.get("/readyz").status, 200u);
  EXPECT_EQ(site.get(sensor_path("/history")).status, 200u);
  EXPECT_EQ(site.get(sensor_path("/verdict")).status, 200u);
  held.release();
}

TEST_F(Long, AnAnswerThatWasMadeIsCachedForEveryLoop) {
  const std::string verdict = "/v1/subjects/" + talked_of.text() + "/verdict";  // ready answers are for this way to write it
  const auto made = site.get(verdict);
  ASSERT_EQ(made.status, 200u);
  HeldReadings held{*plant.service};
  EXPECT_EQ(site.get(verdict).body, made.body);
  held.release();
  ASSERT_EQ(plant.submit_one(plant.say("volta", talked_of, StatusChange{Status::stolen, ""})).outcome, Outcome::received);
  EXPECT_EQ(at(site.get(verdict), "status"), "stolen");  // not the one that was kept
}

// An alarm's way to a copy, while strangers have all their turns taken.
TEST_F(Long, AServersPollIsAnsweredBesideAnyFlood) {
  const auto from = service::decode_feed(view(site.get("/v1/feed", "plant.example server").body))->next;
  HeldReadings held{*plant.service};
  auto poll = std::async(std::launch::async, [&] { return site.get("/v1/feed?wait=20&from=" + std::to_string(from), "plant.example server"); });
  expect_problem(site.get("/v1/feed"), 503, "unavailable");
  ASSERT_EQ(plant.submit_one(plant.say("volta", sensor_id, StatusChange{Status::stolen, ""})).outcome, Outcome::received);
  const auto got = service::decode_feed(view(poll.get().body));
  ASSERT_TRUE(got);
  EXPECT_EQ(got->records.size(), 1u);
  held.release();
}

TEST_F(Web, StrangersPollsLeaveRoomForServers) {
  Polls polls(*plant.service);
  std::atomic<std::size_t> refused = 0;
  const auto add = [&](const service::Caller& caller) {
    auto poll = std::make_shared<Poll>();
    poll->caller = caller;
    poll->position = UINT64_MAX;
    poll->deadline = std::chrono::steady_clock::now() + 1h;
    poll->attempt = [](Poll&, bool) { return true; };
    poll->refuse = [&](const Error&) { ++refused; };
    return polls.add(std::move(poll));
  };
  for (std::size_t i = 0; i < budget::polls_of_one; ++i) ASSERT_TRUE(add({{}, "192.0.2.1"}));
  EXPECT_FALSE(add({{}, "192.0.2.1"}));
  EXPECT_FALSE(add({id_of("stranger"), "192.0.2.1"}));
  EXPECT_TRUE(add({{}, "192.0.2.2"}));
  const auto server = key_of("plant.example server", crypto::Algorithm::es256)->public_key().id();
  EXPECT_TRUE(add({server, "192.0.2.1"}));
  EXPECT_TRUE(add({id_of("volta"), "192.0.2.1"}));
  polls.stop();
  EXPECT_EQ(refused, 0u);
}

// Identities with attributes of some 30 KiB.
struct Large : Web {
  void SetUp() override {
    Web::SetUp();
    for (int i = 0; i < 12; ++i) {
      Identity identity = device_identity("large " + std::to_string(i));
      for (int j = 0; j < 15; ++j) identity.attributes["a" + std::to_string(j)] = std::string(2048, static_cast<char>('a' + i));
      const auto item = acme.submit_one(acme.say("acme", subject_of("large " + std::to_string(i)), std::move(identity)));
      ASSERT_EQ(item.outcome, Outcome::received) << why(item);
    }
  }
  Site makers{acme};
};

TEST_F(Large, BundlesOfEntriesComeWhole) {
  const auto size = std::stoul(at(object(makers.get("/v1/domains")), "domains/0/size"));
  std::string expected;
  for (std::size_t leaf = 0; leaf < size; ++leaf) expected += text(*acme.service->logs().entry("acme.example", leaf));
  ASSERT_GT(expected.size(), 4 * budget::whole_answer);
  const std::string path = "/log/acme.example/tile/entries/000.p/" + std::to_string(size);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(makers.get(path).body, expected);
  const auto head = makers.ask({.path = path, .method = "HEAD"});
  EXPECT_EQ(head.header("Content-Length"), std::to_string(expected.size()));
}

TEST_F(Large, SubmissionsAreSplitByWorkers) {
  std::string body;
  for (int i = 0; i < 4; ++i) {
    Identity identity = device_identity("more " + std::to_string(i));
    for (int j = 0; j < 15; ++j) identity.attributes["a" + std::to_string(j)] = std::string(2048, 'x');
    body += text(acme.say("acme", subject_of("more " + std::to_string(i)), std::move(identity)));
  }
  ASSERT_GT(body.size(), budget::brief_body);
  EXPECT_EQ(at(makers.post(body), "received"), "4");
  expect_problem(makers.post(body + "\xff"), 400, "malformed");
}

}  // namespace
}  // namespace cm4it::http
