#include "net/http/http.h"

#include <gtest/gtest.h>

#include "base/budgets.h"

namespace cm4it::net {
namespace {

TEST(PercentDecode, Table) {
  EXPECT_EQ(percent_decode("").value(), "");
  EXPECT_EQ(percent_decode("a+b%20c%2B%7e").value(), "a+b c+~");
  EXPECT_EQ(percent_decode("%00%ff").value(), std::string_view("\0\xff", 2));
  for (const char* bad : {"%", "%4", "a%", "%g0", "%0g", "%%41", "% 1"})
    EXPECT_EQ(percent_decode(bad).error().code, Code::malformed) << bad;
}

TEST(PercentEncode, RoundTripOfEveryByte) {
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  std::string encoded = percent_encode(all);
  EXPECT_EQ(encoded.find_first_of(" /?&=#+"), std::string::npos);
  EXPECT_EQ(percent_decode(encoded).value(), all);
}

TEST(Query, GivesDecodedParameters) {
  auto query = Query::parse("op=get&search=a%3Db+c&mr&empty=").value();
  EXPECT_EQ(query.get("op"), "get");
  EXPECT_EQ(query.get("search"), "a=b c");
  EXPECT_EQ(query.get("mr"), "");
  EXPECT_EQ(query.get("empty"), "");
  EXPECT_EQ(query.get("none"), std::nullopt);
  EXPECT_TRUE(Query::parse("").value().all().empty());
}

// What stands between two '&' or behind the last one, where nothing does.
TEST(Query, TakesNothingForNothing) {
  for (const char* text : {"a=1&", "&a=1", "a=1&&b=2", "&&a=1&&"}) {
    const auto query = Query::parse(text);
    ASSERT_TRUE(query) << text << ": " << query.error().message;
    EXPECT_EQ(query->get("a"), "1") << text;
  }
  EXPECT_TRUE(Query::parse("&").value().all().empty());
}

TEST(Query, RefusesWithTheName) {
  auto twice = Query::parse("domain=a&x=1&dom%61in=b");
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, Code::malformed);
  EXPECT_NE(twice.error().message.find("'domain'"), std::string::npos);
  EXPECT_NE(Query::parse("at=%zz").error().message.find("'at'"), std::string::npos);
  for (const char* bad : {"=1", "a=1&=2", "=&a=1"}) EXPECT_EQ(Query::parse(bad).error().code, Code::malformed) << bad;
  std::string many = "p0";
  for (std::size_t i = 1; i < budget::http_query_parameters; ++i) many += "&p" + std::to_string(i);
  EXPECT_TRUE(Query::parse(many));
  EXPECT_EQ(Query::parse(many + "&one=more").error().code, Code::too_large);
}

TEST(Serialize, WholeAnswer) {
  Response response;
  response.status = 404;
  response.content_type = "text/plain";
  response.headers = {{"ETag", "\"1\""}};
  response.body = "no\n";
  EXPECT_EQ(
      *serialize(response),
      "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nETag: \"1\"\r\n\r\nno\n");
}

TEST(Serialize, NoContentWhereThereMustBeNone) {
  Response response;
  response.status = 204;
  response.body = "ignored";
  EXPECT_EQ(*serialize(response), "HTTP/1.1 204 No Content\r\n\r\n");
}

TEST(Serialize, FieldsCannotSplitTheAnswer) {
  Response response;
  response.headers = {{"X", "a\r\nSet-Cookie: b"}};
  EXPECT_EQ(serialize(response)->find("\nSet-Cookie"), std::string::npos);
}

TEST(Responder, AnswersOnceAndFailsWhenForgotten) {
  std::vector<unsigned> statuses;
  auto sink = [&](const Response& response) { statuses.push_back(response.status); };
  {
    Responder responder = Responder::to(sink);
    Response accepted;
    accepted.status = 202;
    responder(accepted);
    responder(accepted);
    EXPECT_TRUE(responder.gone());
  }
  EXPECT_EQ(statuses, (std::vector<unsigned>{202}));
  {
    Responder forgotten = Responder::to(sink);
  }
  EXPECT_EQ(statuses, (std::vector<unsigned>{202, 500}));
}

}  // namespace
}  // namespace cm4it::net
