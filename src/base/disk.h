// What a directory takes of its disk, and what is left there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace cm4it {

struct DiskUse {
  std::uintmax_t used = 0;       // octets that the files in the directory occupy: of sparse ones, what is written
  std::uintmax_t available = 0;  // octets that may still be written, by who is not root
};
// None: the directory cannot be read. Directories in it are not looked into.
std::optional<DiskUse> disk_use(const std::filesystem::path& directory);

}  // namespace cm4it
