// One session with the token that a URI names. For this room's .cpp files; not for several threads.
#pragma once

#include <optional>

#include "crypto/key.h"
#include "crypto/pkcs11_module.h"
#include "crypto/secret.h"

namespace cm4it::crypto {

class Pkcs11Session {
 public:
  enum class Mode { read, write };
  // Errors: unavailable (no such token), ambiguous (several), as pkcs11_module().
  static Result<Pkcs11Session> open(const Pkcs11Uri& uri, Mode mode = Mode::read);
  ~Pkcs11Session();
  Pkcs11Session(Pkcs11Session&& other) noexcept;
  Pkcs11Session& operator=(Pkcs11Session&&) = delete;

  // Nothing where the token needs no login, or this process is logged in already. The PIN is the URI's, or access's.
  // not_permitted: the PIN was refused, now or before, or is not tried because a wrong one would lock the token.
  Result<void> log_in(const KeyAccess& access) const;

  struct Wanted {
    ck_object_class_t object_class;
    const std::string* label;  // null: any
    const std::string* id;     // null: any
  };
  // Absent: none. Errors: ambiguous.
  Result<std::optional<ck_object_handle_t>> find(const Wanted& wanted) const;
  Result<Bytes> attribute(ck_object_handle_t object, ck_attribute_type_t type) const;

  Result<ck_object_handle_t> find_private_key() const;
  // Beside the private key, if one is given (its id tells which), else as the URI says.
  Result<PublicKey> find_public_key(std::optional<ck_object_handle_t> private_key) const;

  // In COSE form.
  Result<Bytes> sign(ck_object_handle_t key, Algorithm algorithm, View message, const KeyAccess& access) const;
  // A key pair that stays in the token.
  Result<void> generate(Algorithm algorithm, const std::string& label, const std::string& id) const;

 private:
  Pkcs11Session(Pkcs11Uri uri, Pkcs11 module, ck_slot_id_t slot) : uri_(std::move(uri)), module_(module), slot_(slot) {}
  Result<Secret> pin(const KeyAccess& access) const;
  Result<void> log_in_as(ck_user_type_t user, const KeyAccess& access) const;
  Result<ck_token_info> token_info() const;
  Result<PublicKey> public_key_of_object(ck_object_handle_t object) const;

  const Pkcs11Uri uri_;
  const Pkcs11 module_;
  const ck_slot_id_t slot_;
  ck_session_handle_t session_ = CK_INVALID_HANDLE;
};

}  // namespace cm4it::crypto
