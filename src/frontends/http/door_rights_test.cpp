// Who reads what: what may not be read looks like what is not there, at every route.
#include "frontends/http/door_fixture.h"
#include "service/feed_wire.h"

namespace cm4it::http {
namespace {

using namespace fixture;

// Endorsements are for the owner; one subject has nothing else said of it.
struct HiddenEndorsements : Web {
  HiddenEndorsements() : Web("[read]\nendorse = [\"owner\"]\n") {}
  void SetUp() override {
    Web::SetUp();
    const auto item = plant.submit_one(plant.say("new integrator", sensor_id, Endorse{"secret", ""}));
    ASSERT_EQ(item.outcome, Outcome::received) << why(item);
    secret = item.statement->text();
    ASSERT_EQ(plant.submit_one(plant.say("volta", only_endorsed, Endorse{"approved", ""})).outcome, Outcome::received);
  }
  std::vector<std::string> kinds_in_feed(const std::string& as) const {
    const auto feed = service::decode_feed(view(site.get("/v1/feed?domain=plant.example", as).body));
    EXPECT_TRUE(feed);
    std::vector<std::string> kinds;
    for (const auto& record : feed->records) {
      const auto statements = evidence::statements_of_stored(record.piece.format, record.piece.bytes, record.issuer);
      for (const auto& statement : *statements) kinds.emplace_back(to_string(statement.kind()));
    }
    return kinds;
  }
  std::string secret;
  const SubjectId only_endorsed = subject_of("only endorsed");
};

TEST_F(HiddenEndorsements, AreAbsentForAnyone) {
  for (const char* as : {"", "volta", "stranger"}) {  // not even their author's
    SCOPED_TRACE(as);
    EXPECT_EQ(at(site.get(sensor_path(), as), "endorsements"), "[]");
    const auto history = site.get(sensor_path("/history"), as);
    EXPECT_THAT(history.body, testing::Not(HasSubstr("\"endorse\"")));
    EXPECT_THAT(history.body, HasSubstr("\"status\""));
    for (const auto& path : {sensor_path(), sensor_path("/verdict"), sensor_path("/history")})
      EXPECT_THAT(site.get(path, as).body, testing::Not(HasSubstr(secret))) << path;
    EXPECT_EQ(at(site.get("/v1/subjects?issuer=" + id_of("new integrator").text(), as), "subjects"), "[]");
    EXPECT_THAT(kinds_in_feed(as), testing::Not(testing::Contains("endorse")));
    EXPECT_THAT(kinds_in_feed(as), testing::Contains("status"));
  }
}

TEST_F(HiddenEndorsements, LookLikeWhatIsNotThere) {
  const std::string nobody(64, '0');
  for (const std::string rest : {"", "/receipt"}) {
    auto hidden = site.get("/v1/evidence/" + secret + rest), absent = site.get("/v1/evidence/" + nobody + rest);
    EXPECT_EQ(hidden.status, 404u);
    hidden.body.replace(hidden.body.find(secret), 64, nobody);
    EXPECT_EQ(hidden.body, absent.body);
  }
  for (const std::string rest : {"", "/history"}) {
    auto hidden = site.get("/v1/subjects/" + in_path(only_endorsed) + rest), absent = site.get("/v1/subjects/" + in_path(subject_of("nobody")) + rest);
    EXPECT_EQ(hidden.status, 404u) << rest << hidden.body;
    if (hidden.status == 404u) hidden.body.replace(hidden.body.find(only_endorsed.text()), 68, subject_of("nobody").text());
    EXPECT_EQ(hidden.body, absent.body);
  }
  EXPECT_THAT(site.get("/v1/subjects").body, testing::Not(HasSubstr(only_endorsed.text())));
  EXPECT_THAT(site.get("/v1/subjects", "plant").body, HasSubstr(only_endorsed.text()));
}

TEST_F(HiddenEndorsements, TheVerdictStaysOpen) {
  const auto verdict = site.get(sensor_path("/verdict"));
  EXPECT_EQ(at(verdict, "admitted"), "yes");
  EXPECT_THAT(verdict.body, HasSubstr("endorsed_by.integrator"));  // the rule is the policy's, and public
}

TEST_F(HiddenEndorsements, AreReadByTheOwnerAndItsServers) {
  for (const char* as : {"plant", "plant.example server"}) {
    SCOPED_TRACE(as);
    EXPECT_EQ(object(site.get(sensor_path(), as)).at("endorsements").as_array().size(), 2u);
    EXPECT_THAT(site.get(sensor_path("/history"), as).body, HasSubstr(secret));
    EXPECT_EQ(site.get("/v1/evidence/" + secret, as).status, 200u);
    EXPECT_EQ(site.get("/v1/evidence/" + secret + "/receipt", as).status, 200u);
    EXPECT_THAT(site.get("/v1/subjects?issuer=" + id_of("new integrator").text(), as).body, HasSubstr(sensor_id.text()));
    EXPECT_THAT(kinds_in_feed(as), testing::Contains("endorse"));
    EXPECT_EQ(site.get("/log/plant.example/tile/entries/000.p/2", as).status, 200u);
  }
}

// What the owner was shown is not cached for the next asker.
TEST_F(HiddenEndorsements, AnswersAreNotShared) {
  for (int round = 0; round < 2; ++round) {
    EXPECT_NE(at(site.get(sensor_path(), "plant"), "endorsements"), "[]");
    EXPECT_EQ(at(site.get(sensor_path()), "endorsements"), "[]");
    EXPECT_EQ(at(site.get(sensor_path(), "stranger"), "endorsements"), "[]");
  }
}

TEST_F(HiddenEndorsements, EntriesNeedEveryKindHashesDoNot) {
  const auto detail = expect_problem(site.get("/log/plant.example/tile/entries/000.p/2"), 404, "not-found");
  EXPECT_EQ(detail, "no log of plant.example is kept here");
  EXPECT_EQ(site.get("/log/plant.example/tile/0/000.p/2").status, 200u);
  EXPECT_EQ(site.get("/log/plant.example/checkpoint").status, 200u);
}

// What others must not read is not for caches that they share.
TEST_F(HiddenEndorsements, AreNotInCachesThatOthersShare) {
  const auto control = [&](const std::string& path, const std::string& as) { return std::string(site.get(path, as).header("Cache-Control")); };
  EXPECT_THAT(control("/v1/evidence/" + secret, "plant"), testing::StartsWith("private"));
  EXPECT_THAT(control("/log/plant.example/tile/entries/000.p/2", "plant"), testing::StartsWith("private"));
  const auto status = at(site.get(sensor_path()), "status/statement");
  for (const char* as : {"", "plant"}) {
    EXPECT_THAT(control("/v1/evidence/" + status, as), testing::StartsWith("public"));
    EXPECT_THAT(control("/log/plant.example/tile/0/000.p/2", as), testing::StartsWith("public"));
    EXPECT_THAT(control("/v1/keys/" + sensor_id.text(), as), testing::StartsWith("public"));
  }
}

// Whose it is cannot be told without what says so, and cannot be searched for either.
struct HiddenHolder : Web {
  HiddenHolder() : Web("[read]\nidentity = [\"owner\"]\ntransfer = [\"owner\"]\n") {}
};

TEST_F(HiddenHolder, IsShownToWhoReadsTheTransfer) {
  EXPECT_EQ(at(site.get(sensor_path("/verdict")), "admitted"), "yes");
  for (const auto& path : {sensor_path(), sensor_path("/verdict")}) {
    EXPECT_EQ(at(site.get(path), "holder"), "") << path;
    EXPECT_EQ(at(site.get(path, "plant"), "holder"), "plant.example") << path;
  }
  EXPECT_EQ(at(site.get("/v1/subjects?holder=plant.example"), "subjects"), "[]");
  EXPECT_THAT(site.get("/v1/subjects?holder=plant.example", "plant").body, HasSubstr(sensor_id.text()));
}

// What a log's head tells is read by default, whatever a single kind says.
struct HiddenHeads : Web {
  HiddenHeads() : Web("[read]\ndefault = [\"owner\"]\nwithdraw = [\"anyone\"]\nverdict = [\"anyone\"]\n") {}
};
struct OpenHeads : Web {
  OpenHeads() : Web("[read]\nwithdraw = [\"owner\"]\n") {}
};

TEST_F(HiddenHeads, AreSeenNowhere) {
  EXPECT_EQ(site.get("/log/plant.example/checkpoint").status, 404u);
  EXPECT_EQ(site.get("/log/plant.example/tile/0/000.p/2").status, 404u);
  const auto metrics = site.get("/metrics").body;
  const auto domains = object(site.get("/v1/domains"));
  for (const auto& one : domains.at("domains").as_array()) {
    const bool hidden = at(one, "domain") == "plant.example";
    for (const char* part : {"size", "origin", "newest_head"})
      EXPECT_TRUE(!hidden || at(one, part).empty()) << part;
    EXPECT_TRUE(hidden || !at(one, "newest_head").empty());
  }
  EXPECT_THAT(metrics, testing::Not(HasSubstr("cm4it_log_size")));
  EXPECT_THAT(metrics, testing::Not(HasSubstr("cm4it_head_age_seconds{domain=\"plant.example\"}")));
  EXPECT_THAT(metrics, HasSubstr("cm4it_policy_version{domain=\"plant.example\"}"));
}

TEST_F(HiddenHeads, OfAPeerToo) {
  DoorOptions options;
  options.peers = [] {
    return std::vector<PeerState>{{"plant.example", "https://other.example", "following", 17, Time{1'800'000'000}, "", 0}};
  };
  Site other{plant, std::move(options)};
  EXPECT_EQ(at(other.get("/v1/peers"), "peers/0/newest_head"), "");
  EXPECT_NE(at(other.get("/v1/peers", "plant"), "peers/0/newest_head"), "");
}

// Why a domain is silent is told to whoever may see the link; an answer for the owner is not cached for others.
TEST_F(HiddenHeads, AndWhyALinkToThemIsDown) {
  DoorOptions options;
  options.peers = [] {
    return std::vector<PeerState>{{"plant.example", "https://other.example", "backing-off", 17, {}, "https://other.example/v1/feed: Failed to connect", 0}};
  };
  Site other{plant, std::move(options)};
  for (const std::string who : {"", "plant", ""}) {
    plant.clock->seconds += 25 * 3600;  // a moment later its home signs a head of that time
    const auto reply = other.get(sensor_path("/verdict"), who).body;
    EXPECT_THAT(reply, HasSubstr("plant.example has not been heard of since"));
    if (who.empty()) EXPECT_THAT(reply, testing::Not(HasSubstr("Failed to connect")));
    else EXPECT_THAT(reply, HasSubstr("more than 1d ago: https://plant.example:8443, Failed to connect"));
  }
}

TEST_F(HiddenHeads, AreSeenByTheOwner) {
  EXPECT_EQ(site.get("/log/plant.example/checkpoint", "plant").status, 200u);
  EXPECT_THAT(site.get("/v1/domains", "plant").body, HasSubstr("main/plant.example"));
  EXPECT_THAT(site.get("/metrics", "plant").body, HasSubstr("cm4it_log_size{domain=\"plant.example\"}"));
}

TEST_F(OpenHeads, AreNotClosedByOneKind) {
  EXPECT_EQ(site.get("/log/plant.example/checkpoint").status, 200u);
  EXPECT_EQ(site.get("/log/plant.example/tile/0/000.p/2").status, 200u);
  EXPECT_EQ(site.get("/log/plant.example/tile/entries/000.p/2").status, 404u);
  EXPECT_THAT(site.get("/v1/domains").body, HasSubstr("main/plant.example"));
}

// Nothing is for anyone.
struct Closed : Web {
  Closed() : Web("[read]\ndefault = [\"owner\", \"maintainer\"]\nverdict = [\"owner\"]\n") {}
  // The same question about the hidden and about an unknown subject, and the same answer.
  void expect_same(const std::string& before, const std::string& after) const {
    auto hidden = site.get(before + in_path(sensor_id) + after), absent = site.get(before + in_path(subject_of("nobody")) + after);
    EXPECT_EQ(hidden.status, 404u) << before << after << hidden.body;
    const auto place = hidden.body.find(sensor_id.text());
    if (place != std::string::npos) hidden.body.replace(place, 68, subject_of("nobody").text());
    EXPECT_EQ(hidden.body, absent.body) << before << after;
  }
};

TEST_F(Closed, EverySubjectLooksUnknown) {
  for (const char* rest : {"", "/verdict", "/history", "?domain=plant.example"}) expect_same("/v1/subjects/", rest);
  expect_same("/v1/keys/", "");
  EXPECT_EQ(at(site.get("/v1/subjects"), "subjects"), "[]");
  EXPECT_EQ(site.get("/v1/may?from=" + in_path(sensor_id) + "&to=" + in_path(sensor_id)).status, 404u);
  EXPECT_EQ(site.ask({.path = sensor_path("/verdict"), .accept = "application/cwt"}).status, 404u);
}

TEST_F(Closed, NamesLeadNowhere) {
  const std::string prefix = sensor_id.text().substr(0, 4 + 20), unknown = subject_of("nobody").text().substr(0, 4 + 20);
  for (const auto& [known, other] : {std::pair{prefix, unknown}, {std::string("serial:sensor"), std::string("serial:nobody")}}) {
    auto hidden = site.get("/v1/subjects/" + known), absent = site.get("/v1/subjects/" + other);
    EXPECT_EQ(hidden.status, 404u);
    EXPECT_THAT(hidden.body, testing::Not(HasSubstr(sensor_id.text())));
    EXPECT_EQ(at(hidden, "title"), at(absent, "title"));
  }
  EXPECT_EQ(site.get("/v1/subjects/" + prefix, "plant").status, 200u);
}

TEST_F(Closed, TheLogAndTheFeedAreClosed) {
  for (const char* path : {"/checkpoint", "/tile/0/000.p/2", "/tile/entries/000.p/2"})
    EXPECT_EQ(expect_problem(site.get(std::string("/log/plant.example") + path), 404, "not-found"), "no log of plant.example is kept here");
  const auto feed = service::decode_feed(view(site.get("/v1/feed?domain=plant.example").body));
  ASSERT_TRUE(feed);
  EXPECT_FALSE(feed->records.empty()) << "policies are for everybody";
  for (const auto& record : feed->records)
    EXPECT_EQ(evidence::statements_of_stored(record.piece.format, record.piece.bytes, record.issuer)->at(0).kind(), Kind::policy);
}

TEST_F(Closed, ChangesNameNobody) {
  const auto from = at(site.get("/v1/changes", "plant"), "next"), strangers = at(site.get("/v1/changes"), "next");
  ASSERT_EQ(plant.submit_one(plant.say("volta", sensor_id, StatusChange{Status::stolen, ""})).outcome, Outcome::received);
  EXPECT_EQ(at(site.get("/v1/changes?from=" + from), "subjects"), "[]");
  EXPECT_EQ(at(site.get("/v1/changes?from=" + from, "plant"), "subjects/0"), sensor_id.text());
  for (const char* as : {"", "stranger"}) {  // nor that something came at all
    EXPECT_EQ(at(site.get("/v1/changes", as), "next"), strangers);
    EXPECT_EQ(at(site.get("/v1/changes?from=" + strangers, as), "next"), strangers);
    EXPECT_EQ(at(site.get("/v1/changes?from=" + strangers, as), "all"), "false");
  }
}

TEST_F(Closed, TheFeedTellsNoHeadsAndNotThatSomethingCame) {
  const auto ask = [&](const std::string& from, const std::string& as) {
    auto feed = service::decode_feed(view(site.get("/v1/feed?domain=plant.example&from=" + from, as).body));
    EXPECT_TRUE(feed);
    return feed ? *feed : service::ReceivedFeed{};
  };
  for (const char* as : {"", "stranger"}) {
    const auto before = ask("0", as);
    for (const auto& head : before.heads) EXPECT_NE(head.domain, "plant.example");
    ASSERT_EQ(plant.submit_one(plant.say("volta", sensor_id, Endorse{std::string("seen by ") + as, ""})).outcome, Outcome::received);
    EXPECT_EQ(ask("0", as).next, before.next);
    EXPECT_EQ(ask(std::to_string(before.next), as).next, before.next);
  }
  const auto owners = ask("0", "plant");
  EXPECT_TRUE(std::any_of(owners.heads.begin(), owners.heads.end(), [](const auto& head) { return head.domain == "plant.example"; }));
  // Policies are for everybody, also later ones.
  const auto from = ask("0", "").next;
  ASSERT_EQ(plant.submit_one(policy_evidence("plant", "plant.example", plant_policy(2, {}, "[read]\ndefault = [\"owner\"]\n"), *plant.clock)).outcome,
            Outcome::received);
  EXPECT_EQ(ask(std::to_string(from), "").records.size(), 1u);
}

// Whoever guesses a statement and cannot sign it does not learn whether it was made.
TEST_F(Closed, AGuessedStatementIsAnsweredAlike) {
  const auto answer_to_forged = [&](Bytes statement) {
    statement.back() ^= 1;
    return object(site.post(std::string(text(statement))));
  };
  const Bytes made = plant.say("volta", sensor_id, StatusChange{Status::stolen, "made"});
  ASSERT_EQ(plant.submit_one(made).outcome, Outcome::received);
  const auto there = answer_to_forged(made), absent = answer_to_forged(plant.say("volta", sensor_id, StatusChange{Status::stolen, "never"}));
  EXPECT_EQ(there, absent);
  EXPECT_EQ(at(there, "items/0/result"), "refused");
  EXPECT_EQ(at(site.post(std::string(text(made))), "items/0/result"), "received");  // to whoever has it
}

// Time would tell: for who could not be shown anything, nothing that is stored of the subject is gathered.
TEST_F(Closed, WhatMayNotBeReadIsNotEvenFolded) {
  const auto before = plant.service->counters().look_ups;
  for (const char* as : {"", "stranger", "acme"}) {
    for (const char* rest : {"", "/verdict", "/history", "/verdict?at=2027-01-01T00:00:00Z"}) EXPECT_EQ(site.get(sensor_path(rest), as).status, 404u);
    EXPECT_EQ(site.get("/v1/subjects/serial:sensor", as).status, 404u);
    EXPECT_EQ(at(site.get("/v1/subjects?q=sensor", as), "subjects"), "[]");
  }
  EXPECT_EQ(plant.service->counters().look_ups, before);
}

TEST_F(Closed, RolesReadTheirKinds) {
  EXPECT_EQ(site.get(sensor_path(), "plant").status, 200u);
  // A maintainer may read statements, but not verdicts.
  const auto status = at(site.get(sensor_path(), "plant"), "status/statement");
  EXPECT_EQ(site.get("/v1/evidence/" + status, "volta").status, 200u);
  EXPECT_EQ(site.get("/v1/evidence/" + status, "new integrator").status, 200u);  // also maintainer
  EXPECT_EQ(site.get("/v1/evidence/" + status, "acme").status, 404u);
  EXPECT_EQ(site.get(sensor_path("/verdict"), "volta").status, 404u);
}

TEST_F(Closed, PoliciesAreForEverybody) {
  EXPECT_EQ(site.get("/v1/domains/plant.example/policy").status, 200u);
  EXPECT_EQ(site.get("/v1/keys/" + id_of("volta").text()).status, 200u);  // a policy's key
  EXPECT_EQ(site.get("/v1/domains").status, 200u);
}

}  // namespace
}  // namespace cm4it::http
