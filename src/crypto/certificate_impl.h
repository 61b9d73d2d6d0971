// What a Certificate is made of. For this room's .cpp files.
#pragma once

#include <openssl/x509.h>

#include <mutex>

#include "crypto/certificate.h"
#include "crypto/openssl.h"

namespace cm4it::crypto {

using X509Ptr = std::unique_ptr<X509, FreeWith<X509_free>>;

struct Certificate::Impl {
  Bytes der;
  CertificateFields fields;
  Digest digest{};
  KeyId key_id;
  // Of a certificate that is known these are made once they are asked for.
  mutable std::once_flag x509_once, key_once;
  mutable X509Ptr x509;
  mutable std::optional<PublicKey> key;
};

// DER octets, exactly as OpenSSL would write them.
Result<X509Ptr> parse_x509(View der);
// What the DER alone tells: everything of CertificateFields that lies in it, and times. Strict (X.690 section 10) or, of what was
// examined before, not.
enum class Examine { all, nothing };
Result<void> read_der(Certificate::Impl& certificate, Examine examine);

// RFC 4514, of a name that OpenSSL has read (crypto/name.h).
std::string name_text(const X509_NAME* name);
// Of a certificate whose `x509` is there: the texts of issuer and subject, and the subject's attributes.
Result<void> read_names(Certificate::Impl& certificate);
// Extensions that say who the subject is and what its key is for; each at most once, and none critical that is not known.
Result<void> read_extensions(Certificate::Impl& certificate);

}  // namespace cm4it::crypto
