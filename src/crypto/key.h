// Public keys in their one canonical form, and what they verify.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/digest.h"

namespace cm4it {

// SHA-256 of a canonical DER SubjectPublicKeyInfo (RFC 5280 section 4.1).
struct KeyId {
  Digest digest{};

  auto operator<=>(const KeyId&) const = default;
  std::string text() const { return "key:" + to_hex(digest); }
  static Result<KeyId> parse(std::string_view text);  // "key:" + 64 lowercase hex digits
};

struct KeyIdHash {
  std::size_t operator()(const KeyId& id) const { return DigestHash{}(id.digest); }
};

}  // namespace cm4it

namespace cm4it::crypto {

// The algorithm a key signs with is fixed by the key (model.md): no negotiation, no confusion.
// x25519 signs and verifies nothing: such a key can be a subject, and nothing else.
enum class Algorithm { es256, es384, eddsa, ps256, x25519 };

// COSE algorithm identifiers (RFC 9053 sections 2.1 and 2.2, RFC 8230 section 2). x25519: 0, which is reserved.
int cose_id(Algorithm algorithm);

// Immutable and cheap to copy; may be shared between threads. The library's key object is made
// once and kept.
class PublicKey {
 public:
  // Any DER SubjectPublicKeyInfo of a supported key: P-256 or P-384 (named curve, a valid point,
  // compressed or not), Ed25519, X25519, RSA of 2048 to 8192 bits with rsaEncryption. It is re-encoded:
  // two encodings of one key give one id. Trailing bytes are refused.
  // Errors: malformed, unsupported (another curve, algorithm or size).
  static Result<PublicKey> from_spki(View der);
  // The same, and malformed unless `der` already is the canonical encoding.
  static Result<PublicKey> from_canonical_spki(View der);
  // A "-----BEGIN PUBLIC KEY-----" block, or the base64 of a DER SubjectPublicKeyInfo.
  static Result<PublicKey> from_text(std::string_view pem_or_base64);
  // RFC 7518 section 6.2: P-256 or P-384 coordinates, big-endian, of the curve's full size.
  static Result<PublicKey> from_ec_point(std::string_view curve, View x, View y);
  static Result<PublicKey> from_ed25519(View raw32);
  static Result<PublicKey> from_x25519(View raw32);
  // RSA of 2048 to 8192 bits: modulus and exponent, big-endian, leading zeros or not. malformed: no odd modulus, no odd
  // exponent from 3 up.
  static Result<PublicKey> from_rsa(View n, View e);
  // The canonical SubjectPublicKeyInfo of such a point. Whether it lies on the curve is not asked: for points that were
  // examined before.
  static Result<Bytes> spki_of_known_point(std::string_view curve, View x, View y);
  // Of keys that were examined before, or need no examination.
  static Bytes spki_of_known_rsa(View n, View e);
  static Result<Bytes> spki_of_ed25519(View raw32);
  static Result<Bytes> spki_of_x25519(View raw32);

  const KeyId& id() const;
  View spki() const;
  Algorithm algorithm() const;
  // RFC 5280 section 4.2.1.2 method 1: SHA-1 of the subjectPublicKey bit string; 20 bytes.
  View method1_id() const;
  std::string base64() const { return to_base64(spki()); }
  // RFC 9052 section 7 COSE_Key of this public key, deterministic CBOR (EC2 or OKP; RSA: RFC 8230).
  Bytes cose_key() const;

  // Signatures in their COSE form: ECDSA as r ‖ s of fixed size (RFC 9053 section 2.1), Ed25519
  // (64 bytes, strict: no small-order keys, s < L), RSASSA-PSS with SHA-256 and a 32-byte salt.
  // bad_signature, whatever the reason.
  Result<void> verify(View message, View signature) const;
  // Signatures over a digest, as OpenPGP has them: ECDSA as r ‖ s of fixed size, RSASSA-PKCS1-v1_5 (leading zeros may be
  // missing), Ed25519 with the digest for its message. bad_signature, whatever the reason.
  Result<void> verify_digest(Hash hash, View digest, View signature) const;

  bool operator==(const PublicKey& other) const { return id() == other.id(); }

  // For TLS only: an EVP_PKEY*, owned by this key.
  void* native() const;

  struct Impl;
  explicit PublicKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

 private:
  std::shared_ptr<const Impl> impl_;
};

}  // namespace cm4it::crypto
