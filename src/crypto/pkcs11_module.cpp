#include "crypto/pkcs11_module.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <map>

#include "base/guarded.h"

namespace cm4it::crypto {
namespace {

Result<Pkcs11> load(const std::string& library) {
  void* const handle = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    const char* why = ::dlerror();
    return fail(Code::not_found, "pkcs11 module " + library + ": " + (why ? why : "cannot be loaded"),
                "module-path=/… in the URI names the token's library");
  }
  const auto get = reinterpret_cast<CK_C_GetFunctionList>(::dlsym(handle, "C_GetFunctionList"));
  Pkcs11 module = nullptr;
  if (!get || get(&module) != CKR_OK || !module || module->version.major != 2)
    return fail(Code::unsupported, "pkcs11 module " + library + ": not a PKCS#11 module of version 2");
  ck_c_initialize_args arguments{};
  arguments.flags = CKF_OS_LOCKING_OK;
  const ck_rv_t code = module->C_Initialize(&arguments);
  if (code == CKR_CANT_LOCK) return fail(Code::unsupported, "pkcs11 module " + library + ": not for several threads");
  if (code != CKR_OK && code != CKR_CRYPTOKI_ALREADY_INITIALIZED)
    return pkcs11_failed("pkcs11 module " + library, "C_Initialize", code);
  return module;
}

struct Failure {
  ck_rv_t code;
  const char *name, *means, *advice;
};

constexpr const char* plug_in = "put it back; it is tried again at the next use";
constexpr const char* never_retried = "it is not tried again, for tokens lock themselves; put the right one in its place";

constexpr Failure known_failures[] = {
    {CKR_PIN_INCORRECT, "CKR_PIN_INCORRECT", "the PIN is wrong", never_retried},
    {CKR_PIN_INVALID, "CKR_PIN_INVALID", "the PIN is wrong", never_retried},
    {CKR_PIN_LEN_RANGE, "CKR_PIN_LEN_RANGE", "the PIN is wrong", never_retried},
    {CKR_PIN_EXPIRED, "CKR_PIN_EXPIRED", "the PIN has expired", "set a new one with the token's own program"},
    {CKR_PIN_LOCKED, "CKR_PIN_LOCKED", "the PIN is locked", "unlock it with the token's own program"},
    {CKR_USER_PIN_NOT_INITIALIZED, "CKR_USER_PIN_NOT_INITIALIZED", "it has no PIN yet",
     "initialize it with the token's own program"},
    {CKR_TOKEN_NOT_PRESENT, "CKR_TOKEN_NOT_PRESENT", "it is not there", plug_in},
    {CKR_TOKEN_NOT_RECOGNIZED, "CKR_TOKEN_NOT_RECOGNIZED", "it is not recognized", plug_in},
    {CKR_DEVICE_REMOVED, "CKR_DEVICE_REMOVED", "it was taken out", plug_in},
    {CKR_DEVICE_ERROR, "CKR_DEVICE_ERROR", "it does not work", plug_in},
    {CKR_SLOT_ID_INVALID, "CKR_SLOT_ID_INVALID", "its slot is gone", plug_in},
    {CKR_SESSION_HANDLE_INVALID, "CKR_SESSION_HANDLE_INVALID", "its session ended", plug_in},
    {CKR_SESSION_CLOSED, "CKR_SESSION_CLOSED", "its session ended", plug_in},
    {CKR_USER_NOT_LOGGED_IN, "CKR_USER_NOT_LOGGED_IN", "nobody is logged in", plug_in},
    {CKR_TOKEN_WRITE_PROTECTED, "CKR_TOKEN_WRITE_PROTECTED", "it is write-protected", ""},
    {CKR_MECHANISM_INVALID, "CKR_MECHANISM_INVALID", "it does not speak this algorithm", ""},
};

}  // namespace

Result<Pkcs11> pkcs11_module(const Pkcs11Uri& uri) {
  // A module may be initialized once in a process: whoever uses it shares it.
  static Guarded<std::map<std::string, Pkcs11>> modules;
  const std::string library = !uri.module_path.empty()   ? uri.module_path
                              : !uri.module_name.empty() ? "lib" + uri.module_name + ".so"
                                                         : "libp11-kit.so.0";
  return modules.with([&](auto& loaded) -> Result<Pkcs11> {
    if (const auto at = loaded.find(library); at != loaded.end()) return at->second;
    TRY(const Pkcs11 module, load(library));
    loaded.emplace(library, module);
    return module;
  });
}

tl::unexpected<Error> pkcs11_failed(const std::string& where, const char* function, ck_rv_t code) {
  for (const auto& one : known_failures)
    if (one.code == code)
      return fail(one.advice == never_retried || code == CKR_PIN_LOCKED || code == CKR_PIN_EXPIRED ? Code::not_permitted
                                                                                                   : Code::unavailable,
                  fmt::format("{}: {} ({})", where, one.means, one.name), one.advice);
  return fail(Code::unavailable, fmt::format("{}: {} failed (0x{:x})", where, function, code));
}

}  // namespace cm4it::crypto
