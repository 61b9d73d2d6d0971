#include "crypto/signer_provider.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/provider.h>

#include <chrono>
#include <cstring>

#include "base/log.h"
#include "crypto/key_impl.h"
#include "crypto/pkix_sign.h"

namespace cm4it::crypto {
namespace {

constexpr const char* remote_parameter = "cm4it-remote-key";  // a RemoteKeyPtr*, at import
using RemoteKeyPtr = std::shared_ptr<const RemoteKey>;

// What OpenSSL holds for us: a public key, and a remote private one or none.
struct Held { std::optional<PublicKey> public_key; RemoteKeyPtr remote; };
struct Signing { RemoteKeyPtr remote; };

// No exception may cross OpenSSL.
template <class F>
int guarded(F&& body) {
  try {
    return body() ? 1 : 0;
  } catch (...) {
    return 0;
  }
}

template <class F>
void (*dispatched(F* function))() {
  return reinterpret_cast<void (*)()>(function);
}

// Key management (provider-keymgmt(7))

void* new_key(void*) { return new (std::nothrow) Held; }
void free_key(void* key) { delete static_cast<Held*>(key); }

int has(const void* key, int selection) {
  const auto& held = *static_cast<const Held*>(key);
  if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0 && !held.remote) return 0;
  return held.public_key ? 1 : 0;
}

int match(const void* one, const void* other, int) {
  const auto &a = static_cast<const Held*>(one)->public_key, &b = static_cast<const Held*>(other)->public_key;
  return a && b && *a == *b ? 1 : 0;
}

std::optional<Bytes> octets(const OSSL_PARAM parameters[], const char* name) {
  const void* data = nullptr;
  std::size_t size = 0;
  const OSSL_PARAM* found = OSSL_PARAM_locate_const(parameters, name);
  if (!found || OSSL_PARAM_get_octet_string_ptr(found, &data, &size) != 1) return {};
  const auto* begin = static_cast<const std::uint8_t*>(data);
  return Bytes(begin, begin + size);
}

// A public key of another provider, which shall be compared with ours (a certificate's).
Result<PublicKey> imported(const char* type, const OSSL_PARAM parameters[]) {
  const PkeyCtxPtr context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* made = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, const_cast<OSSL_PARAM*>(parameters)) != 1)
    return openssl_failed("key");
  const PkeyPtr key(made);
  return public_key_of(key.get());
}

int import_key(const char* type, void* key, const OSSL_PARAM parameters[]) {
  return guarded([&] {
    auto& held = *static_cast<Held*>(key);
    if (const auto pointer = octets(parameters, remote_parameter)) {
      const RemoteKeyPtr* remote = nullptr;
      if (pointer->size() != sizeof(const RemoteKeyPtr*)) return false;
      std::memcpy(&remote, pointer->data(), sizeof(const RemoteKeyPtr*));
      held.remote = *remote;
      held.public_key = held.remote->public_key;
      return true;
    }
    auto public_key = imported(type, parameters);
    if (public_key) held.public_key = *public_key;
    return public_key.has_value();
  });
}

const OSSL_PARAM* import_types(int) {
  static const OSSL_PARAM types[] = {OSSL_PARAM_octet_string(remote_parameter, nullptr, 0),
                                     OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, nullptr, 0),
                                     OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, nullptr, 0),
                                     OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, nullptr, 0),
                                     OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, nullptr, 0),
                                     OSSL_PARAM_END};
  return types;
}

int get_key_params(void* key, OSSL_PARAM parameters[]) {
  const auto& held = *static_cast<const Held*>(key);
  if (!held.public_key) return 0;
  auto* const known = static_cast<EVP_PKEY*>(held.public_key->native());
  const auto set = [&](const char* name, int value) {
    OSSL_PARAM* to = OSSL_PARAM_locate(parameters, name);
    return !to || OSSL_PARAM_set_int(to, value) == 1;
  };
  if (!set(OSSL_PKEY_PARAM_BITS, EVP_PKEY_get_bits(known)) ||
      !set(OSSL_PKEY_PARAM_SECURITY_BITS, EVP_PKEY_get_security_bits(known)) ||
      !set(OSSL_PKEY_PARAM_MAX_SIZE, EVP_PKEY_get_size(known)))
    return 0;
  OSSL_PARAM* group = OSSL_PARAM_locate(parameters, OSSL_PKEY_PARAM_GROUP_NAME);
  const Algorithm algorithm = held.public_key->algorithm();
  if (!group || coordinate_bytes(algorithm) == 0) return 1;
  return OSSL_PARAM_set_utf8_string(group, algorithm == Algorithm::es256 ? "prime256v1" : "secp384r1");
}

