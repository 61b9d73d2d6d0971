#include "crypto/secret.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/budgets.h"

namespace cm4it::crypto {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }

 private:
  int number_;
};

}  // namespace

Secret::~Secret() { sodium_memzero(octets_.data(), octets_.size()); }

Secret& Secret::operator=(Secret&& other) noexcept {
  octets_.swap(other.octets_);
  return *this;
}

Result<Secret> read_private_file(const char* what, const std::filesystem::path& path, std::size_t most) {
  const std::string named = std::string(what) + " " + path.string();
  // A pipe that nobody writes to must not hold us up.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return fail(errno == ENOENT ? Code::not_found : Code::unavailable, named + ": " + std::strerror(errno));
  struct stat status{};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return fail(Code::malformed, named + ": not a regular file");
  if ((status.st_mode & 077) != 0)
    return fail(Code::not_permitted, named + ": others than its owner may read it", "chmod 600 " + path.string());
  Bytes octets(most + 1);
  const auto size = ::read(file.get(), octets.data(), octets.size());
  const int cause = errno;
  Secret content(std::move(octets));  // whatever happens, it is wiped
  if (size < 0) return fail(Code::unavailable, named + ": " + std::strerror(cause));
  if (static_cast<std::size_t>(size) > most)
    return fail(Code::too_large, named + ": more than " + std::to_string(most) + " octets");
  return Secret(to_bytes(content.octets().first(static_cast<std::size_t>(size))));
}

Result<Secret> secret_for(const std::string& needed, const KeyAccess& access) {
  if (access.pass_file.empty()) {
    if (access.ask) return access.ask(needed);
    return fail(Code::not_permitted, needed + ": needed, and there is none",
                "put it into a file of mode 0600, and name that: docs/keys.md");
  }
  TRY(const Secret content, read_private_file("secret file", access.directory / access.pass_file, budget::secret_bytes));
  const View all = content.octets();
  const auto end = std::find_if(all.begin(), all.end(), [](std::uint8_t octet) { return octet == '\n' || octet == '\r'; });
  if (end == all.begin()) return fail(Code::malformed, "secret file " + access.pass_file.string() + ": its first line is empty");
  return Secret(Bytes(all.begin(), end));
}

}  // namespace cm4it::crypto
