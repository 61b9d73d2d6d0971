// Keys that are elsewhere, as OpenSSL's EVP_PKEY: a provider (provider(7)) in this process, whose signatures RemoteKey makes.
#pragma once

#include <atomic>
#include <string>

#include "crypto/openssl.h"
#include "crypto/remote_signer.h"

namespace cm4it::crypto {

struct RemoteKey {
  RemoteKey(std::string name_, PublicKey public_key_, SignFunction sign_)
      : name(std::move(name_)), public_key(std::move(public_key_)), sign(std::move(sign_)) {}
  const std::string name;
  const PublicKey public_key;
  const SignFunction sign;
  mutable std::atomic<long> logged{0};  // steady seconds when a failure under TLS was last logged
};

// For TLS and for signing X.509 certificates; of its public half no more can be had than that (PublicKey has the rest). ECDSA
// with the curve's digest, Ed25519, RSASSA-PSS with SHA-256: nothing else. A failure has nobody to be told to but the log: once a
// minute.
Result<PkeyPtr> pkey_of(const std::shared_ptr<const RemoteKey>& key);

}  // namespace cm4it::crypto
