// Owning handles for OpenSSL's objects, and its errors as ours. For this room's .cpp files.
#pragma once

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace cm4it::crypto {

template <auto Free>
struct FreeWith {
  template <class T>
  void operator()(T* object) const { Free(object); }
};

using PkeyPtr = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using PkeyCtxPtr = std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>>;
using MdCtxPtr = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;
using BioPtr = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;
using BnPtr = std::unique_ptr<BIGNUM, FreeWith<BN_clear_free>>;
using BnCtxPtr = std::unique_ptr<BN_CTX, FreeWith<BN_CTX_free>>;
using GroupPtr = std::unique_ptr<EC_GROUP, FreeWith<EC_GROUP_free>>;
using PointPtr = std::unique_ptr<EC_POINT, FreeWith<EC_POINT_free>>;

// What OpenSSL says went wrong; its queue of errors is empty afterwards.
inline std::string openssl_reason() {
  char text[256] = "no reason given";
  if (const auto code = ERR_peek_last_error()) ERR_error_string_n(code, text, sizeof text);
  ERR_clear_error();
  return text;
}

inline tl::unexpected<Error> openssl_failed(std::string what) {
  return fail(Code::internal, std::move(what) + ": " + openssl_reason());
}

// What one of OpenSSL's i2d_ functions makes of its object. Empty: nothing, and OpenSSL's queue of errors says why.
template <class T, class Object>
Bytes der_by(int (*encode)(const T*, unsigned char**), const Object* object) {
  unsigned char* der = nullptr;
  const int size = encode(object, &der);
  Bytes made;
  if (size > 0) made.assign(der, der + size);
  OPENSSL_free(der);
  return made;
}

}  // namespace cm4it::crypto
