#include "process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

#include "net/address.h"

namespace cm4it::demo {
namespace {

struct Pipe {
  int ends[2] = {-1, -1};
  Pipe() {
    if (::pipe2(ends, O_CLOEXEC) != 0) ends[0] = ends[1] = -1;
  }
  ~Pipe() {
    close_read();
    close_write();
  }
  Pipe(const Pipe&) = delete;
  void close_read() {
    if (ends[0] >= 0) ::close(ends[0]);
    ends[0] = -1;
  }
  void close_write() {
    if (ends[1] >= 0) ::close(ends[1]);
    ends[1] = -1;
  }
  int take_read() { return std::exchange(ends[0], -1); }
};

// Between fork and exec nothing may be called that takes a lock or memory.
pid_t spawn(const Arguments& arguments, int input, int output, int errors) {
  std::vector<char*> argv;
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  ::dup2(input, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(errors, STDERR_FILENO);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execv(argv[0], argv.data());
  ::_exit(127);
}

int exit_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

// Both at once, so that neither pipe fills up while the other is waited for.
void drain(int output, std::string& out, int errors, std::string& err) {
  pollfd waiting[] = {{output, POLLIN, 0}, {errors, POLLIN, 0}};
  std::string* into[] = {&out, &err};
  for (int open = 2; open > 0;) {
    if (::poll(waiting, 2, -1) < 0) continue;
    for (int i = 0; i < 2; ++i) {
      if (waiting[i].fd < 0 || waiting[i].revents == 0) continue;
      char piece[8192];
      const ssize_t count = ::read(waiting[i].fd, piece, sizeof piece);
      if (count > 0) into[i]->append(piece, static_cast<std::size_t>(count));
      else waiting[i].fd = -1, --open;
    }
  }
}

}  // namespace

Result<Output> run(const Arguments& arguments, const std::string& input) {
  Pipe in, out, err;
  const pid_t pid = spawn(arguments, in.ends[0], out.ends[1], err.ends[1]);
  if (pid < 0) return fail(Code::unavailable, "fork: " + std::string(std::strerror(errno)));
  in.close_read(), out.close_write(), err.close_write();
  // What is given to a program here is a list of ids: it fits, or the program reads while it is written.
  for (std::size_t at = 0; at < input.size();) {
    const ssize_t count = ::write(in.ends[1], input.data() + at, input.size() - at);
    if (count <= 0) break;
    at += static_cast<std::size_t>(count);
  }
  in.close_write();
  Output output;
  drain(out.ends[0], output.out, err.ends[0], output.err);
  int status = 0;
  ::waitpid(pid, &status, 0);
  output.exit = exit_of(status);
  if (output.exit == 127) return fail(Code::unavailable, arguments[0] + ": no such program");
  return output;
}

Result<std::unique_ptr<Process>> Process::start(const Arguments& arguments, const std::filesystem::path& log) {
  const net::FileDescriptor errors(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  const net::FileDescriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (errors.get() < 0) return fail(Code::unavailable, log.string() + ": " + std::strerror(errno));
  Pipe out;
  const pid_t pid = spawn(arguments, nothing.get(), out.ends[1], errors.get());
  if (pid < 0) return fail(Code::unavailable, "fork: " + std::string(std::strerror(errno)));
  return std::unique_ptr<Process>(new Process(pid, out.take_read(), log));
}

Process::Process(pid_t pid, int output, std::filesystem::path log)
    : pid_(pid), log_(std::move(log)), reader_([this, output] { read_lines(output); }) {}

Process::~Process() { kill(); }

void Process::read_lines(int output) {
  const net::FileDescriptor descriptor(output);
  std::ofstream log(log_, std::ios::app);
  std::string rest;
  char piece[8192];
  for (ssize_t count; (count = ::read(output, piece, sizeof piece)) > 0;) {
    rest.append(piece, static_cast<std::size_t>(count));
    log.write(piece, count).flush();
    std::lock_guard lock(mutex_);
    for (std::size_t end; (end = rest.find('\n')) != std::string::npos; rest.erase(0, end + 1))
      lines_.push_back(rest.substr(0, end));
    arrived_.notify_all();
  }
  std::lock_guard lock(mutex_);
  over_ = true;
  arrived_.notify_all();
}

std::size_t Process::mark() const {
  std::lock_guard lock(mutex_);
  return lines_.size();
}

std::optional<std::string> Process::await(std::size_t mark, const std::function<bool(const std::string&)>& wanted,
                                          Deadline deadline) {
  std::unique_lock lock(mutex_);
  for (;;) {
    for (; mark < lines_.size(); ++mark)
      if (wanted(lines_[mark])) return lines_[mark];
    if (over_ || !arrived_.wait_until(lock, deadline, [&] { return over_ || mark < lines_.size(); })) return {};
  }
}

std::vector<std::string> Process::lines_since(std::size_t mark) const {
  std::lock_guard lock(mutex_);
  return {lines_.begin() + static_cast<std::ptrdiff_t>(std::min(mark, lines_.size())), lines_.end()};
}

bool Process::running() {
  if (ended_ || ::waitpid(pid_, nullptr, WNOHANG) == 0) return !ended_;
  ended_ = true;
  reader_.join();
  return false;
}

void Process::stop() { end(SIGTERM); }
void Process::kill() { end(SIGKILL); }

void Process::end(int signal) {
  if (ended_) return;
  ended_ = true;
  ::kill(pid_, signal);
  ::waitpid(pid_, nullptr, 0);
  reader_.join();
}

Result<std::uint16_t> free_port() {
  TRY(const auto listening, net::listen_tcp("127.0.0.1:0", false));
  return net::port_of(net::local_address(listening.get()));
}

}  // namespace cm4it::demo
