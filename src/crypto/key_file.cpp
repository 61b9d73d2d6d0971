// Private keys in files: PKCS#8 PEM, for their owner's eyes only.
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <sodium.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "base/budgets.h"
#include "crypto/key_impl.h"
#include "crypto/signer.h"
#include "crypto/tpm.h"

namespace cm4it::crypto {

namespace {

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

// What OpenSSL calls when it meets an encrypted key.
struct Passphrase {
  const std::filesystem::path& path;
  const KeyAccess& access;
  bool wanted = false;
  std::optional<Error> missing;
};

int give_passphrase(char* to, int room, int, void* context) {
  auto& passphrase = *static_cast<Passphrase*>(context);
  if (passphrase.wanted) return -1;  // another decoder of OpenSSL's tries its luck: nobody is asked twice
  passphrase.wanted = true;
  try {
    const auto secret = secret_for("passphrase of " + named(passphrase.path), passphrase.access);
    if (!secret) {
      passphrase.missing = secret.error();
      return -1;
    }
    const View octets = secret->octets();
    if (octets.size() > static_cast<std::size_t>(room)) return -1;
    std::copy(octets.begin(), octets.end(), to);
    return static_cast<int>(octets.size());
  } catch (...) {  // no exception may cross OpenSSL
    return -1;
  }
}

using Pkcs8Ptr = std::unique_ptr<PKCS8_PRIV_KEY_INFO, FreeWith<PKCS8_PRIV_KEY_INFO_free>>;
using AlgorithmPtr = std::unique_ptr<X509_ALGOR, FreeWith<X509_ALGOR_free>>;
using EncryptedPtr = std::unique_ptr<X509_SIG, FreeWith<X509_SIG_free>>;

// PBES2 (RFC 8018 section 6.2): AES-256-CBC under PBKDF2 with HMAC-SHA-256. Rounds: what a guess of a passphrase shall cost.
bool write_encrypted(BIO* to, EVP_PKEY* key, View passphrase) {
  constexpr int rounds = 600'000;
  const Pkcs8Ptr plain(EVP_PKEY2PKCS8(key));
  AlgorithmPtr scheme(PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), rounds, nullptr, 0, nullptr, NID_hmacWithSHA256));
  if (!plain || !scheme) return false;
  const EncryptedPtr encrypted(
      PKCS8_set0_pbe(reinterpret_cast<const char*>(passphrase.data()), static_cast<int>(passphrase.size()), plain.get(), scheme.get()));
  if (!encrypted) return false;
  (void)scheme.release();  // encrypted owns it now
  return PEM_write_bio_PKCS8(to, encrypted.get()) == 1;
}

}  // namespace

Result<SignerPtr> load_key_file(const std::filesystem::path& path, const KeyAccess& access) {
  TRY(const Secret pem, read_private_file("key file", path, budget::key_file_bytes));
  if (is_tpm_key(pem.text())) return tpm_file_signer(named(path), std::string(pem.text()), access);
  const BioPtr bio(BIO_new_mem_buf(pem.octets().data(), static_cast<int>(pem.octets().size())));
  Passphrase passphrase{path, access, false, {}};
  PkeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, give_passphrase, &passphrase));
  if (!key) {
    ERR_clear_error();
    if (passphrase.missing) return tl::unexpected(*passphrase.missing);
    if (passphrase.wanted) return fail(Code::not_permitted, named(path) + ": the passphrase does not open it");
    return fail(Code::malformed, named(path) + ": no PKCS#8 PEM private key", "make one with `ics key new`");
  }
  auto signer = signer_of(std::move(key));
  if (!signer) return within(named(path), std::move(signer).error());
  return signer;
}

Result<std::string> private_pem(const Signer& signer, const Secret* passphrase) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  auto* key = static_cast<EVP_PKEY*>(signer.native());
  if (!key || !(passphrase ? write_encrypted(bio.get(), key, passphrase->octets())
                           : PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1))
    return openssl_failed("key: cannot be written");
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

Result<void> save_key_file(const Signer& signer, const std::filesystem::path& path, const Secret* passphrase) {
  TRY(std::string pem, private_pem(signer, passphrase));
  auto written = write_key_file(pem, path);
  sodium_memzero(pem.data(), pem.size());
  return written;
}

Result<void> write_key_file(std::string_view pem, const std::filesystem::path& path) {
  const File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.get() < 0)
    return fail(errno == EEXIST ? Code::conflict : Code::unavailable, named(path) + ": " + std::strerror(errno),
                errno == EEXIST ? "a key is never written over; choose another name" : "");
  const bool written = ::write(file.get(), pem.data(), pem.size()) == static_cast<ssize_t>(pem.size()) &&
                       ::fsync(file.get()) == 0;
  const File directory(::open(path.has_parent_path() ? path.parent_path().c_str() : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!written || directory.get() < 0 || ::fsync(directory.get()) != 0) {
    const int cause = errno;
    ::unlink(path.c_str());
    return fail(Code::unavailable, named(path) + ": " + std::strerror(cause));
  }
  return {};
}

}  // namespace cm4it::crypto
