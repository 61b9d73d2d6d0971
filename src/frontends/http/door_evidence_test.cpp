// Evidence, receipts, keys, policies and logs, as they are stored.
#include "evidence/formats/manifest/manifest_writer.h"
#include "frontends/http/door_fixture.h"
#include "tlog/tiles.h"

namespace cm4it::http {
namespace {

using namespace fixture;

struct Archive : Web {
  void SetUp() override {
    Web::SetUp();
    piece = plant.say("volta", sensor_id, Endorse{"certified", ""});
    const auto item = plant.submit_one(piece);
    id = item.statement->text();
    index = item.received.at(0).index;
  }
  Bytes piece;
  std::string id;
  std::uint64_t index = 0;
};

TEST_F(Archive, EvidenceAsItCame) {
  const auto reply = site.get("/v1/evidence/" + id);
  ASSERT_EQ(reply.status, 200u);
  EXPECT_EQ(reply.content_type, "application/cose");
  EXPECT_EQ(reply.body, text(piece));
  EXPECT_THAT(std::string(reply.header("Cache-Control")), HasSubstr("immutable"));
  expect_problem(site.get("/v1/evidence/" + std::string(64, '0')), 404, "not-found");
  for (const auto& bad : std::vector<std::string>{"x", "", std::string(63, '0'), std::string(66, '0')})
    expect_problem(site.get("/v1/evidence/" + bad), 400, "malformed");
}

TEST_F(Archive, AReceiptProvesItsPlace) {
  const auto reply = site.get("/v1/evidence/" + id + "/receipt");
  ASSERT_EQ(reply.status, 200u) << reply.body;
  EXPECT_EQ(reply.content_type, "application/cose");
  const auto receipt = tlog::decode_receipt(view(reply.body), tlog::leaf_hash(evidence::leaf_bytes(Format::cose, piece)));
  ASSERT_TRUE(receipt) << receipt.error().message;
  EXPECT_EQ(receipt->index, index);
  EXPECT_EQ(receipt->batch.origin, "main/plant.example");
  EXPECT_EQ(receipt->batch.received, *plant.clock);
  EXPECT_TRUE(tlog::verify_batch(receipt->batch, key_of("plant.example log")->public_key()));
  EXPECT_EQ(site.get("/v1/evidence/" + id + "/receipt?domain=plant.example").body, reply.body);
  expect_problem(site.get("/v1/evidence/" + id + "/receipt?domain=acme.example"), 404, "not-found");
}

TEST_F(Archive, Keys) {
  for (const char* name : {"volta", "sensor"}) {  // of a policy, of an identity
    const auto reply = site.get("/v1/keys/" + id_of(name).text());
    ASSERT_EQ(reply.status, 200u) << name;
    EXPECT_EQ(reply.content_type, "application/octet-stream");
    EXPECT_EQ(reply.body, text(key_of(name)->public_key().spki()));
  }
  expect_problem(site.get("/v1/keys/" + id_of("nobody").text()), 404, "not-found");
  expect_problem(site.get("/v1/keys/key:12"), 400, "malformed");
}

TEST_F(Archive, Domains) {
  const auto shown = object(site.get("/v1/domains"));
  EXPECT_EQ(at(shown, "server/name"), "main");
  EXPECT_EQ(at(shown, "server/key"), plant.service->server_key().text());
  std::map<std::string, json::object> domains;
  for (const auto& one : shown.at("domains").as_array()) domains[at(one, "domain")] = one.as_object();
  ASSERT_EQ(domains.size(), 2u);
  const auto& own = domains["plant.example"];
  EXPECT_EQ(at(own, "home"), "true");
  EXPECT_EQ(at(own, "version"), "1");
  EXPECT_EQ(at(own, "owner"), id_of("plant").text());
  EXPECT_EQ(at(own, "forked"), "false");
  EXPECT_EQ(at(own, "pinned"), "configuration");
  EXPECT_EQ(at(own, "size"), std::to_string(index + 1));
  EXPECT_EQ(at(own, "origin"), "main/plant.example");
  EXPECT_TRUE(from_rfc3339(at(own, "newest_head")));
  const auto& copied = domains["acme.example"];
  EXPECT_EQ(at(copied, "home"), "false");
  EXPECT_EQ(at(copied, "pinned"), "copy");
  EXPECT_FALSE(copied.contains("size"));
}

TEST_F(Archive, PoliciesByVersionAndAccept) {
  const std::string path = "/v1/domains/plant.example/policy";
  const Bytes second = policy_evidence("plant", "plant.example", plant_policy(2), *plant.clock);
  ASSERT_EQ(plant.submit_one(second).outcome, Outcome::received);
  const auto newest = site.get(path);
  EXPECT_EQ(newest.content_type, "application/cose");
  EXPECT_EQ(newest.body, text(second));
  EXPECT_EQ(site.get(path + "?version=2").body, newest.body);
  EXPECT_NE(site.get(path + "?version=1").body, newest.body);
  EXPECT_EQ(site.get(path + "?all=1").body, site.get(path + "?version=1").body + newest.body);
  EXPECT_EQ(site.get(path + "?all=1").content_type, "application/cbor-seq");
  const auto readable = site.ask({.path = path + "?version=1", .accept = "text/plain"});
  EXPECT_EQ(readable.content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(readable.body, plant_policy());
  expect_problem(site.get(path + "?version=3"), 404, "not-found");
  for (const char* bad : {"0", "-1", "one", "", "1.0"}) expect_problem(site.get(path + "?version=" + bad), 400, "malformed");
  expect_problem(site.get("/v1/domains/nowhere.example/policy"), 404, "not-found");
}

// How an owner is met: its policy is served before anything pins it; a stranger's rival for the name is not taken for it.
TEST_F(Archive, ThePolicyThatCountsIsServed) {
  const std::string stranger = "domain = \"plant.example\"\nversion = 9\nowner = \"x\"\n[keys]\nx = \"" + base64_of(key_of("x")) + "\"\n" + server_line("x.example");
  plant.submit_one(policy_evidence("x", "plant.example", stranger, *plant.clock));
  EXPECT_EQ(site.ask({.path = "/v1/domains/plant.example/policy", .accept = "text/plain"}).body, plant_policy());
  const std::string unpinned = "domain = \"new.example\"\nversion = 1\nowner = \"x\"\n[keys]\nx = \"" + base64_of(key_of("x")) + "\"\n" + server_line("x.example");
  const auto item = plant.submit_one(policy_evidence("x", "new.example", unpinned, *plant.clock));
  ASSERT_EQ(item.outcome, Outcome::provisional) << why(item);
  EXPECT_EQ(site.ask({.path = "/v1/domains/new.example/policy", .accept = "text/plain"}).body, unpinned);
}

TEST_F(Archive, TheLogIsReadByTiles) {
  const auto note = site.get("/log/plant.example/checkpoint");
  EXPECT_EQ(note.content_type, "text/plain; charset=utf-8");
  const auto head = tlog::open_checkpoint(note.body, key_of("plant.example log")->public_key());
  ASSERT_TRUE(head) << head.error().message;
  EXPECT_EQ(head->origin, "main/plant.example");
  ASSERT_EQ(head->size, index + 1);
  const auto width = std::to_string(head->size);
  const auto tile = site.get("/log/plant.example/tile/0/000.p/" + width);
  ASSERT_EQ(tile.status, 200u) << tile.body;
  EXPECT_EQ(tile.content_type, "application/octet-stream");
  ASSERT_EQ(tile.body.size(), 32 * head->size);
  // The hashes are those of the entries, and their tree is the head's.
  const auto bundle = site.get("/log/plant.example/tile/entries/000.p/" + width);
  ASSERT_EQ(bundle.status, 200u);
  tlog::CompactRange tree;
  View rest = view(bundle.body);
  for (std::uint64_t leaf = 0; leaf < head->size; ++leaf) {
    ASSERT_GE(rest.size(), 2u);
    const std::size_t size = rest[0] * 256u + rest[1];
    ASSERT_GE(rest.size(), 2 + size);
    const auto hash = tlog::leaf_hash(rest.subspan(2, size));
    EXPECT_TRUE(equal(hash, view(tile.body).subspan(32 * leaf, 32))) << leaf;
    tree.append(hash);
    if (leaf == index) {
      EXPECT_TRUE(equal(rest.subspan(2, size), piece));
    }
    rest = rest.subspan(2 + size);
  }
  EXPECT_TRUE(rest.empty());
  EXPECT_EQ(tree.root(), head->root);
}

TEST_F(Archive, PathsIntoTheLogAreExact) {
  for (const std::string path : {"tile/0/000", "tile/0/001", "tile/1/000", "tile/0/000.p/255", "tile/entries/000", "tile/entries/999.p/1"})
    expect_problem(site.get("/log/plant.example/" + path), 404, "not-found");
  for (const std::string path : {"tile/0/0", "tile/0/00", "tile/00/000", "tile/-1/000", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01",
                                 "tile/64/000", "tile/0/x000/000x", "tile/0/x1/000", "tile/0/000/", "tile", "tile/", "tile/entries/", "x", "",
                                 "..%2f..%2fserver.key", "%2e%2e/%2e%2e/etc/passwd", "tile/0/%2e%2e", "tile/0/000%00", "checkpoint/",
                                 "tile/0/x999/x999/x999/x999/x999/x999/x999/999"}) {
    SCOPED_TRACE(path);
    const auto reply = site.get("/log/plant.example/" + path);
    EXPECT_TRUE(reply.status == 400 || reply.status == 404) << reply.status << reply.body;
    EXPECT_EQ(reply.content_type, "application/problem+json");
  }
  for (const auto& domain : std::vector<std::string>{"acme.example", "nowhere.example", "..", "%2e%2e", "plant.example%00", "a%2fb", std::string(3000, 'a')}) {
    SCOPED_TRACE(domain.substr(0, 40));
    for (const char* rest : {"/checkpoint", "/tile/0/000.p/1", "/tile/entries/000.p/1"}) {
      const auto reply = site.get("/log/" + domain + rest);
      EXPECT_TRUE(reply.status == 400 || reply.status == 404) << reply.status << reply.body;
      EXPECT_EQ(reply.content_type, "application/problem+json");
    }
  }
}

}  // namespace
}  // namespace cm4it::http
