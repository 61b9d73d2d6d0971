#include "evidence/formats/openpgp/key.h"

#include <algorithm>
#include <bit>

#include "base/budgets.h"
#include "crypto/digest.h"
#include "evidence/formats/openpgp/packet.h"

namespace cm4it::evidence::openpgp {
namespace {

// RFC 9580 section 9.2, the octets of the object identifiers.
const Bytes oid_p256 = *from_hex("2a8648ce3d030107"), oid_p384 = *from_hex("2b81040022"),
            oid_ed25519_legacy = *from_hex("2b06010401da470f01"), oid_curve25519_legacy = *from_hex("2b060104019755010501");

constexpr std::string_view key_field = "key";

// RFC 9580 section 5.5.5.1: MPI of n, MPI of e.
Result<Key::Rsa> read_rsa(Fields& fields) {
  Key::Rsa numbers;
  TRY(numbers.n, fields.mpi());
  TRY(numbers.e, fields.mpi());
  return numbers;
}

// A native 32-octet string after the prefix 0x40 (RFC 9580 section 11.2).
Result<View> read_prefixed(Fields& fields) {
  TRY(const View point, fields.mpi());
  if (point.size() != 33 || point[0] != 0x40) return bad(key_field, "0x40 and 32 octets expected for its point", "11.2");
  return point.subspan(1);
}

// 0x04, x, y (RFC 9580 section 11.2.1).
Result<Key::Point> read_point(Fields& fields, std::string_view curve, std::size_t coordinate) {
  TRY(const View point, fields.mpi());
  if (point.size() != 1 + 2 * coordinate || point[0] != 4)
    return bad(key_field, "0x04 and two coordinates of " + std::to_string(coordinate) + " octets expected for its point", "11.2.1");
  return Key::Point{curve, point.subspan(1, coordinate), point.subspan(1 + coordinate)};
}

// RFC 9580 sections 5.5.5.4 to 5.5.5.6: the curve's identifier, then its point; ECDH also says how it derives keys.
Result<void> read_curve(Fields& fields, Key& key) {
  TRY(const std::size_t size, fields.u8());
  if (size == 0 || size == 255) return bad(key_field, "a reserved length of its curve's identifier", "9.2");
  TRY(const View oid, fields.take(size));
  const bool ecdh = key.algorithm == algorithm::ecdh, legacy = key.algorithm == algorithm::eddsa_legacy;
  if (!legacy && equal(oid, oid_p256)) {
    TRY(key.numbers, read_point(fields, "P-256", 32));
  } else if (!legacy && equal(oid, oid_p384)) {
    TRY(key.numbers, read_point(fields, "P-384", 48));
  } else if ((legacy && equal(oid, oid_ed25519_legacy)) || (ecdh && equal(oid, oid_curve25519_legacy))) {
    if (key.version != 4) return bad(key_field, "a curve in its legacy form, which is for v4 keys only", "9.2");
    TRY(const View octets, read_prefixed(fields));
    if (ecdh) key.numbers = Key::X25519{octets};
    else key.numbers = Key::Ed25519{octets};
  } else {
    return {};
  }
  if (ecdh) {
    TRY(const std::size_t parameters, fields.u8());
    TRY(const View kdf, fields.take(parameters));
    if (kdf.size() != 3 || kdf[0] != 1) return bad(key_field, "its KDF parameters", "5.5.5.6");
  }
  return fields.end();
}

Result<void> read_numbers(Fields& fields, Key& key) {
  switch (key.algorithm) {
    case algorithm::rsa:
    case algorithm::rsa_encrypt:
    case algorithm::rsa_sign: {
      TRY(key.numbers, read_rsa(fields));
      return fields.end();
    }
    case algorithm::ecdh:
    case algorithm::ecdsa:
    case algorithm::eddsa_legacy: return read_curve(fields, key);
    case algorithm::ed25519: {
      TRY(const View octets, fields.take(32));
      key.numbers = Key::Ed25519{octets};
      return fields.end();
    }
    case algorithm::x25519: {
      TRY(const View octets, fields.take(32));
      key.numbers = Key::X25519{octets};
      return fields.end();
    }
    default: return {};
  }
}

// RFC 9580 section 5.5.4.
Fingerprint fingerprint_of(const Key& key) {
  Bytes hashed;
  append_key_for_hash(hashed, key);
  return {key.version, crypto::digest(key.version == 4 ? crypto::Hash::sha1 : crypto::Hash::sha256, hashed)};
}

const char* name_of_algorithm(std::uint8_t algorithm) {
  switch (algorithm) {
    case algorithm::rsa:
    case algorithm::rsa_encrypt:
    case algorithm::rsa_sign: return "RSA";
    case 16: return "Elgamal";
    case 17: return "DSA";
    case algorithm::ecdh: return "ECDH";
    case algorithm::ecdsa: return "ECDSA";
    case algorithm::eddsa_legacy: return "EdDSA";
    case algorithm::x25519: return "X25519";
    case 26: return "X448";
    case algorithm::ed25519: return "Ed25519";
    case 28: return "Ed448";
    default: return "unknown";
  }
}

// The key is made, and so examined, or its encoding alone.
struct MakeSubject {
  bool from_store;

