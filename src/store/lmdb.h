// The store on disk: LMDB in a directory of its own, which holds data.mdb, lock.mdb (LMDB's readers) and lock
// (ours).
//
// - A commit is on the disk when it returns: LMDB syncs its pages and then writes its meta page
// synchronously.
// - One process writes. Others may read beside it (`read_only`), on the same machine.
// - Snapshots end before the store does, and a process has a directory open once at a time (LMDB's file locks
//   belong to the process). Do not use a store across fork().
// - The unnamed database maps "cm4it" to the version of this layout, "1", and "t0" to "t17" to the tables.
#pragma once

#include <filesystem>

#include "store/store.h"

namespace cm4it::store {

struct LmdbOptions {
  std::filesystem::path directory;                // made if it is not there
  std::size_t map_bytes = std::size_t{64} << 30;  // most the store may grow to; address space, not disk
  bool read_only = false;                         // the map is then as large as the writer's
  unsigned max_readers = 512;                     // snapshots at a time, of all processes
};

// unavailable: another process writes it, or the system refuses (rights, memory); not_found: read_only, and
// nothing is there; malformed: not an LMDB file, cut off or damaged; unsupported: somebody else's LMDB, or
// another version of ours.
Result<std::unique_ptr<Store>> open_lmdb(const LmdbOptions& options);

}  // namespace cm4it::store
