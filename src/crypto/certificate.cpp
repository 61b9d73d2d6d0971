#include "crypto/certificate.h"

#include <openssl/x509v3.h>

#include <atomic>

#include "base/budgets.h"
#include "base/der.h"
#include "base/text.h"
#include "crypto/certificate_impl.h"

namespace cm4it::crypto {
namespace {

std::atomic<std::uint64_t> openssl_reads = 0;

tl::unexpected<Error> bad(const std::string& field, const std::string& rule, const char* section = "4.1") {
  return fail(Code::malformed, "certificate." + field + ": " + rule, std::string("RFC 5280 section ") + section);
}

// X.690 section 10: one encoding for every length, also where OpenSSL keeps octets as they came.
Result<void> check_lengths(View content, std::size_t depth) {
  constexpr std::uint8_t constructed = 0x20;
  if (depth == 0)
    return fail(Code::too_large, "certificate: nested more than " + std::to_string(budget::certificate_depth) + " deep");
  DerReader reader(content);
  while (!reader.at_end()) {
    TRY(const DerItem item, reader.item("certificate"));
    if (item.tag & constructed) CHECK_OK(check_lengths(item.content, depth - 1));
  }
  return {};
}

// TBSCertificate ::= SEQUENCE { version [0] EXPLICIT Version DEFAULT v1, serialNumber INTEGER, signature AlgorithmIdentifier,
//   issuer Name, validity SEQUENCE { notBefore Time, notAfter Time }, subject Name, subjectPublicKeyInfo,
//   issuerUniqueID [1] OPTIONAL, subjectUniqueID [2] OPTIONAL, extensions [3] EXPLICIT OPTIONAL }
Result<void> read_to_be_signed(View content, CertificateFields& fields, View& algorithm) {
  DerReader reader(content);
  if (!reader.next_is(der::context(0)))
    return fail(Code::unsupported, "certificate.version: 1; version 3 is read",
                "a certificate with extensions is one: openssl x509 -req … -copy_extensions copy, or -extfile FILE; docs/x509.md");
  TRY(auto version, reader.enter(der::context(0), "certificate.version"));
  TRY(const auto number, version.uint("certificate.version"));
  if (number != 2) return fail(Code::unsupported, "certificate.version: " + std::to_string(number + 1) + "; version 3 is read");
  TRY(fields.serial, reader.integer("certificate.serialNumber"));
  if (fields.serial.size() > 20) return bad("serialNumber", "more than 20 octets", "4.1.2.2");
  TRY(const DerItem inner, reader.item("certificate.signature"));
  algorithm = inner.whole;
  TRY(const DerItem issuer, reader.item("certificate.issuer"));
  fields.issuer_name = issuer.whole;
  if (issuer.content.empty()) return bad("issuer", "empty", "4.1.2.4");
  TRY(auto validity, reader.enter(der::sequence, "certificate.validity"));
  TRY(fields.not_before, validity.time("certificate.validity.notBefore"));
  TRY(const Time not_after, validity.time("certificate.validity.notAfter"));
  CHECK_OK(validity.end("certificate.validity"));
  constexpr Time no_end{253'402'300'799};  // 99991231235959Z
  if (not_after != no_end) fields.not_after = not_after;
  if (not_after < fields.not_before) return bad("validity", "ends before it begins", "4.1.2.5");
  TRY(const DerItem subject, reader.item("certificate.subject"));
  fields.subject_name = subject.whole;
  TRY(const DerItem spki, reader.item("certificate.subjectPublicKeyInfo"));
  fields.spki = to_bytes(spki.whole);
  return {};
}

// Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm AlgorithmIdentifier, signatureValue BIT STRING }
Result<void> read_certificate(View der_octets, CertificateFields& fields, Examine examine) {
  DerReader file(der_octets);
  TRY(auto certificate, file.enter(der::sequence, "certificate"));
  CHECK_OK(file.end("certificate"));
  if (examine == Examine::all) CHECK_OK(check_lengths(der_octets, budget::certificate_depth));
  TRY(const DerItem to_be_signed, certificate.item("certificate.tbsCertificate"));
  if (to_be_signed.tag != der::sequence) return bad("tbsCertificate", "no SEQUENCE");
  fields.to_be_signed = to_be_signed.whole;
  TRY(const DerItem outer, certificate.item("certificate.signatureAlgorithm"));
  TRY(const View signature, certificate.bits("certificate.signatureValue"));
  CHECK_OK(certificate.end("certificate"));
  fields.signature = to_bytes(signature);
  View inner;
  CHECK_OK(read_to_be_signed(to_be_signed.content, fields, inner));
  if (!equal(inner, outer.whole)) return bad("signature", "another algorithm than signatureAlgorithm", "4.1.1.2");
  return {};
}

// The algorithms that are verified here. SHA-1 and MD5 prove nothing any more.
Result<void> check_algorithm(const X509* certificate) {
  const int nid = X509_get_signature_nid(certificate);
  constexpr int known[] = {NID_ecdsa_with_SHA256,
                           NID_ecdsa_with_SHA384,
                           NID_ecdsa_with_SHA512,
                           NID_sha256WithRSAEncryption,
                           NID_sha384WithRSAEncryption,
                           NID_sha512WithRSAEncryption,
                           NID_ED25519};
  if (contains(known, nid)) return {};
  std::string name = nid == NID_undef ? "not known" : OBJ_nid2ln(nid);
  int hash = NID_undef;
  if (nid == NID_rsassaPss && X509_get_signature_info(const_cast<X509*>(certificate), &hash, nullptr, nullptr, nullptr) == 1 &&
      (hash == NID_sha256 || hash == NID_sha384 || hash == NID_sha512))
    return {};
  if (nid == NID_rsassaPss) name += std::string(" over ") + (hash == NID_undef ? "an unknown hash" : OBJ_nid2ln(hash));
  ERR_clear_error();
  return fail(
      Code::unsupported,
      "certificate.signatureAlgorithm: " + name + "; ECDSA and RSA over SHA-256, SHA-384 or SHA-512, and Ed25519 are supported",
      "docs/x509.md");
}

}  // namespace

// What nobody re-encoded differently: d2i and back gives the same octets.
Result<X509Ptr> parse_x509(View der_octets) {
  openssl_reads.fetch_add(1, std::memory_order_relaxed);
  const unsigned char* at = der_octets.data();
  X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(der_octets.size())));
  if (!certificate || at != der_octets.data() + der_octets.size())
    return fail(Code::malformed, "certificate: not a DER Certificate: " + openssl_reason(), "RFC 5280 section 4.1");
  unsigned char* again = nullptr;
  int size = i2d_re_X509_tbs(certificate.get(), &again);
  OPENSSL_free(again);
  again = nullptr;
  if (size > 0) size = i2d_X509(certificate.get(), &again);
  const bool same = size > 0 && equal(View(again, static_cast<std::size_t>(size)), der_octets);
  OPENSSL_free(again);
  if (!same) return fail(Code::malformed, "certificate: not in the one encoding that DER has", "X.690 section 10");
  return certificate;
}

