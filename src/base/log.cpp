#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>

namespace cm4it {
namespace {

spdlog::logger& logger() {
  static const auto instance = [] {
    auto made = spdlog::stderr_logger_mt("cm4it");
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    made->flush_on(spdlog::level::info);
    return made;
  }();
  return *instance;
}

// One event is one line, whatever hostile input found its way into it.
void write(spdlog::level::level_enum level, std::string_view line) {
  if (!logger().should_log(level)) return;
  std::string clean(line);
  std::replace_if(clean.begin(), clean.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  logger().log(level, "{}", clean);
}

}  // namespace

Result<void> set_log_level(std::string_view level) {
  const auto found = spdlog::level::from_str(std::string(level));
  if (found == spdlog::level::off && level != "off")
    return fail(Code::malformed, "log_level: expected debug, info, warn, error or off, found \"" + std::string(level) + "\"");
  logger().set_level(found);
  return {};
}

void log_debug(std::string_view line) { write(spdlog::level::debug, line); }
void log_info(std::string_view line) { write(spdlog::level::info, line); }
void log_warn(std::string_view line) { write(spdlog::level::warn, line); }
void log_error(std::string_view line) { write(spdlog::level::err, line); }

}  // namespace cm4it
