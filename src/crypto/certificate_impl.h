// What a Certificate is made of. For this room's .cpp files.
#pragma once

#include <openssl/x509.h>

#include "crypto/certificate.h"
#include "crypto/openssl.h"

namespace cm4it::crypto {

using X509Ptr = std::unique_ptr<X509, FreeWith<X509_free>>;

struct Certificate::Impl {
  Bytes der;
  CertificateFields fields;
  X509Ptr x509;
  std::optional<PublicKey> key;
};

// RFC 4514, of a name that OpenSSL has read (crypto/name.h).
std::string name_text(const X509_NAME* name);
// Of a certificate whose `x509` is there: the texts of issuer and subject, and the subject's attributes.
Result<void> read_names(Certificate::Impl& certificate);
// Extensions that say who the subject is and what its key is for; each at most once, and none critical that is not known.
Result<void> read_extensions(Certificate::Impl& certificate);

}  // namespace cm4it::crypto
