// For tests and fuzz seeds: OpenPGP certificates and signatures made part by part, so that each part can be wrong.
#pragma once

#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <map>
#include <memory>

#include "crypto/signer.h"
#include "evidence/formats/openpgp/packet.h"
#include "evidence/formats/openpgp/piece.h"

namespace cm4it::evidence::openpgp::test {

struct PgpKey {
  crypto::SignerPtr signer;  // null: it cannot sign
  Bytes body;

  Key key() const { return read_key(body).value(); }
  Fingerprint fingerprint() const { return key().fingerprint; }
  bool v6() const { return body[0] == 6; }
};

inline Bytes key_body(std::uint8_t version, std::uint8_t algorithm, View numbers, std::uint32_t created) {
  Bytes body{version};
  append_u32(body, created);
  body.push_back(algorithm);
  if (version == 6) append_u32(body, numbers.size());
  append(body, numbers);
  return body;
}

// What stands behind the algorithm for a curve: its identifier and its point, which has a prefix.
inline Bytes curve_numbers(std::string_view oid_hex, View point) {
  const Bytes oid = from_hex(oid_hex).value();
  Bytes numbers{static_cast<std::uint8_t>(oid.size())};
  append(numbers, oid);
  append_mpi(numbers, point);
  return numbers;
}
inline constexpr std::string_view oid_p256 = "2a8648ce3d030107", oid_p384 = "2b81040022", oid_ed25519 = "2b06010401da470f01",
                                  oid_cv25519 = "2b060104019755010501";
inline const Bytes kdf = {3, 1, 8, 7};

inline Bytes prefixed(View octets, std::uint8_t prefix = 0x40) {
  Bytes point{prefix};
  append(point, octets);
  return point;
}

// The numbers of a signing key in the form of that algorithm.
inline Bytes numbers_of(const crypto::PublicKey& key, std::uint8_t algorithm) {
  const View spki = key.spki();
  switch (key.algorithm()) {
    case crypto::Algorithm::eddsa:
      return algorithm == algorithm::ed25519 ? to_bytes(spki.last(32)) : curve_numbers(oid_ed25519, prefixed(spki.last(32)));
    case crypto::Algorithm::es256: return curve_numbers(oid_p256, spki.last(65));
    case crypto::Algorithm::es384: return curve_numbers(oid_p384, spki.last(97));
    default: break;
  }
  Bytes numbers;
  for (const char* name : {"n", "e"}) {
    BIGNUM* value = nullptr;
    EVP_PKEY_get_bn_param(static_cast<EVP_PKEY*>(key.native()), name, &value);
    Bytes octets(static_cast<std::size_t>(BN_num_bytes(value)));
    BN_bn2bin(value, octets.data());
    BN_free(value);
    append_mpi(numbers, octets);
  }
  return numbers;
}

inline std::uint8_t usual_algorithm(const crypto::PublicKey& key, std::uint8_t version) {
  switch (key.algorithm()) {
    case crypto::Algorithm::eddsa: return version == 6 ? algorithm::ed25519 : algorithm::eddsa_legacy;
    case crypto::Algorithm::ps256: return algorithm::rsa;
    default: return algorithm::ecdsa;
  }
}

inline constexpr std::uint32_t key_time = 1'700'000'000;

inline PgpKey pgp_key(crypto::SignerPtr signer, std::uint8_t version = 4, std::uint32_t created = key_time) {
  const std::uint8_t algorithm = usual_algorithm(signer->public_key(), version);
  Bytes body = key_body(version, algorithm, numbers_of(signer->public_key(), algorithm), created);
  return {std::move(signer), std::move(body)};
}
inline crypto::SignerPtr signer_of(const std::string& name, crypto::Algorithm algorithm = crypto::Algorithm::eddsa) {
  return crypto::from_seed(algorithm, crypto::sha256(view("openpgp test " + name))).value();
}
inline PgpKey pgp_key(const std::string& name, std::uint8_t version = 4) { return pgp_key(signer_of(name), version); }
// X25519, or Curve25519Legacy in v4: it signs nothing.
inline PgpKey encryption_key(const std::string& name, std::uint8_t version = 4) {
  const Digest octets = crypto::sha256(view("x25519 " + name));
  if (version == 6) return {nullptr, key_body(6, algorithm::x25519, octets, key_time)};
  Bytes numbers = curve_numbers(oid_cv25519, prefixed(octets));
  append(numbers, kdf);
  return {nullptr, key_body(4, algorithm::ecdh, numbers, key_time)};
}

// A subpacket, its length in as few octets as it needs.
inline Bytes subpacket(std::uint8_t type, View value, bool critical = false) {
  Bytes out;
  const std::size_t size = value.size() + 1;
  if (size < 192) {
    out.push_back(static_cast<std::uint8_t>(size));
  } else if (size < 8384) {
    out.push_back(static_cast<std::uint8_t>(192 + ((size - 192) >> 8)));
    out.push_back(static_cast<std::uint8_t>(size - 192));
  } else {
    out.push_back(255);
    append_u32(out, size);
  }
  out.push_back(static_cast<std::uint8_t>(type | (critical ? 0x80 : 0)));
  append(out, value);
  return out;
}
inline Bytes u32(std::uint32_t value) {
  Bytes out;
  append_u32(out, value);
  return out;
}
inline Bytes notation(std::string_view name, View value, bool critical = false, bool readable = true) {
  Bytes data{static_cast<std::uint8_t>(readable ? 0x80 : 0), 0, 0, 0};
  append_u16(data, name.size());
  append_u16(data, value.size());
  append(data, view(name));
  append(data, value);
  return subpacket(20, data, critical);
}
inline Bytes notation(std::string_view name, std::string_view value, bool critical = false) { return notation(name, view(value), critical); }
inline Bytes reason(std::uint8_t code, std::string_view text = {}) {
  Bytes data{code};
  append(data, view(text));
  return subpacket(29, data);
}

struct SignatureDraft {
  std::uint8_t type = 0x13;
  std::uint32_t created = key_time + 1000;
  std::vector<Bytes> hashed = {};    // besides the usual: creation time, issuer fingerprint
  std::vector<Bytes> unhashed = {};  // besides the usual: the issuer's key id
  std::uint8_t hash = 8;
  bool usual_hashed = true, usual_unhashed = true;
  std::uint8_t version = 0;          // 0: the key's
  std::uint8_t key_algorithm = 0;    // 0: the key's
  std::size_t salt = SIZE_MAX;       // SIZE_MAX: as the hash asks
};

inline Bytes joined(const std::vector<Bytes>& parts) {
  Bytes all;
  for (const Bytes& part : parts) append(all, part);
  return all;
}

inline crypto::Hash hash_named(std::uint8_t number) {
  static const std::map<std::uint8_t, crypto::Hash> hashes = {
      {2, crypto::Hash::sha1},    {8, crypto::Hash::sha256},    {9, crypto::Hash::sha384},  {10, crypto::Hash::sha512},
      {11, crypto::Hash::sha224}, {12, crypto::Hash::sha3_256}, {14, crypto::Hash::sha3_512}};
  const auto found = hashes.find(number);
  return found == hashes.end() ? crypto::Hash::sha256 : found->second;
}

inline Bytes sign_with(EVP_PKEY* key, crypto::Hash hash, View digest, bool rsa) {
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr), EVP_PKEY_CTX_free);
  EVP_PKEY_sign_init(context.get());
  if (rsa) {
    EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING);
    EVP_PKEY_CTX_set_signature_md(context.get(), EVP_get_digestbyname(crypto::to_string(hash)));
  }
  Bytes signature(1100);
  std::size_t size = signature.size();
  EVP_PKEY_sign(context.get(), signature.data(), &size, digest.data(), digest.size());
  signature.resize(size);
  return signature;
}

