// Row 14: what an infield ICS with 10,000 identities takes of the machine, and how soon it is there.
#include <fmt/format.h>

#include <fstream>

#include "plant.h"

namespace cm4it::bench {
namespace {

constexpr std::size_t field_devices = 10'000;
constexpr double kib = 1.0 / 1024;  // in MiB

struct Resident { double total = 0, anonymous = 0; };  // MiB

Result<Resident> resident(pid_t pid) {
  std::ifstream in(fmt::format("/proc/{}/smaps_rollup", pid));
  Resident found;
  std::string line;
  while (std::getline(in, line)) {
    double value = 0;
    if (std::sscanf(line.c_str(), "Rss: %lf kB", &value) == 1) found.total = value * kib;
    if (std::sscanf(line.c_str(), "Anonymous: %lf kB", &value) == 1) found.anonymous = value * kib;
  }
  if (found.total == 0) return fail(Code::unavailable, "smaps_rollup: cannot be read");
  return found;
}

Result<void> tell(const Setup& setup, const std::string& when, pid_t pid) {
  TRY(const auto found, resident(pid));
  const std::string what = "infield ICS, 10,000 identities, " + when;
  setup.report(Row{14, what + ": resident", "MiB", found.total, "", {}, {}, {}}.at_most(32));
  setup.report({14, what + ": of it anonymous", "MiB", found.anonymous, "", {}, {}, {}});
  setup.report({14, what + ": of it file pages", "MiB", found.total - found.anonymous, "", {}, {}, {}});
  return {};
}

}  // namespace

Result<void> row_14(const Setup& setup) {
  TRY(const auto plant, make_plant(setup, "plant-14", field_devices));
  TRY(const auto ids, read_ids(plant.home, field_devices));
  TRY(const auto home_icsd, start_icsd(setup, plant.home.directory));
  net::HttpClient client;
  const std::string ready = fmt::format("http://127.0.0.1:{}/readyz", plant.field_http);
  {
    TRY(const auto icsd, start_icsd(setup, plant.field));
    CHECK_OK(await_admitted(client, plant, ids.back(), 120));
    CHECK_OK(tell(setup, "after copying all", icsd->pid()));
    icsd->stop();
  }
  std::vector<double> starts;
  for (int round = 0; round < setup.rounds; ++round) {
    TRY(const auto icsd, start_icsd(setup, plant.field));
    TRY(const double passed, until_ready(ready));
    starts.push_back(passed * 1000);
    if (round + 1 < setup.rounds) continue;
    for (const auto& id : ids) CHECK_OK(client.get(plant.devices_url(id)));
    CHECK_OK(tell(setup, "each verdict asked once", icsd->pid()));
  }
  setup.report(Row{14, "infield ICS, 10,000 identities: start to /readyz", "ms", median(starts), "", {}, {}, {}}.at_most(100));
  return {};
}

}  // namespace cm4it::bench
