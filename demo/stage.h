// What the story's audience sees: a heading per chapter, a line per expectation, the count at the end.
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace cm4it::demo {

// Nothing, when what is expected holds; else what was seen instead.
using Seen = std::string;
using Look = std::function<Seen()>;
// How long an expectation is given that other processes have to meet.
inline constexpr std::chrono::seconds soon{15};
inline Seen holds(bool condition, const std::string& otherwise) { return condition ? Seen() : otherwise; }

class Stage {
 public:
  void chapter(const std::string& title);
  void say(const std::string& line);

  // ✓ or ✗, and what was seen instead.
  bool expect(const std::string& what, const Seen& instead);
  // Looks until it holds or the time is over.
  bool await(const std::string& what, std::chrono::milliseconds within, const Look& look);

  // "N passed, M failed"; whether none failed.
  bool finish();
  // Called once after each failure: shows what may explain it.
  std::function<void()> explain = [] {};

 private:
  void print(bool good, const std::string& what, const std::string& more);
  int passed_ = 0, failed_ = 0;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace cm4it::demo