const OSSL_PARAM* gettable_key_params(void*) {
  static const OSSL_PARAM types[] = {OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, nullptr),
                                     OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, nullptr),
                                     OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, nullptr),
                                     OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, nullptr, 0), OSSL_PARAM_END};
  return types;
}

// Signatures (provider-signature(7))

void* new_signing(void*, const char*) { return new (std::nothrow) Signing; }
void free_signing(void* signing) { delete static_cast<Signing*>(signing); }

bool is_its_digest(Algorithm algorithm, const char* name) {
  if (!name || !*name) return true;
  if (algorithm == Algorithm::eddsa) return false;
  EVP_MD* const found = EVP_MD_fetch(nullptr, name, nullptr);
  const bool fits = found && EVP_MD_is_a(found, algorithm == Algorithm::es384 ? "SHA384" : "SHA256");
  EVP_MD_free(found);
  return fits;
}

int set_signing_params(void*, const OSSL_PARAM parameters[]) {
  const OSSL_PARAM* padding = parameters ? OSSL_PARAM_locate_const(parameters, OSSL_SIGNATURE_PARAM_PAD_MODE) : nullptr;
  if (!padding) return 1;
  if (int mode = 0; padding->data_type == OSSL_PARAM_INTEGER)
    return OSSL_PARAM_get_int(padding, &mode) == 1 && mode == 6 ? 1 : 0;  // RSA_PKCS1_PSS_PADDING
  const char* mode = nullptr;
  return OSSL_PARAM_get_utf8_string_ptr(padding, &mode) == 1 && std::string_view(mode) == OSSL_PKEY_RSA_PAD_MODE_PSS ? 1 : 0;
}

const OSSL_PARAM* settable_signing_params(void*, void*) {
  static const OSSL_PARAM types[] = {OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, nullptr, 0),
                                     OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, nullptr, 0),
                                     OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, nullptr, 0), OSSL_PARAM_END};
  return types;
}

int begin_signing(void* context, const char* digest_name, void* key, const OSSL_PARAM parameters[]) {
  return guarded([&] {
    auto& signing = *static_cast<Signing*>(context);
    if (key) signing.remote = static_cast<const Held*>(key)->remote;
    return signing.remote && is_its_digest(signing.remote->public_key.algorithm(), digest_name) &&
           set_signing_params(context, parameters) == 1;
  });
}

void log_failure(const RemoteKey& remote, const Error& error) {
  const long now = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
  long last = remote.logged.load();
  if (last != 0 && now - last < 60) return;
  if (remote.logged.compare_exchange_strong(last, now))
    log_error("tls: connections fail: " + error.message + (error.detail.empty() ? "" : "; " + error.detail));
}

int sign(void* context, unsigned char* to, std::size_t* size, std::size_t room, const unsigned char* message,
         std::size_t message_size) {
  return guarded([&] {
    const auto& remote = *static_cast<const Signing*>(context)->remote;
    const Algorithm algorithm = remote.public_key.algorithm();
    if (!to) {
      *size = static_cast<std::size_t>(EVP_PKEY_get_size(static_cast<EVP_PKEY*>(remote.public_key.native())));
      return true;
    }
    auto signature = remote.sign({message, message_size});
    if (!signature) {
      log_failure(remote, signature.error());
      return false;
    }
    if (const auto coordinate = coordinate_bytes(algorithm); coordinate > 0) signature = ecdsa_to_der(*signature, coordinate);
    if (!signature || signature->size() > room) return false;
    std::copy(signature->begin(), signature->end(), to);
    *size = signature->size();
    return true;
  });
}

int get_signing_params(void* context, OSSL_PARAM parameters[]) {
  return guarded([&] {
    const auto& remote = static_cast<const Signing*>(context)->remote;
    OSSL_PARAM* const identifier = OSSL_PARAM_locate(parameters, OSSL_SIGNATURE_PARAM_ALGORITHM_ID);
    if (!identifier || !remote) return true;
    const Bytes& der = algorithm_identifier(remote->public_key.algorithm());
    return OSSL_PARAM_set_octet_string(identifier, der.data(), der.size()) == 1;
  });
}

const OSSL_PARAM* gettable_signing_params(void*, void*) {
  static const OSSL_PARAM types[] = {OSSL_PARAM_octet_string(OSSL_SIGNATURE_PARAM_ALGORITHM_ID, nullptr, 0), OSSL_PARAM_END};
  return types;
}

// Each kind of key has its own name, and is otherwise the same.
struct Ec {
  static constexpr const char *type = "EC", *signature = "ECDSA";
};
struct Ed25519 {
  static constexpr const char *type = "ED25519", *signature = "ED25519";
};
struct Rsa {
  static constexpr const char *type = "RSA", *signature = "RSA";
};