// The numbers of a signature by that key over the digest.
inline Bytes signature_numbers(const crypto::Signer& signer, std::uint8_t key_algorithm, crypto::Hash hash, View digest) {
  Bytes numbers;
  auto* const native = static_cast<EVP_PKEY*>(signer.native());
  switch (signer.public_key().algorithm()) {
    case crypto::Algorithm::eddsa: {
      const Bytes signature = signer.sign(digest).value();
      if (key_algorithm == algorithm::ed25519) return signature;
      append_mpi(numbers, View(signature).first(32));
      append_mpi(numbers, View(signature).last(32));
      return numbers;
    }
    case crypto::Algorithm::ps256: append_mpi(numbers, sign_with(native, hash, digest, true)); return numbers;
    default: break;
  }
  // ECDSA-Sig-Value: SEQUENCE { INTEGER, INTEGER }, both of less than 128 octets.
  const Bytes der = sign_with(native, hash, digest, false);
  const View r = View(der).subspan(4, der[3]), s = View(der).subspan(6 + der[3]);
  append_mpi(numbers, r);
  append_mpi(numbers, s);
  return numbers;
}

// A signature packet's body, by that key over these packets' bodies. component_tag 0: over the primary key alone.
inline Bytes sign_over(const PgpKey& by, const PgpKey& primary, std::uint8_t component_tag, View component, const SignatureDraft& said = {}) {
  const std::uint8_t version = said.version != 0 ? said.version : by.body[0];
  const Key issuer = by.key();
  std::vector<Bytes> hashed, unhashed;
  if (said.usual_hashed) hashed = {subpacket(2, u32(said.created)), subpacket(33, prefixed(issuer.fingerprint.octets, by.body[0]))};
  if (said.usual_unhashed && version == 4) {
    Bytes key_id;
    append_u64(key_id, issuer.fingerprint.key_id());
    unhashed = {subpacket(16, key_id)};
  }
  hashed.insert(hashed.end(), said.hashed.begin(), said.hashed.end());
  unhashed.insert(unhashed.end(), said.unhashed.begin(), said.unhashed.end());
  const Bytes hashed_area = joined(hashed), unhashed_area = joined(unhashed);
  const auto append_size = [&](Bytes& to, std::size_t size) { version == 6 ? append_u32(to, size) : append_u16(to, size); };

  const std::uint8_t key_algorithm = said.key_algorithm != 0 ? said.key_algorithm : issuer.algorithm;
  const crypto::Hash hash = hash_named(said.hash);
  Bytes body{version, said.type, key_algorithm, said.hash};
  append_size(body, hashed_area.size());
  append(body, hashed_area);
  const std::size_t usual_salt = hash == crypto::Hash::sha512 || hash == crypto::Hash::sha3_512 ? 32 : hash == crypto::Hash::sha384 ? 24 : 16;
  const Bytes salt(version == 6 ? (said.salt == SIZE_MAX ? usual_salt : said.salt) : 0, 0x5a);
  Signature covered;
  covered.hashed = body;
  covered.version = version;
  covered.salt = salt;
  std::optional<Key> subkey;
  if (component_tag == tag::public_subkey) subkey = read_key(component).value();
  const Bytes digest = crypto::digest(hash, signed_input(covered, primary.key(), component_tag, component, subkey ? &*subkey : nullptr));
  const Bytes numbers = by.signer ? signature_numbers(*by.signer, key_algorithm, hash, digest) : Bytes(64, 1);
  append_size(body, unhashed_area.size());
  append(body, unhashed_area);
  append(body, View(digest).first(2));
  if (version == 6) {
    body.push_back(static_cast<std::uint8_t>(salt.size()));
    append(body, salt);
  }
  append(body, numbers);
  return body;
}

