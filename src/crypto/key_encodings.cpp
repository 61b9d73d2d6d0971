// Public keys in the forms in which they travel: SubjectPublicKeyInfo made of a key's numbers, and COSE_Key.
#include <openssl/core_names.h>

#include "base/budgets.h"
#include "base/cbor.h"
#include "crypto/key_impl.h"

namespace cm4it::crypto {
namespace {

// Up to the 32 octets of the key (RFC 8410).
const Bytes x25519_prefix = *from_hex("302a300506032b656e032100");
// SEQUENCE { OID rsaEncryption, NULL } (RFC 8017 appendix A.1)
const Bytes rsa_algorithm = *from_hex("300d06092a864886f70d0101010500");

Bytes concatenated(View a, View b) {
  Bytes both = to_bytes(a);
  append(both, b);
  return both;
}

// X.690 section 10.1: a length in the fewest octets.
Bytes der(std::uint8_t type, View content) {
  Bytes out{type};
  const std::size_t size = content.size();
  if (size < 0x80) {
    out.push_back(static_cast<std::uint8_t>(size));
  } else {
    if (size > 0xff) out.insert(out.end(), {0x82, static_cast<std::uint8_t>(size >> 8)});
    else out.push_back(0x81);
    out.push_back(static_cast<std::uint8_t>(size));
  }
  append(out, content);
  return out;
}

Bytes der_integer(View number) {
  while (!number.empty() && number[0] == 0) number = number.subspan(1);
  Bytes padded;
  if (number.empty() || number[0] >= 0x80) padded.push_back(0);  // it would be negative
  append(padded, number);
  return der(0x02, padded);
}

}  // namespace

const Bytes& ed25519_prefix() {
  static const Bytes prefix = *from_hex("302a300506032b6570032100");
  return prefix;
}

int cose_id(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::es256: return -7;
    case Algorithm::es384: return -35;
    case Algorithm::eddsa: return -8;
    case Algorithm::ps256: return -37;
    case Algorithm::x25519: return 0;
  }
  return 0;
}

Result<Bytes> PublicKey::spki_of_ed25519(View raw32) {
  if (raw32.size() != 32) return fail(Code::malformed, "key: an Ed25519 key has 32 octets");
  return concatenated(ed25519_prefix(), raw32);
}

Result<Bytes> PublicKey::spki_of_x25519(View raw32) {
  if (raw32.size() != 32) return fail(Code::malformed, "key: an X25519 key has 32 octets");
  return concatenated(x25519_prefix, raw32);
}

// SubjectPublicKeyInfo around RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER } (RFC 8017 appendix A.1.1).
Bytes PublicKey::spki_of_known_rsa(View n, View e) {
  const Bytes integers = der(0x30, concatenated(der_integer(n), der_integer(e)));
  return der(0x30, concatenated(rsa_algorithm, der(0x03, concatenated(Bytes{0}, integers))));
}

Result<PublicKey> PublicKey::from_rsa(View n, View e) {
  while (!e.empty() && e[0] == 0) e = e.subspan(1);
  if (n.empty() || (n.back() & 1) == 0) return fail(Code::malformed, "key: an RSA modulus is odd");
  if (e.empty() || (e.back() & 1) == 0 || (e.size() == 1 && e[0] == 1))
    return fail(Code::malformed, "key: an RSA exponent is odd, and 3 or more");
  if (e.size() > 8) return fail(Code::unsupported, "key: an RSA exponent of more than 64 bits");
  if (n.size() + e.size() > budget::spki_bytes) return fail(Code::unsupported, "key: RSA of more than 8192 bits");
  return from_spki(spki_of_known_rsa(n, e));
}

// RFC 9053 sections 7.1.1 and 7.2, RFC 8230 section 4. Keys in the order of their encodings: 1, 3, …, then -1, -2, -3.
Bytes PublicKey::cose_key() const {
  CborWriter out;
  const View bits = impl_->bits;
  switch (impl_->algorithm) {
    case Algorithm::eddsa: out.map(3).uint(1).uint(1).integer(-1).uint(6).integer(-2).bytes(bits); break;
    case Algorithm::x25519: out.map(3).uint(1).uint(1).integer(-1).uint(4).integer(-2).bytes(bits); break;
    case Algorithm::es256:
    case Algorithm::es384: {
      const std::size_t size = coordinate_bytes(impl_->algorithm);
      out.map(4).uint(1).uint(2).integer(-1).uint(impl_->algorithm == Algorithm::es256 ? 1 : 2);
      out.integer(-2).bytes(bits.subspan(1, size)).integer(-3).bytes(bits.subspan(1 + size));
      break;
    }
    case Algorithm::ps256: {
      const auto number = [&](const char* name) {
        BIGNUM* value = nullptr;
        EVP_PKEY_get_bn_param(impl_->pkey.get(), name, &value);
        const BnPtr owned(value);
        Bytes bytes(value ? static_cast<std::size_t>(BN_num_bytes(value)) : 0);
        if (value) BN_bn2bin(value, bytes.data());
        return bytes;
      };
      out.map(3).uint(1).uint(3).integer(-1).bytes(number(OSSL_PKEY_PARAM_RSA_N));
      out.integer(-2).bytes(number(OSSL_PKEY_PARAM_RSA_E));
      break;
    }
  }
  return out.take();
}

}  // namespace cm4it::crypto
