// The directory of an LMDB store: who may write it, and whether what is in it is ours. For this room only.
#pragma once

#include <array>

#include "store/lmdb.h"
#include "store/lmdb_handles.h"

namespace cm4it::store {

using Handles = std::array<MDB_dbi, table_count>;

class FileDescriptor {
 public:
  explicit FileDescriptor(int number = -1) : number_(number) {}
  FileDescriptor(FileDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~FileDescriptor();
  int number() const { return number_; }

 private:
  int number_;
};

// Makes the directory if need be, and takes the lock that only one writer has; it ends with the descriptor.
Result<FileDescriptor> lock_directory(const std::filesystem::path& directory);

Result<Environment> open_environment(const LmdbOptions& options);

// Opens the tables; makes them and the mark of our layout in an empty store that may be written.
Result<Handles> open_tables(MDB_env* environment, const LmdbOptions& options);

// Makes the file as long as the last page in use requires. LMDB does not write pages that one transaction
// took and gave back, so the file may, seldom, end before them; open_environment would take that for a copy
// that was cut off.
void keep_length(MDB_env* environment);

}  // namespace cm4it::store
