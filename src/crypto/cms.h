// CMS signatures beside what they sign (RFC 5652), as `openssl cms -sign -outform DER` makes them: read strictly.
#pragma once

#include <vector>

#include "crypto/certificate.h"
#include "crypto/digest.h"

namespace cm4it::crypto {

class DetachedSignature {
 public:
  // SignedData by one signer, without content, with signed attributes, and with the signer's certificate in it. malformed,
  // too_large; unsupported: other contents, algorithms or more signers; no time of signing.
  static Result<DetachedSignature> from_der(View der);

  // The signer's certificate, then those of the CAs above it that are in the message, each by the next.
  const std::vector<Certificate>& certificates() const { return certificates_; }
  Time signed_at() const { return signed_at_; }
  // What the signature covers: the attributes, as SET OF (section 5.4). The digest of what is signed is among them.
  const Bytes& signed_octets() const { return signed_octets_; }
  View signature() const { return signature_; }
  bool covers(View content) const;
  // The signature over the attributes holds under the signer's certificate. bad_signature.
  Result<void> verify() const;

 private:
  DetachedSignature() = default;
  Result<void> read_signer(View signer_info, const std::vector<Certificate>& all);
  Result<void> read_attributes(View attributes);
  void order(const std::vector<Certificate>& all);

  Bytes der_, signed_octets_, message_digest_, signature_;
  Hash hash_ = Hash::sha256;
  Time signed_at_;
  std::vector<Certificate> certificates_;
};

}  // namespace cm4it::crypto
