// Answers that are made as they are taken, and what becomes of those that nobody takes.
#include <gtest/gtest.h>

#include <thread>

#include "net/raw_client_for_test.h"
#include "net/http/server.h"
#include "net/http/server_for_test.h"

namespace cm4it::net {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t part_size = 64 * 1024;
const std::string request = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

char letter(std::size_t part) { return static_cast<char>('a' + part % 26); }

// So many parts, each of one letter, made on another thread. `broken`: of that one there is an error.
class Letters final : public Content {
 public:
  explicit Letters(std::size_t parts, std::size_t broken = SIZE_MAX) : parts_(parts), broken_(broken) {}
  std::uint64_t size() const override { return parts_ * part_size; }
  void next(Then then) override {
    const std::size_t part = made++;
    std::thread([then = std::move(then), part, broken = broken_] {
      then(part == broken ? Result<std::string>(fail(Code::internal, "of the test")) : std::string(part_size, letter(part)));
    }).detach();
  }
  std::atomic<std::size_t> made{0};

 private:
  const std::size_t parts_, broken_;
};

std::unique_ptr<HttpServer> serving(const std::shared_ptr<Letters>& content, HttpOptions options = {}) {
  auto server = HttpServer::start(std::move(options), [content](const Request& asked, Responder respond) {
    Response response;
    if (asked.path == "/a") response.content = content;
    else response.body = "small";
    respond(std::move(response));
  });
  EXPECT_TRUE(server) << (server ? "" : server.error().message);
  return std::move(*server);
}

TEST(Content, ComesWholeAndTheNextRequestIsServed) {
  const auto content = std::make_shared<Letters>(40);
  auto server = serving(content);
  RawClient client(server->port());
  ASSERT_TRUE(client.send(request + "GET /b HTTP/1.1\r\nHost: x\r\n\r\n"));  // pipelined: it waits
  const auto answer = client.answer();
  ASSERT_NE(answer.find("Content-Length: " + std::to_string(40 * part_size) + "\r\n"), std::string::npos);
  const auto body = answer.substr(answer.find("\r\n\r\n") + 4);
  ASSERT_EQ(body.size(), 40 * part_size);
  for (std::size_t part = 0; part < 40; ++part) ASSERT_EQ(body.find_first_not_of(letter(part), part * part_size), part == 39 ? body.npos : (part + 1) * part_size);
  EXPECT_TRUE(client.answer().ends_with("\r\n\r\nsmall"));
}

TEST(Content, IsMadeOnlyAsItIsTaken) {
  const auto content = std::make_shared<Letters>(4000);  // 250 MiB
  auto unsent = std::make_shared<Unsent>();
  HttpOptions options;
  options.unsent = unsent;
  auto server = serving(content, options);
  RawClient client(server->port());
  ASSERT_TRUE(client.send(request));
  ASSERT_TRUE(eventually([&] { return unsent->octets() > 0; }));  // the kernel takes no more of it
  const std::size_t made = content->made;
  EXPECT_LT(made, 1000u) << "what the kernel takes, and one part more";
  EXPECT_LE(unsent->octets(), part_size + 1000);
  EXPECT_EQ(content->made, made);
  client.close();
  EXPECT_TRUE(eventually([&] { return unsent->octets() == 0; }));
}

TEST(Content, IsNotMadeForHead) {
  const auto content = std::make_shared<Letters>(3);
  auto server = serving(content);
  RawClient client(server->port());
  ASSERT_TRUE(client.send("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n" + std::string("GET /b HTTP/1.1\r\nHost: x\r\n\r\n")));
  EXPECT_NE(client.answer(true).find("Content-Length: " + std::to_string(3 * part_size)), std::string::npos);
  EXPECT_TRUE(client.answer().ends_with("small"));
  EXPECT_EQ(content->made, 0u);
}

TEST(Content, ThatCannotBeMadeEndsTheConnection) {
  auto server = serving(std::make_shared<Letters>(4, 2));
  RawClient client(server->port());
  ASSERT_TRUE(client.send(request));
  const auto answer = client.until_closed();
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, 2 * part_size);
}

TEST(Content, AHalfClosedClientGetsAllOfIt) {
  auto server = serving(std::make_shared<Letters>(20));
  RawClient client(server->port());
  ASSERT_TRUE(client.send(request));
  client.end();
  const auto answer = client.until_closed();
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, 20 * part_size);
}

TEST(UnsentAnswers, WhoTakesNothingIsCutOffWhereTheyAreScarce) {
  HttpOptions options;
  options.unsent = std::make_shared<Unsent>(1);
  options.write_patience = 20ms;
  options.idle_timeout = 200ms;  // ticks are a quarter of the shortest time
  auto server = serving(std::make_shared<Letters>(4000), options);
  RawClient client(server->port());
  ASSERT_TRUE(client.send(request));
  EXPECT_TRUE(eventually([&] { return options.unsent->cut_off() == 1; }));
  EXPECT_TRUE(eventually([&] { return server->counters().open == 0; }));
  EXPECT_EQ(options.unsent->octets(), 0u);
}

TEST(UnsentAnswers, AreSharedFairly) {
  Unsent unsent(100);
  EXPECT_TRUE(unsent.has_room("one", false, 1000)) << "where nothing waits any answer may";
  unsent.change("one", 0, 20);
  EXPECT_TRUE(unsent.has_room("one", false, 5));
  EXPECT_FALSE(unsent.has_room("one", false, 6)) << "a quarter of all";
  EXPECT_TRUE(unsent.has_room("two", false, 55));
  unsent.change("two", 0, 55);
  EXPECT_TRUE(unsent.scarce());
  EXPECT_FALSE(unsent.has_room("three", false, 1)) << "a quarter is left to those who prove a key";
  EXPECT_TRUE(unsent.has_room("four", true, 25));
  EXPECT_FALSE(unsent.has_room("four", true, 26));
  EXPECT_EQ(unsent.refused(), 3u);
  unsent.change("two", 55, 0);
  EXPECT_FALSE(unsent.scarce());
  EXPECT_TRUE(unsent.has_room("three", false, 55));
}

}  // namespace
}  // namespace cm4it::net
