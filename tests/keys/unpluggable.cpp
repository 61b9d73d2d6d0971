// SoftHSM behind a reader from which its tokens can be taken: while UNPLUGGABLE_DIR/out exists they are gone, with every session.
// Each login leaves an octet in UNPLUGGABLE_DIR/logins.
#define CRYPTOKI_GNU
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <mutex>
#include <string>

namespace {

std::mutex mutex;
ck_function_list* real = nullptr;
bool was_out = false;  // guarded by mutex

std::string file(const char* name) {
  const char* directory = std::getenv("UNPLUGGABLE_DIR");
  return std::string(directory ? directory : ".") + "/" + name;
}

bool is_out() {
  const std::lock_guard lock(mutex);
  const bool out = ::access(file("out").c_str(), F_OK) == 0;
  if (out && !was_out) {
    ck_slot_id_t slots[64];
    unsigned long count = 64;
    if (real->C_GetSlotList(1, slots, &count) == CKR_OK)
      for (unsigned long i = 0; i < count; ++i) real->C_CloseAllSessions(slots[i]);
  }
  was_out = out;
  return out;
}

ck_rv_t get_slot_list(unsigned char present, ck_slot_id_t* slots, unsigned long* count) {
  if (!is_out()) return real->C_GetSlotList(present, slots, count);
  *count = 0;
  return CKR_OK;
}
ck_rv_t get_token_info(ck_slot_id_t slot, ck_token_info* info) {
  return is_out() ? CKR_TOKEN_NOT_PRESENT : real->C_GetTokenInfo(slot, info);
}
ck_rv_t open_session(ck_slot_id_t slot, ck_flags_t flags, void* application, ck_notify_t notify, ck_session_handle_t* session) {
  return is_out() ? CKR_TOKEN_NOT_PRESENT : real->C_OpenSession(slot, flags, application, notify, session);
}
ck_rv_t login(ck_session_handle_t session, ck_user_type_t user, unsigned char* pin, unsigned long size) {
  if (is_out()) return CKR_DEVICE_REMOVED;
  std::ofstream(file("logins"), std::ios::app) << '.';
  return real->C_Login(session, user, pin, size);
}
ck_rv_t sign_init(ck_session_handle_t session, ck_mechanism* mechanism, ck_object_handle_t key) {
  return is_out() ? CKR_DEVICE_REMOVED : real->C_SignInit(session, mechanism, key);
}
ck_rv_t sign(ck_session_handle_t session, unsigned char* data, unsigned long size, unsigned char* signature,
             unsigned long* room) {
  return is_out() ? CKR_DEVICE_REMOVED : real->C_Sign(session, data, size, signature, room);
}

}  // namespace

extern "C" __attribute__((visibility("default"))) ck_rv_t C_GetFunctionList(ck_function_list** list) {
  static ck_function_list ours;
  if (!real) {
    void* const library = ::dlopen("/usr/lib/softhsm/libsofthsm2.so", RTLD_NOW | RTLD_LOCAL);
    const auto get = library ? reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList")) : nullptr;
    if (!get || get(&real) != CKR_OK) return CKR_GENERAL_ERROR;
    ours = *real;
    ours.C_GetFunctionList = C_GetFunctionList;
    ours.C_GetSlotList = get_slot_list;
    ours.C_GetTokenInfo = get_token_info;
    ours.C_OpenSession = open_session;
    ours.C_Login = login;
    ours.C_SignInit = sign_init;
    ours.C_Sign = sign;
  }
  *list = &ours;
  return CKR_OK;
}
