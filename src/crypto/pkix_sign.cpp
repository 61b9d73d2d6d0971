#include "crypto/pkix_sign.h"

#include "base/der.h"
#include "crypto/key_impl.h"

namespace cm4it::crypto {
namespace {

Bytes hex(const char* digits) { return *from_hex(digits); }

}  // namespace

// AlgorithmIdentifier ::= SEQUENCE { algorithm OBJECT IDENTIFIER, parameters ANY DEFINED BY algorithm OPTIONAL }
const Bytes& algorithm_identifier(Algorithm algorithm) {
  static const Bytes es256 = hex("300a06082a8648ce3d040302");  // ecdsa-with-SHA256
  static const Bytes es384 = hex("300a06082a8648ce3d040303");  // ecdsa-with-SHA384
  static const Bytes eddsa = hex("300506032b6570");            // id-Ed25519
  // id-RSASSA-PSS with hash SHA-256, mask MGF1 with SHA-256, salt of 32 octets
  static const Bytes ps256 =
      hex("304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d01010830"
          "0d06096086480165030402010500a203020120");
  static const Bytes none;
  switch (algorithm) {
    case Algorithm::es256: return es256;
    case Algorithm::es384: return es384;
    case Algorithm::eddsa: return eddsa;
    case Algorithm::ps256: return ps256;
    case Algorithm::x25519: break;
  }
  return none;
}

Result<Bytes> pkix_signed(const Signer& signer, View to_be_signed, View more) {
  const Algorithm algorithm = signer.public_key().algorithm();
  TRY(Bytes signature, signer.sign(to_be_signed));
  if (const std::size_t coordinate = coordinate_bytes(algorithm); coordinate != 0) {
    TRY(signature, ecdsa_to_der(signature, coordinate));
  }
  return der::item(der::sequence, {to_be_signed, algorithm_identifier(algorithm), der::bits_of(signature), more});
}

}  // namespace cm4it::crypto
