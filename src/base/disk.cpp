#include "base/disk.h"

#include <sys/stat.h>

namespace cm4it {

std::optional<DiskUse> disk_use(const std::filesystem::path& directory) {
  constexpr std::uintmax_t block = 512;  // of st_blocks, whatever the file system's is
  std::error_code failed;
  DiskUse use;
  for (std::filesystem::directory_iterator at(directory, failed), end; !failed && at != end; at.increment(failed))
    if (struct stat status {}; ::stat(at->path().c_str(), &status) == 0) use.used += static_cast<std::uintmax_t>(status.st_blocks) * block;
  if (failed) return {};
  use.available = std::filesystem::space(directory, failed).available;
  if (failed) return {};
  return use;
}

}  // namespace cm4it
