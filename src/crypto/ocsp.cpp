// Requests, as they are read. What is quoted is RFC 6960's ASN.1.
#include "crypto/ocsp.h"

#include "base/budgets.h"
#include "base/der.h"
#include "crypto/extensions.h"

namespace cm4it::crypto::ocsp {
namespace {

const Bytes nonce_arcs = *from_hex("2b0601050507300102");  // id-pkix-ocsp-nonce

std::optional<Hash> hash_of(View oid) {
  struct Known {
    Hash hash;
    Bytes oid;
  };
  static const Known known[] = {{Hash::sha1, *from_hex("2b0e03021a")},
                                {Hash::sha256, *from_hex("608648016503040201")},
                                {Hash::sha384, *from_hex("608648016503040202")},
                                {Hash::sha512, *from_hex("608648016503040203")}};
  for (const Known& one : known)
    if (equal(oid, one.oid)) return one.hash;
  return {};
}

// CertID ::= SEQUENCE { hashAlgorithm AlgorithmIdentifier, issuerNameHash OCTET STRING, issuerKeyHash OCTET STRING,
//                       serialNumber CertificateSerialNumber }
Result<CertId> read_cert_id(const DerItem& item) {
  DerReader reader(item.content);
  TRY(auto algorithm, reader.enter(der::sequence, "reqCert.hashAlgorithm"));
  TRY(const View oid, algorithm.object("reqCert.hashAlgorithm.algorithm"));
  CertId id;
  id.hash = hash_of(oid);
  if (!algorithm.at_end()) {
    TRY(const DerItem parameters, algorithm.item("reqCert.hashAlgorithm.parameters"));
    if (parameters.tag != der::null || !parameters.content.empty())
      return fail(Code::malformed, "reqCert.hashAlgorithm.parameters: absent or NULL", "RFC 5754 section 2");
    CHECK_OK(algorithm.end("reqCert.hashAlgorithm"));
  }
  TRY(const View name, reader.take(der::octet_string, "reqCert.issuerNameHash"));
  TRY(const View key, reader.take(der::octet_string, "reqCert.issuerKeyHash"));
  if (id.hash && (name.size() != digest_bytes(*id.hash) || key.size() != digest_bytes(*id.hash)))
    return fail(Code::malformed, std::string("reqCert: its hashes are not of the size of ") + to_string(*id.hash));
  TRY(const View serial, reader.integer("reqCert.serialNumber"));
  // RFC 5280 section 4.1.2.2: 20 octets; some count the leading zero in, some do not.
  if (serial.size() > 21) return fail(Code::malformed, "reqCert.serialNumber: more than 20 octets", "RFC 5280 section 4.1.2.2");
  CHECK_OK(reader.end("reqCert"));
  id.name_hash = to_bytes(name);
  id.key_hash = to_bytes(key);
  id.serial = to_bytes(serial);
  id.encoded = to_bytes(item.whole);
  return id;
}

// Nonce ::= OCTET STRING(SIZE(1..128)) (RFC 9654 section 2.1)
Result<View> read_nonce(View value) {
  DerReader reader(value);
  TRY(const View nonce, reader.take(der::octet_string, "nonce"));
  CHECK_OK(reader.end("nonce"));
  if (nonce.empty() || nonce.size() > budget::ocsp_nonce)
    return fail(Code::malformed, "nonce: 1 to " + std::to_string(budget::ocsp_nonce) + " octets", "RFC 9654 section 2.1");
  return nonce;
}

// Of the one SEQUENCE that `outer` stands before. `nonce`: null where a nonce means nothing.
Result<void> read_extensions(DerReader outer, const char* field, Bytes* nonce) {
  TRY(const auto list, outer.enter(der::sequence, field));
  CHECK_OK(outer.end(field));
  return each_extension(list, field, [&](View oid, bool critical, View value) -> Result<void> {
    if (nonce && equal(oid, nonce_arcs)) {
      TRY(const View found, read_nonce(value));
      if (nonce->empty()) *nonce = to_bytes(found);
    } else if (critical) {
      return fail(Code::malformed, std::string(field) + ": a critical extension that is not known here", "RFC 6960 section 4.4");
    }
    return {};
  });
}

// Request ::= SEQUENCE { reqCert CertID, singleRequestExtensions [0] EXPLICIT Extensions OPTIONAL }
Result<std::vector<CertId>> read_list(DerReader list) {
  std::vector<CertId> asked;
  while (!list.at_end()) {
    if (asked.size() == budget::ocsp_requests)
      return fail(Code::too_large,
                  "requestList: more than " + std::to_string(budget::ocsp_requests) + " certificates asked for at once");
    TRY(auto request, list.enter(der::sequence, "requestList"));
    if (!request.next_is(der::sequence)) return fail(Code::malformed, "reqCert: a CertID expected", "RFC 6960 section 4.1.1");
    TRY(const DerItem item, request.item("reqCert"));
    TRY(auto id, read_cert_id(item));
    asked.push_back(std::move(id));
    if (request.next_is(der::context(0))) {
      TRY(const auto extensions, request.enter(der::context(0), "singleRequestExtensions"));
      CHECK_OK(read_extensions(extensions, "singleRequestExtensions", nullptr));
    }
    CHECK_OK(request.end("requestList"));
  }
  if (asked.empty()) return fail(Code::malformed, "requestList: empty");
  return asked;
}

}  // namespace

// OCSPRequest ::= SEQUENCE { tbsRequest TBSRequest, optionalSignature [0] EXPLICIT Signature OPTIONAL }
// TBSRequest ::= SEQUENCE { version [0] EXPLICIT Version DEFAULT v1, requestorName [1] EXPLICIT GeneralName OPTIONAL,
//                           requestList SEQUENCE OF Request, requestExtensions [2] EXPLICIT Extensions OPTIONAL }
Result<Request> parse_request(View der) {
  if (der.size() > budget::ocsp_request_bytes)
    return fail(Code::too_large, "OCSP request: more than " + std::to_string(budget::ocsp_request_bytes) + " octets");
  DerReader input(der);
  TRY(auto outer, input.enter(der::sequence, "OCSP request"));
  CHECK_OK(input.end("OCSP request"));
  TRY(auto tbs, outer.enter(der::sequence, "tbsRequest"));
  if (outer.next_is(der::context(0))) CHECK_OK(outer.item("optionalSignature"));
  CHECK_OK(outer.end("OCSP request"));

  if (tbs.next_is(der::context(0)))
    return fail(Code::malformed, "version: v1 is not written out, and there is no other", "RFC 6960 section 4.1.1");
  if (tbs.next_is(der::context(1))) CHECK_OK(tbs.item("requestorName"));
  TRY(const auto list, tbs.enter(der::sequence, "requestList"));
  Request request;
  TRY(request.asked, read_list(list));
  if (tbs.next_is(der::context(2))) {
    TRY(const auto extensions, tbs.enter(der::context(2), "requestExtensions"));
    CHECK_OK(read_extensions(extensions, "requestExtensions", &request.nonce));
  }
  CHECK_OK(tbs.end("tbsRequest"));
  return request;
}

}  // namespace cm4it::crypto::ocsp
