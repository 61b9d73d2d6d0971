// X.509 certificates as credentials (evidence/credential.h). For the folders of formats that bear them.
#pragma once

#include "crypto/certificate.h"
#include "evidence/credential.h"

namespace cm4it::evidence::x509 {

CredentialPtr credential_of(crypto::Certificate certificate);
std::vector<CredentialPtr> credentials_of(const std::vector<crypto::Certificate>& certificates);
// Null: a certificate of another format.
const crypto::Certificate* certificate_in(const Credential& credential);

}  // namespace cm4it::evidence::x509
