#include "crypto/digest.h"

#include <openssl/rand.h>

#include <new>

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

Bytes random_bytes(std::size_t count) {
  Bytes bytes(count);
  if (RAND_bytes(bytes.data(), static_cast<int>(count)) != 1) throw std::bad_alloc();
  return bytes;
}

}  // namespace cm4it::crypto
