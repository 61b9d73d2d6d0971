// For whoever runs the server: peers, health, readiness, metrics.
#include "frontends/http/door_fixture.h"

namespace cm4it::http {
namespace {

using namespace fixture;

double metric(const std::string& page, const std::string& line) {
  const auto place = ("\n" + page).find("\n" + line + " ");
  EXPECT_NE(place, std::string::npos) << line << "\n" << page;
  return place == std::string::npos ? -1 : std::stod(page.substr(place + line.size()));
}

TEST_F(Web, Metrics) {
  site.get(sensor_path());
  site.post("\x01");
  const auto reply = site.get("/metrics");
  EXPECT_THAT(reply.content_type, testing::StartsWith("text/plain"));
  const std::string& page = reply.body;
  EXPECT_EQ(metric(page, "cm4it_submissions_total{outcome=\"received\"}"), 4);
  EXPECT_EQ(metric(page, "cm4it_submissions_total{outcome=\"refused\"}"), 1);
  EXPECT_GE(metric(page, "cm4it_submissions_total{outcome=\"provisional\"}"), 1);
  EXPECT_EQ(metric(page, "cm4it_submissions_total{outcome=\"not-yet\"}"), 0);
  EXPECT_GE(metric(page, "cm4it_commits_total"), 1);
  EXPECT_EQ(metric(page, "cm4it_look_ups_total"), 1);
  EXPECT_EQ(metric(page, "cm4it_policy_version{domain=\"plant.example\"}"), 1);
  EXPECT_EQ(metric(page, "cm4it_policy_forked{domain=\"plant.example\"}"), 0);
  EXPECT_EQ(metric(page, "cm4it_log_size{domain=\"plant.example\"}"), 5);
  EXPECT_EQ(metric(page, "cm4it_head_age_seconds{domain=\"plant.example\"}"), 0);
  EXPECT_THAT(page, HasSubstr("# TYPE cm4it_submissions_total counter"));
}

TEST_F(Web, MetricsOfPeersAndConnections) {
  DoorOptions options;
  options.peers = [] {
    return std::vector<PeerState>{{"acme.example", "https://acme.example:8443", "following", 17, Time{1'800'000'000}, "", 0},
                                  {"dev.example", "https://dev.example", "broken", 3, {}, "two roots of one size", 2},
                                  {"tuev.example", "", "idle", 0, {}, "", 0, 3, "refused by the home of tuev.example: not this one"}};
  };
  options.extra_metrics = [] { return std::vector<std::pair<std::string, double>>{{"cm4it_connections", 3}}; };
  Site other{plant, std::move(options)};
  const auto page = other.get("/metrics").body;
  EXPECT_EQ(metric(page, R"(cm4it_peer_following{domain="acme.example",url="https://acme.example:8443"})"), 1);
  EXPECT_EQ(metric(page, R"(cm4it_peer_broken{domain="dev.example",url="https://dev.example"})"), 1);
  EXPECT_EQ(metric(page, R"(cm4it_peer_pending{domain="dev.example",url="https://dev.example"})"), 2);
  EXPECT_EQ(metric(page, "cm4it_connections"), 3);

  const auto peers = object(other.get("/v1/peers"));
  ASSERT_EQ(peers.at("peers").as_array().size(), 3u);
  EXPECT_EQ(at(peers, "peers/0/domain"), "acme.example");
  EXPECT_EQ(at(peers, "peers/0/state"), "following");
  EXPECT_EQ(at(peers, "peers/0/position"), "17");
  EXPECT_EQ(at(peers, "peers/0/newest_head"), "2027-01-15T08:00:00Z");
  EXPECT_EQ(at(peers, "peers/1/last_error"), "two roots of one size");
  EXPECT_EQ(at(peers, "peers/1/pending"), "2");
  EXPECT_EQ(at(peers, "peers/2/refused"), "3");
  EXPECT_EQ(metric(page, R"(cm4it_peer_refused{domain="tuev.example",url=""})"), 3);
  EXPECT_FALSE(peers.at("peers").at(1).as_object().contains("newest_head"));
}

TEST_F(Web, HealthAndNoPeers) {
  EXPECT_EQ(site.get("/healthz").body, "ok\n");
  EXPECT_EQ(site.get("/readyz").body, "ok\n");
  EXPECT_EQ(site.get("/v1/peers").body, "{\"peers\":[]}\n");
}

TEST(Door, IsReadyOnceAPolicyCounts) {
  Ics fresh{"plant.example", pin("plant.example", "plant")};
  Site site{fresh};
  EXPECT_EQ(site.get("/healthz").status, 200u);
  EXPECT_THAT(expect_problem(site.get("/readyz"), 503, "unavailable"), HasSubstr("no policy of plant.example"));
  fresh.submit_one(policy_evidence("plant", "plant.example", plant_policy(), *fresh.clock));
  EXPECT_EQ(site.get("/readyz").status, 200u);
}

}  // namespace
}  // namespace cm4it::http
