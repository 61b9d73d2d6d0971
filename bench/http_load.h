// HTTP under load: wrk on one core, against a server on another.
#pragma once

#include "population.h"

namespace cm4it::bench {

// "wrk", "nginx": where the system has it.
Result<std::string> program(const std::string& name);

// What is asked: `before` ID `after`, ID picked for each request out of the file of ids.
struct Load {
  std::string url;      // http://127.0.0.1:PORT
  std::string before, after;
  fs::path ids;
  unsigned pipelined = 1;  // requests at a time
  double seconds = 5;
  bool in_turn = false;    // one after another, not at random
};
struct Measured {
  double per_second = 0;
  double p50_ms = 0, p99_ms = 0;
  std::uint64_t refused = 0;  // answers other than 2xx and 3xx, errors of sockets
};
Result<Measured> put_under_load(const Setup& setup, const Load& load, int core);

// nginx with one worker, one file of that many octets.
class Nginx {
 public:
  static Result<Nginx> start(const Setup& setup, std::size_t file_octets);
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  Nginx(std::unique_ptr<demo::Process> process, std::uint16_t port) : process_(std::move(process)), port_(port) {}
  std::unique_ptr<demo::Process> process_;
  std::uint16_t port_;
};

}  // namespace cm4it::bench
