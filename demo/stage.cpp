#include "stage.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <thread>

namespace cm4it::demo {
namespace {

constexpr std::chrono::milliseconds between_looks{20};

bool coloured() { return ::isatty(STDOUT_FILENO) && !std::getenv("NO_COLOR"); }
std::string toned(const std::string& text, const char* tone) {
  return coloured() ? fmt::format("\033[{}m{}\033[0m", tone, text) : text;
}

}  // namespace

void Stage::chapter(const std::string& title) { say("\n" + toned(title, "1")); }

void Stage::say(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

bool Stage::expect(const std::string& what, const Seen& instead) {
  print(instead.empty(), what, instead);
  return instead.empty();
}

bool Stage::await(const std::string& what, std::chrono::milliseconds within, const Look& look) {
  const auto began = std::chrono::steady_clock::now();
  for (;;) {
    const Seen instead = look();
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
    if (instead.empty()) {
      print(true, what, took > between_looks ? fmt::format("after {} ms", took.count()) : "");
      return true;
    }
    if (took > within) {
      print(false, what, fmt::format("not within {} ms: {}", within.count(), instead));
      return false;
    }
    std::this_thread::sleep_for(between_looks);
  }
}

void Stage::print(bool good, const std::string& what, const std::string& more) {
  ++(good ? passed_ : failed_);
  say(fmt::format("  {} {}{}", good ? toned("✓", "32") : toned("✗", "31"), what,
                  more.empty() ? ""
                  : good       ? toned("  (" + more + ")", "2")
                               : "\n      " + more));
  if (!good) explain();
}

bool Stage::finish() {
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began_;
  say(fmt::format("\n{} passed, {} failed, in {:.1f} s", passed_, failed_, took.count()));
  return failed_ == 0 && passed_ > 0;
}

}  // namespace cm4it::demo
