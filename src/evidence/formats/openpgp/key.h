// Public keys in OpenPGP packets (RFC 9580 section 5.5). For this room's .cpp files.
#pragma once

#include <variant>

#include "crypto/key.h"
#include "evidence/formats/openpgp/openpgp.h"

namespace cm4it::evidence::openpgp {

// RFC 9580 section 9.1.
namespace algorithm {
inline constexpr std::uint8_t rsa = 1, rsa_encrypt = 2, rsa_sign = 3, ecdh = 18, ecdsa = 19, eddsa_legacy = 22, x25519 = 25,
                              ed25519 = 27;
}

// A well-formed key packet; views into it.
struct Key {
  struct Opaque {};  // an algorithm or a curve that is not read here
  struct Rsa { View n, e; };
  struct Point { std::string_view curve; View x, y; };
  struct Ed25519 { View octets; };
  struct X25519 { View octets; };

  View body;
  std::uint8_t version = 4, algorithm = 0;  // 5: of a subkey (LibrePGP), carried and not read further
  Time created;
  Fingerprint fingerprint;
  std::variant<Opaque, Rsa, Point, Ed25519, X25519> numbers;
};

// malformed; too_large; unsupported (versions other than 4, 5 and 6). What is no key here may still be a subkey: is_key_here().
Result<Key> read_key(View body);

// Whether it is of an algorithm, version and size of which keys are verified here. Other subkeys for encryption are carried.
bool is_key_here(const Key& key);

// "algorithm 17 (DSA)".
std::string algorithm_text(const Key& key);
// Whether keys of its algorithm make signatures that are read here.
bool can_sign(const Key& key);
unsigned bits_of(const Key& key);

// What a key is here. `from_store`: its numbers were examined before, so the key itself is not made.
struct KeySubject {
  KeyId id;
  Bytes spki;  // canonical
  std::optional<crypto::PublicKey> key;
};
// unsupported: an opaque key. malformed: numbers that are no key (a point off its curve).
Result<KeySubject> subject_of(const Key& key, bool from_store);

// The octets that stand for a key wherever it is hashed: in its fingerprint, and in signatures over it.
void append_key_for_hash(Bytes& to, const Key& key);

}  // namespace cm4it::evidence::openpgp
