// A store that is gone, or came back from a backup; a clock that cannot be right: a home says so, and signs nothing.
#include "icsd/server_process.h"
#include "tlog/checkpoint.h"

namespace cm4it::icsd::test {
namespace {

struct Marks : testing::Test {
  void submit(unsigned count) {
    net::HttpClient client;
    std::vector<Bytes> pieces;
    for (unsigned i = 0; i < count; ++i) pieces.push_back(endorsement(number++));
    const auto reply = ServerProcess::post(client, server.url(), pieces);
    ASSERT_TRUE(reply && reply->status == 200u) << (reply ? reply->body : reply.error().message);
  }
  std::string checkpoint() { return server.get("/log/plant.example/checkpoint").body; }
  fs::path store() const { return server.directory / "store"; }
  void expect_refused(const std::string& what) {
    const auto output = server.refused();
    EXPECT_EQ(output.exit, 3) << output.err;
    EXPECT_THAT(output.err, HasSubstr(what));
    EXPECT_THAT(output.err, HasSubstr("docs/configuration.md"));
  }
  unsigned number = 0;
  ServerProcess server;
};

TEST_F(Marks, AStoreThatIsGone) {
  server.start();
  submit(5);
  server.kill();
  fs::rename(store() / "data.mdb", server.directory / "kept.mdb");
  expect_refused("it would be a second history");
  fs::remove_all(store());
  expect_refused("the store has none");
  fs::create_directory(store());
  fs::rename(server.directory / "kept.mdb", store() / "data.mdb");
  server.start();
  submit(1);
}

TEST_F(Marks, AStoreFromABackup) {
  server.start();
  submit(1);
  server.stop();
  fs::copy(store(), server.directory / "backup", fs::copy_options::recursive);
  server.start();
  submit(3);
  server.stop();
  fs::rename(store(), server.directory / "newest");
  fs::rename(server.directory / "backup", store());
  expect_refused("the store ends after 2 entries");
}

// The whole directory went back, its mark too: whoever knows more shows it.
TEST_F(Marks, AWholeDirectoryFromABackup) {
  server.start();
  submit(1);
  const std::string earlier = checkpoint();
  server.stop();
  fs::copy(store(), server.directory / "backup", fs::copy_options::recursive);
  fs::copy(server.directory / "log.key.signed", server.directory / "backup.signed");
  server.start();
  submit(3);
  const std::string newest = checkpoint();
  server.stop();
  fs::remove_all(store());
  fs::rename(server.directory / "backup", store());
  fs::rename(server.directory / "backup.signed", server.directory / "log.key.signed");
  server.start();
  net::HttpClient client;
  const auto show = [&](const std::string& note) {
    net::ClientRequest request;
    request.method = "POST";
    request.url = server.url() + "/v1/domains/plant.example/heads";
    request.body = note;
    return client.send(request)->status;
  };
  EXPECT_EQ(show(earlier), 200u);
  EXPECT_EQ(show("no head\n"), 404u);
  EXPECT_EQ(server.get("/readyz").body, "ok\n");
  EXPECT_EQ(show(newest), 409u);
  EXPECT_TRUE(eventually([&] { return server.get("/readyz").body.find("warning: nothing is signed: log of plant.example: a peer knows a head of 5 entries") != std::string::npos; }));
  const auto refused = ServerProcess::post(client, server.url(), {endorsement(number++)});
  EXPECT_EQ(refused->status, 503u) << refused->body;
  EXPECT_THAT(server.get("/v1/domains").body, HasSubstr("not_signing"));
  EXPECT_THAT(server.get("/metrics").body, HasSubstr("cm4it_not_signing{domain=\"plant.example\"} 1"));
  server.stop();
  expect_refused("the store ends after 2 entries");
}

}  // namespace
}  // namespace cm4it::icsd::test
