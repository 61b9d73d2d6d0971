// What the tests of stores share.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "store/store.h"

namespace cm4it::store {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = testing::TempDir() + "/store-XXXXXX";
    if (!mkdtemp(name.data())) ADD_FAILURE() << name << ": cannot be made";
    path_ = name;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline Bytes bytes(std::string_view text) { return to_bytes(view(text)); }

inline std::unique_ptr<Snapshot> snapshot_of(const Store& store) {
  auto snapshot = store.snapshot();
  if (!snapshot) ADD_FAILURE() << snapshot.error().message;
  return snapshot ? std::move(*snapshot) : nullptr;
}

inline std::optional<std::string> get_text(const Store& store, Table table, std::string_view key) {
  const auto snapshot = snapshot_of(store);
  const auto value = snapshot->get(table, view(key));
  if (!value) ADD_FAILURE() << value.error().message;
  return value && *value ? std::optional<std::string>(text(**value)) : std::nullopt;
}

// Commits onto whatever the head is; true if that was done.
inline bool commit_onto_head(Store& store, Batch batch, std::string_view head) {
  const std::string before = get_text(store, head_table, "head").value_or("");
  batch.set_head(bytes(head));
  const auto outcome = store.commit(batch, view(before));
  return outcome && *outcome == Commit::done;
}

}  // namespace cm4it::store