Result<void> read_der(Certificate::Impl& certificate, Examine examine) { return read_certificate(certificate.der, certificate.fields, examine); }

bool CertificateFields::for_purpose(std::string_view oid) const {
  return purposes && contains(*purposes, oid);
}

Result<Certificate> Certificate::from_der(View der_octets) {
  if (der_octets.size() > budget::certificate_bytes)
    return fail(Code::too_large, "certificate: more than " + std::to_string(budget::certificate_bytes) + " octets");
  auto impl = std::make_shared<Impl>();
  impl->der = to_bytes(der_octets);
  CHECK_OK(read_der(*impl, Examine::all));
  TRY(impl->x509, parse_x509(impl->der));
  CHECK_OK(check_algorithm(impl->x509.get()));
  CHECK_OK(read_names(*impl));
  CHECK_OK(read_extensions(*impl));
  auto key = PublicKey::from_spki(impl->fields.spki);
  if (!key) return within("certificate.subjectPublicKeyInfo", std::move(key).error());
  impl->key_id = key->id();
  impl->digest = sha256(impl->der);
  impl->key.emplace(std::move(*key));
  return Certificate(std::move(impl));
}

std::uint64_t Certificate::read_by_openssl() { return openssl_reads.load(std::memory_order_relaxed); }
View Certificate::der() const { return impl_->der; }
const Digest& Certificate::digest() const { return impl_->digest; }
const CertificateFields& Certificate::fields() const { return impl_->fields; }
const KeyId& Certificate::key_id() const { return impl_->key_id; }

const PublicKey& Certificate::key() const {
  std::call_once(impl_->key_once, [this] {
    if (impl_->key) return;
    auto made = PublicKey::from_spki(impl_->fields.spki);
    // Read by an earlier release, and not by this one. Keys for key agreement sign nothing, so that nothing verifies under it.
    static const PublicKey none = *PublicKey::from_x25519(Bytes(32, 9));
    impl_->key.emplace(made ? *made : none);
  });
  return *impl_->key;
}

void* Certificate::native() const {
  std::call_once(impl_->x509_once, [this] {
    if (impl_->x509) return;
    if (auto made = parse_x509(impl_->der)) {
      impl_->x509 = std::move(*made);
      X509_check_purpose(impl_->x509.get(), -1, 0);  // makes OpenSSL read its extensions, before threads share it
      ERR_clear_error();
    }
  });
  return impl_->x509.get();
}

bool Certificate::names_issuer(const PublicKey& key) const { return equal(fields().authority_key_id, key.method1_id()); }

Result<void> Certificate::verify(const PublicKey& issuer) const {
  auto* const x509 = static_cast<X509*>(native());
  // libsodium refuses what OpenSSL lets pass: small-order keys.
  if (x509 && issuer.algorithm() == Algorithm::eddsa && X509_get_signature_nid(x509) == NID_ED25519)
    return issuer.verify(fields().to_be_signed, fields().signature);
  const bool holds = x509 && issuer.algorithm() != Algorithm::x25519 && X509_verify(x509, static_cast<EVP_PKEY*>(issuer.native())) == 1;
  ERR_clear_error();
  if (holds) return {};
  return fail(Code::bad_signature, "certificate.signatureValue: does not verify under the issuer's key");
}

}  // namespace cm4it::crypto
