// A protocol that is none of HTTP, on the same server: lines, each of which comes back.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "net/connection.h"
#include "net/raw_client_for_test.h"
#include "net/server.h"
#include "net/tls_client_for_test.h"
#include "net/tls_internal.h"

namespace cm4it::net {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t long_line = 8 * 1024 * 1024;  // more than sockets hold

// "quit" ends it, "later" is answered by another thread, "never" by nobody, "much" with a long line.
class EchoSession final : public Session {
 public:
  explicit EchoSession(Connection& connection) : connection_(connection) {
    const auto* key = connection.client_key();
    say("hello " + (key ? key->id().text() : std::string("stranger")));
  }

  State state() const override { return working_ ? State::working : State::ready; }

  std::size_t take(char* octets, std::size_t size) override {
    std::size_t used = 0;
    while (!working_ && !ended_ && !connection_.blocked()) {
      const auto rest = std::string_view(octets, size).substr(used);
      const auto end = rest.find('\n');
      if (end == rest.npos) return used;
      used += end + 1;
      connection_.message_came();
      serve(rest.substr(0, end));
    }
    return used;
  }

  void woken() override {
    working_ = false;
    say("later");
    connection_.rest();
  }

  void give_up(Ending why) override {
    switch (why) {
      case Ending::cut_off: return bye("cut off");
      case Ending::no_room: return bye("no room");
      case Ending::late: return bye("late");
      case Ending::stopping: return bye("stopping");
    }
  }
  void closed() override { ended_ = true; }

 private:
  void say(const std::string& line) { connection_.outbox().append(line + "\n"); }
  void bye(const std::string& why) {
    ended_ = true;
    working_ = false;
    say("bye: " + why);
    connection_.finish();
    connection_.flush();
  }
  void serve(std::string_view line) {
    if (line == "quit") {
      ended_ = true;
      say("bye");
      return connection_.finish();
    }
    connection_.rest();
    if (line == "later" || line == "never") {
      working_ = true;
      connection_.wait_for(connection_.options().answer_timeout);
      if (line == "later") std::thread([connection = connection_.shared_from_this()] { Connection::wake(connection); }).detach();
      return;
    }
    say(line == "much" ? std::string(long_line, 'm') : std::string(line));
  }

  Connection& connection_;
  bool working_ = false, ended_ = false;
};

struct EchoSessions final : Sessions {
  std::unique_ptr<Session> begin(Connection& connection) override { return std::make_unique<EchoSession>(connection); }
};

std::unique_ptr<Server> serve(ListenerOptions options = {}) {
  auto server = Server::start(std::move(options), [] { return std::make_unique<EchoSessions>(); });
  EXPECT_TRUE(server) << (server ? "" : server.error().message);
  return std::move(*server);
}

ListenerOptions with_tls() {
  ListenerOptions options;
  options.tls_key = crypto::generate(crypto::Algorithm::es256).value();
  options.ask_client_certificate = true;
  return options;
}

template <class Client>
void converse(Client& client) {
  ASSERT_TRUE(client.send("one\n"));
  EXPECT_EQ(client.line(), "one");
  ASSERT_TRUE(client.send("two\nthree\nfo"));
  EXPECT_EQ(client.line(), "two");
  EXPECT_EQ(client.line(), "three");
  ASSERT_TRUE(client.send("ur\nlater\nbehind it\n"));
  EXPECT_EQ(client.line(), "four");
  EXPECT_EQ(client.line(), "later");
  EXPECT_EQ(client.line(), "behind it");
  ASSERT_TRUE(client.send("much\nbehind much\n"));
  EXPECT_EQ(client.line(), std::string(long_line, 'm'));
  EXPECT_EQ(client.line(), "behind much");
  ASSERT_TRUE(client.send("quit\nnot any more\n"));
  EXPECT_EQ(client.line(), "bye");
  EXPECT_EQ(client.line(), "");
}

TEST(Session, LinesOverTcp) {
  const auto server = serve();
  RawClient client(server->port());
  EXPECT_EQ(client.line(), "hello stranger");
  converse(client);
  EXPECT_FALSE(server->secure());
  EXPECT_EQ(server->counters().requests, 9u);
}

TEST(Session, LinesOverTls) {
  const auto server = serve(with_tls());
  const auto key = crypto::generate(crypto::Algorithm::eddsa).value();
  TlsClient client(server->port(), [&](SSL_CTX* context) { ASSERT_TRUE(equip_client(context, key.get(), "client")); });
  ASSERT_TRUE(client.handshake());
  EXPECT_EQ(client.line(), "hello " + key->public_key().id().text());
  converse(client);
  EXPECT_TRUE(server->secure());
  TlsClient stranger(server->port());
  ASSERT_TRUE(stranger.handshake());
  EXPECT_EQ(stranger.line(), "hello stranger");
}

TEST(Session, OctetByOctet) {
  const auto server = serve();
  RawClient client(server->port());
  EXPECT_EQ(client.line(), "hello stranger");
  for (const char c : std::string("slowly\nlater\nquit\n")) ASSERT_TRUE(client.send({&c, 1}));
  EXPECT_EQ(client.until_closed(), "slowly\nlater\nbye\n");
}

TEST(Session, WhoEndsWithinALineIsToldSo) {
  const auto server = serve();
  RawClient client(server->port());
  ASSERT_TRUE(client.send("whole\nhal"));
  client.end();
  EXPECT_EQ(client.until_closed(), "hello stranger\nwhole\nbye: cut off\n");
}

TEST(Session, WhatTakesTooLongIsGivenUp) {
  ListenerOptions options;
  options.request_timeout = options.answer_timeout = 50ms;
  const auto server = serve(options);
  RawClient half(server->port()), waiting(server->port());
  ASSERT_TRUE(half.send("hal"));
  ASSERT_TRUE(waiting.send("never\n"));
  EXPECT_EQ(half.until_closed(), "hello stranger\nbye: late\n");
  EXPECT_EQ(waiting.until_closed(), "hello stranger\nbye: late\n");
}

TEST(Session, TooMuchThatIsNotWhole) {
  ListenerOptions options;
  options.max_buffered = 100;
  const auto server = serve(options);
  RawClient client(server->port());
  ASSERT_TRUE(client.send(std::string(200, 'x')));
  EXPECT_EQ(client.until_closed(), "hello stranger\nbye: no room\n");
}

TEST(Session, AStopEndsWhatIsUnderWay) {
  ListenerOptions options;
  options.stop_grace = 50ms;
  const auto server = serve(options);
  RawClient idle(server->port()), waiting(server->port());
  EXPECT_EQ(idle.line(), "hello stranger");
  ASSERT_TRUE(waiting.send("whole\nnever\n"));
  EXPECT_EQ(waiting.line(), "hello stranger");
  EXPECT_EQ(waiting.line(), "whole");
  const auto before = std::chrono::steady_clock::now();
  while (server->counters().requests < 2 && std::chrono::steady_clock::now() < before + 10s) std::this_thread::yield();
  server->stop();
  EXPECT_EQ(idle.until_closed(), "");
  EXPECT_EQ(waiting.until_closed(), "bye: stopping\n");
}

}  // namespace
}  // namespace cm4it::net
