#include "crypto/signer.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <sodium.h>

#include <array>
#include <atomic>

#include "crypto/digest.h"
#include "crypto/key_impl.h"

namespace cm4it::crypto {
namespace {

tl::unexpected<Error> signs_nothing() {
  return fail(Code::unsupported, "key: X25519 is for encryption and signs nothing; P-256, P-384, Ed25519 and RSA sign");
}

// OpenSSL's contexts that are ready to sign with one key: making one costs a fifth of an ECDSA signature. Any thread, without a lock;
// of threads that sign at once as many as there are places find one again.
class SigningContexts {
 public:
  SigningContexts() = default;
  ~SigningContexts() {
    while (take()) {}
  }
  SigningContexts(const SigningContexts&) = delete;
  SigningContexts& operator=(const SigningContexts&) = delete;

  // Null: none is idle.
  PkeyCtxPtr take() const {
    for (auto& place : idle_)
      if (place.load(std::memory_order_relaxed))
        if (auto* context = place.exchange(nullptr, std::memory_order_acquire)) return PkeyCtxPtr(context);
    return nullptr;
  }
  void give_back(PkeyCtxPtr context) const {
    for (auto& place : idle_) {
      EVP_PKEY_CTX* none = nullptr;
      if (!place.compare_exchange_strong(none, context.get(), std::memory_order_release, std::memory_order_relaxed)) continue;
      (void)context.release();
      return;
    }
  }

 private:
  mutable std::array<std::atomic<EVP_PKEY_CTX*>, 8> idle_{};
};

// A private key in this process's memory.
class KeySigner : public Signer {
 public:
  KeySigner(PkeyPtr key, PublicKey public_key) : key_(std::move(key)), public_key_(std::move(public_key)) {
    if (public_key_.algorithm() != Algorithm::eddsa) return;
    std::array<std::uint8_t, 32> seed{};
    std::size_t size = seed.size();
    std::array<std::uint8_t, crypto_sign_PUBLICKEYBYTES> ignored{};
    if (sodium_init() >= 0 && EVP_PKEY_get_raw_private_key(key_.get(), seed.data(), &size) == 1)
      crypto_sign_seed_keypair(ignored.data(), ed25519_secret_.data(), seed.data());
    sodium_memzero(seed.data(), seed.size());
  }
  ~KeySigner() override { sodium_memzero(ed25519_secret_.data(), ed25519_secret_.size()); }

  const PublicKey& public_key() const override { return public_key_; }
  void* native() const override { return key_.get(); }

  Result<Bytes> sign(View message) const override {
    const Algorithm algorithm = public_key_.algorithm();
    if (algorithm == Algorithm::eddsa) {
      Bytes signature(crypto_sign_BYTES);
      crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(), ed25519_secret_.data());
      return signature;
    }
    TRY(const Bytes signature, evp_sign(algorithm, message));
    return algorithm == Algorithm::ps256 ? Result<Bytes>(signature)
                                         : ecdsa_to_fixed(signature, coordinate_bytes(algorithm));
  }

 private:
  Result<Bytes> evp_sign(Algorithm algorithm, View message) const {
    const EVP_MD* const hash = evp_md(algorithm == Algorithm::es384 ? Hash::sha384 : Hash::sha256);
    PkeyCtxPtr context = contexts_.take();
    if (!context) context = signing_context(algorithm, hash);
    if (!context) return openssl_failed("sign");
    const Bytes digest = crypto::digest(algorithm == Algorithm::es384 ? Hash::sha384 : Hash::sha256, message);
    std::size_t size = static_cast<std::size_t>(EVP_PKEY_get_size(key_.get()));
    Bytes signature(size);
    if (EVP_PKEY_sign(context.get(), signature.data(), &size, digest.data(), digest.size()) != 1) return openssl_failed("sign");
    contexts_.give_back(std::move(context));
    signature.resize(size);
    return signature;
  }

  PkeyCtxPtr signing_context(Algorithm algorithm, const EVP_MD* hash) const {
    PkeyCtxPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr));
    if (!context || EVP_PKEY_sign_init(context.get()) != 1) return nullptr;
    if (algorithm == Algorithm::ps256 && (EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PSS_PADDING) != 1 ||
                                          EVP_PKEY_CTX_set_rsa_pss_saltlen(context.get(), 32) != 1))
      return nullptr;
    if (EVP_PKEY_CTX_set_signature_md(context.get(), hash) != 1) return nullptr;
    return context;
  }

  const PkeyPtr key_;
  const PublicKey public_key_;
  SigningContexts contexts_;
  std::array<std::uint8_t, crypto_sign_SECRETKEYBYTES> ed25519_secret_{};
};

}  // namespace

Result<SignerPtr> signer_of(PkeyPtr key) {
  TRY(auto public_key, public_key_of(key.get()));
  if (public_key.algorithm() == Algorithm::x25519) return signs_nothing();
  return SignerPtr(std::make_shared<KeySigner>(std::move(key), std::move(public_key)));
}

Result<SignerPtr> generate(Algorithm algorithm) {
  EVP_PKEY* key = nullptr;
  switch (algorithm) {
    case Algorithm::es256: key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"); break;
    case Algorithm::es384: key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-384"); break;
    case Algorithm::eddsa: key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"); break;
    case Algorithm::ps256: key = EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{3072}); break;
    case Algorithm::x25519: return signs_nothing();
  }
  if (!key) return openssl_failed("key: cannot be made");
  return signer_of(PkeyPtr(key));
}

namespace {

// A scalar in 1 … n-1 out of the seed: SHA-256(counter ‖ seed) until one is in range.
Result<SignerPtr> p256_from_seed(View seed) {
  const GroupPtr group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  const BnCtxPtr scratch(BN_CTX_new());
  BnPtr scalar;
  for (std::uint8_t counter = 0;; ++counter) {
    const Digest candidate = sha256({View(&counter, 1), seed});
    scalar.reset(BN_bin2bn(candidate.data(), static_cast<int>(candidate.size()), nullptr));
    if (!BN_is_zero(scalar.get()) && BN_cmp(scalar.get(), EC_GROUP_get0_order(group.get())) < 0) break;
  }
  const PointPtr point(EC_POINT_new(group.get()));
  Bytes encoded(65);
  if (EC_POINT_mul(group.get(), point.get(), scalar.get(), nullptr, nullptr, scratch.get()) != 1 ||
      EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, encoded.data(), encoded.size(),
                         scratch.get()) != encoded.size())
    return openssl_failed("key");
  using BuilderPtr = std::unique_ptr<OSSL_PARAM_BLD, FreeWith<OSSL_PARAM_BLD_free>>;
  using ParamsPtr = std::unique_ptr<OSSL_PARAM, FreeWith<OSSL_PARAM_free>>;
  const BuilderPtr builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, encoded.data(), encoded.size());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, scalar.get());
  const ParamsPtr parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  const PkeyCtxPtr context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* made = nullptr;
  if (EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_KEYPAIR, parameters.get()) != 1)
    return openssl_failed("key");
  return signer_of(PkeyPtr(made));
}

}  // namespace

Result<SignerPtr> from_seed(Algorithm algorithm, View seed32) {
  if (seed32.size() != 32) return fail(Code::malformed, "seed: 32 octets expected");
  if (algorithm == Algorithm::es256) return p256_from_seed(seed32);
  if (algorithm != Algorithm::eddsa) return fail(Code::unsupported, "seed: only Ed25519 and P-256 keys are made from seeds");
  PkeyPtr key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed32.data(), seed32.size()));
  if (!key) return openssl_failed("key");
  return signer_of(std::move(key));
}

}  // namespace cm4it::crypto
