// A signature in the one form in which it is stored and given out.
#include "evidence/formats/openpgp/packet.h"
#include "evidence/formats/openpgp/subpacket.h"

namespace cm4it::evidence::openpgp {
namespace {

void append_subpacket(Bytes& to, std::uint8_t type, View value) {
  append_length(to, value.size() + 1);
  to.push_back(type);
  append(to, value);
}

}  // namespace

Bytes canonical_signature(const Signature& signature, bool with_back_signature) {
  Bytes unhashed;
  if (signature.version == 4 && !signature.key_id_hashed) {  // also where a fingerprint tells: older software asks for it
    Bytes key_id;
    append_u64(key_id, signature.issuer_key_id);
    append_subpacket(unhashed, issuer_key_id, key_id);
  }
  if (signature.issuer && !signature.fingerprint_hashed) {
    Bytes value{signature.issuer->version};
    append(value, signature.issuer->octets);
    append_subpacket(unhashed, issuer_fingerprint, value);
  }
  if (with_back_signature && !signature.back_signature.empty() && !signature.back_signature_hashed) {
    const auto back = read_signature(signature.back_signature);  // a wrong one stays, to be refused by its reason
    append_subpacket(unhashed, embedded_signature, back ? canonical_signature(*back, false) : to_bytes(signature.back_signature));
  }
  Bytes out = to_bytes(signature.hashed);
  if (signature.version == 4) append_u16(out, unhashed.size());
  else append_u32(out, unhashed.size());
  append(out, unhashed);
  append(out, signature.digest_begin);
  if (signature.version == 6) {
    out.push_back(static_cast<std::uint8_t>(signature.salt.size()));
    append(out, signature.salt);
  }
  append_numbers(out, signature);
  return out;
}

}  // namespace cm4it::evidence::openpgp
