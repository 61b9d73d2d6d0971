#include "crypto/tpm.h"

#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <openssl/store.h>
#include <openssl/ui.h>
#include <openssl/x509.h>

#include <algorithm>
#include <optional>

#include "base/guarded.h"
#include "base/mutex.h"
#include "crypto/key_impl.h"
#include "crypto/remote_signer.h"

namespace cm4it::crypto {
namespace {

constexpr const char* prefer_tpm = "?provider=tpm2";
constexpr const char* advice = "TPM2OPENSSL_TCTI says where the TPM is (device:/dev/tpmrm0); it is tried again at the next use";

using LibraryPtr = std::unique_ptr<OSSL_LIB_CTX, FreeWith<OSSL_LIB_CTX_free>>;
using ProviderPtr = std::unique_ptr<OSSL_PROVIDER, FreeWith<OSSL_PROVIDER_unload>>;
using StorePtr = std::unique_ptr<OSSL_STORE_CTX, FreeWith<OSSL_STORE_close>>;
using StoreInfoPtr = std::unique_ptr<OSSL_STORE_INFO, FreeWith<OSSL_STORE_INFO_free>>;
using UiPtr = std::unique_ptr<UI_METHOD, FreeWith<UI_destroy_method>>;

// What the TPM itself said stands in the error's data.
tl::unexpected<Error> tpm_failed(const std::string& what) {
  const char* data = nullptr;
  int flags = 0;
  ERR_peek_last_error_data(&data, &flags);
  const std::string said = data && (flags & ERR_TXT_STRING) != 0 ? data : "";
  const std::string reason = openssl_reason();
  return fail(Code::unavailable, what + ": " + (said.empty() ? reason : said), advice);
}

// One way to the TPM, shared by all its keys: some TPMs talk to one program, and one call, at a time.
struct Tpm {
  LibraryPtr library;
  ProviderPtr common, provider;  // go before it
  Mutex one_at_a_time;
};
using TpmPtr = std::shared_ptr<Tpm>;

Result<TpmPtr> connected() {
  static Guarded<std::weak_ptr<Tpm>> known;
  return known.with([](std::weak_ptr<Tpm>& connection) -> Result<TpmPtr> {
    if (auto tpm = connection.lock()) return tpm;
    auto tpm = std::make_shared<Tpm>();
    tpm->library.reset(OSSL_LIB_CTX_new());
    if (!tpm->library) return tpm_failed("TPM");
    tpm->common.reset(OSSL_PROVIDER_load(tpm->library.get(), "default"));
    tpm->provider.reset(OSSL_PROVIDER_load(tpm->library.get(), "tpm2"));
    if (!tpm->common || !tpm->provider) return tpm_failed("TPM: no provider (Debian: tpm2-openssl), or no TPM");
    connection = tpm;
    return tpm;
  });
}

// The key's own passphrase ("auth value").
struct Passphrase {
  const std::string& name;
  const KeyAccess& access;
  std::optional<Error> missing;
};

int give_passphrase(char* to, int room, int, void* context) {
  auto& passphrase = *static_cast<Passphrase*>(context);
  if (passphrase.missing) return -1;
  try {
    const auto secret = secret_for("passphrase of " + passphrase.name, passphrase.access);
    if (!secret) passphrase.missing = secret.error();
    if (!secret || secret->octets().size() > static_cast<std::size_t>(room)) return -1;
    std::copy(secret->octets().begin(), secret->octets().end(), to);
    return static_cast<int>(secret->octets().size());
  } catch (...) {  // no exception may cross OpenSSL
    return -1;
  }
}

PkeyPtr key_of_handle(const Tpm& tpm, const std::string& handle, Passphrase& passphrase) {
  const UiPtr asking(UI_UTIL_wrap_read_pem_callback(give_passphrase, 0));
  const StorePtr store(
      OSSL_STORE_open_ex(handle.c_str(), tpm.library.get(), prefer_tpm, asking.get(), &passphrase, nullptr, nullptr, nullptr));
  while (store && OSSL_STORE_eof(store.get()) == 0) {
    const StoreInfoPtr info(OSSL_STORE_load(store.get()));
    if (!info) break;
    if (OSSL_STORE_INFO_get_type(info.get()) == OSSL_STORE_INFO_PKEY) return PkeyPtr(OSSL_STORE_INFO_get1_PKEY(info.get()));
  }
  return nullptr;
}

Result<PublicKey> public_half(EVP_PKEY* key, const std::string& name) {
  const Bytes der = der_by(i2d_PUBKEY, key);
  if (der.empty()) return tpm_failed(name);
  auto public_key = PublicKey::from_spki(der);
  if (!public_key) return within(name, std::move(public_key).error());
  return public_key;
}

class TpmKey {
 public:
  // `pem` empty: `name` is a handle.
  TpmKey(std::string name, std::string pem, KeyAccess access)
      : name_(std::move(name)), pem_(std::move(pem)), access_(std::move(access)) {}

  Result<PublicKey> open() {
    return state_.with([&](State& state) -> Result<PublicKey> {
      CHECK_OK(open(state));
      return *public_key_;
    });
  }

  Result<Bytes> sign(View message) const {
    return state_.with([&](State& state) -> Result<Bytes> {
      const bool was_open = state.key != nullptr;
      auto signature = sign(state, message);
      if (!signature && was_open) signature = sign(state, message);  // the TPM was lost, and may be back
      return signature;
    });
  }

