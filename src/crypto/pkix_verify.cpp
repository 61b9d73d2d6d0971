#include "crypto/pkix_verify.h"

#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>

#include "crypto/key_impl.h"

namespace cm4it::crypto {
namespace {

enum class Scheme { ecdsa, pkcs1, ed25519 };
struct Identified {
  Bytes identifier;  // DER, with its parameters: there is one way to write each
  Scheme scheme;
  Hash hash;
};

const Identified* find(View algorithm) {
  static const std::array<Identified, 7> known = {{
      {*from_hex("300a06082a8648ce3d040302"), Scheme::ecdsa, Hash::sha256},
      {*from_hex("300a06082a8648ce3d040303"), Scheme::ecdsa, Hash::sha384},
      {*from_hex("300a06082a8648ce3d040304"), Scheme::ecdsa, Hash::sha512},
      {*from_hex("300d06092a864886f70d01010b0500"), Scheme::pkcs1, Hash::sha256},
      {*from_hex("300d06092a864886f70d01010c0500"), Scheme::pkcs1, Hash::sha384},
      {*from_hex("300d06092a864886f70d01010d0500"), Scheme::pkcs1, Hash::sha512},
      {*from_hex("300506032b6570"), Scheme::ed25519, Hash::sha512},
  }};
  const auto found = std::find_if(known.begin(), known.end(), [&](const Identified& one) { return equal(one.identifier, algorithm); });
  return found == known.end() ? nullptr : &*found;
}

using AlgorithmPtr = std::unique_ptr<X509_ALGOR, FreeWith<X509_ALGOR_free>>;
using PssPtr = std::unique_ptr<RSA_PSS_PARAMS, FreeWith<RSA_PSS_PARAMS_free>>;
using BitsPtr = std::unique_ptr<ASN1_BIT_STRING, FreeWith<ASN1_BIT_STRING_free>>;
using AnyPtr = std::unique_ptr<ASN1_TYPE, FreeWith<ASN1_TYPE_free>>;

// RSASSA-PSS says its hash, mask and salt in parameters, which have many values (RFC 4055 section 3.1). Null: another algorithm, or over
// a hash that proves nothing.
AlgorithmPtr pss_over_sha2(View identifier) {
  const unsigned char* at = identifier.data();
  AlgorithmPtr algorithm(d2i_X509_ALGOR(nullptr, &at, static_cast<long>(identifier.size())));
  const ASN1_OBJECT* object = nullptr;
  const void* parameters = nullptr;
  int type = V_ASN1_UNDEF;
  if (algorithm) X509_ALGOR_get0(&object, &type, &parameters, algorithm.get());
  PssPtr pss;
  if (algorithm && OBJ_obj2nid(object) == NID_rsassaPss && type == V_ASN1_SEQUENCE) {
    const auto* octets = static_cast<const ASN1_STRING*>(parameters);
    const unsigned char* begin = ASN1_STRING_get0_data(octets);
    pss.reset(d2i_RSA_PSS_PARAMS(nullptr, &begin, ASN1_STRING_length(octets)));
  }
  ERR_clear_error();
  if (!pss || !pss->hashAlgorithm) return nullptr;
  X509_ALGOR_get0(&object, nullptr, nullptr, pss->hashAlgorithm);
  const int hash = OBJ_obj2nid(object);
  return hash == NID_sha256 || hash == NID_sha384 || hash == NID_sha512 ? std::move(algorithm) : nullptr;
}

Result<void> verify_pss(const X509_ALGOR* algorithm, View to_be_signed, View signature, const PublicKey& key, const char* field) {
  const BitsPtr bits(ASN1_BIT_STRING_new());
  const AnyPtr any(ASN1_TYPE_new());
  ASN1_STRING* const content = ASN1_STRING_type_new(V_ASN1_SEQUENCE);
  bool holds = bits && any && content && ASN1_STRING_set(content, to_be_signed.data(), static_cast<int>(to_be_signed.size())) == 1 &&
               ASN1_BIT_STRING_set(bits.get(), const_cast<unsigned char*>(signature.data()), static_cast<int>(signature.size())) == 1;
  if (any && content) ASN1_TYPE_set(any.get(), V_ASN1_SEQUENCE, content);  // owns it
  if (bits) bits->flags |= ASN1_STRING_FLAG_BITS_LEFT;  // whole octets, as they came
  holds = holds && ASN1_item_verify(ASN1_ITEM_rptr(ASN1_ANY), algorithm, bits.get(), any.get(), static_cast<EVP_PKEY*>(key.native())) == 1;
  ERR_clear_error();
  if (holds) return {};
  return fail(Code::bad_signature, std::string(field) + ": the signature does not verify under the issuer's key");
}

Scheme scheme_of(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::es256:
    case Algorithm::es384: return Scheme::ecdsa;
    case Algorithm::ps256: return Scheme::pkcs1;
    case Algorithm::eddsa:
    case Algorithm::x25519: break;
  }
  return Scheme::ed25519;
}

}  // namespace

Result<void> check_pkix_algorithm(View algorithm, const char* field) {
  if (find(algorithm) || pss_over_sha2(algorithm)) return {};
  return fail(Code::unsupported,
              std::string(field) +
                  ": ECDSA, RSA and RSASSA-PSS over SHA-256, SHA-384 or SHA-512, and Ed25519 are supported; another is named",
              "docs/x509.md");
}

Result<void> verify_pkix(View algorithm, View to_be_signed, View signature, const PublicKey& key, const char* field) {
  const Identified* found = find(algorithm);
  const AlgorithmPtr pss = found ? nullptr : pss_over_sha2(algorithm);
  if (!found && !pss) return check_pkix_algorithm(algorithm, field);
  const bool fits = key.algorithm() != Algorithm::x25519 && scheme_of(key.algorithm()) == (pss ? Scheme::pkcs1 : found->scheme);
  if (!fits) return fail(Code::bad_signature, std::string(field) + ": no algorithm of the issuer's key");
  if (pss) return verify_pss(pss.get(), to_be_signed, signature, key, field);
  const Identified& known = *found;
  switch (known.scheme) {
    case Scheme::ed25519: return key.verify(to_be_signed, signature);
    case Scheme::pkcs1: return key.verify_digest(known.hash, digest(known.hash, to_be_signed), signature);
    case Scheme::ecdsa: break;
  }
  TRY(const Bytes fixed, ecdsa_to_fixed(signature, coordinate_bytes(key.algorithm())));
  return key.verify_digest(known.hash, digest(known.hash, to_be_signed), fixed);
}

}  // namespace cm4it::crypto
