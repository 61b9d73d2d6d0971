#include "import_run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "net/http/client.h"

namespace cm4it::bench {
namespace {

using Clock = std::chrono::steady_clock;

double kib_of(const std::string& status, const std::string& name) {
  const auto at = status.find(name + ":");
  return at == std::string::npos ? 0 : std::strtod(status.c_str() + at + name.size() + 1, nullptr);
}

// Leaves of the home's log.
Result<double> log_size(net::HttpClient& client, const Home& home) {
  TRY(const auto reply, client.get(home.url("/metrics")));
  const std::string name = "cm4it_log_size{domain=\"" + home.domain + "\"} ";
  const auto at = reply.body.find(name);
  if (at == std::string::npos) return fail(Code::unavailable, "metrics: no cm4it_log_size");
  return std::strtod(reply.body.c_str() + at + name.size(), nullptr);
}

// When so many leaves had been taken; between two looks it went evenly.
class Course {
 public:
  void add(double seconds, double leaves) { points_.emplace_back(seconds, leaves); }
  double rate(double from_leaves, double to_leaves) const {
    const double passed = when(to_leaves) - when(from_leaves);
    return passed > 0 ? (to_leaves - from_leaves) / passed : 0;
  }

 private:
  double when(double leaves) const {
    for (std::size_t i = 1; i < points_.size(); ++i) {
      const auto& [before, had] = points_[i - 1];
      const auto& [after, has] = points_[i];
      if (has >= leaves && has > had) return before + (after - before) * std::max(0.0, leaves - had) / (has - had);
    }
    return points_.empty() ? 0 : points_.back().first;
  }
  std::vector<std::pair<double, double>> points_;
};

}  // namespace

void Memory::watch(pid_t process) {
  std::ifstream in(fmt::format("/proc/{}/status", process));
  const std::string status{std::istreambuf_iterator<char>(in), {}};
  anonymous = std::max(anonymous, kib_of(status, "RssAnon") / 1024);
  resident = std::max(resident, kib_of(status, "VmHWM") / 1024);
}

// proc(5): fields 14 and 15, behind the name in parentheses.
double processor_seconds(pid_t process) {
  std::ifstream in(fmt::format("/proc/{}/stat", process));
  const std::string stat{std::istreambuf_iterator<char>(in), {}};
  const auto name = stat.rfind(')');
  unsigned long user = 0, system = 0;
  if (name == std::string::npos || std::sscanf(stat.c_str() + name + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2) return 0;
  return static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

Result<Imported> import_dump(const Setup& setup, const Home& home, const demo::Process& icsd, const Dump& dump) {
  CHECK_OK(ics(setup, {"--dir", home.directory, "push", home.directory / "maker.pgp"}));
  net::HttpClient client;
  TRY(const double before, log_size(client, home));
  Imported imported;
  Course course;
  const double served_before = processor_seconds(icsd.pid());
  double client_seconds = 0;
  const auto began = Clock::now();
  const auto passed = [&] { return std::chrono::duration<double>(Clock::now() - began).count(); };
  TRY(auto import, demo::Process::start({setup.programs / "ics", "--dir", home.directory, "import", dump.directory},
                                        home.directory.string() + ".import"));
  course.add(0, 0);
  double noted = 30;
  while (import->running()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    client_seconds = std::max(client_seconds, processor_seconds(import->pid()));
    imported.client.watch(import->pid());
    imported.server.watch(icsd.pid());
    TRY(const double leaves, log_size(client, home));
    course.add(passed(), leaves - before);
    if (passed() < noted) continue;
    setup.note(fmt::format("{:.0f} s: {} statements; ics {:.0f} MiB, icsd {:.0f} MiB", passed(), figure(leaves), imported.client.anonymous,
                           imported.server.anonymous));
    noted += 30;
  }
  imported.seconds = passed();
  TRY(const double after, log_size(client, home));
  const auto count = static_cast<double>(dump.certificates), leaves = 2 * count;  // two signatures each
  if (after - before < leaves)
    return fail(Code::unavailable, fmt::format("import: {} of {} statements were taken", after - before, leaves), home.directory.string() + ".import");
  imported.per_core = count / (client_seconds + processor_seconds(icsd.pid()) - served_before);
  imported.rate = count / imported.seconds;
  imported.first_rate = course.rate(0, leaves / 10) / 2;
  imported.last_rate = course.rate(leaves - leaves / 10, leaves) / 2;
  return imported;
}

Result<Home> populated_keyserver(const Setup& setup, const Dump& dump) {
  const std::string name = fmt::format("keyserver-{}", dump.certificates);
  const fs::path done = setup.directory / (name + ".done");
  if (fs::exists(done)) return open_home(setup.directory / name, name + ".example");
  TRY(auto home, make_keyserver(setup, name));
  TRY(auto icsd, start_icsd(setup, home.directory));
  CHECK_OK(until_ready(home.url("/readyz")));
  CHECK_OK(import_dump(setup, home, *icsd, dump));
  icsd->stop();
  std::ofstream(done) << dump.certificates << "\n";
  return home;
}

}  // namespace cm4it::bench
