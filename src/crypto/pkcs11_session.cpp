#include "crypto/pkcs11_session.h"

#include <map>

#include "base/guarded.h"

namespace cm4it::crypto {
namespace {

// Fixed fields are padded with blanks (PKCS #11 v2.40 section 3.1).
template <std::size_t size>
std::string text_of(const unsigned char (&field)[size]) {
  std::string text(reinterpret_cast<const char*>(field), size);
  text.resize(text.find_last_not_of(std::string_view(" \0", 2)) + 1);
  return text;
}

class Matcher {
 public:
  explicit Matcher(const Pkcs11Uri& uri) : uri_(uri) {}
  bool operator()(const char* attribute, const std::string& value) const {
    const auto* wanted = uri_.find(attribute);
    return !wanted || *wanted == value;
  }

 private:
  const Pkcs11Uri& uri_;
};

std::string text_of(const ck_version& version) { return std::to_string(version.major) + "." + std::to_string(version.minor); }

bool is_wanted(const Pkcs11Uri& uri, Pkcs11 module, ck_slot_id_t slot) {
  const Matcher matches(uri);
  ck_token_info token{};
  ck_slot_info info{};
  ck_info library{};
  if (module->C_GetTokenInfo(slot, &token) != CKR_OK || (token.flags & CKF_TOKEN_INITIALIZED) == 0) return false;
  if (module->C_GetSlotInfo(slot, &info) != CKR_OK || module->C_GetInfo(&library) != CKR_OK) return false;
  return matches("token", text_of(token.label)) && matches("manufacturer", text_of(token.manufacturer_id)) &&
         matches("serial", text_of(token.serial_number)) && matches("model", text_of(token.model)) &&
         matches("slot-id", std::to_string(slot)) && matches("slot-description", text_of(info.slot_description)) &&
         matches("slot-manufacturer", text_of(info.manufacturer_id)) &&
         matches("library-manufacturer", text_of(library.manufacturer_id)) &&
         matches("library-description", text_of(library.library_description)) &&
         (matches("library-version", text_of(library.library_version)) ||
          (library.library_version.minor == 0 && matches("library-version", std::to_string(library.library_version.major))));
}

Result<ck_slot_id_t> find_slot(const Pkcs11Uri& uri, Pkcs11 module) {
  constexpr unsigned long most = 256;
  ck_slot_id_t slots[most];
  unsigned long count = most;
  if (const auto code = module->C_GetSlotList(1, slots, &count); code != CKR_OK)
    return pkcs11_failed(uri.token_text(), "C_GetSlotList", code);
  std::optional<ck_slot_id_t> found;
  for (unsigned long i = 0; i < count; ++i) {
    if (!is_wanted(uri, module, slots[i])) continue;
    if (found) return fail(Code::ambiguous, uri.token_text() + ": several tokens are so", "add serial=… to the URI");
    found = slots[i];
  }
  if (!found) return pkcs11_failed(uri.token_text(), "C_GetSlotList", CKR_TOKEN_NOT_PRESENT);
  return *found;
}

// Tokens count wrong PINs and lock themselves: the one that a token refused is not tried again, for whatever key. Another, put in
// its place, is.
Guarded<std::map<std::string, Secret>>& refused_pins() {
  static Guarded<std::map<std::string, Secret>> pins;
  return pins;
}

bool was_refused(const std::string& token, const Secret& secret) {
  return refused_pins().with([&](auto& pins) {
    const auto at = pins.find(token);
    return at != pins.end() && at->second.text() == secret.text();
  });
}

}  // namespace

Result<Pkcs11Session> Pkcs11Session::open(const Pkcs11Uri& uri, Mode mode) {
  TRY(const Pkcs11 module, pkcs11_module(uri));
  TRY(const ck_slot_id_t slot, find_slot(uri, module));
  Pkcs11Session session(uri, module, slot);
  const ck_flags_t flags = CKF_SERIAL_SESSION | (mode == Mode::write ? CKF_RW_SESSION : 0);
  if (const auto code = module->C_OpenSession(slot, flags, nullptr, nullptr, &session.session_); code != CKR_OK)
    return pkcs11_failed(uri.token_text(), "C_OpenSession", code);
  return session;
}

Pkcs11Session::Pkcs11Session(Pkcs11Session&& other) noexcept
    : uri_(other.uri_), module_(other.module_), slot_(other.slot_), session_(std::exchange(other.session_, CK_INVALID_HANDLE)) {}

Pkcs11Session::~Pkcs11Session() {
  if (session_ != CK_INVALID_HANDLE) module_->C_CloseSession(session_);
}

Result<ck_token_info> Pkcs11Session::token_info() const {
  ck_token_info info{};
  if (const auto code = module_->C_GetTokenInfo(slot_, &info); code != CKR_OK)
    return pkcs11_failed(uri_.token_text(), "C_GetTokenInfo", code);
  return info;
}

Result<Secret> Pkcs11Session::pin(const KeyAccess& access) const {
  KeyAccess sources = access;
  if (!uri_.pin_source.empty()) sources.pass_file = uri_.pin_source;
  return secret_for("PIN of " + uri_.token_text(), sources);
}

Result<void> Pkcs11Session::log_in(const KeyAccess& access) const {
  TRY(const auto info, token_info());
  if ((info.flags & CKF_LOGIN_REQUIRED) == 0) return {};
  ck_session_info session{};
  if (module_->C_GetSessionInfo(session_, &session) == CKR_OK &&
      (session.state == CKS_RO_USER_FUNCTIONS || session.state == CKS_RW_USER_FUNCTIONS))
    return {};
  if ((info.flags & CKF_USER_PIN_LOCKED) != 0) return pkcs11_failed(uri_.token_text(), "C_Login", CKR_PIN_LOCKED);
  return log_in_as(CKU_USER, access);
}

Result<void> Pkcs11Session::log_in_as(ck_user_type_t user, const KeyAccess& access) const {
  TRY(const auto info, token_info());
  if ((info.flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0) {  // it has keys of its own to type the PIN
    const auto code = module_->C_Login(session_, user, nullptr, 0);
    if (code == CKR_OK || code == CKR_USER_ALREADY_LOGGED_IN) return {};
    return pkcs11_failed(uri_.token_text(), "C_Login", code);
  }
  const bool from_a_file = !uri_.pin_source.empty() || !access.pass_file.empty();
  if (from_a_file && (info.flags & CKF_USER_PIN_FINAL_TRY) != 0)
    return fail(Code::not_permitted,
                uri_.token_text() + ": one more wrong PIN would lock it, so the one in the file is not tried",
                "log in once by hand, for instance with `ics key id` and a URI without pin-source");
  TRY(Secret secret, pin(access));
  const std::string token = text_of(info.manufacturer_id) + "/" + text_of(info.serial_number) + "/" + text_of(info.label);
  if (was_refused(token, secret)) return pkcs11_failed(uri_.token_text(), "C_Login", CKR_PIN_INCORRECT);
  auto* octets = const_cast<unsigned char*>(secret.octets().data());  // the interface knows no const; it is only read
  const auto code = module_->C_Login(session_, user, octets, secret.octets().size());
  if (code == CKR_OK || code == CKR_USER_ALREADY_LOGGED_IN) return {};
  if (code == CKR_PIN_INCORRECT || code == CKR_PIN_INVALID || code == CKR_PIN_LEN_RANGE)
    refused_pins().with([&](auto& pins) { pins.insert_or_assign(token, std::move(secret)); });
  return pkcs11_failed(uri_.token_text(), "C_Login", code);
}

Result<std::optional<ck_object_handle_t>> Pkcs11Session::find(const Wanted& wanted) const {
  ck_object_class_t object_class = wanted.object_class;
  ck_attribute attributes[3] = {{CKA_CLASS, &object_class, sizeof object_class}, {}, {}};
  unsigned long used = 1;
  if (wanted.label) attributes[used++] = {CKA_LABEL, const_cast<char*>(wanted.label->data()), wanted.label->size()};
  if (wanted.id) attributes[used++] = {CKA_ID, const_cast<char*>(wanted.id->data()), wanted.id->size()};
  if (const auto code = module_->C_FindObjectsInit(session_, attributes, used); code != CKR_OK)
    return pkcs11_failed(uri_.key_text(), "C_FindObjectsInit", code);
  ck_object_handle_t found[2];
  unsigned long count = 0;
  const auto code = module_->C_FindObjects(session_, found, 2, &count);
  module_->C_FindObjectsFinal(session_);
  if (code != CKR_OK) return pkcs11_failed(uri_.key_text(), "C_FindObjects", code);
  if (count > 1) return fail(Code::ambiguous, uri_.key_text() + ": several keys are so", "name one: object=… or id=… in the URI");
  return count == 1 ? std::optional(found[0]) : std::nullopt;
}

Result<Bytes> Pkcs11Session::attribute(ck_object_handle_t object, ck_attribute_type_t type) const {
  ck_attribute wanted{type, nullptr, 0};
  constexpr unsigned long most = 64 * 1024;
  const auto size_code = module_->C_GetAttributeValue(session_, object, &wanted, 1);
  if (size_code != CKR_OK || wanted.value_len > most) return pkcs11_failed(uri_.key_text(), "C_GetAttributeValue", size_code);
  Bytes value(wanted.value_len);
  wanted.value = value.data();
  if (const auto code = module_->C_GetAttributeValue(session_, object, &wanted, 1);
      code != CKR_OK || wanted.value_len > value.size())
    return pkcs11_failed(uri_.key_text(), "C_GetAttributeValue", code);
  value.resize(wanted.value_len);
  return value;
}

}  // namespace cm4it::crypto
