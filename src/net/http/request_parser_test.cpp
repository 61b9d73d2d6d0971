#include "net/http/request_parser.h"

#include <gtest/gtest.h>

#include "base/budgets.h"

namespace cm4it::net {
namespace {

using State = RequestParser::State;

struct Outcome {
  State state;
  RequestParser::Failure failure;
};

Outcome parse(std::string message, std::size_t max_body = 1024) {
  RequestParser parser(max_body);
  return {parser.feed(message.data(), message.size()), parser.failure()};
}

const std::string host = "Host: ics.example\r\n";

TEST(RequestParser, GivesEveryPart) {
  std::string message = "POST /v1/evidence?domain=a.example HTTP/1.1\r\n" + host +
                        "content-TYPE:  application/cose \r\nContent-Length: 4\r\n\r\nbodyGET";
  RequestParser parser(1024);
  ASSERT_EQ(parser.feed(message.data(), message.size()), State::complete);
  EXPECT_EQ(parser.size(), message.size() - 3);
  EXPECT_TRUE(parser.keep_alive());
  Request request;
  parser.fill(request, message.data());
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/v1/evidence?domain=a.example");
  EXPECT_EQ(request.path, "/v1/evidence");
  EXPECT_EQ(request.query, "domain=a.example");
  EXPECT_EQ(request.header("Content-Type"), "application/cose");
  EXPECT_EQ(request.header("Absent"), "");
  EXPECT_EQ(text(request.body), "body");
}

TEST(RequestParser, TargetForms) {
  struct Row {
    const char *target, *path, *query;
  };
  for (const Row& row : {Row{"/", "/", ""}, Row{"/a?b?c", "/a", "b?c"}, Row{"*", "*", ""},
                         Row{"http://h.example/p?q", "/p", "q"}, Row{"HTTP://h.example:80/p", "/p", ""}, Row{"https://h.example", "/", ""},
                         Row{"h.example:443", "", ""}, Row{"/%2e%2e/?", "/%2e%2e/", ""}}) {
    std::string message = "GET " + std::string(row.target) + " HTTP/1.1\r\n" + host + "\r\n";
    RequestParser parser(0);
    ASSERT_EQ(parser.feed(message.data(), message.size()), State::complete) << row.target;
    Request request;
    parser.fill(request, message.data());
    EXPECT_EQ(request.path, row.path) << row.target;
    EXPECT_EQ(request.query, row.query) << row.target;
  }
}

// Whatever the pieces, and though the buffer moves: the same request.
TEST(RequestParser, AnySplit) {
  const std::string plain = "PUT /a HTTP/1.1\r\n" + host + "X: 1\r\nContent-Length: 5\r\n\r\nhello";
  const std::string chunked =
      "PUT /a HTTP/1.1\r\n" + host +
      "Transfer-Encoding: chunked\r\nX: 1\r\n\r\n2\r\nhe\r\n1;e=\"v\"\r\nl\r\n2\r\nlo\r\n0\r\nT: 1\r\n\r\n";
  for (const std::string& whole : {plain, chunked}) {
    for (std::size_t first = 1; first < whole.size(); ++first) {
      for (std::size_t step : {whole.size(), std::size_t{1}, std::size_t{3}}) {
        RequestParser parser(64);
        std::string buffer;
        State state = State::incomplete;
        for (std::size_t at = 0; at < whole.size();) {
          std::size_t size = std::min(at == 0 ? first : step, whole.size() - at);
          std::string longer = buffer + whole.substr(at, size);  // another place each time
          buffer.swap(longer);
          at += size;
          ASSERT_EQ(state, State::incomplete);
          state = parser.feed(buffer.data(), buffer.size());
        }
        ASSERT_EQ(state, State::complete) << first << " " << step << " " << parser.failure().rule;
        Request request;
        parser.fill(request, buffer.data());
        ASSERT_EQ(text(request.body), "hello");
        ASSERT_EQ(request.header("x"), "1");
        ASSERT_EQ(request.header("T"), "");
        ASSERT_EQ(parser.size(), whole.size());
      }
    }
  }
}

// A body of no chunk but the last, an octet at a time: the library's parser asserted that there were more.
TEST(RequestParser, TheLastChunkInParts) {
  for (const std::string chunks : {"0\r\n\r\n", "00\r\n\r\n", "0;e\r\nT: 1\r\n\r\n", "1\r\n!\r\n0\r\n\r\n"}) {
    const std::string whole = "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n" + chunks;
    RequestParser parser(1024);
    std::string message;
    message.reserve(whole.size());
    for (const char c : whole) {
      message.push_back(c);
      EXPECT_EQ(parser.feed(message.data(), message.size()), message.size() == whole.size() ? State::complete : State::incomplete) << message;
    }
  }
}

TEST(RequestParser, KeepAliveRules) {
  auto keeps = [](std::string message) {
    RequestParser parser(0);
    EXPECT_EQ(parser.feed(message.data(), message.size()), State::complete);
    return parser.keep_alive();
  };
  EXPECT_TRUE(keeps("GET / HTTP/1.1\r\n" + host + "\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.1\r\n" + host + "Connection: x, Close\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"));
}

TEST(RequestParser, RefusesWithStatusAndRule) {
  std::string get = "GET / HTTP/1.1\r\n" + host;
  std::string many, long_field = "X: " + std::string(budget::http_header_bytes, 'x');
  for (std::size_t i = 0; i < budget::http_header_fields; ++i) many += "X: 1\r\n";
  struct Row {
    unsigned status;
    std::string message;
    const char* rule;  // named in the failure
  };
  const Row rows[] = {
      {400, "GET  / HTTP/1.1\r\n\r\n", "target"},
      {400, "G@T / HTTP/1.1\r\n\r\n", "method"},
      {400, "\x16\x03\x01\x02", "method"},
      {400, "GET /a b HTTP/1.1\r\n\r\n", "HTTP/1"},
      {400, "GET /\x01 HTTP/1.1\r\n\r\n", "target"},
      {400, "GET /#f HTTP/1.1\r\n" + host + "\r\n", "fragment"},
      {505, "GET / HTTP/2.0\r\n" + host + "\r\n", "HTTP/1"},
      {400, "GET / HTTP/1.1\r\n\r\n", "Host"},
      {400, get + host + "\r\n", "Host"},
      {400, "GET / HTTP/1.0\r\n" + host + host + "\r\n", "Host"},
      {400, get + "A : 1\r\n\r\n", "field"},
      {400, get + ": 1\r\n\r\n", "field"},
      {505, "GET / HTTP/1.2\r\n" + host + "\r\n", "HTTP/1"},
      {505, "GET / HTTP/0.9\r\n" + host + "\r\n", "HTTP/1"},
      {400, "GET / HTTP/1.1x\r\n" + host + "\r\n", "HTTP/1"},
      {400, "GET / HTTP/2.0 \r\n" + host + "\r\n", "HTTP/1"},
      {400, "GET / HTTP/11.1\r\n" + host + "\r\n", "HTTP/1"},
      {400, "GET / http/1.1\r\n" + host + "\r\n", "HTTP/1"},
      {400, "GET / HTTP/1,1\r\n" + host + "\r\n", "HTTP/1"},
      {400, "GET / HTTQ/1.1\r\n" + host + "\r\n", "HTTP/1"},
      {400, get + "A: b\r\n c\r\n\r\n", "folded"},
      {400, get + "A:\r\n c\r\n\r\n", "folded"},
      {400, get + "A: b\r\n \r\n\r\n", "folded"},
      {400, get + "A:\r\n\t\r\n\r\n", "folded"},
      {400, "GET / HTTP/1.1\r\nHost:\r\n x\r\n\r\n", "folded"},
      {400, "GET / HTTP/1.1\r\n Host: x\r\n\r\n", "field"},
      {400, get + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", "folded"},
      {400, get + "Content-Length:\r\n 5\r\n\r\nhello", "folded"},
      {400, get + "Transfer-Encoding: chunked\r\n\r\n0\r\nT:\r\n 1\r\n\r\n", "folded"},
      {400, get + "A: \x01\r\n\r\n", "field"},
      {400, get + "A: b\nC: d\r\n\r\n", "field"},
      {400, get + "A: b\rC: d\r\n\r\n", "CR LF"},
      {400, get + "Content-Length: 1\r\nContent-Length: 1\r\n\r\n1", "Content-Length"},
      {400, get + "Content-Length: 1, 1\r\n\r\n1", "Content-Length"},
      {400, get + "Content-Length: +1\r\n\r\n1", "Content-Length"},
      {400, get + "Content-Length: -1\r\n\r\n1", "Content-Length"},
      {400, get + "Content-Length: 0x1\r\n\r\n1", "Content-Length"},
      {400, get + "Content-Length: \r\n\r\n1", "Content-Length"},
      {400, get + "Content-Length: 99999999999999999999\r\n\r\n1", "Content-Length"},
      {400, get + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "Transfer-Encoding"},
      {400, get + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", "Content-Length"},
      {400, get + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", "Transfer-Encoding"},
      {501, get + "Transfer-Encoding: gzip, chunked\r\n\r\n", "chunked"},
      {501, get + "Transfer-Encoding: identity\r\n\r\n", "chunked"},
      {400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP/1.0"},
      {400, get + "Transfer-Encoding: chunked\r\n\r\nx\r\n", "chunk"},
      {400, get + "Transfer-Encoding: chunked\r\n\r\n-1\r\n", "chunk"},
      {400, get + "Transfer-Encoding: chunked\r\n\r\n1\r\nabcde\r\n", "chunk"},
      {413, get + "Transfer-Encoding: chunked\r\n\r\n401\r\n", "body"},
      {413, get + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", "body"},
      {413, get + "Content-Length: 1025\r\n\r\n", "body"},
      {417, get + "Expect: miracles\r\n\r\n", "Expect"},
      {414, "GET /" + std::string(budget::http_target_bytes + 100, 'a'), "target"},
      {414, "GET /" + std::string(budget::http_target_bytes, 'a') + " HTTP/1.1\r\n", "target"},
      {414, "GET /" + std::string(2 * budget::http_header_bytes, 'a'), "target"},
      {431, get + long_field, "fields"},
      {431, get + long_field + "\r\n\r\n", "fields"},
      {431, get + many + "\r\n", "fields"},
      {431, get + "Transfer-Encoding: chunked\r\n\r\n0\r\n" + long_field, "fields"},
  };
  for (const Row& row : rows) {
    Outcome outcome = parse(row.message);
    std::string shown = row.message.substr(0, 120);
    EXPECT_EQ(outcome.state, State::failed) << shown;
    EXPECT_EQ(outcome.failure.status, row.status) << shown << outcome.failure.rule;
    EXPECT_NE(std::string(outcome.failure.rule).find(row.rule), std::string::npos)
        << shown << outcome.failure.rule;
  }
}

// In pieces the budgets hold too, though each piece is small.
TEST(RequestParser, BudgetsHoldOverManyPieces) {
  RequestParser parser(64);
  std::string message = "GET / HTTP/1.1\r\n" + host;
  State state = State::incomplete;
  while (state == State::incomplete && message.size() < 4 * budget::http_header_bytes) {
    state = parser.feed(message.data(), message.size());
    message += "X: 1234567890123456789012345678901234567890123456789012345678901234567890\r\n";
    if (message.size() > budget::http_header_bytes / 2) message += std::string(1000, 'y') + ": 1\r\n";
  }
  EXPECT_EQ(state, State::failed);
  EXPECT_EQ(parser.failure().status, 431U);
  EXPECT_LE(message.size(), budget::http_header_bytes + 3000);
}

// RFC 9112 section 3.2: an invalid Host, whatever the version, is answered 400.
TEST(RequestParser, HostIsAHostAndAPort) {
  for (const char* good : {"x", "ics.example:8443", "ICS-1.example.", "my_host", "192.0.2.1", "[2001:db8::1]:8443", "[::1]", "x:",
                           "[fe80::1%25eth0]:1", "%41.example"})
    EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: " + std::string(good) + "\r\n\r\n").state, State::complete) << good;
  for (const char* bad : {"", " ", "a b", "u@b", "u:p@b", "a/b", "a?b", "a#b", "a, b", "a,b", "a:x", "a:1:2", ":80", "a:65536", "a:-1",
                          "[::1", "::1", "[]", "[a]", "[::1]x", "[::1]:x", "[192.0.2.1]", "%4", "%zz", "\"a\"", "a\\b", "\xc3\xa9"})
    for (const char* version : {"1.1", "1.0"}) {
      const auto outcome = parse("GET / HTTP/" + std::string(version) + "\r\nHost: " + bad + "\r\n\r\n");
      EXPECT_EQ(outcome.state, State::failed) << bad;
      EXPECT_EQ(outcome.failure.status, 400U) << bad << outcome.failure.rule;
      EXPECT_TRUE(std::string(outcome.failure.rule).starts_with("Host:")) << bad << outcome.failure.rule;
    }
  EXPECT_EQ(parse("GET / HTTP/1.0\r\n\r\n").state, State::complete) << "HTTP/1.0 knows no Host";
  for (const char* target : {"http:///p", "http://u@h/p", "http://a,b/", "https://h:x/", "http://?q"})
    EXPECT_EQ(parse("GET " + std::string(target) + " HTTP/1.1\r\n" + host + "\r\n").failure.status, 400U) << target;
}

TEST(RequestParser, OneParserManyMessages) {
  RequestParser parser(64);
  for (int i = 0; i < 3; ++i) {
    std::string message = "POST / HTTP/1.1\r\n" + host + "Content-Length: 1\r\n\r\n" + std::to_string(i);
    parser.reset();
    ASSERT_EQ(parser.feed(message.data(), message.size()), State::complete);
    Request request;
    parser.fill(request, message.data());
    EXPECT_EQ(text(request.body), std::to_string(i));
    EXPECT_EQ(request.fields.size(), 2U);
  }
}

TEST(RequestParser, ExpectationIsToldOnce) {
  RequestParser parser(64);
  std::string message = "POST / HTTP/1.1\r\n" + host + "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\n";
  ASSERT_EQ(parser.feed(message.data(), message.size()), State::incomplete);
  EXPECT_TRUE(parser.take_expectation());
  EXPECT_FALSE(parser.take_expectation());
}

}  // namespace
}  // namespace cm4it::net
