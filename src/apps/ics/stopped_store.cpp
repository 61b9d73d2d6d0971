#include "apps/ics/stopped_store.h"

#include "store/lmdb.h"

namespace cm4it::ics {

Result<std::unique_ptr<store::Store>> open_stopped_store(const Directory& directory) {
  store::LmdbOptions options;
  options.directory = directory.config().store;
  options.map_bytes = directory.config().map_bytes;
  if (!std::filesystem::exists(options.directory))
    return fail(Code::not_found, options.directory.string() + ": no store yet", "`icsd` makes it when it first starts");
  auto store = store::open_lmdb(options);
  if (!store && store.error().code == Code::unavailable) return fail(Code::unavailable, store.error().message, "stop icsd first, if it runs");
  return store;
}

}  // namespace cm4it::ics
