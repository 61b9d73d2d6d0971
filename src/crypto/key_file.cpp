// Private keys in files: PKCS#8 PEM, for their owner's eyes only.
#include <fcntl.h>
#include <openssl/pem.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "crypto/key_impl.h"
#include "crypto/signer.h"

namespace cm4it::crypto {

namespace {

constexpr std::size_t key_file_bytes = 64 * 1024;

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() { if (descriptor_ >= 0) ::close(descriptor_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

std::string named(const std::filesystem::path& path) { return "key file " + path.string(); }

// An unencrypted key only: a prompt has no place in a server.
int no_passphrase(char*, int, int, void*) { return -1; }

}  // namespace

Result<SignerPtr> load_key_file(const std::filesystem::path& path) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0)
    return fail(errno == ENOENT ? Code::not_found : Code::unavailable, named(path) + ": " + std::strerror(errno));
  struct stat status {};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode))
    return fail(Code::malformed, named(path) + ": not a regular file");
  if ((status.st_mode & 077) != 0)
    return fail(Code::not_permitted, named(path) + ": others than its owner may read it", "chmod 600 " + path.string());
  std::string pem(key_file_bytes, '\0');
  const auto size = ::read(file.get(), pem.data(), pem.size());
  if (size < 0) return fail(Code::unavailable, named(path) + ": " + std::strerror(errno));
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(size)));
  PkeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  sodium_memzero(pem.data(), pem.size());
  if (!key) {
    ERR_clear_error();
    return fail(Code::malformed, named(path) + ": no unencrypted PKCS#8 PEM private key", "make one with `ics key new`");
  }
  auto signer = signer_of(std::move(key));
  if (!signer) return within(named(path), std::move(signer).error());
  return signer;
}

Result<std::string> private_pem(const Signer& signer) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  auto* key = static_cast<EVP_PKEY*>(signer.native());
  if (!key || PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return openssl_failed("key: cannot be written");
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

Result<void> save_key_file(const Signer& signer, const std::filesystem::path& path) {
  TRY(std::string pem, private_pem(signer));
  const File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.get() < 0)
    return fail(errno == EEXIST ? Code::conflict : Code::unavailable, named(path) + ": " + std::strerror(errno),
                errno == EEXIST ? "a key is never written over; choose another name" : "");
  const bool written = ::write(file.get(), pem.data(), pem.size()) == static_cast<ssize_t>(pem.size()) &&
                       ::fsync(file.get()) == 0;
  sodium_memzero(pem.data(), pem.size());
  const File directory(::open(path.has_parent_path() ? path.parent_path().c_str() : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!written || directory.get() < 0 || ::fsync(directory.get()) != 0) {
    const int cause = errno;
    ::unlink(path.c_str());
    return fail(Code::unavailable, named(path) + ": " + std::strerror(cause));
  }
  return {};
}

}  // namespace cm4it::crypto
