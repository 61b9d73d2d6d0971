#include "apps/ics/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <iostream>
#include <optional>
#include <thread>

#include "apps/ics/console.h"
#include "apps/ics/descriptor_buffer.h"

namespace cm4it::ics {
namespace {

namespace fs = std::filesystem;
using net::FileDescriptor;

constexpr std::size_t buffer_octets = 256 * 1024;
constexpr int most_links = 40;  // as many as Linux follows

tl::unexpected<Error> failure(const fs::path& path, int cause) {
  const Code code = cause == ENOENT ? Code::not_found : cause == EACCES || cause == EPERM ? Code::not_permitted : Code::unavailable;
  return fail(code, path.string() + ": " + std::strerror(cause));
}

// "/dev/fd/3": the open descriptor itself. Opened by that name a file would be written from its beginning, or replaced.
std::optional<int> open_descriptor(const std::string& path) {
  if (path == "/dev/stdout") return STDOUT_FILENO;
  if (path == "/dev/stderr") return STDERR_FILENO;
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!path.starts_with(folder)) continue;
    int number = -1;
    const char* end = path.data() + path.size();
    if (const auto read = std::from_chars(path.data() + folder.size(), end, number); read.ec == std::errc{} && read.ptr == end && number >= 0)
      return number;
  }
  return {};
}

// Where a chain of links ends, whether or not anything is there.
Result<fs::path> behind_links(const fs::path& named) {
  fs::path path = named;
  for (int links = 0; links < most_links; ++links) {
    std::error_code none;
    const auto target = fs::read_symlink(path, none);
    if (none) return path;
    path = target.is_absolute() ? target : path.parent_path() / target;
  }
  return failure(named, ELOOP);
}

// A named pipe opens for writing once somebody reads it; nothing tells when, so it is tried again.
FileDescriptor open_to_write(const fs::path& path, OutputFile::Milliseconds timeout) {
  const auto until = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (file.get() >= 0) ::fcntl(file.get(), F_SETFL, ::fcntl(file.get(), F_GETFL) & ~O_NONBLOCK);
    if (file.get() >= 0 || errno != ENXIO || std::chrono::steady_clock::now() > until) return file;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace

Result<OutputFile> OutputFile::create(const fs::path& path, unsigned mode, Milliseconds timeout) {
  OutputFile output(path);
  if (const auto number = open_descriptor(path.string())) {
    output.file_ = FileDescriptor(::fcntl(*number, F_DUPFD_CLOEXEC, 3));
    if (output.file_.get() < 0) return output.failed();
    return output;
  }
  struct stat status{};
  const bool there = ::stat(path.c_str(), &status) == 0;
  if (!there && errno != ENOENT) return output.failed();
  if (there && S_ISDIR(status.st_mode)) return fail(Code::malformed, path.string() + ": a directory, not a file");
  if (there && !S_ISREG(status.st_mode)) {
    output.file_ = open_to_write(path, timeout);
    if (output.file_.get() < 0 && errno == ENXIO) return fail(Code::unavailable, path.string() + ": a pipe that nobody reads");
    if (output.file_.get() < 0) return output.failed();
    return output;
  }
  // rename() would put a new file in the place of one that is write-protected.
  if (there && ::access(path.c_str(), W_OK) != 0) return output.failed();
  TRY(output.final_, behind_links(path));
  CHECK_OK(output.begin_beside(there ? &status : nullptr, mode));
  return output;
}

// Nothing in it but lines of characters.
bool OutputFile::is_text(std::string_view bytes) {
  std::string line(bytes);
  std::erase_if(line, [](char c) { return c == '\n' || c == '\r' || c == '\t'; });
  return clean(line) == line;
}

Result<OutputFile> OutputFile::create_for(const Console& console, const std::string& path) {
  if (path != "-" && path != "/dev/stdout") return create(path);
  OutputFile output("standard output");
  output.console_ = &console;
  return output;
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : named_(std::move(other.named_)),
      final_(std::move(other.final_)),
      beside_(std::exchange(other.beside_, {})),
      file_(std::move(other.file_)),
      buffer_(std::move(other.buffer_)),
      console_(other.console_) {}

OutputFile::~OutputFile() {
  if (!beside_.empty()) ::unlink(beside_.c_str());
}

tl::unexpected<Error> OutputFile::failed() const { return failure(named_, errno); }

// A short name of its own, so that whatever fits as a name can be written, and nothing that is there is opened.
Result<void> OutputFile::begin_beside(const struct stat* replaced, unsigned mode) {
  static std::atomic<unsigned> made{0};
  for (int tries = 0; tries < 1000; ++tries) {
    auto beside = final_.parent_path() / (".ics-" + std::to_string(::getpid()) + "-" + std::to_string(made++));
    file_ = FileDescriptor(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
    if (file_.get() < 0 && errno == EEXIST) continue;
    if (file_.get() < 0 && replaced && errno == EACCES)
      return fail(Code::not_permitted, named_.string() + ": no file may be made beside it, where it is written first", "--out - > FILE");
    if (file_.get() < 0) return failed();
    beside_ = std::move(beside);
    if (!replaced) return {};
    // Root may write another's file: it stays that other's. Where that is not ours to say, the file is ours from now on.
    (void)!::fchown(file_.get(), replaced->st_uid, replaced->st_gid);
    if (::fchmod(file_.get(), replaced->st_mode & 07777) != 0) return failed();
    return {};
  }
  return failure(named_, EEXIST);
}

Result<void> OutputFile::write(View bytes) {
  if (console_) {
    if (console_->output && console_->output->is_terminal() && !is_text(text(bytes)))
      return fail(Code::unsupported, "standard output is a terminal, and this is not text", "--out FILE, or a pipe");
    console_->out << text(bytes);
    return console_->out ? Result<void>{} : console_->flush();
  }
  buffer_ += text(bytes);
  return buffer_.size() < buffer_octets ? Result<void>{} : flush();
}

Result<void> OutputFile::flush() {
  for (std::size_t done = 0; done < buffer_.size();) {
    const auto written = ::write(file_.get(), buffer_.data() + done, buffer_.size() - done);
    if (written > 0) done += static_cast<std::size_t>(written);
    else if (errno != EINTR) return failed();
  }
  buffer_.clear();
  return {};
}

Result<void> OutputFile::commit() {
  if (console_) return console_->flush();
  CHECK_OK(flush());
  if (beside_.empty()) return {};
  if (::fsync(file_.get()) != 0 || ::rename(beside_.c_str(), final_.c_str()) != 0) return failed();
  beside_.clear();
  const auto folder = final_.has_parent_path() ? final_.parent_path() : fs::path(".");
  const FileDescriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0 || ::fsync(directory.get()) != 0) return failed();
  return {};
}

}  // namespace cm4it::ics
