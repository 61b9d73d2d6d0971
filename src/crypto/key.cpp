#include "crypto/key.h"

#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include <algorithm>

#include "base/budgets.h"
#include "base/cbor.h"
#include "crypto/digest.h"
#include "crypto/key_impl.h"
#include "crypto/pem.h"

namespace cm4it {

Result<KeyId> KeyId::parse(std::string_view text) {
  if (!text.starts_with("key:")) return fail(Code::malformed, "key id: expected \"key:\" and 64 hex digits");
  if (std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; }))
    return fail(Code::malformed, "key id: hex digits are lowercase");
  TRY(const Digest digest, digest_from_hex(text.substr(4)));
  return KeyId{digest};
}

}  // namespace cm4it

namespace cm4it::crypto {
namespace {

// DER of a SubjectPublicKeyInfo up to its bit string's octets, for keys whose encoding has one length.
// SEQUENCE { SEQUENCE { OID id-ecPublicKey, OID prime256v1 | secp384r1 }, BIT STRING } (RFC 5480)
const Bytes p256_prefix = *from_hex("3059301306072a8648ce3d020106082a8648ce3d030107034200");
const Bytes p384_prefix = *from_hex("3076301006072a8648ce3d020106052b81040022036200");

Result<Algorithm> algorithm_of(EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_ED25519: return Algorithm::eddsa;
    case EVP_PKEY_X25519: return Algorithm::x25519;
    case EVP_PKEY_RSA: {
      const int bits = EVP_PKEY_get_bits(key);
      if (bits < 2048 || bits > 8192)
        return fail(Code::unsupported, "key: RSA of " + std::to_string(bits) + " bits; 2048 to 8192 are supported");
      return Algorithm::ps256;
    }
    case EVP_PKEY_EC: {
      char name[64] = "";
      if (EVP_PKEY_get_group_name(key, name, sizeof name, nullptr) != 1)
        return fail(Code::unsupported, "key: elliptic curve without a name; P-256 and P-384 are supported");
      const std::string_view curve(name);
      if (curve == "prime256v1") return Algorithm::es256;
      if (curve == "secp384r1") return Algorithm::es384;
      return fail(Code::unsupported, "key: curve " + std::string(curve) + "; P-256 and P-384 are supported");
    }
    default: return fail(Code::unsupported, "key: neither P-256, P-384, Ed25519, X25519 nor RSA");
  }
}

std::array<std::uint8_t, 20> sha1(View data) {
  std::array<std::uint8_t, 20> digest{};
  EVP_Digest(data.data(), data.size(), digest.data(), nullptr, EVP_sha1(), nullptr);
  return digest;
}

PublicKey assemble(Algorithm algorithm, Bytes spki, Bytes bits, PkeyPtr pkey) {
  auto impl = std::make_shared<PublicKey::Impl>();
  impl->algorithm = algorithm;
  impl->id = {sha256(spki)};
  impl->method1 = sha1(bits);
  impl->spki = std::move(spki);
  impl->bits = std::move(bits);
  impl->pkey = std::move(pkey);
  return PublicKey(std::move(impl));
}

const Bytes& ec_prefix(Algorithm algorithm) { return algorithm == Algorithm::es256 ? p256_prefix : p384_prefix; }

// An EC key out of its point. EVP_PKEY_fromdata is several times as fast as decoding DER, and checks the point.
Result<PublicKey> from_point(Algorithm algorithm, View point) {
  const char* group = algorithm == Algorithm::es256 ? "prime256v1" : "secp384r1";
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, const_cast<char*>(group), 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, const_cast<std::uint8_t*>(point.data()), point.size()),
      OSSL_PARAM_construct_end()};
  const PkeyCtxPtr context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* made = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters) != 1) {
    ERR_clear_error();
    return fail(Code::malformed, "key: its point is not on the curve");
  }
  Bytes spki = ec_prefix(algorithm);
  append(spki, point);
  return assemble(algorithm, std::move(spki), to_bytes(point), PkeyPtr(made));
}

// DER of a public key as OpenSSL writes it: for RSA that is the canonical form (rsaEncryption with NULL).
Result<Bytes> encode_spki(EVP_PKEY* key) {
  Bytes spki = der_by(i2d_PUBKEY, key);
  if (spki.empty()) return openssl_failed("key: cannot be encoded");
  return spki;
}

Result<Bytes> rsa_bits(EVP_PKEY* key) {
  Bytes bits = der_by(i2d_PublicKey, key);
  if (bits.empty()) return openssl_failed("key: cannot be encoded");
  return bits;
}

Result<Bytes> octets(EVP_PKEY* key, const char* parameter) {
  std::size_t size = 0;
  if (EVP_PKEY_get_octet_string_param(key, parameter, nullptr, 0, &size) != 1) return openssl_failed("key");
  Bytes value(size);
  if (EVP_PKEY_get_octet_string_param(key, parameter, value.data(), value.size(), &size) != 1)
    return openssl_failed("key");
  value.resize(size);
  return value;
}

Result<Bytes> uncompressed_point(EVP_PKEY* key, Algorithm algorithm) {
  auto read = octets(key, OSSL_PKEY_PARAM_PUB_KEY);
  if (!read) return fail(Code::malformed, "key: its point is at infinity");
  const Bytes point = std::move(*read);
  const std::size_t size = 1 + 2 * coordinate_bytes(algorithm);
  if (point.size() == size && point[0] == 4) return point;
  // Compressed, or the "hybrid" form: compute the other coordinate.
  const GroupPtr group(
      EC_GROUP_new_by_curve_name(algorithm == Algorithm::es256 ? NID_X9_62_prime256v1 : NID_secp384r1));
  const PointPtr decoded(EC_POINT_new(group.get()));
  Bytes full(size);
  if (EC_POINT_oct2point(group.get(), decoded.get(), point.data(), point.size(), nullptr) != 1 ||
      EC_POINT_point2oct(group.get(), decoded.get(), POINT_CONVERSION_UNCOMPRESSED, full.data(), full.size(),
                         nullptr) != size) {
    ERR_clear_error();
    return fail(Code::malformed, "key: its point is not on the curve");
  }
  return full;
}

}  // namespace

