// Answers, as they are made and signed. What is quoted is RFC 6960's ASN.1.
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <ctime>

#include "base/der.h"
#include "crypto/key_impl.h"
#include "crypto/name.h"
#include "crypto/ocsp.h"
#include "crypto/pkix_sign.h"

namespace cm4it::crypto::ocsp {
namespace {

using X509Ptr = std::unique_ptr<X509, FreeWith<X509_free>>;

// OBJECT IDENTIFIERs with their heads.
const Bytes basic_oid = *from_hex("06092b0601050507300101");          // id-pkix-ocsp-basic
const Bytes nonce_oid = *from_hex("06092b0601050507300102");          // id-pkix-ocsp-nonce
const Bytes nocheck_oid = *from_hex("06092b0601050507300105");        // id-pkix-ocsp-nocheck
const Bytes signing_oid = *from_hex("06082b06010505070309");          // id-kp-OCSPSigning
const Bytes extended_usage_oid = *from_hex("0603551d25");             // id-ce-extKeyUsage
const Bytes usage_oid = *from_hex("0603551d0f");                      // id-ce-keyUsage
const Bytes extension_request_oid = *from_hex("06092a864886f70d01090e");  // PKCS#9 extensionRequest
const Bytes common_name_oid = *from_hex("0603550403");                // id-at-commonName

Result<X509Ptr> parse_certificate(View der, const char* field) {
  const unsigned char* at = der.data();
  X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!certificate || at != der.data() + der.size()) {
    ERR_clear_error();
    return fail(Code::malformed, std::string(field) + ": not a DER certificate", "RFC 5280 section 4.1");
  }
  return certificate;
}

Result<PublicKey> key_of(X509* certificate, const char* field) {
  EVP_PKEY* const key = X509_get0_pubkey(certificate);
  if (!key) {
    ERR_clear_error();
    return fail(Code::unsupported, std::string(field) + ": its key is none of P-256, P-384, Ed25519, RSA");
  }
  auto found = public_key_of(key);
  if (!found) return within(field, std::move(found).error());
  return found;
}

// RFC 6960 section 4.2.2.2: issued by the CA directly, with OCSPSigning; or the CA's own; or trusted by who asks.
Result<void> check_certificate(X509* certificate, X509* ca, const PublicKey& key) {
  TRY(const auto own, key_of(certificate, "certificate"));
  if (!(own == key)) return fail(Code::conflict, "certificate: the first one is not of the key that signs");
  TRY(const auto issuer, key_of(ca, "ca"));
  const bool by_ca = X509_NAME_cmp(X509_get_issuer_name(certificate), X509_get_subject_name(ca)) == 0 && !(issuer == key);
  if (!by_ca) return {};
  if (X509_verify(certificate, X509_get0_pubkey(ca)) != 1) {
    ERR_clear_error();
    return fail(Code::bad_signature, "certificate: it names the CA as its issuer, but the CA's key did not sign it");
  }
  if ((X509_get_extension_flags(certificate) & EXFLAG_XKUSAGE) == 0 ||
      (X509_get_extended_key_usage(certificate) & XKU_OCSP_SIGN) == 0)
    return fail(Code::not_permitted, "certificate: no extended key usage OCSPSigning, so that nobody would believe its answers",
                "`ics ocsp-cert` asks for it; the CA must put it in (RFC 6960 section 4.2.2.2)");
  return {};
}

Bytes name_of(X509* certificate) {
  const unsigned char* der = nullptr;
  std::size_t size = 0;
  if (X509_NAME_get0_der(X509_get_subject_name(certificate), &der, &size) != 1) return {};
  return {der, der + size};
}

Result<Time> time_of(const ASN1_TIME* time, const char* field) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return fail(Code::malformed, std::string(field) + ": no time", "RFC 5280 section 4.1.2.5");
  return Time{static_cast<std::int64_t>(::timegm(&parts))};
}

// Extension ::= SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }
Bytes extension(const Bytes& oid, View value, bool critical = false) {
  static const Bytes yes = *from_hex("0101ff");
  return der::item(der::sequence, {oid, critical ? View(yes) : View(), der::item(der::octet_string, value)});
}

// CertStatus ::= CHOICE { good [0] IMPLICIT NULL, revoked [1] IMPLICIT RevokedInfo, unknown [2] IMPLICIT NULL }
// RevokedInfo ::= SEQUENCE { revocationTime GeneralizedTime, revocationReason [0] EXPLICIT CRLReason OPTIONAL }
Bytes status_of(const Single& single) {
  switch (single.status) {
    case Single::Status::good: return der::item(der::context_primitive(0), View());
    case Single::Status::unknown: return der::item(der::context_primitive(2), View());
    case Single::Status::revoked: break;
  }
  Bytes reason;
  if (single.revocation.reason && *single.revocation.reason != RevocationReason::unspecified)
    reason = der::item(der::context(0), der::integer_of(static_cast<std::uint8_t>(*single.revocation.reason), der::enumerated));
  return der::item(der::context(1), {der::generalized(single.revocation.at), reason});
}

// SingleResponse ::= SEQUENCE { certID, certStatus, thisUpdate GeneralizedTime, nextUpdate [0] EXPLICIT GeneralizedTime OPTIONAL
// }
Bytes encode(const Single& single) {
  Bytes next;
  if (single.next_update) next = der::item(der::context(0), der::generalized(*single.next_update));
  return der::item(der::sequence, {single.cert_id, status_of(single), der::generalized(single.this_update), next});
}

}  // namespace

