// POST /v1/evidence: what is answered, and how each outcome is told.
#include "frontends/http/door_fixture.h"

namespace cm4it::http {
namespace {

using namespace fixture;

std::string body_of(const std::vector<Bytes>& pieces) {
  Bytes all;
  for (const auto& piece : pieces) append(all, piece);
  return std::string(text(all));
}

TEST_F(Web, Received) {
  const Bytes piece = plant.say("volta", sensor_id, Endorse{"certified", ""});
  const auto reply = site.post(body_of({piece}), "application/cose");
  ASSERT_EQ(reply.status, 200u) << reply.body;
  EXPECT_EQ(reply.content_type, "application/json");
  EXPECT_EQ(at(reply, "received"), "1");
  EXPECT_EQ(at(reply, "items/0/result"), "received");
  EXPECT_EQ(at(reply, "items/0/new"), "true");
  EXPECT_EQ(at(reply, "items/0/received/0/domain"), "plant.example");
  EXPECT_EQ(at(reply, "items/0/received/0/time"), to_rfc3339(*plant.clock));
  const auto index = at(reply, "items/0/received/0/index");
  EXPECT_EQ(at(reply, "items/0/statement").size(), 64u);
  EXPECT_EQ(at(object(site.get(sensor_path())), "endorsements/1/label"), "certified");

  const auto again = site.post(body_of({piece}), "application/cose");
  EXPECT_EQ(again.status, 200u);
  EXPECT_EQ(at(again, "items/0/new"), "false");
  EXPECT_EQ(at(again, "items/0/received/0/index"), index);
}

TEST_F(Web, ASequenceIsAnsweredPieceByPiece) {
  const auto forged = [&] {
    Bytes piece = plant.say("volta", sensor_id, Endorse{"trust:high", ""});
    piece.back() ^= 1;
    return piece;
  }();
  const auto reply = site.post(body_of({plant.say("volta", sensor_id, Endorse{"one", ""}), forged,
                                        plant.say("stranger", sensor_id, Assign{"hall-3"}),
                                        plant.say("plant", subject_of("nobodys"), Transfer{"other.example", id_of("other")})}));
  ASSERT_EQ(reply.status, 200u) << reply.body;
  EXPECT_EQ(at(reply, "items/0/result"), "received");
  EXPECT_EQ(at(reply, "items/1/result"), "refused");
  EXPECT_EQ(at(reply, "items/1/error/title"), "bad-signature");
  EXPECT_EQ(at(reply, "items/2/result"), "refused");
  EXPECT_EQ(at(reply, "items/2/error/title"), "not-permitted");
  EXPECT_THAT(at(reply, "items/2/error/detail"), HasSubstr("plays no role in plant.example"));
  EXPECT_EQ(at(reply, "items/3/result"), "not-yet") << reply.body;
  EXPECT_EQ(at(reply, "items/3/error/title"), "not-yet");
  EXPECT_EQ(at(reply, "received") + at(reply, "provisional") + at(reply, "refused") + at(reply, "not_yet"), "1021");
}

TEST_F(Web, NothingEntered) {
  const auto reply = site.post(body_of({plant.say("stranger", sensor_id, Assign{"hall-3"})}));
  EXPECT_EQ(reply.status, 422u);
  EXPECT_EQ(reply.content_type, "application/json");
  EXPECT_EQ(at(reply, "items/0/error/title"), "not-permitted");
}

// The plant keeps a copy of acme.example: it takes in what policy allows, and has to send it on.
TEST_F(Web, ProvisionalIsAccepted) {
  const auto reply = site.post(body_of({acme.say("acme", subject_of("later"), device_identity("later"))}));
  EXPECT_EQ(reply.status, 202u) << reply.body;
  EXPECT_EQ(at(reply, "items/0/result"), "provisional");
  EXPECT_EQ(at(reply, "items/0/forwarded_to"), R"(["acme.example"])");
  EXPECT_EQ(at(reply, "items/0/received"), "[]");
  EXPECT_EQ(at(reply, "provisional"), "1");
}

TEST_F(Web, MisdirectedNamesTheHome) {
  const auto nowhere = site.post(body_of({plant.say("volta", sensor_id, Endorse{"x", ""}, {"elsewhere.example"})}));
  EXPECT_EQ(nowhere.status, 421u);
  EXPECT_EQ(at(nowhere, "items/0/error/title"), "misdirected");
  EXPECT_THAT(at(nowhere, "items/0/error/detail"), HasSubstr("elsewhere.example"));
  // Where a policy names the home, it is told.
  Ics third{"third.example", pin("plant.example", "plant")};
  third.submit({policy_evidence("plant", "plant.example", plant_policy(), *third.clock)});
  Site at_third{third};
  const auto reply = at_third.post(body_of({plant.say("volta", sensor_id, Endorse{"x", ""})}));
  EXPECT_EQ(reply.status, 421u) << reply.body;
  EXPECT_EQ(at(reply, "home"), "https://plant.example:8443");
  const auto reading = at_third.get(sensor_path("?domain=plant.example"));
  expect_problem(reading, 421, "misdirected");
  EXPECT_EQ(at(reading, "home"), "https://plant.example:8443");
}

TEST_F(Web, TheWholeIsRefusedWhenItIsNoSequence) {
  const Bytes good = plant.say("volta", sensor_id, Endorse{"good", ""});
  Bytes broken = good;
  broken.resize(broken.size() - 10);  // ends in the midst of a string
  for (const auto& [name, body] : {std::pair{"cut off", body_of({good, broken})}, {"garbage between", body_of({good, {0xff, 0x00}, good})},
                                   {"indefinite length", body_of({good, {0x9f, 0xff}})}, {"empty", std::string()}}) {
    SCOPED_TRACE(name);
    expect_problem(site.post(body), 400, "malformed");
  }
  EXPECT_EQ(at(object(site.get(sensor_path())), "endorsements/1/label"), "");  // the good piece was not kept either
  // Well-formed CBOR that is no statement concerns that piece alone.
  const auto mixed = site.post(body_of({{0x01}, good, {0x61, 0x78}}));
  EXPECT_EQ(mixed.status, 200u);
  EXPECT_EQ(at(mixed, "items/0/error/title"), "malformed");
  EXPECT_EQ(at(mixed, "items/1/result"), "received");
  EXPECT_EQ(at(mixed, "items/2/error/title"), "malformed");
}

TEST_F(Web, MediaTypes) {
  const std::string good = body_of({plant.say("volta", sensor_id, Endorse{"good", ""})});
  for (const char* type : {"application/cose", "Application/COSE; cose-type=cose-sign1", "application/cm4it-statement+cbor",
                           "application/cbor-seq", "application/octet-stream"})
    EXPECT_EQ(site.post(good, type).status, 200u) << type;
  for (const char* type : {"text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/mixed"}) {
    SCOPED_TRACE(type);
    EXPECT_THAT(expect_problem(site.post(good, type), 415, "unsupported"), HasSubstr("application/cose"));
  }
  EXPECT_THAT(expect_problem(site.post(good, "multipart/form-data"), 400, "malformed"), HasSubstr("boundary"));
  expect_problem(site.post("{", "application/json", "?domain=acme.example"), 400, "malformed");
  expect_problem(site.post("plain words", "application/octet-stream"), 415, "unsupported");
}

TEST_F(Web, Limits) {
  EXPECT_EQ(site.post(std::string(budget::http_body_bytes + 1, 'x')).status, 413u);
  expect_problem(site.post(std::string(budget::submission_items + 1, '\x01')), 413, "too-large");
  Bytes huge = {0x5a, 0x00, 0x04, 0x00, 0x01};  // a byte string of 256 KiB and one
  huge.resize(5 + budget::evidence_bytes + 1);
  const auto reply = site.post(body_of({huge}), "application/cose");
  EXPECT_EQ(reply.status, 422u);
  EXPECT_EQ(at(reply, "items/0/error/title"), "too-large") << reply.body;
}

// A quota is not a judgement: what it keeps out may come again, and the status says so.
TEST(Door, AQuotaIsUnavailableNotRefusedForGood) {
  Ics plant{"plant.example", pin("plant.example", "plant"), true, nullptr, Quotas{.issuer_per_minute = 2}};
  Site site{plant};
  plant.submit({policy_evidence("plant", "plant.example", plant_policy(), *plant.clock)});
  const auto endorse = [&](const std::string& label) {
    return site.post(body_of({plant.say("volta", subject_of("sensor"), Endorse{label, ""})}));
  };
  EXPECT_EQ(endorse("one").status, 200u);
  EXPECT_EQ(endorse("two").status, 200u);
  const auto third = endorse("three");
  EXPECT_EQ(third.status, 503u) << third.body;
  EXPECT_EQ(at(third, "items/0/error/title"), "unavailable");
  EXPECT_NE(third.header("Retry-After"), "");
  EXPECT_EQ(endorse("one").status, 200u);  // a repeat costs nothing
  plant.clock->seconds += 60;
  EXPECT_EQ(endorse("three").status, 200u);
}

}  // namespace
}  // namespace cm4it::http
