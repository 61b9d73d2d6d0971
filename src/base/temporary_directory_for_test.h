// For tests: a directory of one's own, gone with what it was made for.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

namespace cm4it {

class TemporaryDirectory {
 public:
  // `of`: who it is for, for those who find it after a crash.
  explicit TemporaryDirectory(const std::string& of) {
    std::string name = (std::filesystem::temp_directory_path() / ("cm4it-" + of + "-XXXXXX")).string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;  // what a test took the rights from
    std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace cm4it
