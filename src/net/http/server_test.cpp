#include "net/http/server.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "net/raw_client_for_test.h"
#include "net/http/server_for_test.h"

namespace cm4it::net {
namespace {

using namespace std::chrono_literals;

const std::string get_request = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

Response plain(std::string body) {
  Response response;
  response.content_type = "text/plain";
  response.body = std::move(body);
  return response;
}

// Says what it was asked.
void echo(const Request& request, Responder respond) {
  respond(plain(std::string(request.method) + " " + std::string(request.path) + " " +
                std::string(request.query) + " " + std::string(text(request.body))));
}

// Keeps Responders for later.
class Shelf {
 public:
  Handler handler() {
    return [this](const Request& request, Responder respond) {
      if (request.path != "/wait") return echo(request, std::move(respond));
      std::lock_guard lock(mutex_);
      held_.push_back(std::move(respond));
      arrived_.notify_all();
    };
  }
  Responder take() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(arrived_.wait_for(lock, 10s, [&] { return !held_.empty(); }));
    Responder taken = std::move(held_.front());
    held_.erase(held_.begin());
    return taken;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Responder> held_;
};

const std::string wait_request = "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n";

TEST(HttpServer, AnswersAndKeepsTheConnection) {
  auto server = start(echo);
  RawClient client(server->port());
  for (int i = 0; i < 3; ++i) {
    std::string number = std::to_string(i);
    ASSERT_TRUE(
        client.send("POST /p?q=" + number + " HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n" + number));
    std::string answer = client.answer();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\nDate: ")) << answer;
    EXPECT_TRUE(answer.ends_with("\r\n\r\nPOST /p q=" + number + " " + number)) << answer;
    EXPECT_EQ(answer.find("Connection:"), std::string::npos);
  }
  auto counters = server->counters();
  EXPECT_EQ(counters.accepted, 1U);
  EXPECT_EQ(counters.open, 1U);
  EXPECT_EQ(counters.requests, 3U);
}

TEST(HttpServer, PipelinedRequestsAreAnsweredInOrder) {
  auto server = start(echo);
  RawClient client(server->port());
  std::string all;
  const int many = 500;  // several batches
  for (int i = 0; i < many; ++i) all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n\r\n";
  ASSERT_TRUE(client.send(all));
  for (int i = 0; i < many; ++i)
    ASSERT_TRUE(client.answer().ends_with("GET /" + std::to_string(i) + "  ")) << i;
}

TEST(HttpServer, RequestInPieces) {
  auto server = start(echo);
  RawClient client(server->port());
  std::string request =
      "POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  for (char c : request) ASSERT_TRUE(client.send(std::string_view(&c, 1)));
  EXPECT_TRUE(client.answer().ends_with("POST /p  abcde"));
}

TEST(HttpServer, ClientThatEndsAfterItsRequestIsAnswered) {
  auto server = start(echo);
  RawClient client(server->port());
  ASSERT_TRUE(client.send(get_request + get_request + "GET /half"));
  client.end();
  EXPECT_TRUE(client.answer().ends_with("GET /a  "));
  EXPECT_TRUE(client.answer().ends_with("GET /a  "));
  EXPECT_TRUE(client.until_closed().starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(eventually([&] { return server->counters().open == 0; }));
}

// RFC 9112 section 9.6: whose sending half is closed still reads. A POST was held back, and never answered.
TEST(HttpServer, HalfClosedClientsAreAnsweredLate) {
  Shelf shelf;
  auto server = start(shelf.handler());
  RawClient client(server->port());
  ASSERT_TRUE(client.send(wait_request + get_request));
  client.end();
  Responder responder = shelf.take();
  EXPECT_TRUE(eventually([&] { return responder.half_closed(); }));
  EXPECT_EQ(client.answer(), "HTTP/1.1 100 Continue\r\n\r\n");  // tells it from one that left
  EXPECT_FALSE(responder.gone());
  std::thread([&] { responder(plain("late")); }).join();
  EXPECT_TRUE(client.answer().ends_with("late"));
  EXPECT_TRUE(client.until_closed().ends_with("GET /a  "));
  EXPECT_TRUE(eventually([&] { return server->counters().open == 0; }));
}

// Far more answers than the sockets hold: nothing is lost, and nothing grows while the client does not read.
TEST(HttpServer, BackPressure) {
  std::atomic<int> made{0};
  auto server = start([&](const Request& request, Responder respond) {
    ++made;
    respond(plain(std::string(request.path) + std::string(50'000, 'b')));
  });
  RawClient client(server->port());
  const int many = 1000;
  std::string all;
  for (int i = 0; i < many; ++i) all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
  ASSERT_TRUE(client.send(all));
  EXPECT_TRUE(client.answer().ends_with(std::string(50'000, 'b')));
  EXPECT_LT(made, many);
  for (int i = 1; i < many; ++i) {
    std::string answer = client.answer();
    ASSERT_EQ(answer.substr(answer.find("\r\n\r\n") + 4).substr(0, std::to_string(i).size() + 2),
              "/" + std::to_string(i) + "b");
  }
}

TEST(HttpServer, LargeBodiesBothWays) {
  auto server = start(echo);
  RawClient client(server->port());
  std::string body(5'000'000, 'x');
  for (std::size_t i = 0; i < body.size(); i += 1000) body[i] = static_cast<char>('a' + i / 1000 % 26);
  std::thread sender([&] {
    for (int i = 0; i < 2; ++i)
      client.send("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
                  "\r\n\r\n" + body);
  });
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(client.answer().ends_with("\r\n\r\nPOST /p  " + body));
  sender.join();
}

// A large body is the handler's without a copy, and no longer counts as an unfinished request of the server's.
TEST(HttpServer, LargeBodiesAreHandedOver) {
  constexpr std::size_t size = 2'000'000;
  Body taken;
  HttpOptions options;
  options.max_buffered = size + size / 2;
  auto server = start([&](const Request& request, Responder respond) {
    const auto* before = request.body.data();
    taken = request.take_body();
    respond(plain(taken.view().data() == before ? "handed over" : "copied"));
  }, options);
  RawClient client(server->port());
  const std::string head = "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: ";
  for (int i = 0; i < 4; ++i) {
    client.send(head + std::to_string(size) + "\r\n\r\n" + std::string(size, static_cast<char>('a' + i)));
    EXPECT_TRUE(client.answer().ends_with("\r\n\r\nhanded over")) << i;
    EXPECT_EQ(text(taken.view()), std::string(size, static_cast<char>('a' + i)));
  }
  client.send(head + "5\r\n\r\nsmall");
  EXPECT_TRUE(client.answer().ends_with("\r\n\r\ncopied"));
  EXPECT_EQ(text(taken.view()), "small");
}

TEST(HttpServer, HeadIsGetWithoutTheBody) {
  auto ready = serialize(plain("ready"));
  auto server = start([&](const Request& request, Responder respond) {
    if (request.path == "/ready") {
      Response response;
      response.ready = ready;
      return respond(std::move(response));
    }
    respond(plain("made"));
  });
  RawClient client(server->port());
  for (std::string path : {"/ready", "/made"}) {
    ASSERT_TRUE(client.send("HEAD " + path + " HTTP/1.1\r\nHost: x\r\n\r\nGET " + path +
                            " HTTP/1.1\r\nHost: x\r\n\r\n"));
    std::string head = client.answer(true);
    std::string get = client.answer();
    EXPECT_NE(head.find("Content-Length: "), std::string::npos);
    EXPECT_EQ(get, head + path.substr(1));
  }
}

TEST(HttpServer, ReadyBytesWithLastAnswer) {
  auto ready = serialize(plain(std::string(100'000, 'r')));  // goes out by reference
  auto server = start([&](const Request&, Responder respond) {
    Response response;
    response.ready = ready;
    respond(std::move(response));
  });
  RawClient client(server->port());
  ASSERT_TRUE(client.send(get_request + "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
  EXPECT_EQ(client.answer().find("Connection:"), std::string::npos);
  std::string last = client.until_closed();
  EXPECT_NE(last.find("\r\nConnection: close\r\n"), std::string::npos);
  EXPECT_TRUE(last.ends_with("\r\n\r\n" + std::string(100'000, 'r')));
}

TEST(HttpServer, Http10) {
  auto server = start(echo);
  RawClient once(server->port());
  ASSERT_TRUE(once.send("GET /a HTTP/1.0\r\n\r\n"));
  EXPECT_NE(once.until_closed().find("Connection: close\r\n"), std::string::npos);
  RawClient twice(server->port());
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(twice.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    EXPECT_NE(twice.answer().find("Connection: keep-alive\r\n"), std::string::npos);
  }
}

TEST(HttpServer, ExpectContinue) {
  auto server = start(echo);
  RawClient client(server->port());
  ASSERT_TRUE(
      client.send("POST /p HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
  EXPECT_EQ(client.answer(), "HTTP/1.1 100 Continue\r\n\r\n");
  ASSERT_TRUE(client.send("hi"));
  EXPECT_TRUE(client.answer().ends_with("POST /p  hi"));
  // With its body it needs no leave.
  ASSERT_TRUE(
      client.send("POST /p HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nho"));
  EXPECT_TRUE(client.answer().starts_with("HTTP/1.1 200"));
}

TEST(HttpServer, BrokenRequestsAreAnsweredAndTheConnectionEnds) {
  HttpOptions options;
  options.max_body = 1000;
  auto server = start(echo, options);
  struct Row {
    const char* status;
    std::string request;
  };
  for (const Row& row :
       {Row{"400", "nonsense\r\n\r\n"}, Row{"400", "GET / HTTP/1.1\r\n\r\n"},
        Row{"413", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n" + std::string(1001, 'b')},
        Row{"414", "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n"},
        Row{"431", "GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(20'000, 'a') + "\r\n\r\n"},
        Row{"501", "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n"}}) {
    RawClient client(server->port());
    ASSERT_TRUE(client.send(get_request + row.request + get_request));
    EXPECT_TRUE(client.answer().starts_with("HTTP/1.1 200"));  // what came before is answered
    std::string answer = client.until_closed();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + std::string(row.status))) << answer;
    EXPECT_NE(answer.find("Connection: close"), std::string::npos);
    EXPECT_NE(answer.find("application/problem+json"), std::string::npos);
    EXPECT_EQ(answer.find("HTTP/1.1 200"), std::string::npos);  // what came after is not
  }
  EXPECT_EQ(server->counters().rejected, 6U);
}

TEST(HttpServer, HandlerThatThrowsOrForgets) {
  auto server = start([](const Request& request, Responder respond) {
    if (request.path == "/throw") throw std::runtime_error("expected by the test");
    if (request.path == "/forget") return;
    if (request.path == "/bad") {
      Response response;
      response.ready = std::make_shared<const std::string>("no status line");
      return respond(std::move(response));
    }
    echo(request, std::move(respond));
  });
  RawClient client(server->port());
  for (std::string path : {"/throw", "/forget", "/bad"}) {
    ASSERT_TRUE(client.send("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_TRUE(client.answer().starts_with("HTTP/1.1 500 Internal Server Error\r\n")) << path;
  }
  ASSERT_TRUE(client.send(get_request));
  EXPECT_TRUE(client.answer().starts_with("HTTP/1.1 200"));
}

TEST(HttpServer, LateAnswersKeepTheOrder) {
  Shelf shelf;
  auto server = start(shelf.handler());
  RawClient client(server->port());
  ASSERT_TRUE(client.send(get_request + wait_request + "GET /after HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_TRUE(client.answer().ends_with("GET /a  "));
  Responder responder = shelf.take();
  EXPECT_TRUE(client.quiet(50ms));
  EXPECT_FALSE(responder.gone());
  std::thread([&] { responder(plain("late")); }).join();
  EXPECT_TRUE(client.answer().ends_with("late"));
  EXPECT_TRUE(client.answer().ends_with("GET /after  "));
}

TEST(HttpServer, ClientThatLeavesDuringALongPoll) {
  Shelf shelf;
  auto server = start(shelf.handler());
  RawClient leaves(server->port()), breaks_off(server->port());
  ASSERT_TRUE(leaves.send(wait_request));
  Responder of_leaving = shelf.take();
  ASSERT_TRUE(breaks_off.send(wait_request));
  Responder of_broken = shelf.take();
  leaves.close();
  breaks_off.reset();
  EXPECT_TRUE(eventually([&] { return of_broken.gone(); }));
  // Work for it is not done, though all it said is that it sends no more.
  EXPECT_TRUE(eventually([&] { return of_leaving.gone(); }));
  of_broken(plain("to nobody"));
  of_leaving(plain("to nobody"));
  EXPECT_TRUE(eventually([&] { return server->counters().open == 0; }));
}

TEST(HttpServer, ResponderOutlivesTheServer) {
  Shelf shelf;
  std::optional<Responder> responder;
  std::string answer;
  {
    HttpOptions options;
    options.stop_grace = 50ms;
    auto server = start(shelf.handler(), options);
    RawClient client(server->port());
    ASSERT_TRUE(client.send(wait_request));
    responder = shelf.take();
    auto begun = std::chrono::steady_clock::now();
    server->stop();
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 8s);
    answer = client.until_closed();
  }
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 ")) << answer;
  EXPECT_TRUE(responder->gone());
  (*responder)(plain("too late"));
}

TEST(HttpServer, StopLetsAnswersUnderWayEnd) {
  Shelf shelf;
  HttpOptions options;
  options.stop_grace = 10s;
  auto server = start(shelf.handler(), options);
  RawClient idle(server->port()), waiting(server->port());
  ASSERT_TRUE(idle.send(get_request));
  EXPECT_TRUE(idle.answer().starts_with("HTTP/1.1 200"));
  ASSERT_TRUE(waiting.send(wait_request));
  Responder responder = shelf.take();
  std::thread stopping([&] { server->stop(); });
  EXPECT_TRUE(idle.closed_by_server());
  std::string large(3'000'000, 'l');
  responder(plain(large));
  std::string answer = waiting.until_closed();
  EXPECT_NE(answer.find("Connection: close"), std::string::npos);
  EXPECT_TRUE(answer.ends_with(large));
  stopping.join();
}

TEST(HttpServer, SlowClients) {
  HttpOptions options;
  options.request_timeout = 100ms;
  options.idle_timeout = 300ms;
  auto server = start(echo, options);
  RawClient slow(server->port()), idle(server->port());
  // Bytes keep coming, the request does not end: its time counts from its first byte.
  std::thread dripping([&] {
    slow.send("GET / HTTP/1.1\r\n");
    while (slow.send("X: 1\r\n")) std::this_thread::sleep_for(10ms);
  });
  ASSERT_TRUE(idle.send(get_request));
  EXPECT_TRUE(idle.answer().starts_with("HTTP/1.1 200"));
  EXPECT_EQ(idle.until_closed(), "");
  std::string answer = slow.until_closed();
  EXPECT_TRUE(answer.empty() || answer.starts_with("HTTP/1.1 408 ")) << answer;
  dripping.join();
  EXPECT_EQ(server->counters().timeouts, 1U);
}

TEST(HttpServer, ClientThatDoesNotRead) {
  HttpOptions options;
  options.write_timeout = 100ms;
  std::string large(20'000'000, 'l');
  auto server = start([&](const Request&, Responder respond) { respond(plain(large)); }, options);
  RawClient client(server->port());
  ASSERT_TRUE(client.send(get_request));
  EXPECT_TRUE(eventually([&] { return server->counters().timeouts == 1; }));
  EXPECT_TRUE(eventually([&] { return server->counters().open == 0; }));
}

TEST(HttpServer, HandlerThatNeverAnswers) {
  Shelf shelf;
  HttpOptions options;
  options.answer_timeout = 50ms;
  auto server = start(shelf.handler(), options);
  RawClient client(server->port());
  ASSERT_TRUE(client.send(wait_request));
  Responder responder = shelf.take();
  EXPECT_TRUE(client.until_closed().starts_with("HTTP/1.1 503 "));
}

// A newcomer takes the place of whoever did nothing for longest; of those who all do something, of the oldest.
TEST(HttpServer, ConnectionBudget) {
  Shelf shelf;
  HttpOptions options;
  options.max_connections = 3;
  auto server = start(shelf.handler(), options);
  const auto answered = [](RawClient& client) { return client.send(get_request) && client.answer().starts_with("HTTP/1.1 200"); };
  RawClient one(server->port());
  ASSERT_TRUE(answered(one));
  RawClient two(server->port()), three(server->port());
  ASSERT_TRUE(answered(two));
  ASSERT_TRUE(answered(three));
  ASSERT_TRUE(answered(one)) << "two is idle for longest now";
  RawClient four(server->port());
  ASSERT_TRUE(answered(four));
  EXPECT_TRUE(two.closed_by_server());
  EXPECT_EQ(server->counters().displaced, 1U);
  std::vector<Responder> held;
  for (RawClient* client : {&one, &three, &four}) {
    ASSERT_TRUE(client->send(wait_request)) << "and is served";
    held.push_back(shelf.take());
  }
  RawClient five(server->port());
  ASSERT_TRUE(answered(five));
  EXPECT_TRUE(one.closed_by_server());
  EXPECT_EQ(server->counters().refused, 0U);
  EXPECT_EQ(server->counters().open, 3U);
}

TEST(HttpServer, BudgetOfUnfinishedRequests) {
  HttpOptions options;
  options.max_buffered = 10'000;
  options.request_timeout = 300ms;
  auto server = start(echo, options);
  std::string begun = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n";
  RawClient one(server->port()), two(server->port());
  ASSERT_TRUE(one.send(begun + std::string(8000, 'x')));
  ASSERT_TRUE(two.send(begun + std::string(8000, 'x')));
  std::string both = one.until_closed() + two.until_closed();
  EXPECT_NE(both.find("HTTP/1.1 503 "), std::string::npos);
}

TEST(HttpServer, ManyClientsOnSeveralThreads) {
  HttpOptions options;
  options.threads = 2;
  std::atomic<int> handled{0};
  auto server = start(
      [&](const Request& request, Responder respond) {
        if (++handled % 3 != 0) return echo(request, std::move(respond));
        std::string path(request.path);
        std::thread([path, respond = std::move(respond)]() mutable {
          respond(plain("GET " + path + "  "));
        }).detach();
      },
      options);
  std::vector<std::thread> clients;
  for (int c = 0; c < 16; ++c)
    clients.emplace_back([&, c] {
      RawClient client(server->port());
      for (int i = 0; i < 50; ++i) {
        std::string path = "/" + std::to_string(c) + "-" + std::to_string(i);
        ASSERT_TRUE(client.send("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n"));
        ASSERT_TRUE(client.answer().ends_with("GET " + path + "  ")) << path;
      }
    });
  for (auto& client : clients) client.join();
  EXPECT_EQ(server->counters().requests, 800U);
}

TEST(HttpServer, Addresses) {
  auto server = start(echo);
  EXPECT_TRUE(server->address().starts_with("127.0.0.1:"));
  EXPECT_EQ(server->url(), "http://127.0.0.1:" + std::to_string(server->port()));
  for (unsigned threads : {1U, 2U}) {
    HttpOptions options;
    options.address = server->address();
    options.threads = threads;
    EXPECT_EQ(HttpServer::start(options, echo).error().code, Code::unavailable) << threads;
  }
  for (const char* bad : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:80", "127.0.0.1:80x"}) {
    HttpOptions options;
    options.address = bad;
    EXPECT_EQ(HttpServer::start(options, echo).error().code, Code::malformed) << bad;
  }
}

}  // namespace
}  // namespace cm4it::net
