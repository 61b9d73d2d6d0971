// cm4it-bench: what this machine reaches, row by row, beside its peers (docs/performance.md).
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <map>

#include "base/log.h"
#include "bench.h"

namespace {

using cm4it::bench::Row;
using cm4it::bench::Setup;
namespace fs = std::filesystem;

const std::map<int, cm4it::Result<void> (*)(const Setup&)>& measurements() {
  using namespace cm4it::bench;
  static const std::map<int, cm4it::Result<void> (*)(const Setup&)> all = {
      {1, row_1}, {2, row_2}, {3, row_3}, {6, row_6}, {7, row_7}, {8, row_8}, {9, row_9}, {10, row_10}, {11, row_11}, {14, row_14}, {15, row_15}, {17, row_17}};
  return all;
}

fs::path fresh_directory() {
  std::string pattern = (fs::temp_directory_path() / "cm4it-bench-XXXXXX").string();
  return ::mkdtemp(pattern.data()) ? pattern : std::string();
}

}  // namespace

void Setup::note(const std::string& line) const { fmt::print(stderr, "  … {}\n", line); }

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  (void)cm4it::set_log_level("warn");
  CLI::App app{"cm4it-bench: the yardsticks, measured on this machine (docs/performance.md)"};
  Setup setup;
  setup.programs = fs::read_symlink("/proc/self/exe").parent_path();
  std::vector<int> wanted;
  fs::path json;
  app.add_option("--rows", wanted, "which: 1,2,3,6,7,8,9,10,11,14,15,17; default: all")->delimiter(',');
  app.add_option("--size", setup.size, "identities in the store of rows 1, 10 and 15, certificates in that of rows 2, 3 and 8")
      ->check(CLI::Range(1'000, 10'000'000));
  app.add_option("--seconds", setup.seconds, "of each measurement")->check(CLI::Range(0.2, 600.0));
  app.add_option("--rounds", setup.rounds, "ours and the peer in turn, so often; medians are told")->check(CLI::Range(1, 99));
  app.add_option("--json", json, "the table into this file too");
  app.add_option("--dir", setup.directory, "keep the stores here, and use those that are here; default: a temporary directory");
  CLI11_PARSE(app, argc, argv);
  const bool temporary = setup.directory.empty();
  if (temporary) setup.directory = fresh_directory();
  fs::create_directories(setup.directory);
  setup.directory = fs::canonical(setup.directory);
  std::vector<Row> rows;
  setup.report = [&](Row row) {
    cm4it::bench::print(row);
    rows.push_back(std::move(row));
  };
  if (wanted.empty())
    for (const auto& [number, measure] : measurements()) wanted.push_back(number);
  int failed = 0;
  cm4it::bench::print_head();
  for (const int number : wanted) {
    const auto found = measurements().find(number);
    auto done = found != measurements().end() ? found->second(setup) : cm4it::fail(cm4it::Code::not_found, "there is no such row");
    if (done) continue;
    fmt::print(stderr, "cm4it-bench: row {}: {}\n{}", number, done.error().message,
               done.error().detail.empty() ? "" : "  → " + done.error().detail + "\n");
    failed = 1;
  }
  if (!json.empty())
    if (auto written = cm4it::bench::write_json(rows, json); !written) fmt::print(stderr, "{}\n", written.error().message), failed = 1;
  std::error_code ignored;
  if (temporary) fs::remove_all(setup.directory, ignored);
  return failed;
}