  template <class F>
  Result<KeySubject> made_of(Result<Bytes> spki, F&& examined) const {
    if (!from_store) {
      TRY(auto key, examined());
      return KeySubject{key.id(), to_bytes(key.spki()), key};
    }
    TRY(Bytes known, std::move(spki));
    const KeyId id{crypto::sha256(known)};
    return KeySubject{id, std::move(known), {}};
  }
  Result<KeySubject> operator()(const Key::Opaque&) const { return fail(Code::unsupported, "an algorithm that is not read"); }
  Result<KeySubject> operator()(const Key::Rsa& rsa) const {
    return made_of(crypto::PublicKey::spki_of_known_rsa(rsa.n, rsa.e), [&] { return crypto::PublicKey::from_rsa(rsa.n, rsa.e); });
  }
  Result<KeySubject> operator()(const Key::Point& p) const {
    return made_of(crypto::PublicKey::spki_of_known_point(p.curve, p.x, p.y),
              [&] { return crypto::PublicKey::from_ec_point(p.curve, p.x, p.y); });
  }
  Result<KeySubject> operator()(const Key::Ed25519& ed) const {
    return made_of(crypto::PublicKey::spki_of_ed25519(ed.octets), [&] { return crypto::PublicKey::from_ed25519(ed.octets); });
  }
  Result<KeySubject> operator()(const Key::X25519& x) const {
    return made_of(crypto::PublicKey::spki_of_x25519(x.octets), [&] { return crypto::PublicKey::from_x25519(x.octets); });
  }
};

}  // namespace

Result<Fingerprint> Fingerprint::parse(std::string_view hex) {
  if (hex.size() != 40 && hex.size() != 64) return bad("fingerprint", "40 or 64 hex digits expected");
  auto octets = from_hex(hex);
  if (!octets) return within("openpgp: fingerprint", std::move(octets).error());
  return Fingerprint{static_cast<std::uint8_t>(hex.size() == 40 ? 4 : 6), std::move(*octets)};
}

std::string Fingerprint::text() const {
  std::string hex = to_hex(octets);
  for (char& c : hex)
    if (c >= 'a') c = static_cast<char>(c - 'a' + 'A');
  return hex;
}

std::uint64_t Fingerprint::key_id() const {
  if (octets.size() < 8) return 0;
  return read_u64(version == 4 ? View(octets).last(8) : View(octets).first(8));
}

// RFC 9580 section 5.5.2: version, creation time, algorithm; v6 then counts what follows.
Result<Key> read_key(View body) {
  if (body.size() > budget::openpgp_key_bytes)
    return fail(Code::too_large, "openpgp: key: more than " + std::to_string(budget::openpgp_key_bytes) + " octets");
  Fields fields(body, key_field);
  Key key;
  key.body = body;
  TRY(key.version, fields.u8());
  if (key.version < 4 || key.version > 6)
    return fail(Code::unsupported, "openpgp: key: version " + std::to_string(key.version) + "; 4 and 6 are read");
  TRY(const std::uint32_t created, fields.u32());
  key.created = Time{created};
  TRY(key.algorithm, fields.u8());
  if (key.version != 4) {
    TRY(const std::uint32_t size, fields.u32());
    if (size != fields.rest().size() && key.version == 5) return fail(Code::unsupported, "openpgp: key: version 5, and the count of its octets is wrong");
    if (size != fields.rest().size()) return bad(key_field, "the count of its octets is wrong", "5.5.2.3");
  }
  if (key.version != 5) CHECK_OK(read_numbers(fields, key));
  key.fingerprint = fingerprint_of(key);
  return key;
}

std::string algorithm_text(const Key& key) {
  return "algorithm " + std::to_string(key.algorithm) + " (" + name_of_algorithm(key.algorithm) + ")";
}

bool is_key_here(const Key& key) {
  const auto* rsa = std::get_if<Key::Rsa>(&key.numbers);
  return rsa ? bits_of(key) >= 2048 && bits_of(key) <= 8192 : !std::holds_alternative<Key::Opaque>(key.numbers);
}

bool can_sign(const Key& key) {
  if (std::holds_alternative<Key::Rsa>(key.numbers)) return key.algorithm != algorithm::rsa_encrypt;
  if (std::holds_alternative<Key::Point>(key.numbers)) return key.algorithm == algorithm::ecdsa;
  return std::holds_alternative<Key::Ed25519>(key.numbers);
}

// As GnuPG counts them.
unsigned bits_of(const Key& key) {
  if (const auto* rsa = std::get_if<Key::Rsa>(&key.numbers))
    return rsa->n.empty() ? 0 : static_cast<unsigned>(8 * (rsa->n.size() - 1)) + static_cast<unsigned>(std::bit_width(rsa->n[0]));
  if (const auto* point = std::get_if<Key::Point>(&key.numbers)) return static_cast<unsigned>(8 * point->x.size());
  return std::holds_alternative<Key::Opaque>(key.numbers) ? 0 : 255;
}

Result<KeySubject> subject_of(const Key& key, bool from_store) {
  if (key.version == 5)
    return fail(Code::unsupported, "openpgp: key " + key.fingerprint.text() + ": version 5; 4 and 6 are read");
  if (std::holds_alternative<Key::Opaque>(key.numbers))
    return fail(Code::unsupported, "openpgp: key " + key.fingerprint.text() + ": " + algorithm_text(key) +
                "; RSA, ECDSA and ECDH on P-256 and P-384, Ed25519 and X25519 are read");
  auto subject = std::visit(MakeSubject{from_store}, key.numbers);
  if (!subject) return within("openpgp: key " + key.fingerprint.text(), std::move(subject).error());
  return subject;
}

// RFC 9580 section 5.2.4. The header is that of the key's version, also key_field a signature of the other version is made.
void append_key_for_hash(Bytes& to, const Key& key) {
  if (key.version == 4) {
    to.push_back(0x99);
    append_u16(to, key.body.size());
  } else {
    to.push_back(key.version == 5 ? 0x9a : 0x9b);  // 0x9a: draft-koch-librepgp section 5.5.4
    append_u32(to, key.body.size());
  }
  append(to, key.body);
}

}  // namespace cm4it::evidence::openpgp
