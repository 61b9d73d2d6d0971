// Files, whole: read with a bound, written so that a crash leaves the old or the new, never half.
#pragma once

#include <filesystem>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace cm4it::ics {

inline constexpr std::size_t largest_file = std::size_t{1} << 30;

// not_found, unavailable (and why), too_large.
Result<std::string> read_file(const std::filesystem::path& path, std::size_t most = largest_file);
// As OutputFile does.
Result<void> write_file(const std::filesystem::path& path, View bytes, unsigned mode = 0644);

}  // namespace cm4it::ics