Result<PublicKey> public_key_of(EVP_PKEY* key) {
  TRY(const Algorithm algorithm, algorithm_of(key));
  if (algorithm == Algorithm::ps256) {
    TRY(Bytes spki, encode_spki(key));
    TRY(Bytes bits, rsa_bits(key));
    EVP_PKEY_up_ref(key);
    return assemble(algorithm, std::move(spki), std::move(bits), PkeyPtr(key));
  }
  if (algorithm == Algorithm::eddsa || algorithm == Algorithm::x25519) {
    TRY(const Bytes raw, octets(key, OSSL_PKEY_PARAM_PUB_KEY));
    return algorithm == Algorithm::eddsa ? PublicKey::from_ed25519(raw) : PublicKey::from_x25519(raw);
  }
  TRY(const Bytes point, uncompressed_point(key, algorithm));
  return from_point(algorithm, point);
}

Result<PublicKey> PublicKey::from_spki(View der) {
  if (der.size() > budget::spki_bytes)
    return fail(Code::too_large, "key: more than " + std::to_string(budget::spki_bytes) + " octets");
  for (const Algorithm algorithm : {Algorithm::es256, Algorithm::es384}) {  // the usual encodings, without a decoder
    const Bytes& prefix = ec_prefix(algorithm);
    const std::size_t size = prefix.size() + 1 + 2 * coordinate_bytes(algorithm);
    if (der.size() == size && equal(der.first(prefix.size()), prefix) && der[prefix.size()] == 4)
      return from_point(algorithm, der.subspan(prefix.size()));
  }
  if (der.size() == ed25519_prefix().size() + 32 && equal(der.first(ed25519_prefix().size()), ed25519_prefix()))
    return from_ed25519(der.subspan(ed25519_prefix().size()));
  const unsigned char* at = der.data();
  const PkeyPtr key(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (!key) {
    ERR_clear_error();
    return fail(Code::malformed, "key: not a DER SubjectPublicKeyInfo of a known algorithm", "RFC 5280 section 4.1");
  }
  if (at != der.data() + der.size()) return fail(Code::malformed, "key: octets after its end");
  return public_key_of(key.get());
}

Result<PublicKey> PublicKey::from_canonical_spki(View der) {
  TRY(auto key, from_spki(der));
  if (!equal(key.spki(), der))
    return fail(Code::malformed, "key: not in its canonical encoding (named curve, uncompressed point, RFC 8410)");
  return key;
}

Result<PublicKey> PublicKey::from_text(std::string_view text) {
  auto in_pem = der_in_pem(text, "PUBLIC KEY");
  if (!in_pem) return within("key", std::move(in_pem).error());
  auto der = *in_pem ? Result<Bytes>(std::move(**in_pem)) : from_base64_lines(text);
  if (!der) return within("key", std::move(der).error());
  return from_spki(*der);
}

namespace {

struct CurvePoint { Algorithm algorithm; Bytes point; };

Result<CurvePoint> uncompressed(std::string_view curve, View x, View y) {
  const bool p256 = curve == "P-256";
  if (!p256 && curve != "P-384")
    return fail(Code::unsupported, "crv: " + std::string(curve) + "; P-256 and P-384 are supported");
  const Algorithm algorithm = p256 ? Algorithm::es256 : Algorithm::es384;
  const std::size_t size = coordinate_bytes(algorithm);
  if (x.size() != size || y.size() != size)
    return fail(Code::malformed, "x, y: " + std::to_string(size) + " octets each are the full size of " +
                std::string(curve), "RFC 7518 section 6.2.1.2");
  Bytes point{4};
  append(point, x);
  append(point, y);
  return CurvePoint{algorithm, std::move(point)};
}

}  // namespace

Result<PublicKey> PublicKey::from_ec_point(std::string_view curve, View x, View y) {
  TRY(const auto found, uncompressed(curve, x, y));
  return from_point(found.algorithm, found.point);
}

Result<Bytes> PublicKey::spki_of_known_point(std::string_view curve, View x, View y) {
  TRY(const auto found, uncompressed(curve, x, y));
  Bytes spki = ec_prefix(found.algorithm);
  append(spki, found.point);
  return spki;
}

Result<PublicKey> PublicKey::from_ed25519(View raw32) {
  TRY(Bytes spki, spki_of_ed25519(raw32));
  PkeyPtr key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw32.data(), raw32.size()));
  if (!key) return openssl_failed("key");
  return assemble(Algorithm::eddsa, std::move(spki), to_bytes(raw32), std::move(key));
}

Result<PublicKey> PublicKey::from_x25519(View raw32) {
  TRY(Bytes spki, spki_of_x25519(raw32));
  PkeyPtr key(EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, raw32.data(), raw32.size()));
  if (!key) return openssl_failed("key");
  return assemble(Algorithm::x25519, std::move(spki), to_bytes(raw32), std::move(key));
}

const KeyId& PublicKey::id() const { return impl_->id; }
View PublicKey::spki() const { return impl_->spki; }
Algorithm PublicKey::algorithm() const { return impl_->algorithm; }
View PublicKey::method1_id() const { return impl_->method1; }
void* PublicKey::native() const { return impl_->pkey.get(); }

}  // namespace cm4it::crypto
