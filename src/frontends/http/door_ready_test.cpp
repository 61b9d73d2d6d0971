// /readyz: whether a load balancer should send anybody here.
#include "frontends/http/door_fixture.h"
#include "service/disk_for_test.h"

namespace cm4it::http {
namespace {

using namespace fixture;

DoorOptions with_link(const std::string& domain, const std::string& state, const std::string& error) {
  DoorOptions options;
  options.peers = [=] {
    PeerState peer{domain, "https://" + domain, state, 17, {}, error, 0};
    peer.since = Time{1'800'000'060};
    return std::vector<PeerState>{peer};
  };
  return options;
}

// A copy of plant.example, home of none, with what the plant's home has.
struct ReadyCopy : Network {
  void SetUp() override { deploy(); }
  void copy_all() {
    carry(acme, copy, "acme.example");
    carry(plant, copy, "plant.example");
    *copy.clock = Time(*plant.clock);
  }
  Ics copy{"plant.example", pin("plant.example", "plant"), false};
};

TEST_F(ReadyCopy, IsReadyWhileItIsFreshAndFollowed) {
  copy_all();
  Site site{copy, with_link("plant.example", "following", "")};
  EXPECT_EQ(site.get("/readyz").body, "ok\n");
}

TEST_F(ReadyCopy, NotWhenItIsBroken) {
  copy_all();
  Site site{copy, with_link("plant.example", "broken", "two roots of one size")};
  const auto reply = site.get("/readyz");
  const auto said = expect_problem(reply, 503, "unavailable");
  EXPECT_THAT(said, HasSubstr("the copy of plant.example is broken since 2027-01-15T08:01:00Z"));
  EXPECT_THAT(said, HasSubstr("two roots of one size"));
  EXPECT_EQ(at(reply, "hint"), "ics help broken");
}

TEST_F(ReadyCopy, NotWhenItIsStale) {
  copy_all();
  Site site{copy, with_link("plant.example", "backing-off", "https://plant.example: Failed to connect")};
  copy.clock->seconds += 24 * 3600 + 600;
  const auto said = expect_problem(site.get("/readyz"), 503, "unavailable");
  EXPECT_THAT(said, HasSubstr("the copy of plant.example is stale: plant.example has not been heard of since 2027-01-15T"));
  EXPECT_THAT(said, HasSubstr("nothing of type device"));
  EXPECT_THAT(said, HasSubstr("Failed to connect (since 2027-01-15T08:01:00Z)"));
}

// A supplier that is broken or silent is told, and does not take the plant's home out of service.
TEST_F(Web, OfAnotherDomainItIsAWarning) {
  Site other{plant, with_link("acme.example", "broken", "two roots of one size")};
  const auto broken = other.get("/readyz");
  EXPECT_EQ(broken.status, 200u);
  EXPECT_THAT(broken.body, HasSubstr("warning: the copy of acme.example is broken since 2027-01-15T08:01:00Z"));
  plant.clock->seconds += 8 * 86'400;
  EXPECT_THAT(site.get("/readyz").body, HasSubstr("warning: the copy of acme.example is stale"));
}

TEST(Ready, NotWhenNothingCanBeWritten) {
  Disk disk;
  Ics home{"plant.example", pin("plant.example", "plant"), true, disk.store()};
  home.submit_one(policy_evidence("plant", "plant.example", plant_policy(), *home.clock));
  Site site{home};
  EXPECT_EQ(site.get("/readyz").body, "ok\n");
  disk.is_full_once();
  EXPECT_NE(home.submit_one(home.say("volta", subject_of("thing"), Assign{"hall-3"})).outcome, Outcome::received);
  EXPECT_THAT(expect_problem(site.get("/readyz"), 503, "unavailable"), HasSubstr("nothing can be written since 2027-01-15T08:00:00Z"));
  EXPECT_EQ(home.submit_one(home.say("volta", subject_of("thing"), Assign{"hall-4"})).outcome, Outcome::received);
  EXPECT_EQ(site.get("/readyz").body, "ok\n") << "it heals by itself";
}

}  // namespace
}  // namespace cm4it::http
