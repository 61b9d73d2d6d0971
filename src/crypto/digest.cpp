#include "crypto/digest.h"

#include <openssl/rand.h>

#include <new>

#include "crypto/key_impl.h"
#include "crypto/openssl.h"

namespace cm4it::crypto {
namespace {

// Fetched once (a fetch costs more than a hash); a context a thread.
EVP_MD_CTX* begin_sha256() {
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  thread_local const MdCtxPtr context(EVP_MD_CTX_new());
  if (!algorithm || !context || EVP_DigestInit_ex2(context.get(), algorithm, nullptr) != 1) throw std::bad_alloc();
  return context.get();
}

Digest finish(EVP_MD_CTX* context) {
  Digest digest;
  if (EVP_DigestFinal_ex(context, digest.data(), nullptr) != 1) throw std::bad_alloc();
  return digest;
}

}  // namespace

Digest sha256(View data) { return sha256({data}); }

Digest sha256(std::initializer_list<View> parts) {
  EVP_MD_CTX* const context = begin_sha256();
  for (const View part : parts)
    if (EVP_DigestUpdate(context, part.data(), part.size()) != 1) throw std::bad_alloc();
  return finish(context);
}

const char* to_string(Hash hash) {
  switch (hash) {
    case Hash::sha1: return "SHA-1";
    case Hash::sha224: return "SHA-224";
    case Hash::sha256: return "SHA-256";
    case Hash::sha384: return "SHA-384";
    case Hash::sha512: return "SHA-512";
    case Hash::sha3_256: return "SHA3-256";
    case Hash::sha3_512: return "SHA3-512";
  }
  return "";
}

std::size_t digest_bytes(Hash hash) {
  switch (hash) {
    case Hash::sha1: return 20;
    case Hash::sha224: return 28;
    case Hash::sha256:
    case Hash::sha3_256: return 32;
    case Hash::sha384: return 48;
    case Hash::sha512:
    case Hash::sha3_512: return 64;
  }
  return 0;
}

const EVP_MD* evp_md(Hash hash) {
  static const auto fetched = [] {
    std::array<EVP_MD*, 7> all{};
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = EVP_MD_fetch(nullptr, to_string(static_cast<Hash>(i)), nullptr);
    return all;
  }();
  return fetched[static_cast<std::size_t>(hash)];
}

Bytes digest(Hash hash, View data) {
  Bytes out(digest_bytes(hash));
  const EVP_MD* const algorithm = evp_md(hash);
  if (!algorithm || EVP_Digest(data.data(), data.size(), out.data(), nullptr, algorithm, nullptr) != 1) throw std::bad_alloc();
  return out;
}

Md5 md5(View data) {
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "MD5", nullptr);
  Md5 out;
  if (!algorithm || EVP_Digest(data.data(), data.size(), out.data(), nullptr, algorithm, nullptr) != 1) throw std::bad_alloc();
  return out;
}

Bytes random_bytes(std::size_t count) {
  Bytes bytes(count);
  if (RAND_bytes(bytes.data(), static_cast<int>(count)) != 1) throw std::bad_alloc();
  return bytes;
}

}  // namespace cm4it::crypto
