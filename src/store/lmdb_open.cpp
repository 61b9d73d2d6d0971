#include "store/lmdb_open.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

namespace cm4it::store {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view mark_key = "cm4it";
constexpr std::string_view layout_version = "1";
// A writer that is killed between its commit and keep_length leaves the file a few unused pages short.
constexpr std::uint64_t tolerated_shortness = 1024 * 1024;
constexpr const char* restore =
    "restore a backup, or move the directory away, begin anew and copy from peers";

tl::unexpected<Error> system_fail(const fs::path& path, const std::string& doing, int error) {
  return fail(Code::unavailable,
              path.string() + ": " + doing + ": " + std::generic_category().message(error));
}

// Names live in directories: a new file is there after power loss only if its directory was synced.
Result<void> sync_directory(const fs::path& directory) {
  const FileDescriptor opened(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.number() < 0 || fsync(opened.number()) != 0) return system_fail(directory, "sync", errno);
  return {};
}

struct Lengths {
  std::uint64_t needed;  // up to the last page in use
  std::uint64_t found;
};

Lengths lengths(MDB_env* environment) {
  MDB_envinfo info{};
  MDB_stat pages{};
  struct stat file{};
  int descriptor = -1;
  mdb_env_info(environment, &info);
  mdb_env_stat(environment, &pages);
  mdb_env_get_fd(environment, &descriptor);
  fstat(descriptor, &file);
  return {(std::uint64_t{info.me_last_pgno} + 1) * pages.ms_psize, static_cast<std::uint64_t>(file.st_size)};
}

// Pages beyond the end of the file would be SIGBUS, not an error: so this comes before any page is read.
Result<void> check_length(MDB_env* environment, const LmdbOptions& options) {
  const fs::path path = options.directory / "data.mdb";
  Lengths now = lengths(environment);
  // Beside a writer: it may be just before its keep_length.
  for (int i = 0; i < 50 && options.read_only && now.found < now.needed; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    now = lengths(environment);
  }
  const std::uint64_t tolerated = options.read_only ? 0 : tolerated_shortness;
  if (now.found + tolerated < now.needed)
    return fail(Code::malformed,
                path.string() + ": cut off: its pages need " + std::to_string(now.needed) + " bytes, found " +
                    std::to_string(now.found),
                restore);
  if (!options.read_only) keep_length(environment);
  return {};
}

enum class Mark { ours, absent };

Result<Mark> read_mark(MDB_txn* transaction, const fs::path& directory) {
  MDB_dbi unnamed = 0;
  MDB_stat stat{};
  MDB_val key = to_lmdb(view(mark_key)), value{};
  int error = mdb_dbi_open(transaction, nullptr, 0, &unnamed);
  if (!error) error = mdb_stat(transaction, unnamed, &stat);
  if (!error && stat.ms_entries == 0) return Mark::absent;
  if (!error) error = mdb_get(transaction, unnamed, &key, &value);
  if (error == MDB_NOTFOUND)
    return fail(Code::unsupported, directory.string() + ": an LMDB database, but not one of this program, or a damaged one",
                "name another directory for the store, or restore a backup");
  if (error == MDB_CORRUPTED || error == MDB_PAGE_NOTFOUND)
    return fail(Code::malformed, directory.string() + ": damaged: " + mdb_strerror(error), restore);
  if (error) return lmdb_fail(error, "open");
  const std::string found(text(from_lmdb(value)));
  if (found == layout_version) return Mark::ours;
  const bool number =
      !found.empty() && found.size() < 10 && found.find_first_not_of("0123456789") == std::string::npos;
  return fail(Code::unsupported,
              directory.string() + ": layout: this program knows version 1, found " +
                  (number ? found : "what is no number"),
              "use the version of this program that wrote it");
}

}  // namespace

FileDescriptor::~FileDescriptor() {
  if (number_ >= 0) close(number_);
}

