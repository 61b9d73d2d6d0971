#include "routing/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "crypto/signer.h"

namespace cm4it::routing {
namespace {

using testing::HasSubstr;

// What a route was called with, and what came back.
struct Outcome {
  std::string route;  // empty: none
  Call call;
  net::Response response;

  std::string header(std::string_view name) const {
    for (const auto& [field, value] : response.headers)
      if (field == name) return value;
    return {};
  }
};

struct Routing : testing::Test {
  Route route(std::string_view method, std::string_view pattern, std::vector<std::string_view> query = {}) {
    return {method, pattern,
            [this, name = std::string(method) + " " + std::string(pattern)](const Call& call, net::Responder respond) {
              outcome.route = name;
              outcome.call = call;
              respond(net::Response{});
            },
            std::move(query)};
  }
  static Manner manner(Manner::Parameters parameters = Manner::Parameters::known) {
    Manner manner;
    manner.parameters = parameters;
    manner.request_fields = "Accept, Content-Type";
    manner.problem = [](const Error& error, const net::Request&, unsigned status) {
      net::Response response;
      response.status = status != 0 ? status : error.code == Code::malformed ? 400 : 404;
      response.body = error.message;
      return response;
    };
    manner.nothing_here = [](const net::Request& request) { return Error{Code::not_found, "nothing at " + std::string(request.path), ""}; };
    return manner;
  }

  const Outcome& ask(const Router& router, std::string_view method, std::string_view target) {
    outcome = {};
    net::Request request;
    request.method = method;
    request.target = target;
    request.path = target.substr(0, target.find('?'));
    request.query = request.path.size() < target.size() ? target.substr(request.path.size() + 1) : std::string_view{};
    request.remote = "192.0.2.1:49152";
    request.client_key = key ? &*key : nullptr;
    std::optional<net::Response> answered;
    router.handle(request, net::Responder::to([&](net::Response response) { answered = std::move(response); }));
    EXPECT_TRUE(answered) << method << " " << target;
    if (answered) outcome.response = std::move(*answered);
    return outcome;
  }