// OCSPResponse ::= SEQUENCE { responseStatus ENUMERATED, responseBytes [0] EXPLICIT ResponseBytes OPTIONAL }
Bytes refuse(Refusal refusal) {
  return der::item(der::sequence, der::integer_of(static_cast<std::uint8_t>(refusal), der::enumerated));
}

Result<Responder> Responder::make(SignerPtr key, View ca, const std::vector<Bytes>& certificates) {
  TRY(const X509Ptr issuer, parse_certificate(ca, "ca"));
  TRY(const auto ca_key, key_of(issuer.get(), "ca"));
  Responder responder(std::move(key), ca_key);
  Bytes list;
  for (std::size_t i = 0; i < certificates.size(); ++i) {
    TRY(const X509Ptr certificate, parse_certificate(certificates[i], "certificate"));
    if (i == 0) CHECK_OK(check_certificate(certificate.get(), issuer.get(), responder.key_->public_key()));
    TRY(const Time from, time_of(X509_get0_notBefore(certificate.get()), "certificate.validity.notBefore"));
    TRY(const Time until, time_of(X509_get0_notAfter(certificate.get()), "certificate.validity.notAfter"));
    responder.hold_within(from, until);
    append(list, certificates[i]);
  }
  if (!list.empty()) list = der::item(der::context(0), der::item(der::sequence, list));
  responder.certificates_ = std::move(list);
  const Bytes name = name_of(issuer.get());
  TRY(responder.ca_name_, canonical_name(name, "ca.subject"));
  responder.ca_text_ = name_text(name);
  const ASN1_BIT_STRING* bits = X509_get0_pubkey_bitstr(issuer.get());
  const View key_bits(bits->data, static_cast<std::size_t>(bits->length));
  for (const Hash hash : {Hash::sha1, Hash::sha256, Hash::sha384, Hash::sha512})
    responder.hashes_.push_back({hash, digest(hash, name), digest(hash, key_bits)});
  return responder;
}

bool Responder::is_issuer(const CertId& id) const {
  for (const Hashes& mine : hashes_)
    if (id.hash == mine.hash) return id.key_hash == mine.key;
  return false;
}

bool Responder::names_ca(const CertId& id) const {
  for (const Hashes& mine : hashes_)
    if (id.hash == mine.hash) return id.name_hash == mine.name;
  return false;
}

bool has_name(const CertId& id, View name) { return id.hash && id.name_hash == digest(*id.hash, name); }

void Responder::hold_within(Time from, Time until) {
  valid_from_ = std::max(valid_from_, from);
  valid_until_ = std::min(valid_until_, until);
}

// BasicOCSPResponse ::= SEQUENCE { tbsResponseData ResponseData, signatureAlgorithm, signature BIT STRING, certs [0] EXPLICIT …
// OPTIONAL } ResponseData ::= SEQUENCE { version [0] EXPLICIT Version DEFAULT v1, responderID, producedAt GeneralizedTime,
//                             responses SEQUENCE OF SingleResponse, responseExtensions [1] EXPLICIT Extensions OPTIONAL }
// ResponderID ::= CHOICE { byName [1] Name, byKey [2] KeyHash }      -- SHA-1 of the responder's key
Result<Bytes> Responder::answer(const std::vector<Single>& singles, Time produced_at, View nonce) const {
  Bytes responses;
  for (const Single& single : singles) append(responses, encode(single));
  Bytes extensions;
  if (!nonce.empty())
    extensions = der::item(der::context(1), der::item(der::sequence, extension(nonce_oid, der::item(der::octet_string, nonce))));
  const Bytes by_key = der::item(der::context(2), der::item(der::octet_string, key_->public_key().method1_id()));
  const Bytes tbs =
      der::item(der::sequence, {by_key, der::generalized(produced_at), der::item(der::sequence, responses), extensions});
  TRY(const Bytes basic, pkix_signed(*key_, tbs, certificates_));
  const Bytes bytes = der::item(der::sequence, {basic_oid, der::item(der::octet_string, basic)});
  return der::item(der::sequence, {der::integer_of(0, der::enumerated), der::item(der::context(0), bytes)});
}

// CertificationRequestInfo ::= SEQUENCE { version INTEGER { v1(0) }, subject Name, subjectPKInfo, attributes [0] Attributes }
Result<Bytes> delegate_request(const Signer& key, std::string_view common_name) {
  if (common_name.empty() || common_name.size() > 64 || !is_clean_text(common_name))  // ub-common-name
    return fail(Code::malformed, "common name: 1 to 64 octets of text", "RFC 5280 appendix A.1");
  const Bytes attribute = der::item(der::sequence, {common_name_oid, der::item(der::utf8_string, view(common_name))});
  const Bytes subject = der::item(der::sequence, der::item(der::set, attribute));
  const Bytes extensions = der::item(der::sequence, {extension(usage_oid, *from_hex("03020780"), true),  // digitalSignature
                                                     extension(extended_usage_oid, der::item(der::sequence, signing_oid)),
                                                     extension(nocheck_oid, der::item(der::null, View()))});
  const Bytes wanted = der::item(der::sequence, {extension_request_oid, der::item(der::set, extensions)});
  const Bytes info =
      der::item(der::sequence, {der::integer_of(0), subject, key.public_key().spki(), der::item(der::context(0), wanted)});
  return pkix_signed(key, info);
}

}  // namespace cm4it::crypto::ocsp
