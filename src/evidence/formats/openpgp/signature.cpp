// What a signature covers, and whether it holds.
#include "evidence/formats/openpgp/signature.h"

#include <algorithm>

#include "evidence/formats/openpgp/packet.h"

namespace cm4it::evidence::openpgp {
namespace {

constexpr std::string_view signature_field = "signature";

bool is_rsa(std::uint8_t key_algorithm) { return key_algorithm == algorithm::rsa || key_algorithm == algorithm::rsa_sign; }

// r and s, or R and S.
struct Pair { View r, s; };

Result<Pair> read_pair(View numbers) {
  Fields fields(numbers, signature_field);
  Pair pair;
  TRY(pair.r, fields.loose_mpi());
  TRY(pair.s, fields.loose_mpi());
  CHECK_OK(fields.end());
  return pair;
}

// Numbers lose the zeros in front of them; a signature of fixed size has them.
Result<Bytes> fixed(const Pair& pair, std::size_t size) {
  if (pair.r.size() > size || pair.s.size() > size) return fail(Code::bad_signature, "openpgp: signature: a number too large for the issuer's key");
  Bytes both(2 * size);
  std::copy(pair.r.begin(), pair.r.end(), both.begin() + static_cast<std::ptrdiff_t>(size - pair.r.size()));
  std::copy(pair.s.begin(), pair.s.end(), both.end() - static_cast<std::ptrdiff_t>(pair.s.size()));
  return both;
}

tl::unexpected<Error> other_algorithm(const Signature& signature) {
  return fail(Code::bad_signature, "openpgp: signature: made with algorithm " + std::to_string(signature.key_algorithm) +
              ", which is not that of the issuer's key");
}

// The signature in the form in which the crypto room takes it.
Result<Bytes> plain_signature(const Signature& signature, crypto::Algorithm algorithm) {
  switch (algorithm) {
    case crypto::Algorithm::ps256: {
      if (!is_rsa(signature.key_algorithm)) return other_algorithm(signature);
      Fields fields(signature.numbers, signature_field);
      TRY(const View number, fields.loose_mpi());
      return to_bytes(number);
    }
    case crypto::Algorithm::es256:
    case crypto::Algorithm::es384: {
      if (signature.key_algorithm != algorithm::ecdsa) return other_algorithm(signature);
      TRY(const Pair pair, read_pair(signature.numbers));
      return fixed(pair, algorithm == crypto::Algorithm::es256 ? 32 : 48);
    }
    case crypto::Algorithm::eddsa: {
      if (signature.key_algorithm == algorithm::ed25519) return to_bytes(signature.numbers);
      if (signature.key_algorithm != algorithm::eddsa_legacy) return other_algorithm(signature);
      TRY(const Pair pair, read_pair(signature.numbers));
      return fixed(pair, 32);
    }
    case crypto::Algorithm::x25519: break;
  }
  return fail(Code::bad_signature, "openpgp: signature: the issuer's key is for encryption and signs nothing");
}

}  // namespace

bool made_by(const Signature& signature, const Key& key) {
  if (signature.version != key.version) return false;
  return signature.issuer ? *signature.issuer == key.fingerprint : signature.issuer_key_id == key.fingerprint.key_id();
}

bool names_nobody(const Signature& signature) { return !signature.issuer && signature.issuer_key_id == 0 && !signature.key_id_hashed; }

View without_what_follows(const Signature& signature) {
  if (signature.key_algorithm == algorithm::ed25519) return signature.numbers.first(std::min<std::size_t>(signature.numbers.size(), 64));
  Fields fields(signature.numbers, signature_field);
  const int count = is_rsa(signature.key_algorithm) ? 1 : 2;
  for (int i = 0; i < count; ++i)
    if (!fields.loose_mpi()) return signature.numbers;
  return signature.numbers.first(fields.offset());
}

// RFC 9580 sections 5.2.3.1 to 5.2.3.5.
Result<void> check_numbers(const Signature& signature) {
  switch (signature.key_algorithm) {
    case algorithm::rsa:
    case algorithm::rsa_sign: {
      Fields fields(signature.numbers, signature_field);
      CHECK_OK(fields.loose_mpi());
      return fields.end();
    }
    case algorithm::eddsa_legacy:
      if (signature.version == 6) return bad(signature_field, "EdDSALegacy, which is for v4 only", "9.1");
      [[fallthrough]];
    case algorithm::ecdsa: CHECK_OK(read_pair(signature.numbers)); return {};
    case algorithm::ed25519:
      if (signature.numbers.size() != 64) return bad(signature_field, "64 octets expected of Ed25519", "5.2.3.4");
      return {};
    default:
      return fail(Code::unsupported, "openpgp: signature: algorithm " + std::to_string(signature.key_algorithm) +
                  "; RSA, ECDSA and Ed25519 are read", "RFC 9580 section 9.1");
  }
}

void append_numbers(Bytes& to, const Signature& signature) {
  if (signature.key_algorithm == algorithm::ed25519) return append(to, signature.numbers);
  Fields fields(signature.numbers, signature_field);
  while (!fields.done()) {
    const auto number = fields.loose_mpi();
    if (!number) return;
    append_mpi(to, *number);
  }
}

Bytes signed_input(const Signature& signature, const Key& primary, std::uint8_t component_tag, View component, const Key* subkey) {
  Bytes input = to_bytes(signature.salt);
  append_key_for_hash(input, primary);
  if (subkey) {
    append_key_for_hash(input, *subkey);
  } else if (component_tag != 0) {
    input.push_back(component_tag == tag::user_id ? 0xb4 : 0xd1);
    append_u32(input, component.size());
    append(input, component);
  }
  append_trailer(input, signature);
  return input;
}

void append_trailer(Bytes& to, const Signature& signature) {
  append(to, signature.hashed);
  to.push_back(signature.version);
  to.push_back(0xff);
  append_u32(to, signature.hashed.size());
}

Result<void> verify_signature(const Signature& signature, View input, const crypto::PublicKey& key) {
  const Bytes digest = crypto::digest(signature.hash, input);
  TRY(const Bytes plain, plain_signature(signature, key.algorithm()));
  return key.verify_digest(signature.hash, digest, plain);
}

}  // namespace cm4it::evidence::openpgp
