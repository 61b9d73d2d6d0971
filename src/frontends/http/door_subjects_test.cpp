// Reading a subject: summary, verdict, history, may; names, validators, and answers that are cached.
#include "frontends/http/door_fixture.h"
#include "service/token.h"

namespace cm4it::http {
namespace {

using namespace fixture;

TEST_F(Web, Summary) {
  const auto reply = site.get(sensor_path());
  ASSERT_EQ(reply.status, 200u) << reply.body;
  EXPECT_EQ(reply.content_type, "application/json");
  const auto shown = object(reply);
  EXPECT_EQ(at(shown, "subject"), sensor_id.text());
  EXPECT_EQ(at(shown, "domain"), "plant.example");
  EXPECT_EQ(at(shown, "identity/type"), "device");
  EXPECT_EQ(at(shown, "identity/maker"), "Acme");
  EXPECT_EQ(at(shown, "identity/model"), "thermo-2000");
  EXPECT_EQ(at(shown, "identity/serial"), "sensor");
  EXPECT_EQ(at(shown, "identity/uris"), "[]");
  EXPECT_EQ(at(shown, "identity/attributes"), "{}");
  EXPECT_EQ(at(shown, "identity/statement").size(), 64u);
  EXPECT_EQ(at(shown, "status/status"), "in-use");
  EXPECT_EQ(at(shown, "status/issuer"), id_of("volta").text());
  EXPECT_EQ(at(shown, "status/issuer_name"), "plant.example/volta");
  EXPECT_EQ(at(shown, "status/time"), to_rfc3339(*plant.clock));
  EXPECT_EQ(at(shown, "holder"), "plant.example");
  EXPECT_EQ(at(shown, "cloud"), "hall-3");
  ASSERT_EQ(shown.at("endorsements").as_array().size(), 1u);
  EXPECT_EQ(at(shown, "endorsements/0/label"), "approved");
  EXPECT_EQ(at(shown, "endorsements/0/roles"), "[\"integrator\",\"holder\"]");
  EXPECT_EQ(at(shown, "endorsements/0/of_model"), "false");
  EXPECT_EQ(at(shown, "verdict/admitted"), "yes");
  EXPECT_FALSE(shown.at("verdict").at("reasons").as_array().empty());
}

TEST_F(Web, PartsThatAreNotThereAreLeftOut) {
  make("fresh");
  carry(acme, plant, "acme.example");
  const auto shown = object(site.get("/v1/subjects/" + in_path(subject_of("fresh"))));
  EXPECT_TRUE(shown.contains("identity"));
  EXPECT_FALSE(shown.contains("status"));
  EXPECT_FALSE(shown.contains("cloud"));
  EXPECT_EQ(at(shown, "verdict/admitted"), "no");
}

// The fold knows since when and where; the link knows why.
TEST_F(Web, ADomainThatIsSilentIsNamedWithTheErrorOfItsLink) {
  DoorOptions options;
  options.peers = [] {
    return std::vector<PeerState>{{"other.example", "https://other.example", "backing-off", 0, {}, "not this one", 0},
                                  {"acme.example", "https://acme.example:8443", "backing-off", 17, {}, "https://acme.example:8443/v1/feed?domain=acme.example: Failed to connect", 0}};
  };
  Site other{plant, std::move(options)};
  const auto since = to_rfc3339(*acme.clock);
  plant.clock->seconds += 7 * 86'400 + 1;
  const std::string said = "acme.example has not been heard of since " + since + ", more than 7d ago: https://acme.example:8443";
  const auto reason_of_acme = [&](const json::object& shown) -> json::object {
    for (const auto& reason : shown.at("reasons").as_array())
      if (at(reason, "domain") == "acme.example") return reason.as_object();
    return {};
  };
  const auto shown = reason_of_acme(object(other.get(sensor_path("/verdict"))));
  EXPECT_EQ(at(shown, "rule"), "max_staleness");
  EXPECT_EQ(at(shown, "text"), said + ", Failed to connect");
  EXPECT_EQ(at(reason_of_acme(object(site.get(sensor_path("/verdict")))), "text"), said) << "without links";
  EXPECT_THAT(other.get("/v1/may?from=" + in_path(sensor_id) + "&to=" + in_path(sensor_id)).body, HasSubstr(said + ", Failed to connect"));
}

TEST_F(Web, Verdict) {
  const auto shown = object(site.get(sensor_path("/verdict")));
  for (const auto& [name, value] : {std::pair{"subject", sensor_id.text()}, {"domain", std::string("plant.example")},
                                    {"admitted", std::string("yes")}, {"status", std::string("in-use")},
                                    {"type", std::string("device")}, {"holder", std::string("plant.example")},
                                    {"cloud", std::string("hall-3")}, {"at", to_rfc3339(*plant.clock)}})
    EXPECT_EQ(at(shown, name), value) << name;
  EXPECT_EQ(at(shown, "valid_until"), to_rfc3339(*plant.clock + (24 * 3600 + 1)));  // max_staleness of the newest head
  EXPECT_EQ(at(shown, "reasons/0/outcome"), "met");
  EXPECT_NE(at(shown, "reasons/0/rule"), "");
  EXPECT_NE(at(shown, "reasons/0/text"), "");
  EXPECT_TRUE(from_rfc3339(at(shown, "newest_head")));
}

TEST_F(Web, VerdictAtAnEarlierTime) {
  const Time before = *plant.clock + -3600;
  const auto shown = object(site.get(sensor_path("/verdict?at=" + net::percent_encode(to_rfc3339(before)))));
  EXPECT_EQ(at(shown, "at"), to_rfc3339(before));
  expect_problem(site.get(sensor_path("/verdict?at=yesterday")), 400, "malformed");
}

TEST_F(Web, VerdictOfASubjectNobodySpokeOf) {
  const auto reply = site.get("/v1/subjects/" + in_path(subject_of("nobody")) + "/verdict");
  EXPECT_EQ(reply.status, 200u);
  EXPECT_EQ(at(reply, "admitted"), "unknown");
  expect_problem(site.get("/v1/subjects/" + in_path(subject_of("nobody"))), 404, "not-found");
  expect_problem(site.get("/v1/subjects/" + in_path(subject_of("nobody")) + "/history"), 404, "not-found");
}

TEST_F(Web, TokenByAccept) {
  const auto reply = site.ask({.path = sensor_path("/verdict?nonce=0a0b"), .accept = "application/cwt"});
  ASSERT_EQ(reply.status, 200u) << reply.body;
  EXPECT_EQ(reply.content_type, "application/cwt");
  const auto token = service::check_token(
      view(reply.body), {.domain = "plant.example", .signer = key_of("plant.example server", crypto::Algorithm::es256)->public_key(),
                         .proven = key_of("sensor")->public_key(), .now = *plant.clock, .nonce = {0x0a, 0x0b}});
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(token->admitted, policy::Admitted::yes);
  EXPECT_EQ(token->status, "in-use");
  EXPECT_EQ(token->expires, *plant.clock + 15 * 60);
  expect_problem(site.get(sensor_path("/verdict?nonce=0a0b")), 400, "malformed");
  expect_problem(site.ask({.path = sensor_path("/verdict?nonce=0g"), .accept = "application/cwt"}), 400, "malformed");
  expect_problem(site.ask({.path = sensor_path("/verdict?nonce=" + std::string(130, 'a')), .accept = "application/cwt"}), 413, "too-large");
}

TEST_F(Web, History) {
  const auto shown = object(site.get(sensor_path("/history")));
  EXPECT_EQ(at(shown, "subject"), sensor_id.text());
  std::map<std::string, json::object> by_kind;
  for (const auto& one : shown.at("statements").as_array()) {
    by_kind[at(one, "kind")] = one.as_object();
    EXPECT_EQ(at(one, "statement").size(), 64u);
    EXPECT_EQ(at(one, "format"), "cose");
    EXPECT_EQ(at(one, "counts"), "true") << at(one, "why_not");
    EXPECT_EQ(at(one, "provisional"), "false");
    EXPECT_TRUE(from_rfc3339(at(one, "issued_at")));
    EXPECT_TRUE(from_rfc3339(at(one, "received")));
  }
  ASSERT_EQ(by_kind.size(), 5u);
  EXPECT_EQ(at(by_kind["identity"], "body/model"), "thermo-2000");
  EXPECT_EQ(at(by_kind["endorse"], "body"), R"({"label":"approved","note":""})");
  EXPECT_EQ(at(by_kind["status"], "body"), R"({"status":"in-use","reason":""})");
  EXPECT_EQ(at(by_kind["status"], "domains"), R"(["acme.example","plant.example"])");
  EXPECT_EQ(at(by_kind["transfer"], "body/owner"), id_of("plant").text());
  EXPECT_EQ(at(by_kind["assign"], "body/cloud"), "hall-3");
  EXPECT_EQ(at(by_kind["identity"], "roles"), R"(["manufacturer"])");
}

TEST_F(Web, AWithdrawalNamesWhatItDecided) {
  const auto identity = at(object(site.get(sensor_path())), "endorsements/0/statement");
  ASSERT_EQ(plant.submit_one(plant.say("volta", sensor_id, Withdraw{{*digest_from_hex(identity)}, "mistaken"})).outcome, Outcome::received);
  const auto shown = object(site.get(sensor_path("/history")));
  std::string withdrawal, decided_by, why_not;
  for (const auto& one : shown.at("statements").as_array()) {
    if (at(one, "kind") == "withdraw") withdrawal = at(one, "statement");
    if (at(one, "statement") == identity) {
      EXPECT_EQ(at(one, "counts"), "false");
      decided_by = at(one, "decided_by");
      why_not = at(one, "why_not");
    }
  }
  EXPECT_EQ(decided_by, withdrawal);
  EXPECT_NE(why_not, "");
  EXPECT_EQ(at(site.get(sensor_path("/verdict")), "admitted"), "no");
}

TEST_F(Web, May) {
  Identity hall;
  hall.type = Type::gateway;
  hall.spki = to_bytes(key_of("gateway")->public_key().spki());
  const SubjectId gateway = subject_of("gateway");
  for (const auto& item : plant.submit({plant.say("volta", gateway, hall), plant.say("volta", gateway, Endorse{"approved", ""}),
                                        plant.say("volta", gateway, Assign{"hall-3"}),
                                        plant.say("volta", gateway, StatusChange{Status::in_use, ""})}))
    ASSERT_EQ(item.outcome, Outcome::received) << why(item);
  const auto asked = [&](const SubjectId& from, const SubjectId& to) {
    return object(site.get("/v1/may?from=" + in_path(from) + "&to=" + in_path(to)));
  };
  const auto yes = asked(sensor_id, gateway);
  EXPECT_EQ(at(yes, "from"), sensor_id.text());
  EXPECT_EQ(at(yes, "to"), gateway.text());
  EXPECT_EQ(at(yes, "domain"), "plant.example");
  EXPECT_EQ(at(yes, "allowed"), "yes") << json::serialize(yes);
  EXPECT_TRUE(from_rfc3339(at(yes, "valid_until")));
  EXPECT_EQ(at(asked(gateway, sensor_id), "allowed"), "no");  // permits are directed
  expect_problem(site.get("/v1/may?from=" + in_path(sensor_id)), 400, "malformed");
}

}  // namespace
}  // namespace cm4it::http
