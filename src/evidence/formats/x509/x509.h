// X.509 certificates as evidence (docs/x509.md). A piece of evidence of Format::x509 is one DER certificate: an identity of the
// key in it, by its CA.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "crypto/certificate.h"
#include "evidence/issuer_hint.h"
#include "evidence/statement.h"

namespace cm4it::evidence::x509 {

// The names under which the index finds a certificate's subject.
std::string fingerprint_name(View digest);                     // "x509:" and SHA-256 or SHA-1 of the certificate, in hex
// "x509-issued:" and SHA-256 of the issuer's name, as names are compared (crypto/name.h), and the serial number's octets.
std::string issued_name(View issuer_name, View serial);
std::string issued_name(const std::string& issuer_text, const std::string& serial_hex);  // "x509-issued:CN=…#0a1b", to be read
// "x509-ca:" and SHA-256 of a CA's own name, as names are compared: certificates of CAs, and of keys that sign CRLs.
std::string authority_name(View subject_name);

// "x509-ski:" and the hex of the identifier that a CA gave its key (RFC 5280 section 4.2.1.2). In no index: any CA may give its key
// that of another.
std::string identifier_name(View subject_key_id);
// The issuer of a certificate or a CRL: by its key's hash, if authorityKeyIdentifier can be one (method 1), by that identifier, and by
// its name (as names are compared, crypto/name.h).
IssuerHint issuer_hint(View issuer_name, View authority_key_id, const std::string& issuer_text);

// extKeyUsage (RFC 5280 section 4.2.1.12, RFC 9336).
inline constexpr std::string_view server_auth = "1.3.6.1.5.5.7.3.1", client_auth = "1.3.6.1.5.5.7.3.2",
                                  code_signing = "1.3.6.1.5.5.7.3.3", email_protection = "1.3.6.1.5.5.7.3.4",
                                  document_signing = "1.3.6.1.5.5.7.3.36", any_purpose = "2.5.29.37.0";

// What a certificate says of its subject. No issuer and no id: those are known once its signature was verified.
Statement meaning_of(crypto::Certificate certificate);

// May its key sign statements? keyUsage, where given, must have digitalSignature or nonRepudiation, and extKeyUsage must say that
// it is for signing (documents, code, mail): what is for TLS, or for nothing in particular, is a device's, and speaks for nobody.
Result<void> check_signs_statements(const crypto::Certificate& certificate);

// Does it begin like certificates or CRLs: DER, PEM, a bundle of them (PKCS #7), or base64 of those?
bool looks_like_pkix(View bytes);

}  // namespace cm4it::evidence::x509
