#include "crypto/remote_signer.h"

#include "crypto/signer_provider.h"

namespace cm4it::crypto {
namespace {

class RemoteSigner : public Signer {
 public:
  RemoteSigner(std::shared_ptr<const RemoteKey> key, PkeyPtr native) : key_(std::move(key)), native_(std::move(native)) {}
  const PublicKey& public_key() const override { return key_->public_key; }
  Result<Bytes> sign(View message) const override { return key_->sign(message); }
  void* native() const override { return native_.get(); }

 private:
  const std::shared_ptr<const RemoteKey> key_;
  const PkeyPtr native_;
};

}  // namespace

Result<SignerPtr> remote_signer(std::string name, PublicKey public_key, SignFunction sign) {
  // Before anything depends on it: do the two halves belong together, and is its signature what we think it is?
  TRY(const Bytes signature, sign(view("cm4it")));
  if (!public_key.verify(view("cm4it"), signature))
    return fail(Code::unsupported, name + ": its signature does not verify under its public key");
  auto key = std::make_shared<const RemoteKey>(std::move(name), std::move(public_key), std::move(sign));
  TRY(auto native, pkey_of(key));
  return SignerPtr(std::make_shared<RemoteSigner>(std::move(key), std::move(native)));
}

}  // namespace cm4it::crypto
