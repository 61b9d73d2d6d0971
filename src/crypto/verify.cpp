// Signatures in their COSE forms, and over digests.
#include <openssl/rsa.h>
#include <sodium.h>

#include <algorithm>

#include "base/der.h"
#include "crypto/key_impl.h"

namespace cm4it::crypto {
namespace {

tl::unexpected<Error> does_not_hold() {
  ERR_clear_error();
  return fail(Code::bad_signature, "signature: does not verify under the issuer's key");
}

// libsodium refuses small-order keys and s >= L, and is twice as fast as OpenSSL.
bool ed25519_holds(View key, View message, View signature) {
  static const bool ready = sodium_init() >= 0;
  return ready && signature.size() == crypto_sign_BYTES &&
         crypto_sign_verify_detached(signature.data(), message.data(), message.size(), key.data()) == 0;
}

bool evp_holds(EVP_PKEY* key, Algorithm algorithm, View message, View signature) {
  thread_local const MdCtxPtr context(EVP_MD_CTX_new());
  EVP_MD_CTX_reset(context.get());
  static EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  static EVP_MD* const sha384 = EVP_MD_fetch(nullptr, "SHA384", nullptr);
  EVP_PKEY_CTX* options = nullptr;
  if (EVP_DigestVerifyInit(context.get(), &options, algorithm == Algorithm::es384 ? sha384 : sha256, nullptr, key) != 1)
    return false;
  if (algorithm == Algorithm::ps256 && (EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) != 1 ||
                                        EVP_PKEY_CTX_set_rsa_pss_saltlen(options, 32) != 1))
    return false;
  return EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) == 1;
}

tl::unexpected<Error> verifies_nothing() {
  return fail(Code::bad_signature, "signature: the issuer's key is for encryption (X25519) and signs nothing");
}

bool evp_holds_digest(EVP_PKEY* key, const EVP_MD* pkcs1_hash, View digest, View signature) {
  const PkeyCtxPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  if (!context || EVP_PKEY_verify_init(context.get()) != 1) return false;
  if (pkcs1_hash && (EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) != 1 ||
                     EVP_PKEY_CTX_set_signature_md(context.get(), pkcs1_hash) != 1))
    return false;
  return EVP_PKEY_verify(context.get(), signature.data(), signature.size(), digest.data(), digest.size()) == 1;
}

// RFC 8017 section 8.2.2 has the signature as long as the modulus; a number in other encodings has lost its zeros.
Bytes padded(View signature, EVP_PKEY* key) {
  const auto size = static_cast<std::size_t>(EVP_PKEY_get_size(key));
  Bytes full(size > signature.size() ? size - signature.size() : 0);
  append(full, signature);
  return full;
}

}  // namespace

Result<Bytes> ecdsa_to_der(View fixed, std::size_t coordinate) {
  if (fixed.size() != 2 * coordinate)
    return fail(Code::bad_signature, "signature: " + std::to_string(2 * coordinate) + " octets (r, s) expected, " +
                std::to_string(fixed.size()) + " found", "RFC 9053 section 2.1");
  return der::item(der::sequence, {der::unsigned_of(fixed.first(coordinate)), der::unsigned_of(fixed.subspan(coordinate))});
}

Result<Bytes> ecdsa_to_fixed(View der, std::size_t coordinate) {
  const auto numbers = [&]() -> Result<std::pair<View, View>> {
    DerReader whole(der);
    TRY(auto both, whole.enter(der::sequence, "signature"));
    CHECK_OK(whole.end("signature"));
    TRY(const View r, both.integer("signature.r"));
    TRY(const View s, both.integer("signature.s"));
    CHECK_OK(both.end("signature"));
    return std::pair(r, s);
  }();
  if (!numbers) return does_not_hold();
  Bytes fixed(2 * coordinate);
  auto end = fixed.begin();
  for (View number : {numbers->first, numbers->second}) {
    if ((number[0] & 0x80) != 0) return does_not_hold();  // below zero
    if (number[0] == 0) number = number.subspan(1);
    if (number.size() > coordinate) return does_not_hold();
    end += static_cast<std::ptrdiff_t>(coordinate);
    std::copy_backward(number.begin(), number.end(), end);
  }
  return fixed;
}

Result<void> PublicKey::verify(View message, View signature) const {
  bool holds = false;
  switch (impl_->algorithm) {
    case Algorithm::x25519: return verifies_nothing();
    case Algorithm::eddsa: holds = ed25519_holds(impl_->bits, message, signature); break;
    case Algorithm::ps256: holds = evp_holds(impl_->pkey.get(), impl_->algorithm, message, signature); break;
    case Algorithm::es256:
    case Algorithm::es384: {
      TRY(const Bytes der, ecdsa_to_der(signature, coordinate_bytes(impl_->algorithm)));
      holds = evp_holds(impl_->pkey.get(), impl_->algorithm, message, der);
      break;
    }
  }
  if (!holds) return does_not_hold();
  return {};
}

Result<void> PublicKey::verify_digest(Hash hash, View digest, View signature) const {
  EVP_PKEY* const key = impl_->pkey.get();
  bool holds = digest.size() == digest_bytes(hash);
  switch (impl_->algorithm) {
    case Algorithm::x25519: return verifies_nothing();
    case Algorithm::eddsa: holds = holds && ed25519_holds(impl_->bits, digest, signature); break;
    case Algorithm::ps256: holds = holds && evp_holds_digest(key, evp_md(hash), digest, padded(signature, key)); break;
    case Algorithm::es256:
    case Algorithm::es384: {
      TRY(const Bytes der, ecdsa_to_der(signature, coordinate_bytes(impl_->algorithm)));
      holds = holds && evp_holds_digest(key, nullptr, digest, der);
      break;
    }
  }
  if (!holds) return does_not_hold();
  return {};
}

}  // namespace cm4it::crypto
