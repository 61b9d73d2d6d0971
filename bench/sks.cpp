#include "sks.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>

#include "http_load.h"
#include "import_run.h"

namespace cm4it::bench {

double Sks::resident_mib() const {
  Memory memory;
  memory.watch(process_->pid());
  return memory.resident;
}

// Below the directory it is given SKS wants the tree that its package lays out under /.
Result<Sks> Sks::start(const Setup& setup, const Dump& dump) {
  TRY(const auto sks, program("sks"));
  const fs::path base = setup.directory / fmt::format("sks-{}", dump.certificates), built = base / "built";
  double rate = 0;
  if (!fs::exists(built)) {
    std::error_code ignored;
    fs::remove_all(base, ignored);
    for (const char* directory : {"etc/sks", "var/lib/sks", "var/log/sks", "var/run/sks", "run/sks", "var/spool/sks/messages", "var/spool/sks/failed_messages"})
      fs::create_directories(base / directory);
    demo::Arguments build{sks, "build"};
    for (const auto& entry : fs::directory_iterator(dump.directory))
      if (entry.path().extension() == ".pgp") build.push_back(entry.path());
    std::sort(build.begin() + 2, build.end());
    build.insert(build.end(), {"-n", "10", "-cache", "100", "-basedir", base});
    const auto began = std::chrono::steady_clock::now();
    TRY(const auto output, demo::run(build));
    if (output.exit != 0) return fail(Code::unavailable, "sks build: " + output.out + output.err);
    rate = static_cast<double>(dump.certificates) / std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    std::ofstream{built} << dump.certificates << "\n";
  }
  TRY(const auto port, demo::free_port());
  std::ofstream(base / "etc/sks/sksconf", std::ios::trunc) << "hostname: localhost\nhkp_address: 127.0.0.1\nhkp_port: " << port << "\n";
  TRY(auto process, demo::Process::start({sks, "db", "-basedir", base}, base / "log"));
  Sks started(std::move(process), port, rate);
  CHECK_OK(until_answered(started.url() + "/pks/lookup?op=stats", 30));
  return started;
}

}  // namespace cm4it::bench
