// The feed on the wire: what is written is read, and nothing else.
#include "service/feed_wire.h"

#include "base/budgets.h"
#include "base/cbor.h"
#include "service/network_fixture.h"

namespace cm4it::service {
namespace {

using namespace fixture;

FeedPage some_page() {
  FeedPage page{"plant.example", 17, {}, {{"plant.example", "main/plant.example", "a note\n"}}, true};
  page.records.push_back({Format::cose, {1, 2, 3}, id_of("volta"), {{"plant.example", {4, 5}}, {"acme.example", {6}}}, false});
  page.records.push_back({Format::manifest, {7}, id_of("acme"), {}, true});
  return page;
}

TEST(FeedWire, WhatIsWrittenIsRead) {
  const FeedPage page = some_page();
  const auto feed = decode_feed(encode_feed(page));
  ASSERT_TRUE(feed) << feed.error().message;
  EXPECT_EQ(feed->domain, page.domain);
  EXPECT_EQ(feed->next, page.next);
  EXPECT_TRUE(feed->more);
  ASSERT_EQ(feed->records.size(), 2u);
  EXPECT_EQ(feed->records[0].piece.bytes, page.records[0].evidence);
  EXPECT_EQ(feed->records[0].issuer, id_of("volta"));
  EXPECT_EQ(feed->records[0].receipts, page.records[0].receipts);
  EXPECT_EQ(feed->records[1].piece.format, Format::manifest);
  ASSERT_EQ(feed->heads.size(), 1u);
  EXPECT_EQ(feed->heads[0].origin, "main/plant.example");
}

TEST(FeedWire, NothingMayFollowNorBeMissing) {
  const Bytes good = encode_feed(some_page());
  for (std::size_t length = 0; length < good.size(); ++length) EXPECT_FALSE(decode_feed(View(good).first(length))) << length;
  Bytes longer = good;
  longer.push_back(0xf6);
  EXPECT_FALSE(decode_feed(longer));
}

void expect_refused(const std::function<void(CborWriter&)>& write, const std::string& says) {
  CborWriter out;
  write(out);
  const auto feed = decode_feed(out.take());
  ASSERT_FALSE(feed) << says;
  EXPECT_THAT(feed.error().message, testing::HasSubstr(says));
}

// A feed whose records, heads or rest are written by the test.
std::function<void(CborWriter&)> with_record(const std::function<void(CborWriter&)>& record) {
  return [record](CborWriter& out) {
    out.map(5).uint(1).text("plant.example").uint(2).uint(0).uint(3).array(1);
    record(out);
    out.uint(4).array(0).uint(5).boolean(false);
  };
}

TEST(FeedWire, Refusals) {
  const Bytes id(32, 1);
  expect_refused([](CborWriter& out) { out.map(0); }, "all are required");
  expect_refused([](CborWriter& out) { out.map(1).uint(1).text("plant.example"); }, "all are required");
  expect_refused([](CborWriter& out) { out.map(1).uint(6).uint(0); }, "feed.6: unknown key");
  expect_refused([](CborWriter& out) { out.array(0); }, "");
  expect_refused(with_record([&](CborWriter& out) { out.map(3).uint(1).uint(7).uint(2).bytes({}).uint(3).bytes(id); }), "feed.3.1: unknown format");
  expect_refused(with_record([&](CborWriter& out) { out.map(3).uint(1).uint(0).uint(2).bytes({}).uint(3).bytes(id); }), "feed.3.1: unknown format");
  expect_refused(with_record([&](CborWriter& out) { out.map(2).uint(1).uint(1).uint(2).bytes({}); }), "are required");
  expect_refused(with_record([&](CborWriter& out) { out.map(3).uint(1).uint(1).uint(2).bytes({}).uint(3).bytes(View(id).first(31)); }), "32 octets");
  expect_refused(with_record([&](CborWriter& out) { out.map(4).uint(1).uint(1).uint(2).bytes({}).uint(3).bytes(id).uint(6).uint(1); }), "feed.3.6: unknown key");
  expect_refused(with_record([&](CborWriter& out) {
    out.map(4).uint(1).uint(1).uint(2).bytes({}).uint(3).bytes(id).uint(4).array(1).array(2).text("No Domain").bytes({});
  }), "no domain name");
  expect_refused(with_record([&](CborWriter& out) {
    out.map(4).uint(1).uint(1).uint(2).bytes({}).uint(3).bytes(id).uint(4).array(1).array(1).text("plant.example");
  }), "[domain, receipt] expected");
  expect_refused(with_record([&](CborWriter& out) {
    out.map(4).uint(1).uint(1).uint(2).bytes({}).uint(3).bytes(id).uint(4).array(65);
    for (int i = 0; i < 65; ++i) out.array(2).text("a.example").bytes({});
  }), "more than 64 receipts");
}

TEST(FeedWire, Bounds) {
  FeedPage page = some_page();
  page.records.resize(2 * budget::feed_records, page.records[0]);
  EXPECT_TRUE(decode_feed(encode_feed(page)));
  page.records.push_back(page.records[0]);
  EXPECT_EQ(decode_feed(encode_feed(page)).error().code, Code::too_large);
  page = some_page();
  page.heads.resize(1024, page.heads[0]);
  EXPECT_TRUE(decode_feed(encode_feed(page)));
  page.heads.push_back(page.heads[0]);
  EXPECT_EQ(decode_feed(encode_feed(page)).error().code, Code::too_large);
}

}  // namespace
}  // namespace cm4it::service
