#include "crypto/cms.h"

#include <openssl/cms.h>

#include <algorithm>
#include <optional>

#include "base/budgets.h"
#include "base/der.h"
#include "base/text.h"
#include "crypto/key_impl.h"
#include "crypto/name.h"

namespace cm4it::crypto {
namespace {

// Content of OBJECT IDENTIFIERs, in hex.
constexpr std::string_view signed_data_oid = "2a864886f70d010702", data_oid = "2a864886f70d010701", content_type_oid = "2a864886f70d010903",
                           message_digest_oid = "2a864886f70d010904", signing_time_oid = "2a864886f70d010905",
                           sha256_oid = "608648016503040201", sha384_oid = "608648016503040202", sha512_oid = "608648016503040203",
                           pss_oid = "2a864886f70d01010a";

// rsaEncryption (over the digest algorithm), RSA, ECDSA with SHA-2 (RFC 5754 section 3), Ed25519 (RFC 8419).
constexpr std::string_view signature_oids[] = {"2a864886f70d010101", "2a864886f70d01010b", "2a864886f70d01010c", "2a864886f70d01010d",
                                               "2a8648ce3d040302",   "2a8648ce3d040303",   "2a8648ce3d040304",   "2b6570"};

tl::unexpected<Error> bad_cms(const std::string& rule) { return fail(Code::malformed, "cms: " + rule, "RFC 5652 section 5"); }
tl::unexpected<Error> unsupported(const std::string& rule) { return fail(Code::unsupported, "cms: " + rule, "openssl cms -sign -binary -outform PEM"); }

Result<std::string> object_hex(DerReader& reader, const char* field) {
  TRY(const View oid, reader.object(field));
  return to_hex(oid);
}

std::optional<Hash> hash_named(std::string_view oid) {
  if (oid == sha256_oid) return Hash::sha256;
  if (oid == sha384_oid) return Hash::sha384;
  if (oid == sha512_oid) return Hash::sha512;
  return {};
}

Result<Hash> read_digest_algorithm(DerReader& reader) {
  TRY(auto algorithm, reader.enter(der::sequence, "cms.digestAlgorithm"));
  TRY(const auto oid, object_hex(algorithm, "cms.digestAlgorithm"));
  const auto hash = hash_named(oid);
  if (!hash) return unsupported("digestAlgorithm: SHA-256, SHA-384 and SHA-512 are read");
  return *hash;
}

// RSASSA-PSS says its hash in its parameters, and means SHA-1 where it says none (RFC 4055 section 3.1).
Result<void> check_signature_algorithm(DerReader& reader) {
  TRY(auto algorithm, reader.enter(der::sequence, "cms.signatureAlgorithm"));
  TRY(const auto oid, object_hex(algorithm, "cms.signatureAlgorithm"));
  if (contains(signature_oids, oid)) return {};
  if (oid != pss_oid) return unsupported("signatureAlgorithm: RSA and ECDSA with SHA-2, and Ed25519 are read");
  TRY(auto parameters, algorithm.enter(der::sequence, "cms.signatureAlgorithm"));
  if (!parameters.next_is(der::context(0))) return unsupported("signatureAlgorithm: RSASSA-PSS with SHA-1");
  TRY(auto named, parameters.enter(der::context(0), "cms.signatureAlgorithm"));
  CHECK_OK(read_digest_algorithm(named));
  return {};
}

Result<std::vector<Certificate>> read_certificates(View set) {
  std::vector<Certificate> all;
  for (DerReader reader(set); !reader.at_end();) {
    if (all.size() == budget::path_certificates)
      return fail(Code::too_large, "cms: more than " + std::to_string(budget::path_certificates) + " certificates");
    TRY(const DerItem item, reader.item("cms.certificates"));
    auto certificate = Certificate::from_der(item.whole);
    if (!certificate) return within("cms", std::move(certificate).error());
    all.push_back(std::move(*certificate));
  }
  return all;
}

// sid ::= issuerAndSerialNumber SEQUENCE { Name, INTEGER } / [0] subjectKeyIdentifier
Result<Certificate> find_signer(DerReader& reader, const std::vector<Certificate>& all) {
  TRY(const DerItem sid, reader.item("cms.sid"));
  for (const Certificate& certificate : all) {
    const auto& fields = certificate.fields();
    if (sid.tag == der::context_primitive(0) && !fields.subject_key_id.empty() && equal(fields.subject_key_id, sid.content)) return certificate;
    if (sid.tag != der::sequence) continue;
    DerReader named(sid.content);
    TRY(const DerItem issuer, named.item("cms.sid.issuer"));
    TRY(const View serial, named.integer("cms.sid.serialNumber"));
    TRY(const Bytes name, canonical_name(issuer.whole, "cms.sid.issuer"));
    if (name == fields.issuer_canonical && equal(serial, fields.serial)) return certificate;
  }
  return unsupported("the signer's certificate is not in the message (openssl cms -nocerts leaves it out)");
}

}  // namespace

// Attribute ::= SEQUENCE { attrType OBJECT IDENTIFIER, attrValues SET OF }
Result<void> DetachedSignature::read_attributes(View attributes) {
  std::optional<Time> signed_at;
  bool data = false;
  for (DerReader reader(attributes); !reader.at_end();) {
    TRY(auto attribute, reader.enter(der::sequence, "cms.signedAttrs"));
    TRY(const auto type, object_hex(attribute, "cms.signedAttrs"));
    TRY(auto values, attribute.enter(der::set, "cms.signedAttrs"));
    CHECK_OK(attribute.end("cms.signedAttrs"));
    if (type == content_type_oid) {
      TRY(const auto content, object_hex(values, "cms.contentType"));
      if (data || content != data_oid) return bad_cms("contentType: id-data, once, expected");
      data = true;
    } else if (type == message_digest_oid) {
      TRY(const View digest, values.take(der::octet_string, "cms.messageDigest"));
      if (!message_digest_.empty()) return bad_cms("messageDigest: given twice");
      message_digest_ = to_bytes(digest);
    } else if (type == signing_time_oid) {
      if (signed_at) return bad_cms("signingTime: given twice");
      TRY(signed_at, values.time("cms.signingTime"));
    } else {
      continue;
    }
    CHECK_OK(values.end("cms.signedAttrs"));
  }
  if (!data || message_digest_.size() != digest_bytes(hash_)) return bad_cms("signedAttrs: contentType and a messageDigest of the digestAlgorithm's size expected");
  if (!signed_at) return unsupported("signedAttrs: no signingTime: when was it signed?");
  signed_at_ = *signed_at;
  return {};
}

// SignerInfo ::= SEQUENCE { version, sid, digestAlgorithm, signedAttrs [0], signatureAlgorithm, signature, unsignedAttrs [1] }
Result<void> DetachedSignature::read_signer(View signer_info, const std::vector<Certificate>& all) {
  DerReader reader(signer_info);
  CHECK_OK(reader.uint("cms.signerInfo.version"));
  TRY(auto signer, find_signer(reader, all));
  certificates_.push_back(std::move(signer));
  TRY(hash_, read_digest_algorithm(reader));
  if (!reader.next_is(der::context(0))) return unsupported("signedAttrs: none (openssl cms -noattr): when was it signed?");
  TRY(const View attributes, reader.take(der::context(0), "cms.signedAttrs"));
  CHECK_OK(read_attributes(attributes));
  signed_octets_ = der::item(der::set, attributes);
  CHECK_OK(check_signature_algorithm(reader));
  TRY(const View signature, reader.take(der::octet_string, "cms.signature"));
  signature_ = to_bytes(signature);
  if (reader.next_is(der::context(1))) CHECK_OK(reader.item("cms.unsignedAttrs"));
  return reader.end("cms.signerInfo");
}

// From the signer's up, by names: which of them holds is asked where rights are.
void DetachedSignature::order(const std::vector<Certificate>& all) {
  for (bool more = true; more && certificates_.size() < all.size();) {
    more = false;
    for (const Certificate& next : all) {
      const auto& below = certificates_.back().fields();
      const bool used = std::any_of(certificates_.begin(), certificates_.end(), [&](const Certificate& one) { return equal(one.der(), next.der()); });
      if (used || next.fields().subject_canonical != below.issuer_canonical || !certificates_.back().names_issuer(next.key())) continue;
      certificates_.push_back(next);
      more = true;
      break;
    }
  }
}

// ContentInfo ::= SEQUENCE { contentType, content [0] EXPLICIT SignedData }
// SignedData ::= SEQUENCE { version, digestAlgorithms SET, encapContentInfo SEQUENCE { eContentType, eContent [0] OPTIONAL },
//   certificates [0] IMPLICIT OPTIONAL, crls [1] IMPLICIT OPTIONAL, signerInfos SET OF SignerInfo }
Result<DetachedSignature> DetachedSignature::from_der(View bytes) {
  if (bytes.size() > budget::evidence_bytes) return fail(Code::too_large, "cms: more than " + std::to_string(budget::evidence_bytes) + " octets");
  DerReader input(bytes);
  TRY(auto info, input.enter(der::sequence, "cms"));
  CHECK_OK(input.end("cms"));
  TRY(const auto type, object_hex(info, "cms.contentType"));
  if (type != signed_data_oid) return unsupported("contentType: signed data expected");
  TRY(auto content, info.enter(der::context(0), "cms.content"));
  CHECK_OK(info.end("cms"));
  TRY(auto data, content.enter(der::sequence, "cms.signedData"));
  CHECK_OK(content.end("cms.content"));
  CHECK_OK(data.uint("cms.version"));
  CHECK_OK(data.take(der::set, "cms.digestAlgorithms"));
  TRY(auto encapsulated, data.enter(der::sequence, "cms.encapContentInfo"));
  TRY(const auto content_type, object_hex(encapsulated, "cms.eContentType"));
  if (content_type != data_oid || !encapsulated.at_end()) return unsupported("encapContentInfo: a signature beside its content expected (openssl cms without -nodetach)");
  std::vector<Certificate> all;
  if (data.next_is(der::context(0))) {
    TRY(const View set, data.take(der::context(0), "cms.certificates"));
    TRY(all, read_certificates(set));
  }
  if (data.next_is(der::context(1))) CHECK_OK(data.item("cms.crls"));
  TRY(auto signers, data.enter(der::set, "cms.signerInfos"));
  CHECK_OK(data.end("cms.signedData"));
  TRY(const View signer, signers.take(der::sequence, "cms.signerInfo"));
  if (!signers.at_end()) return unsupported("signerInfos: more than one; sign once for each");
  DetachedSignature signature;
  signature.der_ = to_bytes(bytes);
  CHECK_OK(signature.read_signer(signer, all));
  signature.order(all);
  return signature;
}

bool DetachedSignature::covers(View content) const { return equal(digest(hash_, content), message_digest_); }

Result<void> DetachedSignature::verify() const {
  using ContentPtr = std::unique_ptr<CMS_ContentInfo, FreeWith<CMS_ContentInfo_free>>;
  const unsigned char* at = der_.data();
  const ContentPtr content(d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(der_.size())));
  const auto* signers = content ? CMS_get0_SignerInfos(content.get()) : nullptr;
  bool holds = false;
  if (signers && sk_CMS_SignerInfo_num(signers) == 1) {
    CMS_SignerInfo* const signer = sk_CMS_SignerInfo_value(signers, 0);
    CMS_SignerInfo_set1_signer_cert(signer, static_cast<X509*>(certificates_[0].native()));
    holds = CMS_SignerInfo_verify(signer) == 1;
  }
  ERR_clear_error();
  if (!holds) return fail(Code::bad_signature, "cms: the signature does not verify under its signer's certificate");
  return {};
}

}  // namespace cm4it::crypto
