// The calls that wait: the feed and the changes. Nothing here sleeps: each wait ends by what is awaited.
#include <future>

#include "frontends/http/door_fixture.h"
#include "net/raw_client_for_test.h"
#include "service/feed_wire.h"

namespace cm4it::http {
namespace {

using namespace fixture;
using namespace std::chrono_literals;

struct Following : Web {
  service::ReceivedFeed feed(const std::string& query) const {
    const auto reply = site.get("/v1/feed" + query);
    EXPECT_EQ(reply.status, 200u) << reply.body;
    EXPECT_EQ(reply.content_type, "application/cm4it-feed+cbor");
    auto decoded = service::decode_feed(view(reply.body));
    EXPECT_TRUE(decoded) << (decoded ? "" : decoded.error().message);
    return decoded ? *decoded : service::ReceivedFeed{};
  }
  Outcome say(Status status) { return plant.submit_one(plant.say("volta", sensor_id, StatusChange{status, ""})).outcome; }
  std::future<net::Reply> ask_later(const std::string& path) const {
    return std::async(std::launch::async, [this, path] { return site.get(path); });
  }
};

TEST_F(Following, TheFeedGivesEverythingAndTheHeads) {
  const auto all = feed("?domain=plant.example");
  EXPECT_EQ(all.domain, "plant.example");
  EXPECT_FALSE(all.more);
  std::map<Kind, int> kinds;
  for (const auto& record : all.records) ++kinds[evidence::statements_of_stored(record.piece.format, record.piece.bytes, record.issuer)->at(0).kind()];
  EXPECT_EQ(kinds, (std::map<Kind, int>{{Kind::identity, 1}, {Kind::endorse, 1}, {Kind::status, 1}, {Kind::transfer, 1}, {Kind::assign, 1}, {Kind::policy, 2}}));
  EXPECT_EQ(evidence::statements_of_stored(Format::cose, all.records[0].piece.bytes, all.records[0].issuer)->at(0).kind(), Kind::policy);
  std::vector<std::string> origins;
  for (const auto& head : all.heads) origins.push_back(head.domain + " " + head.origin);
  EXPECT_THAT(origins, testing::UnorderedElementsAre("plant.example main/plant.example", "acme.example main/acme.example"));
  const auto rest = feed("?from=" + std::to_string(all.next));
  EXPECT_TRUE(rest.records.empty());
  EXPECT_EQ(rest.next, all.next);
}

TEST_F(Following, ASelectorChoosesSubjects) {
  make("other");
  carry(acme, plant, "acme.example");
  const auto hall = feed("?select=" + net::percent_encode("{ cloud = [\"hall-3\"] }"));
  EXPECT_EQ(hall.records.size(), 7u);
  const auto none = feed("?select=" + net::percent_encode("{ cloud = [\"hall-4\"] }"));
  EXPECT_EQ(none.records.size(), 2u);  // policies always come along
  expect_problem(site.get("/v1/feed?select=" + net::percent_encode("{ colour = [\"red\"] }")), 400, "malformed");
  expect_problem(site.get("/v1/feed?select=%7B"), 400, "malformed");
}

// TCP does not tell a client that closed its sending half from one that left: its poll is answered now.
TEST_F(Following, AHalfClosedClientIsAnsweredAtOnce) {
  const auto from = std::to_string(feed("").next);
  const auto statement = plant.say("volta", sensor_id, StatusChange{Status::stolen, ""});
  const std::string body(text(statement));
  for (const std::string& request :
       {"GET /v1/feed?wait=60&from=" + from + " HTTP/1.1\r\nHost: x\r\n\r\n", "GET /v1/changes?wait=60&from=" + from + " HTTP/1.1\r\nHost: x\r\n\r\n",
        std::string("GET /v1/subjects?maker=nobody HTTP/1.1\r\nHost: x\r\n\r\n"),
        "POST /v1/evidence HTTP/1.1\r\nHost: x\r\nContent-Type: application/cose\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body}) {
    net::RawClient client(site.port());
    ASSERT_TRUE(client.send(request));
    client.end();
    auto answer = client.until_closed();
    if (const std::string interim = "HTTP/1.1 100 Continue\r\n\r\n"; answer.starts_with(interim)) answer.erase(0, interim.size());  // where it took long
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << request << answer;
  }
}

TEST_F(Following, AFeedIsHeldUntilSomethingComes) {
  const auto from = feed("").next;
  auto held = ask_later("/v1/feed?wait=60&from=" + std::to_string(from));
  EXPECT_EQ(held.wait_for(300ms), std::future_status::timeout);
  ASSERT_EQ(say(Status::stolen), Outcome::received);
  const auto got = service::decode_feed(view(held.get().body));
  ASSERT_TRUE(got);
  ASSERT_EQ(got->records.size(), 1u);
  EXPECT_EQ(evidence::statements_of_stored(Format::cose, got->records[0].piece.bytes, got->records[0].issuer)->at(0).kind(), Kind::status);
  EXPECT_GT(got->next, from);
}

TEST_F(Following, WhatDoesNotConcernTheAskerKeepsItWaiting) {
  const std::string select = net::percent_encode("{ cloud = [\"hall-4\"] }");
  const auto from = feed("?select=" + select).next;
  auto held = ask_later("/v1/feed?wait=60&select=" + select + "&from=" + std::to_string(from));
  ASSERT_EQ(say(Status::lost), Outcome::received);
  EXPECT_EQ(held.wait_for(300ms), std::future_status::timeout);
  ASSERT_EQ(plant.submit_one(plant.say("volta", sensor_id, Assign{"hall-4"})).outcome, Outcome::received);
  const auto got = service::decode_feed(view(held.get().body));
  ASSERT_TRUE(got);
  EXPECT_EQ(got->records.size(), 7u);  // what was said before comes along
}

TEST_F(Following, AnEmptyWaitEndsWithHeadsAlone) {
  const auto from = feed("").next;
  const auto got = feed("?wait=1&from=" + std::to_string(from));
  EXPECT_TRUE(got.records.empty());
  EXPECT_FALSE(got.heads.empty());
  EXPECT_EQ(got.next, from);
}

// A position that this server never gave (its store was made anew): from the beginning, not from the future.
TEST_F(Following, APositionFromTheFutureIsTheBeginning) {
  const auto all = feed("");
  const auto got = feed("?from=" + std::to_string(UINT64_MAX));
  EXPECT_EQ(got.records.size(), all.records.size());
  EXPECT_EQ(got.next, all.next);
}

TEST_F(Following, Changes) {
  const auto now = site.get("/v1/changes");
  EXPECT_EQ(at(now, "subjects"), "[]");
  EXPECT_EQ(at(now, "all"), "false");
  const auto from = at(now, "next");
  auto held = ask_later("/v1/changes?wait=60&from=" + from);
  EXPECT_EQ(held.wait_for(300ms), std::future_status::timeout);
  ASSERT_EQ(say(Status::stolen), Outcome::received);
  const auto changed = held.get();
  EXPECT_EQ(at(changed, "subjects"), "[\"" + sensor_id.text() + "\"]");
  EXPECT_EQ(at(changed, "all"), "false");
  EXPECT_NE(at(changed, "next"), from);
  EXPECT_EQ(at(site.get("/v1/changes?from=" + at(changed, "next")), "subjects"), "[]");
  EXPECT_EQ(at(site.get("/v1/changes?from=" + from), "subjects/0"), sensor_id.text());  // as often as one likes
}

TEST_F(Following, APolicyChangesEverything) {
  const auto from = at(site.get("/v1/changes"), "next");
  auto held = ask_later("/v1/changes?wait=60&from=" + from);
  ASSERT_EQ(plant.submit_one(policy_evidence("plant", "plant.example", plant_policy(2), *plant.clock)).outcome, Outcome::received);
  EXPECT_EQ(at(held.get(), "all"), "true");
  EXPECT_EQ(at(site.get("/v1/changes?from=0"), "all"), "true");       // before what is remembered
  EXPECT_EQ(at(site.get("/v1/changes?from=99999999"), "all"), "true");  // never given
}

TEST_F(Following, ManyWaitAtOnce) {
  const auto from = at(site.get("/v1/changes"), "next");
  std::vector<std::future<net::Reply>> held;
  for (int i = 0; i < 20; ++i) held.push_back(ask_later("/v1/changes?wait=60&from=" + from));
  ASSERT_EQ(say(Status::stolen), Outcome::received);
  for (auto& one : held) EXPECT_EQ(at(one.get(), "subjects/0"), sensor_id.text());
}

TEST_F(Following, AClosingDoorAnswersWhoeverWaits) {
  const auto from = feed("").next;
  auto feeding = ask_later("/v1/feed?wait=60&from=" + std::to_string(from));
  auto watching = ask_later("/v1/changes?wait=60&from=" + at(site.get("/v1/changes"), "next"));
  EXPECT_EQ(feeding.wait_for(200ms), std::future_status::timeout);
  EXPECT_EQ(watching.wait_for(200ms), std::future_status::timeout);
  site.door.reset();
  const auto last = feeding.get();
  EXPECT_EQ(last.status, 200u);
  EXPECT_TRUE(service::decode_feed(view(last.body))->records.empty());
  EXPECT_EQ(at(watching.get(), "subjects"), "[]");
}

TEST_F(Following, BadQuestions) {
  for (const char* query : {"?wait=61", "?wait=-1", "?wait=1.5", "?wait=", "?from=-1", "?from=x", "?from=18446744073709551616", "?since=1", "?from=1&from=2"})
    for (const char* path : {"/v1/feed", "/v1/changes"}) {
      SCOPED_TRACE(std::string(path) + query);
      expect_problem(site.get(std::string(path) + query), 400, "malformed");
    }
  expect_problem(site.get("/v1/feed?domain=nowhere.example"), 404, "not-found");
  expect_problem(site.get("/v1/changes?domain=nowhere.example"), 404, "not-found");
  expect_problem(site.get("/v1/feed?domain=nowhere.example&wait=60"), 404, "not-found");  // at once
}

}  // namespace
}  // namespace cm4it::http
