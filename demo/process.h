// Other programs: run to their end, or kept running with their lines watched. They end when this process does.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"

namespace cm4it::demo {

using Arguments = std::vector<std::string>;  // the program first
using Deadline = std::chrono::steady_clock::time_point;
inline Deadline in(std::chrono::milliseconds span) { return std::chrono::steady_clock::now() + span; }

struct Output {
  int exit = -1;  // 128 + the signal, where one ended it
  std::string out, err;
};

// Runs a program to its end; `input` is its standard input. Errors: unavailable (no such program).
Result<Output> run(const Arguments& arguments, const std::string& input = {});

// A running program. Its standard error goes to the log, its standard output to the log and to await().
class Process {
 public:
  static Result<std::unique_ptr<Process>> start(const Arguments& arguments, const std::filesystem::path& log);
  ~Process();  // kills it

  // How many lines it has written so far: where a later await() begins.
  std::size_t mark() const;
  // The first line from `mark` on that `wanted` takes, waited for until the deadline.
  std::optional<std::string> await(std::size_t mark, const std::function<bool(const std::string&)>& wanted, Deadline deadline);
  std::vector<std::string> lines_since(std::size_t mark) const;

  bool running();
  void stop();                  // asks it to end, and waits until it has
  void kill();                  // SIGKILL: it can do nothing about that
  const std::filesystem::path& log() const { return log_; }
  pid_t pid() const { return pid_; }

 private:
  Process(pid_t pid, int output, std::filesystem::path log);
  void read_lines(int output);
  void end(int signal);

  const pid_t pid_;
  const std::filesystem::path log_;
  bool ended_ = false;
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<std::string> lines_;  // guarded by mutex_
  bool over_ = false;               // guarded by mutex_: no more lines
  std::thread reader_;
};

// A port of this machine that nobody listens on just now.
Result<std::uint16_t> free_port();

}  // namespace cm4it::demo
