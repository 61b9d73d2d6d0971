// The log: one line an event, UTC, to standard error. Secrets never reach it.
#pragma once

#include <string_view>

#include "base/result.h"

namespace cm4it {

// "debug", "info", "warn", "error", "off". malformed otherwise.
Result<void> set_log_level(std::string_view level);

void log_debug(std::string_view line);
void log_info(std::string_view line);
void log_warn(std::string_view line);
void log_error(std::string_view line);

}  // namespace cm4it
