// Search: what each parameter matches, and pages that follow one another.
#include "frontends/http/door_fixture.h"

namespace cm4it::http {
namespace {

using namespace fixture;

// Long readings wait for their turn; nobody else waits for them.
TEST_F(Web, SearchesFeedsAndChangesHoldUpNothing) {
  HeldReadings held{*plant.service};
  const std::string full = "for their turn";
  for (const char* path : {"/v1/subjects", "/v1/feed", "/v1/changes"}) {
    const auto reply = site.get(path);
    EXPECT_THAT(expect_problem(reply, 503, "unavailable"), HasSubstr(full)) << path;
    EXPECT_NE(reply.header("Retry-After"), "");
  }
  EXPECT_EQ(site.get(sensor_path("/verdict")).status, 200u);
  EXPECT_EQ(plant.submit_one(plant.say("volta", sensor_id, StatusChange{Status::lost, ""})).outcome, Outcome::received);
  held.release();
  for (const char* path : {"/v1/subjects", "/v1/feed", "/v1/changes"}) {
    auto reply = site.get(path);
    for (int i = 0; reply.status == 503 && i < 1000; ++i) reply = site.get(path);
    EXPECT_EQ(reply.status, 200u) << path;
  }
}

struct Catalogue : Web {
  void SetUp() override {
    Web::SetUp();
    for (const std::string name : {"a1", "a2", "a3", "a4", "a5", "a6"}) make(name, name == "a6" ? "hygro-1" : "thermo-2000");
    carry(acme, plant, "acme.example");
  }
  std::vector<std::string> found(const std::string& query) const {
    const auto reply = site.get("/v1/subjects" + query);
    EXPECT_EQ(reply.status, 200u) << reply.body;
    std::vector<std::string> serials;
    const auto shown = object(reply);
    if (!shown.contains("subjects")) return {};
    for (const auto& one : shown.at("subjects").as_array()) serials.push_back(at(one, "identity/serial"));
    std::sort(serials.begin(), serials.end());
    return serials;
  }
  const std::vector<std::string> all{"a1", "a2", "a3", "a4", "a5", "a6", "sensor"};
};

TEST_F(Catalogue, EachParameterNarrows) {
  using List = std::vector<std::string>;
  EXPECT_EQ(found("?type=device"), all);
  EXPECT_EQ(found("?type=gateway"), List{});
  EXPECT_EQ(found("?maker=ACME"), all);
  EXPECT_EQ(found("?maker=Acm"), List{});
  EXPECT_EQ(found("?model=hygro-1"), List{"a6"});
  EXPECT_EQ(found("?status=in-use"), List{"sensor"});
  EXPECT_EQ(found("?holder=plant.example&type=device"), all);
  EXPECT_EQ(found("?holder=acme.example&type=device"), List{});
  EXPECT_EQ(found("?type=device&issuer=" + id_of("volta").text()), List{"sensor"});
  EXPECT_EQ(found("?q=a3"), List{"a3"});
  EXPECT_EQ(found("?q=Acme+hygro"), List{"a6"});
  EXPECT_EQ(found("?q=acme+nothing"), List{});
  EXPECT_EQ(found("?q=a1&model=hygro-1"), List{});
}

TEST_F(Catalogue, PagesFollowOneAnother) {
  std::vector<std::string> seen;
  std::string cursor;
  for (int pages = 1;; ++pages) {
    const auto reply = site.get("/v1/subjects?type=device&limit=3" + (cursor.empty() ? "" : "&cursor=" + net::percent_encode(cursor)));
    ASSERT_EQ(reply.status, 200u) << reply.body;
    const auto shown = object(reply);
    EXPECT_LE(shown.at("subjects").as_array().size(), 3u);
    for (const auto& one : shown.at("subjects").as_array()) seen.push_back(at(one, "identity/serial"));
    cursor = at(shown, "cursor");
    if (cursor.empty()) break;
    ASSERT_LT(pages, 10);
  }
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(seen, all);  // each once
}

TEST_F(Catalogue, TheLastPageHasNoCursor) {
  EXPECT_FALSE(object(site.get("/v1/subjects?type=device&limit=7")).contains("cursor"));
  EXPECT_FALSE(object(site.get("/v1/subjects?type=device")).contains("cursor"));
  EXPECT_TRUE(object(site.get("/v1/subjects?type=device&limit=6")).contains("cursor"));
}

TEST_F(Catalogue, ResultsAreSummaries) {
  const auto shown = object(site.get("/v1/subjects?q=sensor"));
  ASSERT_EQ(shown.at("subjects").as_array().size(), 1u);
  EXPECT_EQ(at(shown, "subjects/0/subject"), sensor_id.text());
  EXPECT_EQ(at(shown, "subjects/0/verdict/admitted"), "yes");
  EXPECT_EQ(at(shown, "subjects/0/status/status"), "in-use");
}

TEST_F(Catalogue, BadQuestions) {
  for (const char* query : {"?limit=0", "?limit=1001", "?limit=-1", "?limit=ten", "?limit=", "?type=robot", "?status=broken",
                            "?cursor=x", "?cursor=key%3A12", "?colour=red", "?q=%zz", "?q=a&q=b", "?limit=99999999999999999999"}) {
    SCOPED_TRACE(query);
    expect_problem(site.get(std::string("/v1/subjects") + query), 400, "malformed");
  }
  expect_problem(site.get("/v1/subjects?domain=elsewhere.example"), 404, "not-found");
}

TEST_F(Catalogue, WordsOfAnyLengthAreAnAnswer) {
  for (const char* field : {"q", "maker", "model", "issuer", "holder"})
    EXPECT_EQ(found(std::string("?") + field + "=" + std::string(3000, 'x')), std::vector<std::string>{}) << field;
}

}  // namespace
}  // namespace cm4it::http