Result<FileDescriptor> lock_directory(const fs::path& directory) {
  std::error_code error;
  const bool made = fs::create_directories(directory, error);
  if (error) return system_fail(directory, "make the directory", error.value());
  if (made) CHECK_OK(sync_directory(fs::absolute(directory).lexically_normal().parent_path()));
  const fs::path path = directory / "lock";
  FileDescriptor lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (lock.number() < 0) return system_fail(path, "open", errno);
  if (flock(lock.number(), LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno != EWOULDBLOCK) return system_fail(path, "lock", errno);
  return fail(Code::unavailable, directory.string() + ": another process has this store open for writing",
              "stop that process, or open the store read-only");
}

Result<Environment> open_environment(const LmdbOptions& options) {
  const fs::path path = options.directory / "data.mdb";
  std::error_code ignored;
  if (options.read_only && !fs::exists(path, ignored))
    return fail(Code::not_found, path.string() + ": no store is here", "name the directory of a store");
  MDB_env* made = nullptr;
  if (const int error = mdb_env_create(&made)) return lmdb_fail(error, "open");
  Environment environment(made);
  const std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  int error = mdb_env_set_maxdbs(made, table_count);
  if (!error) error = mdb_env_set_maxreaders(made, options.max_readers);
  if (!error && !options.read_only)
    error = mdb_env_set_mapsize(made, (options.map_bytes + page - 1) / page * page);
  if (error) return lmdb_fail(error, "open");
  // NOTLS: readers belong to snapshots, not to threads. NORDAHEAD: look-ups are random.
  const unsigned flags = MDB_NOTLS | MDB_NORDAHEAD | (options.read_only ? MDB_RDONLY : 0U);
  error = mdb_env_open(made, options.directory.c_str(), flags, 0600);
  if (error == MDB_INVALID || error == MDB_VERSION_MISMATCH)
    return fail(Code::malformed,
                path.string() + ": not an LMDB file of a known version, or its first pages are damaged",
                std::string("if this is the right directory: ") + restore);
  if (error > 0 && error != ENOSPC && error != ENOMEM) return system_fail(options.directory, "open", error);
  if (error) return lmdb_fail(error, "open");
  mdb_reader_check(made, nullptr);  // readers of processes that died would keep old pages alive
  CHECK_OK(check_length(made, options));
  return environment;
}

Result<Handles> open_tables(MDB_env* environment, const LmdbOptions& options) {
  TRY(Transaction transaction, begin(environment, options.read_only ? MDB_RDONLY : 0U));
  TRY(const Mark mark, read_mark(transaction.get(), options.directory));
  // Beside a writer that is just making it, or after one that was killed then.
  if (mark == Mark::absent && options.read_only)
    return fail(Code::not_found, options.directory.string() + ": the store is empty",
                "let the server make it first");
  int error = 0;
  if (mark == Mark::absent) {
    MDB_dbi unnamed = 0;
    MDB_val key = to_lmdb(view(mark_key)), value = to_lmdb(view(layout_version));
    error = mdb_dbi_open(transaction.get(), nullptr, 0, &unnamed);
    if (!error) error = mdb_put(transaction.get(), unnamed, &key, &value, 0);
  }
  Handles handles{};
  for (std::size_t i = 0; i < table_count && !error; ++i) {
    const std::string name = "t" + std::to_string(i);
    error = mdb_dbi_open(transaction.get(), name.c_str(), mark == Mark::absent ? MDB_CREATE : 0, &handles[i]);
  }
  if (error == MDB_NOTFOUND || error == MDB_INCOMPATIBLE || error == MDB_CORRUPTED ||
      error == MDB_PAGE_NOTFOUND)
    return fail(Code::malformed, options.directory.string() + ": damaged: its tables cannot be read",
                restore);
  // Mark and tables are one transaction: a store that is killed here is empty or whole.
  if (!error) error = mdb_txn_commit(transaction.release());
  if (error) return lmdb_fail(error, "open");
  if (mark == Mark::absent) CHECK_OK(sync_directory(options.directory));
  return handles;
}

void keep_length(MDB_env* environment) {
  const Lengths now = lengths(environment);
  int descriptor = -1;
  mdb_env_get_fd(environment, &descriptor);
  if (now.found >= now.needed) return;
  // A hole, which takes no space. If it fails, the next commit tries again; nothing that is stored lies there.
  if (ftruncate(descriptor, static_cast<off_t>(now.needed)) != 0) return;
}

}  // namespace cm4it::store
