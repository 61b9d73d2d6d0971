#include "crypto/pkix_verify.h"

#include <algorithm>
#include <array>

#include "crypto/key_impl.h"

namespace cm4it::crypto {
namespace {

enum class Scheme { ecdsa, pkcs1, pss, ed25519 };
struct Known {
  Bytes identifier;  // DER, with its parameters: there is one way to write each
  Scheme scheme;
  Hash hash;
};

Bytes hex(const char* digits) { return *from_hex(digits); }

const Known* find(View algorithm) {
  static const std::array<Known, 8> known = {{
      {hex("300a06082a8648ce3d040302"), Scheme::ecdsa, Hash::sha256},
      {hex("300a06082a8648ce3d040303"), Scheme::ecdsa, Hash::sha384},
      {hex("300a06082a8648ce3d040304"), Scheme::ecdsa, Hash::sha512},
      {hex("300d06092a864886f70d01010b0500"), Scheme::pkcs1, Hash::sha256},
      {hex("300d06092a864886f70d01010c0500"), Scheme::pkcs1, Hash::sha384},
      {hex("300d06092a864886f70d01010d0500"), Scheme::pkcs1, Hash::sha512},
      {hex("304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d0609608648016503040"
           "20105"
           "00a203020120"),
       Scheme::pss, Hash::sha256},
      {hex("300506032b6570"), Scheme::ed25519, Hash::sha512},
  }};
  const auto found = std::find_if(known.begin(), known.end(), [&](const Known& one) { return equal(one.identifier, algorithm); });
  return found == known.end() ? nullptr : &*found;
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
  if (find(algorithm)) return {};
  return fail(Code::unsupported,
              std::string(field) +
                  ": ECDSA and RSA over SHA-256, SHA-384 or SHA-512, RSASSA-PSS over SHA-256 with a salt of 32 octets, and "
                  "Ed25519 are supported; another is named",
              "docs/x509.md");
}

Result<void> verify_pkix(View algorithm, View to_be_signed, View signature, const PublicKey& key, const char* field) {
  CHECK_OK(check_pkix_algorithm(algorithm, field));
  const Known& known = *find(algorithm);
  const bool fits = scheme_of(key.algorithm()) == (known.scheme == Scheme::pss ? Scheme::pkcs1 : known.scheme);
  if (!fits) return fail(Code::bad_signature, std::string(field) + ": no algorithm of the issuer's key");
  switch (known.scheme) {
    case Scheme::ed25519:
    case Scheme::pss: return key.verify(to_be_signed, signature);
    case Scheme::pkcs1: return key.verify_digest(known.hash, digest(known.hash, to_be_signed), signature);
    case Scheme::ecdsa: break;
  }
  TRY(const Bytes fixed, ecdsa_to_fixed(signature, coordinate_bytes(key.algorithm())));
  return key.verify_digest(known.hash, digest(known.hash, to_be_signed), fixed);
}

}  // namespace cm4it::crypto
