// A store that is full, damaged, or somebody else's.
#include <lmdb.h>

#include "icsd/server_process.h"

namespace cm4it::icsd::test {
namespace {

struct Stores : testing::Test {
  std::vector<Bytes> some(unsigned count) {
    std::vector<Bytes> pieces;
    for (unsigned i = 0; i < count; ++i) pieces.push_back(endorsement(number++));
    return pieces;
  }
  // A server that has kept something, stopped.
  void fill() {
    server.start();
    net::HttpClient client;
    const auto reply = ServerProcess::post(client, server.url(), some(500));
    ASSERT_TRUE(reply && reply->status == 200u);
    server.stop();
  }
  void expect_refused(const std::string& what) {
    const auto output = server.refused();
    EXPECT_EQ(output.exit, 3) << output.err;
    EXPECT_THAT(output.err, HasSubstr(what));
    EXPECT_THAT(output.err, HasSubstr("→"));  // what to do next
  }
  fs::path file() const { return server.directory / "store" / "data.mdb"; }

  ServerProcess server;
  std::uint64_t number = 0;
};

TEST_F(Stores, AFullOneRefusesWritesAndGoesOnReading) {
  server.configure("map = \"2M\"\n");
  server.start();
  net::HttpClient client;
  std::vector<std::pair<Bytes, std::string>> stored;  // evidence, leaf index
  net::Reply last;
  std::vector<Bytes> refused;
  for (int i = 0; i < 1000 && last.status != 503; ++i) {
    auto pieces = some(20);
    const auto reply = ServerProcess::post(client, server.url(), pieces);
    ASSERT_TRUE(reply) << reply.error().message;
    last = *reply;
    const auto shown = object_of(last.body);
    for (std::size_t k = 0; k < pieces.size(); ++k)
      if (at(shown, "items/" + std::to_string(k) + "/result") == "received")
        stored.emplace_back(pieces[k], at(shown, "items/" + std::to_string(k) + "/received/0/index"));
    if (last.status == 503) refused = std::move(pieces);
  }
  ASSERT_EQ(last.status, 503u) << last.body;
  EXPECT_EQ(at(object_of(last.body), "items/0/error/title"), "unavailable");
  EXPECT_THAT(at(object_of(last.body), "items/0/error/detail"), testing::ContainsRegex("full|map"));
  EXPECT_NE(last.header("Retry-After"), "");
  ASSERT_GT(stored.size(), 100u);
  // Reading goes on, and whoever sends clients here is told that nothing can be written.
  const auto unready = server.get("/readyz");
  EXPECT_EQ(unready.status, 503u);
  EXPECT_THAT(unready.body, testing::HasSubstr("nothing can be written"));
  EXPECT_EQ(server.get("/log/plant.example/checkpoint").status, 200u);
  EXPECT_EQ(server.get("/v1/subjects?limit=1").status, 200u);
  const auto again = ServerProcess::post(client, server.url(), {stored[0].first});  // a repeat needs no room
  ASSERT_TRUE(again);
  EXPECT_EQ(at(object_of(again->body), "items/0/received/0/index"), stored[0].second);

  // With a bigger map it goes on where it was.
  server.stop();
  server.configure("map = \"64M\"\n");
  server.start();
  const auto now = ServerProcess::post(client, server.url(), refused);
  ASSERT_TRUE(now) << now.error().message;
  EXPECT_EQ(now->status, 200u) << now->body;
  EXPECT_EQ(server.get("/readyz").status, 200u);
  for (const auto& [evidence, index] : stored) {
    const auto repeat = ServerProcess::post(client, server.url(), {evidence});
    ASSERT_TRUE(repeat);
    ASSERT_EQ(at(object_of(repeat->body), "items/0/received/0/index"), index);
    ASSERT_EQ(at(object_of(repeat->body), "items/0/new"), "false");
  }
}

TEST_F(Stores, ADamagedFileIsRefused) {
  fill();
  const std::string whole = content_of(file());
  ASSERT_GT(whole.size(), 100'000u);
  const auto write = [&](const std::string& content) { std::ofstream(file(), std::ios::binary | std::ios::trunc) << content; };
  write(std::string(whole.size(), '\0').replace(0, 4, "junk"));
  expect_refused("data.mdb");
  write("this is no database\n");
  expect_refused("data.mdb");
  write(std::string(8192, '\xff') + whole.substr(8192));  // both meta pages
  expect_refused("data.mdb");
  write(whole.substr(0, 8192));  // nothing behind the meta pages
  expect_refused("restore a backup");
  write(whole);
  server.start();
  EXPECT_EQ(server.get("/readyz").status, 200u);
}

// Pages that are overwritten in the midst: found at the start or when they are read, never served as something else.
TEST_F(Stores, ATornFileDoesNotStartQuietly) {
  fill();
  const std::string whole = content_of(file());
  std::string torn = whole;
  std::fill(torn.begin() + 8192, torn.end(), '\x5a');  // everything but the meta pages
  std::ofstream(file(), std::ios::binary | std::ios::trunc) << torn;
  const auto output = server.refused();
  EXPECT_EQ(output.exit, 3) << output.err;
  EXPECT_THAT(output.err, HasSubstr("damaged"));
}

TEST_F(Stores, AForeignDatabaseIsRefused) {
  fs::create_directory(server.directory / "store");
  MDB_env* environment = nullptr;
  ASSERT_EQ(mdb_env_create(&environment), 0);
  ASSERT_EQ(mdb_env_open(environment, (server.directory / "store").c_str(), 0, 0600), 0);
  MDB_txn* transaction = nullptr;
  ASSERT_EQ(mdb_txn_begin(environment, nullptr, 0, &transaction), 0);
  MDB_dbi table = 0;
  ASSERT_EQ(mdb_dbi_open(transaction, nullptr, 0, &table), 0);
  std::string name = "somebody", content = "else's";
  MDB_val key{name.size(), name.data()}, value{content.size(), content.data()};
  ASSERT_EQ(mdb_put(transaction, table, &key, &value, 0), 0);
  ASSERT_EQ(mdb_txn_commit(transaction), 0);
  mdb_env_close(environment);
  const std::string before = content_of(file());
  expect_refused("not one of this program");
  EXPECT_EQ(content_of(file()), before);  // and left as it was
}

TEST_F(Stores, AnotherServersStoreIsRefused) {
  fill();
  std::string other = content_of(server.directory / "icsd.toml");
  other.replace(other.find("\"main\""), 6, "\"spare\"");
  std::ofstream(server.directory / "icsd.toml", std::ios::trunc) << other;
  expect_refused("belongs to the server \"main\"");
}

TEST_F(Stores, AnotherLogKeyIsRefused) {
  fill();
  fs::remove(server.directory / "log.key");
  ASSERT_TRUE(crypto::save_key_file(*key_of("another log"), server.directory / "log.key"));
  expect_refused("begun under the log key");
}

TEST_F(Stores, ASecondServerOnTheSameStoreIsRefused) {
  server.start();
  const std::string address = content_of(server.directory / "address");
  expect_refused("another process has this store open");
  EXPECT_EQ(content_of(server.directory / "address"), address) << "the first one's address is gone";
  EXPECT_EQ(server.get("/readyz").status, 200u);
}

}  // namespace
}  // namespace cm4it::icsd::test
