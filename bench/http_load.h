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
  fs::path ids;            // a line for each
  unsigned pipelined = 1;  // requests at a time
  double seconds = 5;
  bool in_turn = false;    // one after another, not at random
  unsigned digits = 64;    // of an id
};
struct Measured {
  double per_second = 0;
  double p50_ms = 0, p99_ms = 0;
  std::uint64_t refused = 0;  // answers other than 2xx and 3xx, errors of sockets
};
Result<Measured> put_under_load(const Setup& setup, const Load& load, int core);

// A run of rates and times, for their medians.
struct Series {
  std::vector<double> per_second, p99;
  Result<void> add(const Result<Measured>& measured);
};

// nginx with one worker.
class Nginx {
 public:
  struct Options {
    fs::path root;                    // what it serves, as files
    std::size_t files = 1;            // how many of them it keeps open
    bool tls = false;
    std::string content_type = "application/json";
  };
  static Result<Nginx> start(const Setup& setup, const Options& options);
  // The directory of the file subject.json of that many octets.
  static Result<fs::path> one_file(const Setup& setup, std::size_t octets);
  std::string url() const { return (tls_ ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_); }

 private:
  Nginx(std::unique_ptr<demo::Process> process, std::uint16_t port, bool tls) : process_(std::move(process)), port_(port), tls_(tls) {}
  std::unique_ptr<demo::Process> process_;
  std::uint16_t port_;
  bool tls_;
};

}  // namespace cm4it::bench
