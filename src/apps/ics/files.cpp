#include "apps/ics/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "net/address.h"

namespace cm4it::ics {
namespace {

tl::unexpected<Error> failed(const std::filesystem::path& path) {
  return fail(errno == ENOENT ? Code::not_found : errno == EACCES ? Code::not_permitted : Code::unavailable,
              path.string() + ": " + std::strerror(errno));
}

bool write_all(int file, View bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& path, std::size_t most) {
  const net::FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) return failed(path);
  if (S_ISDIR(status.st_mode)) return fail(Code::malformed, path.string() + ": a directory, not a file");
  std::string text;
  char buffer[65'536];
  for (;;) {
    const auto got = ::read(file.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(path);
    if (got == 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
    if (text.size() > most)
      return fail(Code::too_large, path.string() + ": more than " + std::to_string(most) + " octets");
  }
}

Result<void> write_file(const std::filesystem::path& path, View bytes, unsigned mode) {
  if (path == "-") {
    if (!write_all(STDOUT_FILENO, bytes)) return failed("standard output");
    return {};
  }
  auto beside = path;
  beside += ".new";
  net::FileDescriptor file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
  if (file.get() < 0) return failed(beside);
  if (!write_all(file.get(), bytes) || ::fsync(file.get()) != 0 || ::rename(beside.c_str(), path.c_str()) != 0) {
    auto error = failed(path);
    ::unlink(beside.c_str());
    return error;
  }
  const auto parent = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  const net::FileDescriptor directory(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0 || ::fsync(directory.get()) != 0) return failed(parent);
  return {};
}

}  // namespace cm4it::ics
