#include "apps/ics/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "apps/ics/output_file.h"

namespace cm4it::ics {
namespace {

tl::unexpected<Error> failed(const std::filesystem::path& path) {
  return fail(errno == ENOENT ? Code::not_found : errno == EACCES ? Code::not_permitted : Code::unavailable,
              path.string() + ": " + std::strerror(errno));
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
  TRY(auto file, OutputFile::create(path, mode));
  CHECK_OK(file.write(bytes));
  return file.commit();
}

}  // namespace cm4it::ics
