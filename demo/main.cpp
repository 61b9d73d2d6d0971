// cm4it-demo: the whole story in one command (demo/README.md).
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>

#include "story.h"

namespace {

namespace fs = std::filesystem;

// Interrupted or done: children end with this process.
void wait_for_interrupt() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  int received = 0;
  sigwait(&signals, &received);
}

fs::path fresh_directory() {
  std::string pattern = (fs::temp_directory_path() / "cm4it-demo-XXXXXX").string();
  return ::mkdtemp(pattern.data()) ? pattern : std::string();
}

}  // namespace

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  CLI::App app{"cm4it-demo: five identity certificate servers, a gateway and its sensors, and what happens to them"};
  cm4it::demo::Story::Options options;
  options.programs = fs::read_symlink("/proc/self/exe").parent_path();
  options.shared = CM4IT_SHARED;
  bool keep = false;
  app.add_option("--sensors", options.sensors, "how many")->check(CLI::Range(3, 2000));
  app.add_option("--dir", options.directory, "a new directory for keys, stores and logs; default: a temporary one");
  app.add_option("--bin", options.programs, "where ics, icsd, demo-gateway and demo-sensors are");
  app.add_flag("--keep", keep, "leave everything running at the end, to try by hand");
  CLI11_PARSE(app, argc, argv);
  if (options.directory.empty()) options.directory = fresh_directory();
  std::error_code failed;
  fs::create_directories(options.directory, failed);
  options.directory = fs::canonical(options.directory, failed);
  if (failed || !fs::is_empty(options.directory)) {
    std::fprintf(stderr, "cm4it-demo: %s: an empty directory is needed\n", options.directory.c_str());
    return 2;
  }
  cm4it::demo::Story story(options);
  const bool passed = story.play();
  if (keep) {
    story.tell_how_to_go_on();
    wait_for_interrupt();
  }
  return passed ? 0 : 1;
}
