// icsd: one identity certificate server.
#include <malloc.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>

#include "apps/icsd/check.h"
#include "apps/icsd/server.h"
#include "base/log.h"
#include "base/standard_files.h"

namespace {

int failed(const cm4it::Error& error) {
  std::fprintf(stderr, "icsd: %s\n", error.message.c_str());
  if (!error.detail.empty()) std::fprintf(stderr, "  → %s\n", error.detail.c_str());
  return 3;
}

// Of the words that fit nowhere the first that was typed: they are listed backwards.
int misused(const CLI::App& app, const CLI::ParseError& error) {
  const auto extras = app.remaining();
  failed({cm4it::Code::malformed, extras.empty() ? error.what() : "not known: " + extras.back(), "icsd --config DIR/icsd.toml   (icsd --help, man icsd)"});
  return 2;
}

// Signals are waited for by one thread, not handled in the midst of another.
sigset_t awaited_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return signals;
}

// Standard output that could not be written is a failure, or a script would take silence for consent.
int said(int code) {
  if (std::cout.flush() && std::fflush(stdout) == 0) return code;
  return failed({cm4it::Code::unavailable, std::string("standard output: ") + std::strerror(errno), ""});
}

int report(const std::string& file, const cm4it::icsd::Findings& found) {
  for (const auto& fault : found.faults) std::cout << file << ": " << fault << "\n";
  for (const auto& remark : found.remarks) std::cout << "! " << remark << "\n";
  if (found.faults.empty()) std::cout << file << ": in order\n";
  return found.faults.empty() ? 0 : 3;
}

// Blocks of a large answer or request go back to the system when they are freed: by itself glibc raises the size from which
// it does so to 32 MiB, after which one flood's memory stays.
void give_back_memory() {
  ::mallopt(M_MMAP_THRESHOLD, 128 * 1024);
  ::mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
}

}  // namespace

int main(int argc, char** argv) try {
  cm4it::hold_standard_files();
  give_back_memory();
  ::setenv("TSS2_LOG", "all+none", 0);  // the TPM's library would write to the log what we say ourselves
  CLI::App app{"icsd: an identity certificate server (man icsd, ics help configuration)"};
  std::string file;
  bool check = false, accept_clock = false;
  app.add_option("--config", file, "icsd.toml, as `ics init` makes it")->required();
  app.add_flag("--check-config", check, "read the configuration, say what is wrong with it, and stop");
  app.add_flag("--accept-clock", accept_clock, "sign at what the clock says, however far that is from the newest head (a home refuses to)");
  app.set_version_flag("--version", CM4IT_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return error.get_exit_code() == 0 ? said(app.exit(error)) : misused(app, error);
  }
  auto config = cm4it::icsd::read_config(std::filesystem::absolute(file));
  if (!config) return failed(config.error());
  if (auto level = cm4it::set_log_level(config->log_level); !level) return failed(level.error());
  if (check) return said(report(file, cm4it::icsd::check(*config, cm4it::system_time())));
  config->accept_clock = accept_clock;
  const sigset_t signals = awaited_signals();
  auto server = cm4it::icsd::Server::start(std::move(*config));
  if (!server) return failed(server.error());
  for (const auto& url : (*server)->urls()) cm4it::log_info("ready on " + url);
  const timespec day{86'400, 0};
  for (;;) {
    const int received = sigtimedwait(&signals, nullptr, &day);
    if (received < 0 && errno == EAGAIN) (*server)->tell_expiry();
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (received != SIGHUP) break;
    if (auto reloaded = (*server)->reload(); reloaded) cm4it::log_info("TLS key and certificate, and the delegates of OCSP, were read again (icsd.toml itself is read at a start only)");
    else cm4it::log_error("TLS key and certificate, and the delegates of OCSP, stay as they were: " + reloaded.error().message);
  }
  cm4it::log_info("stopping");
  server->reset();
  cm4it::log_info("stopped");
  return 0;
} catch (const std::exception& error) {  // a path that is too long, no memory
  return failed({cm4it::Code::unavailable, error.what(), ""});
}
