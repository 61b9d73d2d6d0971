// What a person names with --out, and every other file that is written whole.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "net/address.h"

namespace cm4it::ics {

struct Console;

// A regular file, or one that is not there yet, is written beside its place, synced, and put there by commit(): until then, and
// if that never comes, what was there stays as it was. Links are followed, and the file's mode is kept. Anything else (a pipe, a
// device, a terminal, an open descriptor under /dev/fd) is written into where it is.
class OutputFile {
 public:
  using Milliseconds = std::chrono::milliseconds;

  // `mode`: of a new file, less the umask. A named pipe is waited for until somebody reads it, at most `timeout`.
  // Errors: not_found, not_permitted, malformed (a directory), unavailable; they name the path.
  static Result<OutputFile> create(const std::filesystem::path& path, unsigned mode = 0644, Milliseconds timeout = Milliseconds(30'000));
  // The same; "-" and /dev/stdout are the console's standard output.
  static Result<OutputFile> create_for(const Console& console, const std::string& path);

  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();  // what was not committed is taken away

  // unsupported: what is no text, to a terminal, which it could steer.
  Result<void> write(View bytes);
  // Everything is written, and in its place.
  Result<void> commit();

 private:
  static bool is_text(std::string_view bytes);
  explicit OutputFile(std::filesystem::path path) : named_(std::move(path)) {}
  Result<void> begin_beside(const struct stat* replaced, unsigned mode);
  Result<void> flush();
  tl::unexpected<Error> failed() const;

  std::filesystem::path named_;            // as it was given, for errors
  std::filesystem::path final_, beside_;   // beside_ empty: written into where it is
  net::FileDescriptor file_;
  std::string buffer_;
  const Console* console_ = nullptr;       // standard output
};

}  // namespace cm4it::ics