 private:
  struct State {
    TpmPtr tpm;
    PkeyPtr key;  // goes before its TPM
    std::optional<Error> refused;  // the passphrase was: TPMs count wrong ones, and lock themselves
  };

  Result<void> open(State& state) const {
    if (state.refused) return tl::unexpected(*state.refused);
    TRY(auto tpm, connected());
    const Lock lock(tpm->one_at_a_time);
    Passphrase passphrase{name_, access_, {}};
    PkeyPtr key;
    if (pem_.empty()) {
      key = key_of_handle(*tpm, name_, passphrase);
    } else {
      const BioPtr bio(BIO_new_mem_buf(pem_.data(), static_cast<int>(pem_.size())));
      key.reset(PEM_read_bio_PrivateKey_ex(bio.get(), nullptr, give_passphrase, &passphrase, tpm->library.get(), prefer_tpm));
    }
    if (passphrase.missing) {
      ERR_clear_error();
      return tl::unexpected(*passphrase.missing);
    }
    if (!key) return tpm_failed(name_ + ": not in this TPM");
    TRY(const auto public_key, public_half(key.get(), name_));
    if (public_key_ && !(public_key == *public_key_))
      return fail(Code::unavailable, name_ + ": another key is there now, " + public_key.id().text());
    public_key_ = public_key;
    state.tpm = std::move(tpm);
    state.key = std::move(key);
    return {};
  }

  Result<Bytes> sign(State& state, View message) const {
    if (!state.key) CHECK_OK(open(state));
    const Algorithm algorithm = public_key_->algorithm();
    auto signature = [&]() -> Result<Bytes> {
      const Lock lock(state.tpm->one_at_a_time);
      return evp_sign(*state.tpm, state.key.get(), algorithm, message);
    }();
    if (!signature) {
      const Lock lock(state.tpm->one_at_a_time);
      state.key.reset();
    }
    if (!signature) state.tpm.reset();
    if (!signature && signature.error().message.find("authorization") != std::string::npos)
      state.refused = signature.error() =
          Error{Code::not_permitted, name_ + ": its passphrase is wrong",
                "it is not tried again, for TPMs lock themselves; start again with the right one"};
    const auto coordinate = coordinate_bytes(algorithm);
    if (signature && coordinate > 0) return ecdsa_to_fixed(*signature, coordinate);
    return signature;
  }

  // Hashed here: a TPM is slow, and would lend one of its few places to every message.
  Result<Bytes> evp_sign(const Tpm& tpm, EVP_PKEY* key, Algorithm algorithm, View message) const {
    const Hash hash = algorithm == Algorithm::es384 ? Hash::sha384 : Hash::sha256;
    const Bytes hashed = digest(hash, message);
    const PkeyCtxPtr context(EVP_PKEY_CTX_new_from_pkey(tpm.library.get(), key, prefer_tpm));
    if (!context || EVP_PKEY_sign_init(context.get()) != 1) return tpm_failed(name_);
    if (algorithm == Algorithm::ps256 && EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PSS_PADDING) != 1)
      return tpm_failed(name_);
    if (EVP_PKEY_CTX_set_signature_md(context.get(), evp_md(hash)) != 1) return tpm_failed(name_);
    Bytes signature(1024);
    std::size_t size = signature.size();
    if (EVP_PKEY_sign(context.get(), signature.data(), &size, hashed.data(), hashed.size()) != 1) return tpm_failed(name_);
    signature.resize(size);
    return signature;
  }

  const std::string name_, pem_;
  const KeyAccess access_;
  mutable std::optional<PublicKey> public_key_;  // constant once open() returned
  mutable Guarded<State> state_;
};

Result<SignerPtr> signer_for(const std::string& name, std::string pem, const KeyAccess& access) {
  const auto key = std::make_shared<TpmKey>(name, std::move(pem), access);
  TRY(const auto public_key, key->open());
  return remote_signer(name, public_key, [key](View message) { return key->sign(message); });
}

}  // namespace

Result<SignerPtr> tpm_signer(const std::string& handle, const KeyAccess& access) { return signer_for(handle, {}, access); }

bool is_tpm_key(std::string_view pem) { return pem.find("-----BEGIN TSS2 PRIVATE KEY-----") != std::string_view::npos; }

Result<SignerPtr> tpm_file_signer(const std::string& name, std::string pem, const KeyAccess& access) {
  return signer_for(name, std::move(pem), access);
}

Result<std::string> tpm_new_key(Algorithm algorithm) {
  if (algorithm == Algorithm::eddsa) return fail(Code::unsupported, "alg: TPMs make no Ed25519 keys", "--alg p256");
  TRY(const auto tpm, connected());
  const Lock lock(tpm->one_at_a_time);
  const PkeyPtr key(
      algorithm == Algorithm::ps256
          ? EVP_PKEY_Q_keygen(tpm->library.get(), "provider=tpm2", "RSA", std::size_t{2048})
          : EVP_PKEY_Q_keygen(tpm->library.get(), "provider=tpm2", "EC", algorithm == Algorithm::es256 ? "P-256" : "P-384"));
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (!key || PEM_write_bio_PrivateKey_ex(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr, tpm->library.get(),
                                          prefer_tpm) != 1)
    return tpm_failed("TPM: makes no such key");
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  std::string pem(data, static_cast<std::size_t>(size));
  if (!is_tpm_key(pem)) return fail(Code::internal, "TPM: its key is written in another form than TSS2");
  return pem;
}

}  // namespace cm4it::crypto
