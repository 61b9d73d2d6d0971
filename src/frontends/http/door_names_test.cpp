// How a subject may be named in a path, validators, and answers that are cached.
#include "frontends/http/door_fixture.h"

namespace cm4it::http {
namespace {

using namespace fixture;

TEST_F(Web, WholePrefixAndAliasLeadToOneSubject) {
  const std::string id = sensor_id.text();
  for (const auto& name : {id, id.substr(0, 4 + 16), id.substr(0, 4 + 17), id.substr(0, 4 + 63), std::string("serial:sensor")}) {
    const auto reply = site.get("/v1/subjects/" + net::percent_encode(name));
    EXPECT_EQ(reply.status, 200u) << name << reply.body;
    EXPECT_EQ(at(reply, "subject"), id) << name;
    EXPECT_EQ(at(site.get("/v1/subjects/" + net::percent_encode(name) + "/verdict"), "admitted"), "yes") << name;
  }
  EXPECT_EQ(site.get("/v1/subjects/" + id).status, 200u);  // ':' needs no escape
}

TEST_F(Web, APrefixNeedsSixteenDigits) {
  const auto detail = expect_problem(site.get("/v1/subjects/" + sensor_id.text().substr(0, 4 + 15)), 400, "malformed");
  EXPECT_THAT(detail, HasSubstr("16 hex digits"));
  expect_problem(site.get("/v1/may?from=" + sensor_id.text().substr(0, 12) + "&to=" + in_path(sensor_id)), 400, "malformed");
}

TEST_F(Web, AnAmbiguousNameListsItsCandidates) {
  auto twin = device_identity("twin");
  twin.serial = "sensor";
  ASSERT_EQ(acme.submit_one(acme.say("acme", subject_of("twin"), twin)).outcome, Outcome::received);
  carry(acme, plant, "acme.example");
  const auto reply = site.get("/v1/subjects/serial:sensor");
  expect_problem(reply, 409, "ambiguous");
  const auto answer = object(reply);
  ASSERT_EQ(answer.at("candidates").as_array().size(), 2u);
  for (const auto& candidate : answer.at("candidates").as_array()) {
    const auto id = at(candidate, "subject");
    EXPECT_TRUE(id == sensor_id.text() || id == subject_of("twin").text()) << id;
    EXPECT_EQ(at(candidate, "identity/serial"), "sensor");
    EXPECT_EQ(at(candidate, "status/status"), id == sensor_id.text() ? "in-use" : "");
  }
}

// What was withdrawn is no candidate any more, at the buyer's neither; the thing itself is still found by its id.
TEST_F(Web, AWithdrawnNameIsFreeAgain) {
  auto twin = device_identity("twin");
  twin.serial = "sensor";
  const auto wrong = acme.submit_one(acme.say("acme", subject_of("twin"), twin));
  ASSERT_EQ(wrong.outcome, Outcome::received);
  ASSERT_EQ(acme.submit_one(acme.say("acme", subject_of("twin"), evidence::Withdraw{*wrong.statement, "a slip"})).outcome, Outcome::received);
  carry(acme, plant, "acme.example");
  EXPECT_EQ(at(site.get("/v1/subjects/serial:sensor"), "subject"), sensor_id.text());
  EXPECT_EQ(site.get("/v1/subjects/" + in_path(subject_of("twin"))).status, 200u);
}

TEST_F(Web, AModelIsPercentEncoded) {
  const auto model = *SubjectId::model_of("acme.example", "thermo/2000 Ω");
  Identity kind;
  kind.type = Type::model;
  kind.model = "thermo/2000 Ω";
  const auto item = acme.submit_one(acme.say("acme", model, kind));
  ASSERT_EQ(item.outcome, Outcome::received) << why(item);
  carry(acme, plant, "acme.example");
  const auto reply = site.get("/v1/subjects/" + in_path(model) + "/history?domain=acme.example");
  ASSERT_EQ(reply.status, 200u) << reply.body;
  EXPECT_EQ(at(reply, "subject"), "model:acme.example/thermo/2000 Ω");
  // A slash that is not encoded ends the segment: another path.
  EXPECT_EQ(site.get("/v1/subjects/model:acme.example/thermo").status, 404u);
}

TEST_F(Web, CodeSubjects) {
  const auto code = SubjectId::code(crypto::sha256(view("firmware")));
  Identity firmware;
  firmware.type = Type::code;
  firmware.name = "boot";
  ASSERT_EQ(acme.submit_one(acme.say("acme", code, firmware)).outcome, Outcome::received);
  carry(acme, plant, "acme.example");
  EXPECT_EQ(at(site.get("/v1/subjects/" + code.text().substr(0, 5 + 16) + "?domain=acme.example"), "subject"), code.text());
  expect_problem(site.get("/v1/subjects/code:0123456789abcde"), 400, "malformed");
}

TEST_F(Web, EveryAnswerThatCanBeRevalidatedHasAnETag) {
  for (const auto& path : {sensor_path(), sensor_path("/verdict"), sensor_path("/history"), sensor_path("?domain=plant.example"),
                                  std::string("/v1/domains/plant.example/policy"), std::string("/v1/domains/plant.example/policy?all=1"),
                                  std::string("/log/plant.example/checkpoint")}) {
    const auto first = site.get(path);
    const std::string tag(first.header("ETag"));
    ASSERT_EQ(first.status, 200u) << path;
    ASSERT_FALSE(tag.empty()) << path;
    const auto again = site.ask({.path = path, .headers = {{"If-None-Match", tag}}});
    EXPECT_EQ(again.status, 304u) << path;
    EXPECT_EQ(again.body, "") << path;
    EXPECT_EQ(again.header("ETag"), tag) << path;
    EXPECT_EQ(site.ask({.path = path, .headers = {{"If-None-Match", "\"abc\", " + tag}}}).status, 304u) << path;
    EXPECT_EQ(site.ask({.path = path, .headers = {{"If-None-Match", "\"abc\""}}}).status, 200u) << path;
  }
}

TEST_F(Web, AChangeMakesANewETag) {
  const std::string tag(site.get(sensor_path()).header("ETag"));
  ASSERT_EQ(plant.submit_one(plant.say("volta", sensor_id, StatusChange{Status::lost, ""})).outcome, Outcome::received);
  const auto reply = site.ask({.path = sensor_path(), .headers = {{"If-None-Match", tag}}});
  EXPECT_EQ(reply.status, 200u);
  EXPECT_EQ(at(reply, "status/status"), "lost");
}

TEST_F(Web, ReadyAnswersAreServedWhileNothingChanged) {
  const auto folded = [&] { return plant.service->counters().look_ups; };
  const std::string verdict = "/v1/subjects/" + sensor_id.text() + "/verdict";  // as most clients write it
  const auto first = site.get(verdict);
  const auto before = folded();
  EXPECT_EQ(site.get(verdict).body, first.body);
  EXPECT_EQ(folded(), before);  // not folded again
  ASSERT_EQ(plant.submit_one(plant.say("volta", sensor_id, StatusChange{Status::stolen, ""})).outcome, Outcome::received);
  EXPECT_EQ(at(site.get(verdict), "admitted"), "no");
  // By the clock alone: an answer is not served beyond valid_until.
  deploy("second");
  const std::string second = "/v1/subjects/" + subject_of("second").text() + "/verdict";
  ASSERT_EQ(at(site.get(second), "admitted"), "yes");
  ASSERT_EQ(at(site.get(second), "admitted"), "yes");
  plant.clock->seconds += 24 * 3600 + 1;
  EXPECT_NE(at(site.get(second), "admitted"), "yes");
}

TEST_F(Web, AnswersOfDomainsAreNotMixedUp) {
  for (int round = 0; round < 2; ++round) {  // the second from the cache
    EXPECT_EQ(at(site.get(sensor_path("/verdict")), "domain"), "plant.example");
    EXPECT_EQ(at(site.get(sensor_path("/verdict?domain=acme.example")), "domain"), "acme.example");
    EXPECT_EQ(at(site.get(sensor_path("/verdict?domain=plant.example")), "domain"), "plant.example");
    EXPECT_TRUE(object(site.get(sensor_path("?domain=acme.example"))).contains("endorsements"));
  }
}

}  // namespace
}  // namespace cm4it::http
