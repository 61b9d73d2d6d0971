// For whoever runs the server: peers, health, readiness, metrics.
#include "base/waiting_for_test.h"
#include "frontends/http/census.h"
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
                                  {"tuev.example", "", "idle", 0, {}, "", 0, 3, "refused by the home of tuev.example: not this one", 0, {}, 12}};
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
  EXPECT_EQ(at(peers, "peers/2/behind"), "12");
  EXPECT_EQ(metric(page, R"(cm4it_peer_behind{domain="tuev.example",url=""})"), 12);
  EXPECT_EQ(page.find("cm4it_peer_behind{domain=\"acme"), std::string::npos) << "how far, no head has told";
  EXPECT_EQ(metric(page, R"(cm4it_peer_refused{domain="tuev.example",url=""})"), 3);
  EXPECT_FALSE(peers.at("peers").at(1).as_object().contains("newest_head"));
}

// The plant keeps one device that is admitted, one that nobody has approved, and no gateway.
TEST_F(Web, ThingsAreCountedByVerdict) {
  make("spare");
  carry(acme, plant, "acme.example", policy::Selector{{{policy::Field::holder, {"plant.example"}}}});
  std::string page;
  ASSERT_TRUE(eventually([&] { return (page = site.get("/metrics").body).find("\ncm4it_things{") != std::string::npos; })) << page;
  EXPECT_EQ(metric(page, R"(cm4it_things{domain="plant.example",type="device",admitted="yes"})"), 1);
  EXPECT_EQ(metric(page, R"(cm4it_things{domain="plant.example",type="device",admitted="no"})"), 1);
  EXPECT_EQ(metric(page, R"(cm4it_things{domain="plant.example",type="device",admitted="unknown"})"), 0);
  EXPECT_EQ(metric(page, R"(cm4it_things{domain="plant.example",type="gateway",admitted="yes"})"), 0);
  EXPECT_EQ(metric(page, R"(cm4it_things_counted_seconds{domain="plant.example"})"), 0);
}

// A count is what it was for a minute, and for twenty times as long as it took.
TEST_F(Web, ThingsAreCountedOnceAMinute) {
  auto now = std::make_shared<Guarded<Census::Clock::time_point>>();
  const auto census = std::make_shared<Census>(*plant.service, [now] { return now->with([](auto& time) { return time; }); });
  const auto admitted = [&] {
    const auto count = census->newest();
    return count ? count->types.at(evidence::Type::device).yes : 99;
  };
  ASSERT_TRUE(eventually([&] { return admitted() == 1; }));
  deploy("another");
  now->with([](auto& time) { time += std::chrono::seconds(59); });
  EXPECT_EQ(admitted(), 1u);
  now->with([](auto& time) { time += std::chrono::seconds(2); });
  EXPECT_TRUE(eventually([&] { return admitted() == 2; }));
}

// A count tells of things that may not be read.
TEST(Door, ThingsAreCountedForThoseWhoReadVerdicts) {
  struct Closed : Web {
    Closed() : Web("[read]\ndefault = [\"integrator\"]\n") {}
    void TestBody() override {}
  };
  Closed closed;
  closed.deploy();
  ASSERT_TRUE(eventually([&] { return closed.site.get("/metrics", "volta").body.find("\ncm4it_things{") != std::string::npos; }));
  EXPECT_EQ(closed.site.get("/metrics").body.find("cm4it_things"), std::string::npos);
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
