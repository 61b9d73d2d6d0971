// What no client of good will sends, and the methods every route knows.
#include "frontends/http/door_fixture.h"
#include "net/raw_client_for_test.h"

namespace cm4it::http {
namespace {

using namespace fixture;

struct Routes : Web {
  std::vector<std::string> paths() const {
    return {sensor_path(), sensor_path("/verdict"), sensor_path("/history"), "/v1/subjects", "/v1/domains",
            "/v1/may?from=" + in_path(sensor_id) + "&to=" + in_path(sensor_id), "/v1/keys/" + id_of("volta").text(),
            "/v1/domains/plant.example/policy", "/v1/feed", "/v1/changes", "/v1/peers", "/healthz", "/readyz", "/metrics",
            "/log/plant.example/checkpoint", "/log/plant.example/tile/0/000.p/1"};
  }
};

TEST_F(Routes, HeadIsGetWithoutTheBody) {
  for (const auto& path : paths()) {
    SCOPED_TRACE(path);
    const auto whole = site.get(path), head = site.ask({.path = path, .method = "HEAD"});
    EXPECT_EQ(whole.status, 200u) << whole.body;
    EXPECT_EQ(head.status, 200u);
    EXPECT_EQ(head.body, "");
    EXPECT_EQ(head.content_type, whole.content_type);
    EXPECT_EQ(head.header("ETag"), whole.header("ETag"));
    if (path != "/metrics") {  // they count the requests, too
      EXPECT_EQ(head.header("Content-Length"), std::to_string(whole.body.size()));
    }
  }
  EXPECT_EQ(site.ask({.path = "/v1/evidence/" + std::string(64, '0'), .method = "HEAD"}).status, 404u);
}

TEST_F(Routes, OptionsAndOtherMethods) {
  for (const auto& path : paths()) {
    SCOPED_TRACE(path);
    const auto options = site.ask({.path = path, .method = "OPTIONS"});
    EXPECT_EQ(options.status, 204u);
    EXPECT_THAT(std::string(options.header("Allow")), testing::StartsWith("GET, HEAD"));
    EXPECT_THAT(std::string(options.header("Allow")), testing::EndsWith("OPTIONS"));
    EXPECT_EQ(options.header("Access-Control-Allow-Methods"), options.header("Allow"));
    EXPECT_EQ(options.header("Access-Control-Allow-Headers"), "Accept, Content-Type, If-None-Match");
    EXPECT_EQ(options.header("Access-Control-Allow-Origin"), "*");
    for (const char* method : {"PUT", "DELETE", "PATCH", "POST", "get", "BREW"}) {
      const auto reply = site.ask({.path = path, .method = method, .body = "x"});
      EXPECT_EQ(reply.status, 405u) << method;
      EXPECT_EQ(reply.header("Allow"), options.header("Allow"));
      EXPECT_EQ(at(reply, "status"), "405");
    }
  }
  EXPECT_EQ(site.ask({.path = "/v1/evidence", .method = "OPTIONS"}).header("Allow"), "POST, OPTIONS");
  EXPECT_EQ(site.get("/v1/evidence").status, 405u);
}

TEST_F(Routes, UnknownParametersAreRefusedEverywhere) {
  for (const auto& path : paths()) {
    SCOPED_TRACE(path);
    const auto detail = expect_problem(site.get(path + (path.find('?') == path.npos ? "?" : "&") + "domian=x"), 400, "malformed");
    EXPECT_THAT(detail, HasSubstr("\"domian\""));
  }
}

TEST_F(Routes, PathsThatLeadNowhere) {
  for (const char* path : {"/", "/v1", "/v1/", "/v2/subjects", "/v1/subject", "/V1/subjects", "/v1/subjects/x/y", "/v1//subjects", "//",
                           "/v1/domains/plant.example", "/v1/domains/plant.example/policy/1", "/v1/evidence/a/b/c", "/log", "/log/plant.example",
                           "/healthz/", "/%2e%2e/etc/passwd", "/v1%2Fsubjects"}) {
    SCOPED_TRACE(path);
    expect_problem(site.get(path), 404, "not-found");
  }
}

struct Case { const char* what; std::string target; unsigned status; };

// Sent as they stand, without a client that would tidy them up. Each is answered with a problem that is JSON.
TEST_F(Routes, Targets) {
  const std::string id = sensor_id.text();
  const std::vector<Case> cases = {
      {"half an escape", "/v1/subjects/key%3", 400},
      {"no hex in an escape", "/v1/subjects/%zz", 400},
      {"a lone percent", "/v1/subjects?q=%", 400},
      {"octets that are no UTF-8", "/v1/subjects/%ff%fe", 404},
      {"octets that are no UTF-8, as a value", "/v1/subjects?type=%ff", 400},
      {"octets that are no UTF-8, as a name", "/v1/subjects?%ff=1", 400},
      {"octets that are no UTF-8, as a domain", "/v1/subjects?domain=%ff", 404},
      {"a name cut in the midst of a character", "/v1/subjects?" + std::string(63, 'a') + "%c3%a9=1", 400},
      {"a NUL", "/v1/subjects/key:%00", 400},
      {"a name of control characters", "/v1/subjects/%01%1b%5b31m", 404},
      {"an empty name", "/v1/subjects/", 404},
      {"a name without kind", "/v1/subjects/" + id.substr(4), 404},
      {"an unknown kind", "/v1/subjects/lock:" + id.substr(4), 404},
      {"too many digits", "/v1/subjects/" + id + "00", 404},
      {"capital digits", "/v1/subjects/key:" + std::string(64, 'A'), 404},
      {"no digits", "/v1/subjects/key:" + std::string(64, 'g'), 400},
      {"a long alias", "/v1/subjects/serial:" + std::string(4000, 's'), 404},
      {"a model without domain", "/v1/subjects/model:%2Fthermo", 404},
      {"a model without name", "/v1/subjects/model:acme.example%2F", 404},
      {"a long model", "/v1/subjects/model:acme.example%2F" + std::string(4000, 'm') + "/verdict", 404},
      {"a long domain", "/v1/subjects/" + id + "?domain=" + std::string(4000, 'd'), 404},
      {"a long domain of a policy", "/v1/domains/" + std::string(4000, 'd') + "/policy", 404},
      {"dot segments", "/log/plant.example/../../../etc/passwd", 400},
      {"dot segments, encoded", "/log/plant.example/%2e%2e/%2e%2e/data.mdb", 400},
      {"the root of files", "/log//etc/passwd", 400},
      {"a fragment", "/v1/domains#x", 400},
      {"a long target", "/v1/subjects?q=" + std::string(9000, 'q'), 414},
      {"a parameter twice", "/v1/subjects?q=a&q=b", 400},
      {"a parameter without name", "/v1/subjects?=1", 400},
      {"many parameters", "/v1/subjects?" + [] { std::string all; for (int i = 0; i < 100; ++i) all += "a" + std::to_string(i) + "=&"; return all; }(), 413},
      {"negative wait", "/v1/feed?wait=-1", 400},
      {"a selector that is no table", "/v1/feed?select=1", 400},
      {"a deep selector", "/v1/feed?select=" + net::percent_encode("{ cloud = " + std::string(200, '[') + std::string(200, ']') + " }"), 413},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.what);
    net::RawClient client(site.port());
    client.send("GET " + one.target + " HTTP/1.1\r\nHost: x\r\n\r\n");
    const auto answer = client.answer();
    const auto body = answer.substr(std::min(answer.size(), answer.find("\r\n\r\n") + 4));
    EXPECT_EQ(answer.substr(0, 12), "HTTP/1.1 " + std::to_string(one.status)) << body;
    EXPECT_THAT(answer, HasSubstr("application/problem+json"));
    boost::system::error_code error;
    json::parse(body, error);
    EXPECT_FALSE(error) << body;
    EXPECT_EQ(site.get("/healthz").status, 200u);
  }
}

TEST_F(Routes, BodiesOfLies) {
  for (const std::string& head : {std::string("Content-Length: 99999999999\r\n"), std::string("Content-Length: -1\r\n"),
                                  std::string("Content-Length: 1\r\nContent-Length: 2\r\n"), std::string("Transfer-Encoding: gzip\r\n")}) {
    SCOPED_TRACE(head);
    net::RawClient client(site.port());
    client.send("POST /v1/evidence HTTP/1.1\r\nHost: x\r\n" + head + "\r\n");
    const auto answer = client.answer();
    EXPECT_THAT(answer, testing::ContainsRegex("^HTTP/1.1 (400|413|501)"));
  }
}

TEST_F(Routes, AcceptIsReadForWhatItNames) {
  // No answer has another form than JSON but those that are named: whatever is asked for, JSON comes.
  for (const char* accept : {"", "*/*", "text/html", "application/xml;q=0.9", "nonsense"})
    EXPECT_EQ(site.ask({.path = sensor_path("/verdict"), .accept = accept}).content_type, "application/json") << accept;
  EXPECT_EQ(site.ask({.path = sensor_path("/verdict"), .accept = "text/html, application/cwt"}).content_type, "application/cwt");
  EXPECT_EQ(site.ask({.path = "/v1/domains/plant.example/policy", .accept = "application/cose"}).content_type, "application/cose");
  EXPECT_EQ(site.ask({.path = "/v1/domains/plant.example/policy", .accept = "text/plain, */*"}).content_type, "text/plain; charset=utf-8");
}

TEST_F(Routes, BrowsersMayReadWhatAnyoneMay) {
  for (const auto& path : paths()) EXPECT_EQ(site.get(path).header("Access-Control-Allow-Origin"), "*") << path;
}

}  // namespace
}  // namespace cm4it::http