template <class Kind>
const OSSL_DISPATCH* key_management() {
  static constexpr auto import_one = [](void* key, int, const OSSL_PARAM parameters[]) {
    return import_key(Kind::type, key, parameters);
  };
  static constexpr auto operation = [](int) { return Kind::signature; };
  static const OSSL_DISPATCH functions[] = {{OSSL_FUNC_KEYMGMT_NEW, dispatched(new_key)},
                                            {OSSL_FUNC_KEYMGMT_FREE, dispatched(free_key)},
                                            {OSSL_FUNC_KEYMGMT_HAS, dispatched(has)},
                                            {OSSL_FUNC_KEYMGMT_MATCH, dispatched(match)},
                                            {OSSL_FUNC_KEYMGMT_IMPORT, dispatched(+import_one)},
                                            {OSSL_FUNC_KEYMGMT_IMPORT_TYPES, dispatched(import_types)},
                                            {OSSL_FUNC_KEYMGMT_GET_PARAMS, dispatched(get_key_params)},
                                            {OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, dispatched(gettable_key_params)},
                                            {OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, dispatched(+operation)},
                                            {0, nullptr}};
  return functions;
}

const OSSL_DISPATCH signatures[] = {{OSSL_FUNC_SIGNATURE_NEWCTX, dispatched(new_signing)},
                                    {OSSL_FUNC_SIGNATURE_FREECTX, dispatched(free_signing)},
                                    {OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, dispatched(begin_signing)},
                                    {OSSL_FUNC_SIGNATURE_DIGEST_SIGN, dispatched(sign)},
                                    {OSSL_FUNC_SIGNATURE_GET_CTX_PARAMS, dispatched(get_signing_params)},
                                    {OSSL_FUNC_SIGNATURE_GETTABLE_CTX_PARAMS, dispatched(gettable_signing_params)},
                                    {OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, dispatched(set_signing_params)},
                                    {OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, dispatched(settable_signing_params)},
                                    {0, nullptr}};

const OSSL_ALGORITHM* query(void*, int operation, int* no_store) {
  static const OSSL_ALGORITHM keys[] = {{Ec::type, "provider=cm4it", key_management<Ec>(), ""},
                                        {Ed25519::type, "provider=cm4it", key_management<Ed25519>(), ""},
                                        {Rsa::type, "provider=cm4it", key_management<Rsa>(), ""},
                                        {nullptr, nullptr, nullptr, nullptr}};
  static const OSSL_ALGORITHM signing[] = {{Ec::signature, "provider=cm4it", signatures, ""},
                                           {Ed25519::signature, "provider=cm4it", signatures, ""},
                                           {Rsa::signature, "provider=cm4it", signatures, ""},
                                           {nullptr, nullptr, nullptr, nullptr}};
  *no_store = 1;
  return operation == OSSL_OP_KEYMGMT ? keys : operation == OSSL_OP_SIGNATURE ? signing : nullptr;
}

int begin(const OSSL_CORE_HANDLE* handle, const OSSL_DISPATCH*, const OSSL_DISPATCH** functions, void** context) {
  static const OSSL_DISPATCH provided[] = {{OSSL_FUNC_PROVIDER_QUERY_OPERATION, dispatched(query)}, {0, nullptr}};
  *functions = provided;
  *context = const_cast<OSSL_CORE_HANDLE*>(handle);
  return 1;
}

// A context of its own: nobody who asks OpenSSL for "EC" shall be given this one.
OSSL_LIB_CTX* library() {
  static OSSL_LIB_CTX* const context = [] {
    OSSL_LIB_CTX* made = OSSL_LIB_CTX_new();
    if (made && OSSL_PROVIDER_add_builtin(made, "cm4it", begin) == 1 && OSSL_PROVIDER_load(made, "cm4it")) return made;
    OSSL_LIB_CTX_free(made);
    return static_cast<OSSL_LIB_CTX*>(nullptr);
  }();
  return context;
}

}  // namespace

Result<PkeyPtr> pkey_of(const RemoteKeyPtr& key) {
  const Algorithm algorithm = key->public_key.algorithm();
  const char* type = algorithm == Algorithm::eddsa ? Ed25519::type : algorithm == Algorithm::ps256 ? Rsa::type : Ec::type;
  if (!library()) return openssl_failed("provider");
  const PkeyCtxPtr context(EVP_PKEY_CTX_new_from_name(library(), type, nullptr));
  const RemoteKeyPtr* pointer = &key;
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_octet_string(remote_parameter, &pointer, sizeof(const RemoteKeyPtr*)),
                             OSSL_PARAM_construct_end()};
  EVP_PKEY* made = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_KEYPAIR, parameters) != 1)
    return openssl_failed("key for TLS");
  return PkeyPtr(made);
}

}  // namespace cm4it::crypto