  std::optional<crypto::PublicKey> key;
  Outcome outcome;
};

TEST_F(Routing, AStarIsOneSegmentAndTwoAreTheRest) {
  const Router router({route("GET", "/"), route("GET", "/things/*"), route("GET", "/things/*/parts"), route("GET", "/log/*/**")}, manner());
  EXPECT_EQ(ask(router, "GET", "/").route, "GET /");
  EXPECT_EQ(ask(router, "GET", "/things/a").route, "GET /things/*");
  EXPECT_EQ(ask(router, "GET", "/things/").route, "GET /things/*");
  EXPECT_EQ(ask(router, "GET", "/things/a/parts").route, "GET /things/*/parts");
  EXPECT_EQ(ask(router, "GET", "/log/a/tile/0/x001").route, "GET /log/*/**");
  for (const char* nowhere : {"/things", "/things/a/b", "/things/a/parts/", "/log/a", "//", "/Things/a", "things/a"}) {
    EXPECT_EQ(ask(router, "GET", nowhere).route, "") << nowhere;
    EXPECT_EQ(outcome.response.status, 404u) << nowhere;
    EXPECT_EQ(outcome.response.body, "nothing at " + std::string(nowhere));
  }
}

TEST_F(Routing, TheFirstThatMatchesAnswers) {
  const Router router({route("GET", "/log/*/checkpoint"), route("GET", "/log/*/**")}, manner());
  EXPECT_EQ(ask(router, "GET", "/log/a/checkpoint").route, "GET /log/*/checkpoint");
  EXPECT_EQ(ask(router, "GET", "/log/a/checkpoint/b").route, "GET /log/*/**");
  EXPECT_EQ(ask(router, "OPTIONS", "/log/a/checkpoint").header("Allow"), "GET, HEAD, OPTIONS") << "each method once";
}

// Escapes are undone segment by segment: an escaped slash parts nothing, and an escaped letter is that letter.
TEST_F(Routing, PathsWithEscapes) {
  const Router router({route("GET", "/things/*"), route("GET", "/a b")}, manner());
  EXPECT_EQ(ask(router, "GET", "/th%69ngs/key%3Aab%2Fcd").route, "GET /things/*");
  EXPECT_EQ(outcome.call.path, (std::vector<std::string>{"things", "key:ab/cd"}));
  EXPECT_EQ(ask(router, "GET", "/things/%2A").call.path.back(), "*");
  EXPECT_EQ(ask(router, "GET", "/a%20b").route, "GET /a b");
  EXPECT_EQ(ask(router, "GET", "/things%2Fa").route, "");
  for (const char* broken : {"/things/%", "/things/%4", "/things/%zz", "/%"}) {
    EXPECT_EQ(ask(router, "GET", broken).response.status, 400u) << broken;
    EXPECT_THAT(outcome.response.body, HasSubstr("percent-encoding"));
  }
}

TEST_F(Routing, HeadIsAnsweredAsGetIsAndNothingElse) {
  const Router router({route("GET", "/a"), route("POST", "/a"), route("POST", "/b")}, manner());
  EXPECT_EQ(ask(router, "HEAD", "/a").route, "GET /a");
  EXPECT_EQ(ask(router, "POST", "/a").route, "POST /a");
  EXPECT_EQ(ask(router, "HEAD", "/b").response.status, 405u);
  EXPECT_EQ(ask(router, "get", "/a").response.status, 405u) << "methods are case-sensitive";
}

TEST_F(Routing, OtherMethodsAreToldWhichThereAre) {
  const Router router({route("GET", "/a"), route("POST", "/a"), route("POST", "/b")}, manner());
  EXPECT_EQ(ask(router, "DELETE", "/a").response.status, 405u);
  EXPECT_EQ(outcome.header("Allow"), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(outcome.response.body, "method: this resource knows GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(ask(router, "GET", "/b").header("Allow"), "POST, OPTIONS");
  EXPECT_EQ(ask(router, "DELETE", "/c").response.status, 404u);
  EXPECT_EQ(outcome.header("Allow"), "");
}

TEST_F(Routing, OptionsTellsPagesOfOtherOriginsWhatTheyMaySend) {
  auto upload = route("POST", "/a");
  upload.accepts = "application/pgp-keys";
  const Router router({std::move(upload), route("GET", "/b")}, manner());
  EXPECT_EQ(ask(router, "OPTIONS", "/a").response.status, 204u);
  EXPECT_EQ(outcome.header("Allow"), "POST, OPTIONS");
  EXPECT_EQ(outcome.header("Accept"), "application/pgp-keys");
  EXPECT_EQ(outcome.header("Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(outcome.header("Access-Control-Allow-Methods"), "POST, OPTIONS");
  EXPECT_EQ(outcome.header("Access-Control-Allow-Headers"), "Accept, Content-Type");
  EXPECT_EQ(ask(router, "OPTIONS", "/b").header("Accept"), "");
  EXPECT_EQ(ask(router, "OPTIONS", "/c").response.status, 404u);
}

TEST_F(Routing, OptionsOfTheServerAsAWhole) {
  const Router router({route("GET", "/a"), route("POST", "/b")}, manner());
  EXPECT_EQ(ask(router, "OPTIONS", "*").response.status, 204u);
  EXPECT_EQ(outcome.header("Allow"), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(ask(router, "GET", "*").response.status, 404u);
}

TEST_F(Routing, WhatIsNotListedAnswersAndIsOfferedToNobody) {
  auto browse = route("GET", "/certs");
  browse.listed = false;
  auto old = route("GET", "/old");
  old.listed = false;
  auto page = route("GET", "/");
  page.preflight = false;
  const Router router({route("POST", "/certs"), std::move(browse), std::move(old), std::move(page)}, manner());
  EXPECT_EQ(ask(router, "GET", "/certs").route, "GET /certs");
  EXPECT_EQ(ask(router, "PUT", "/certs").header("Allow"), "POST, OPTIONS");
  EXPECT_EQ(ask(router, "GET", "/old").route, "GET /old");
  EXPECT_EQ(ask(router, "OPTIONS", "/old").response.status, 404u);
  EXPECT_EQ(ask(router, "OPTIONS", "/").response.status, 405u);
  EXPECT_EQ(outcome.header("Allow"), "GET, HEAD");
}

TEST_F(Routing, ParametersAreKnownOrAnyOrIgnored) {
  const auto asks = [&](Manner::Parameters parameters, std::string_view target) {
    const Router router({route("GET", "/a", {"domain", "at"}), route("GET", "/b")}, manner(parameters));
    return ask(router, "GET", target);
  };
  using enum Manner::Parameters;
  EXPECT_EQ(asks(known, "/a?domain=x&at=1").call.get("domain"), "x");
  EXPECT_EQ(asks(known, "/a?domian=x").response.body, "query: unknown parameter \"domian\"");
  EXPECT_EQ(asks(known, "/b?domain=x").response.status, 400u);
  EXPECT_EQ(asks(known, "/c?domain=x").response.status, 404u);
  EXPECT_EQ(asks(any, "/b?what=ever").call.get("what"), "ever");
  EXPECT_EQ(asks(any, "/b?what=%z").response.status, 400u);
  EXPECT_EQ(asks(ignored, "/b?what=%z").route, "GET /b");
}

TEST_F(Routing, TheCallerIsWhoProvedAKeyAndWhereItComesFrom) {
  const Router router({route("GET", "/a")}, manner());
  EXPECT_FALSE(ask(router, "GET", "/a").call.who);
  EXPECT_EQ(outcome.call.caller.address, "192.0.2.1");
  key = crypto::generate(crypto::Algorithm::eddsa).value()->public_key();
  EXPECT_EQ(ask(router, "GET", "/a").call.who, key->id());
  EXPECT_EQ(outcome.call.caller.who, key->id());
  EXPECT_NE(outcome.call.request, nullptr);
  EXPECT_EQ(outcome.call.detached().request, nullptr);
}

}  // namespace
}  // namespace cm4it::routing
