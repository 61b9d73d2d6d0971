// Which hashes are believed of whom (docs/decisions/0034).
#include <algorithm>

#include "evidence/formats/openpgp/packet.h"
#include "evidence/formats/openpgp/subpacket.h"

namespace cm4it::evidence::openpgp {

Result<crypto::Hash> hash_of(std::uint8_t number) {
  switch (number) {
    case 2: return crypto::Hash::sha1;
    case 8: return crypto::Hash::sha256;
    case 9: return crypto::Hash::sha384;
    case 10: return crypto::Hash::sha512;
    case 11: return crypto::Hash::sha224;
    case 12: return crypto::Hash::sha3_256;
    case 14: return crypto::Hash::sha3_512;
    default: break;
  }
  const char* name = number == 1 ? " (MD5)" : number == 3 ? " (RIPEMD-160)" : "";
  return fail(Code::unsupported, "openpgp: signature: hash algorithm " + std::to_string(number) + name + "; SHA-2 and SHA-3 are read",
              "RFC 9580 section 9.5");
}

namespace {

// 2013-02-01T00:00:00Z. From then on nobody had to sign with SHA-1 any more; collisions came later.
constexpr std::int64_t end_of_sha1 = 1'359'676'800;

// A forged revocation does less harm than one that is not heard: of a weak hash what only restricts is believed at any time.
bool restricts(const Signature& signature) {
  if (is_revocation(signature.type)) return true;
  return std::any_of(signature.notations.begin(), signature.notations.end(), [](const Notation& notation) {
    const auto status = notation.name == "status@cm4it.org" ? parse_status(text(notation.value)) : Result<Status>(Status::planned);
    return status && is_alarm(*status);
  });
}

}  // namespace

Result<void> check_hash(Signature& signature) {
  const bool edwards = signature.key_algorithm == algorithm::ed25519 || signature.key_algorithm == algorithm::eddsa_legacy;
  signature.weak = signature.hash == crypto::Hash::sha1 && signature.created.seconds >= end_of_sha1 && !restricts(signature);
  if (signature.hash == crypto::Hash::sha1 && signature.version == 6) return too_weak(signature);
  if (edwards && crypto::digest_bytes(signature.hash) < 32 && !restricts(signature))
    return signature.weak ? too_weak(signature) : bad("signature", "Ed25519 over a hash of less than 256 bits", "5.2.3.4");
  return {};
}

std::size_t salt_bytes(crypto::Hash hash) {
  switch (hash) {
    case crypto::Hash::sha1: return 0;
    case crypto::Hash::sha224:
    case crypto::Hash::sha256:
    case crypto::Hash::sha3_256: return 16;
    case crypto::Hash::sha384: return 24;
    case crypto::Hash::sha512:
    case crypto::Hash::sha3_512: return 32;
  }
  return 0;
}

tl::unexpected<Error> too_weak(const Signature& signature) {
  return fail(Code::unsupported, "openpgp: signature: made over SHA-1 on " + to_rfc3339(signature.created) +
              "; only what was made before 2013-02-01 is read, and what revokes", "RFC 9580 section 9.5");
}

}  // namespace cm4it::evidence::openpgp
