#include "crypto/pkcs11.h"

#include "base/guarded.h"
#include "crypto/pkcs11_session.h"
#include "crypto/remote_signer.h"

namespace cm4it::crypto {
namespace {

// One session, for one thread at a time: tokens are slow, and most have one processor.
class Pkcs11Key {
 public:
  Pkcs11Key(Pkcs11Uri uri, KeyAccess access) : uri_(std::move(uri)), access_(std::move(access)) {}

  Result<PublicKey> open() {
    return state_.with([&](State& state) -> Result<PublicKey> {
      CHECK_OK(open(state));
      TRY(public_key_, state.session->find_public_key(state.key));
      return *public_key_;
    });
  }

  Result<Bytes> sign(View message) const {
    return state_.with([&](State& state) -> Result<Bytes> {
      const bool was_open = state.session.has_value();
      auto signature = sign(state, message);
      // A session may have ended while nobody looked (another process logged out, the token was taken out and put back).
      if (!signature && was_open) signature = sign(state, message);
      return signature;
    });
  }

 private:
  struct State {
    std::optional<Pkcs11Session> session;
    ck_object_handle_t key = 0;
  };

  Result<void> open(State& state) const {
    TRY(auto session, Pkcs11Session::open(uri_));
    CHECK_OK(session.log_in(access_));
    TRY(const auto key, session.find_private_key());
    TRY(const auto public_key, session.find_public_key(key));
    if (public_key_ && !(public_key == *public_key_))
      return fail(Code::unavailable, uri_.key_text() + ": another key is there now, " + public_key.id().text(),
                  "put back the token that has " + public_key_->id().text());
    state.session.emplace(std::move(session));
    state.key = key;
    return {};
  }

  Result<Bytes> sign(State& state, View message) const {
    if (!state.session) CHECK_OK(open(state));
    auto signature = state.session->sign(state.key, public_key_->algorithm(), message, access_);
    if (!signature) state.session.reset();
    return signature;
  }

  const Pkcs11Uri uri_;
  const KeyAccess access_;
  std::optional<PublicKey> public_key_;  // constant once open() returned
  mutable Guarded<State> state_;
};

Result<SignerPtr> signer_for(Pkcs11Uri uri, const KeyAccess& access) {
  const std::string name = uri.key_text();
  const auto key = std::make_shared<Pkcs11Key>(std::move(uri), access);
  TRY(const auto public_key, key->open());
  return remote_signer(name, public_key, [key](View message) { return key->sign(message); });
}

}  // namespace

Result<SignerPtr> pkcs11_signer(std::string_view text, const KeyAccess& access) {
  TRY(auto uri, Pkcs11Uri::parse(text));
  return signer_for(std::move(uri), access);
}

Result<PublicKey> pkcs11_public_key(std::string_view text, const KeyAccess& access) {
  TRY(const auto uri, Pkcs11Uri::parse(text));
  TRY(const auto session, Pkcs11Session::open(uri));
  if (auto key = session.find_public_key({}); key || key.error().code == Code::ambiguous) return key;
  CHECK_OK(session.log_in(access));
  TRY(const auto key, session.find_private_key());
  return session.find_public_key(key);
}

Result<SignerPtr> pkcs11_new_key(std::string_view text, Algorithm algorithm, const KeyAccess& access) {
  TRY(auto uri, Pkcs11Uri::parse(text));
  if (!uri.find("object") && !uri.find("id"))
    return fail(Code::malformed, "pkcs11 URI: a new key needs a name", "object=… in the URI");
  const std::string label = uri.find("object") ? *uri.find("object") : "";
  const std::string id = uri.find("id") ? *uri.find("id") : std::string(cm4it::text(random_bytes(8)));
  {
    TRY(const auto session, Pkcs11Session::open(uri, Pkcs11Session::Mode::write));
    CHECK_OK(session.log_in(access));
    CHECK_OK(session.generate(algorithm, label, id));
  }
  return signer_for(std::move(uri), access);
}

}  // namespace cm4it::crypto