inline Bytes packet(std::uint8_t packet_tag, View body) {
  Bytes out;
  append_packet(out, packet_tag, body);
  return out;
}

// A v4 signature packet over a document; said.type 0x00 or 0x01.
inline Bytes sign_document(const PgpKey& by, std::string_view octets, SignatureDraft said = {.type = 0x00}) {
  const Key issuer = by.key();
  Bytes key_id;
  append_u64(key_id, issuer.fingerprint.key_id());
  std::vector<Bytes> hashed = {subpacket(2, u32(said.created)), subpacket(33, prefixed(issuer.fingerprint.octets, by.body[0]))};
  hashed.insert(hashed.end(), said.hashed.begin(), said.hashed.end());
  const Bytes area = joined(hashed), unhashed = joined(said.unhashed);
  Bytes body{4, said.type, issuer.algorithm, 8};
  append_u16(body, area.size());
  append(body, area);
  Signature covered;
  covered.hashed = body;
  Bytes input = to_bytes(view(octets));
  append_trailer(input, covered);
  const Bytes digest = crypto::digest(crypto::Hash::sha256, input);
  const Bytes numbers = signature_numbers(*by.signer, issuer.algorithm, crypto::Hash::sha256, digest);
  append_u16(body, unhashed.size());
  append(body, unhashed);
  append(body, View(digest).first(2));
  append(body, numbers);
  return packet(2, body);
}

// One piece: what `by` says of that user id (or of the key itself: no user id) of `primary`.
inline Bytes piece_over_user_id(const PgpKey& by, const PgpKey& primary, std::string_view user_id, const SignatureDraft& said = {}) {
  return write_piece(primary.body, tag::user_id, view(user_id), sign_over(by, primary, tag::user_id, view(user_id), said));
}
inline Bytes piece_over_key(const PgpKey& by, const PgpKey& primary, const SignatureDraft& said) {
  return write_piece(primary.body, 0, {}, sign_over(by, primary, 0, {}, said));
}
inline Bytes piece_over_subkey(const PgpKey& by, const PgpKey& primary, const PgpKey& subkey, const SignatureDraft& said) {
  return write_piece(primary.body, tag::public_subkey, subkey.body, sign_over(by, primary, tag::public_subkey, subkey.body, said));
}
inline Bytes back_signature(const PgpKey& primary, const PgpKey& subkey, SignatureDraft said = {}) {
  if (said.type == 0x13) said.type = 0x19;
  return sign_over(subkey, primary, tag::public_subkey, subkey.body, said);
}

}  // namespace cm4it::evidence::openpgp::test
