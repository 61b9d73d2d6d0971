#include <gtest/gtest.h>

#include "base/budgets.h"
#include "evidence/test_support.h"

namespace cm4it::evidence {
namespace {

using namespace test;

Bytes statement(const std::string& label) {
  Parts parts;
  parts.body = CborWriter().map(1).uint(1).text(label).take();
  return parts.encode();
}

std::vector<std::string> texts(const std::vector<Piece>& pieces) {
  std::vector<std::string> all;
  for (const auto& piece : pieces) all.emplace_back(text(piece.bytes));
  return all;
}

TEST(Split, OneStatement) {
  const Bytes one = statement("a");
  for (const char* type : {"application/cose", "application/cose; cose-type=\"cose-sign1\"", "application/cm4it-statement+cbor"}) {
    const auto pieces = split(type, one);
    ASSERT_TRUE(pieces) << type << ": " << pieces.error().message;
    ASSERT_EQ(pieces->size(), 1u);
    EXPECT_EQ(pieces->at(0).format, Format::cose);
    EXPECT_EQ(pieces->at(0).bytes, one);
  }
}

TEST(Split, SequenceOfStatements) {
  const Bytes a = statement("a"), b = statement("b"), c = statement("c");
  Bytes all = a;
  append(all, b);
  append(all, c);
  for (const char* type : {"application/cbor-seq", "application/octet-stream", ""}) {
    const auto pieces = split(type, all);
    ASSERT_TRUE(pieces) << type << ": " << pieces.error().message;
    ASSERT_EQ(pieces->size(), 3u) << type;
    EXPECT_EQ(pieces->at(0).bytes, a);
    EXPECT_EQ(pieces->at(1).bytes, b);
    EXPECT_EQ(pieces->at(2).bytes, c);
  }
  // Refused whole, and the piece is named.
  const auto cut = split("application/cbor-seq", View(all).first(all.size() - 1));
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, Code::malformed);
  EXPECT_NE(cut.error().message.find("piece 3"), std::string::npos) << cut.error().message;
}

TEST(Split, ManifestIsKeptOctetForOctet) {
  const std::string odd = R"({ "a" : "}]\"[{\\", "b":[{},[1,2]] })";
  struct Case { std::string body; std::vector<std::string> elements; };
  const Case cases[] = {{"[" + odd + "]", {odd}}, {odd, {odd}}, {"\n" + odd + " \r\n\t", {odd}},
                        {" [\n" + odd + " ,\t{}\r\n, " + odd + "] ", {odd, "{}", odd}}};
  for (const auto& [body, elements] : cases)
    for (const char* type : {"application/json", "application/jose+json", "application/json;charset=utf-8", "application/octet-stream"}) {
      const auto pieces = split(type, view(body));
      ASSERT_TRUE(pieces) << type << " " << body << ": " << pieces.error().message;
      EXPECT_EQ(texts(*pieces), elements) << type;
      for (const auto& piece : *pieces) EXPECT_EQ(piece.format, Format::manifest);
    }
}

TEST(Split, RefusesBrokenManifestsWhole) {
  for (const char* body : {"[", "[]", "[,]", "[{},]", "[{}", "[{}}", "[{}]]", "[{}] x", "{", "{\"", "{\"a\\", "{\"a\\\"}", "{}{}", "{},{}", "[1]",
                           "\"{}\"", "]", "[{} {}]", " "}) {
    const auto pieces = split("application/json", view(body));
    ASSERT_FALSE(pieces) << body;
    EXPECT_EQ(pieces.error().code, Code::malformed) << body;
  }
}

// What is no native statement comes as it is a leaf of a log.
TEST(Split, ASequenceBearsEveryFormat) {
  Bytes all = leaf_bytes(Format::manifest, view("{}"));
  append(all, leaf_bytes(Format::cose, Bytes{0xd2, 0x80}));
  append(all, leaf_bytes(Format::openpgp, Bytes{1, 2, 3}));
  for (const char* type : {"application/cbor-seq", "application/octet-stream"}) {
    const auto pieces = split(type, all);
    ASSERT_TRUE(pieces) << pieces.error().message;
    ASSERT_EQ(pieces->size(), 3u);
    EXPECT_EQ(pieces->at(0).format, Format::manifest);
    EXPECT_EQ(pieces->at(0).bytes, to_bytes(view("{}")));
    EXPECT_EQ(pieces->at(1).format, Format::cose);
    EXPECT_EQ(pieces->at(2).format, Format::openpgp);
    EXPECT_EQ(pieces->at(2).bytes, (Bytes{1, 2, 3}));
  }
  for (const Bytes& bad : {Bytes{0x82, 0x01, 0x40}, Bytes{0x82, 0x09, 0x40}, Bytes{0x83, 0x02, 0x40, 0x00}, Bytes{0x82, 0x02, 0x60}, Bytes{0x00}})
    EXPECT_FALSE(decode(split("application/cbor-seq", bad)->at(0).format, bad)) << to_hex(bad);
}

TEST(Split, NumberOfPiecesHasABudget) {
  const auto many = [](std::size_t count) {
    std::string manifest = "[{}";
    for (std::size_t i = 1; i < count; ++i) manifest += ",{}";
    return manifest + "]";
  };
  EXPECT_EQ(split("application/json", view(many(budget::submission_items)))->size(), budget::submission_items);
  EXPECT_EQ(split("application/json", view(many(budget::submission_items + 1))).error().code, Code::too_large);
  Bytes sequence;  // 18([]), again and again
  for (std::size_t i = 0; i <= budget::submission_items; ++i) sequence.insert(sequence.end(), {0xd2, 0x80});
  EXPECT_EQ(split("application/cbor-seq", View(sequence).first(2 * budget::submission_items))->size(), budget::submission_items);
  EXPECT_EQ(split("application/cbor-seq", sequence).error().code, Code::too_large);
}

TEST(Split, UnknownTypesAndBodies) {
  EXPECT_EQ(split("application/cose", {}).error().code, Code::malformed);
  EXPECT_EQ(split("", {}).error().code, Code::malformed);
  EXPECT_EQ(split("text/html", view("<html>")).error().code, Code::unsupported);
  EXPECT_EQ(split("application/octet-stream", view("-----BEGIN")).error().code, Code::unsupported);
  EXPECT_EQ(split("application/octet-stream", view("\n \n")).error().code, Code::unsupported);
}

// Media types are named without regard to case, with blanks around parameters (RFC 9110 section 8.3.1).
TEST(Split, MediaTypesInAnyCase) {
  EXPECT_TRUE(split("Application/COSE", statement("a")));
  EXPECT_TRUE(split("application/json ; charset=utf-8", view("{}")));
}

}  // namespace
}  // namespace cm4it::evidence
