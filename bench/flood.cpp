#include "flood.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

#include "bench.h"

namespace cm4it::bench {

Flood::Flood(std::size_t clients, const net::ClientOptions& options, const std::function<net::ClientRequest(std::size_t)>& request) {
  for (std::size_t i = 0; i < clients; ++i) clients_.push_back(std::make_unique<net::HttpClient>(options));
  for (std::size_t i = 0; i < clients; ++i)
    threads_.emplace_back([this, client = clients_[i].get(), asked = request(i)] {
      while (!over_) (void)client->send(asked);
    });
}

Flood::~Flood() {
  over_ = true;
  for (auto& client : clients_) client->abort();
  for (auto& thread : threads_) thread.join();
}

Result<SlowReaders> SlowReaders::start(std::size_t clients, std::uint16_t port, const std::string& target) {
  SlowReaders readers;
  const std::string request = "GET " + target + " HTTP/1.1\r\nHost: bench\r\n\r\n";
  for (std::size_t i = 0; i < clients; ++i) {
    const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    readers.sockets_.push_back(made);
    const int small = 4096;
    ::setsockopt(made, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (made < 0 || ::connect(made, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::send(made, request.data(), request.size(), MSG_NOSIGNAL) < 0)
      return fail(Code::unavailable, "a slow reader cannot connect");
  }
  return readers;
}

SlowReaders::~SlowReaders() {
  for (const int one : sockets_) ::close(one);
}

Result<std::vector<double>> answer_times(const std::string& url, double seconds, const net::ClientOptions& options, Connections connections) {
  auto client = std::make_unique<net::HttpClient>(options);
  std::vector<double> times;
  const auto began = Clock::now();
  constexpr auto every = std::chrono::milliseconds(50);
  for (auto due = began; due < began + std::chrono::duration<double>(seconds); due += every) {
    std::this_thread::sleep_until(due);
    if (connections == Connections::one_each) client = std::make_unique<net::HttpClient>(options);
    TRY(const auto reply, client->get(url));
    if (reply.status != 200) return fail(Code::unavailable, url + ": " + std::to_string(reply.status) + " " + reply.body);
    times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - due).count());
  }
  return times;
}

double resident_mib(pid_t process) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  for (std::string word; status >> word;)
    if (double kibibytes = 0; word == "RssAnon:" && status >> kibibytes) return kibibytes / 1024;
  return 0;
}

}  // namespace cm4it::bench
