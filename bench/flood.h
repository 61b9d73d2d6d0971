// Clients that ask for more than their share, and what others notice of it.
#pragma once

#include <atomic>
#include <functional>
#include <thread>

#include "net/http/client.h"
#include "plant.h"

namespace cm4it::bench {

// So many clients, each on a thread of its own, that send one request after another while this lives.
class Flood {
 public:
  Flood(std::size_t clients, const net::ClientOptions& options, const std::function<net::ClientRequest(std::size_t client)>& request);
  ~Flood();
  Flood(const Flood&) = delete;

 private:
  std::atomic<bool> over_{false};
  std::vector<std::unique_ptr<net::HttpClient>> clients_;
  std::vector<std::thread> threads_;
};

// Clients that ask for something large and take nothing of the answer.
class SlowReaders {
 public:
  static Result<SlowReaders> start(std::size_t clients, std::uint16_t port, const std::string& target);
  ~SlowReaders();
  SlowReaders(SlowReaders&& other) noexcept : sockets_(std::exchange(other.sockets_, {})) {}

 private:
  SlowReaders() = default;
  std::vector<int> sockets_;
};

// Milliseconds of GETs of `url`, 20 a second, for so many seconds; counted from when each was due.
enum class Connections { one_for_all, one_each };
Result<std::vector<double>> answer_times(const std::string& url, double seconds, const net::ClientOptions& options = {},
                                         Connections connections = Connections::one_for_all);

double resident_mib(pid_t process);

}  // namespace cm4it::bench
