// Signatures in OpenPGP packets (RFC 9580 section 5.2). For this room's .cpp files.
#pragma once

#include "crypto/digest.h"
#include "evidence/formats/openpgp/key.h"
#include "evidence/formats/openpgp/notation.h"

namespace cm4it::evidence::openpgp {

// RFC 9580 section 5.2.1.
namespace signature_type {
inline constexpr std::uint8_t binary = 0x00, text = 0x01, generic = 0x10, positive = 0x13, subkey_binding = 0x18, primary_binding = 0x19, direct_key = 0x1f,
                              key_revocation = 0x20, subkey_revocation = 0x28, certification_revocation = 0x30;
}
constexpr bool is_certification(std::uint8_t type) {
  return type >= signature_type::generic && type <= signature_type::positive;
}

// "a signature of type 0x13".
std::string type_text(std::uint8_t type);

// A signature whose every part is well formed and allowed; views into its packet's body. Only hashed subpackets say
// anything, but for the issuer's key id and the back-signature, which prove themselves.
struct Signature {
  View body;
  View hashed;         // version to the end of the hashed subpackets: what is counted in the trailer
  std::uint8_t version = 4, type = 0, key_algorithm = 0;
  crypto::Hash hash = crypto::Hash::sha256;
  bool weak = false;   // over SHA-1, made when nobody had to any more: it is believed for nothing that permits
  std::array<std::uint8_t, 2> digest_begin{};
  View salt;           // v6
  View numbers;        // the signature proper

  Time created;
  std::optional<Time> expires;
  std::optional<std::int64_t> key_lifetime;  // seconds from the key's creation
  std::optional<std::uint8_t> key_flags, reason;
  std::string_view reason_text;
  std::vector<Notation> notations;
  std::optional<Fingerprint> issuer;         // where it is given
  std::uint64_t issuer_key_id = 0;           // 0, and no fingerprint: a revocation that does not say whose it is
  bool primary_user_id = false;              // RFC 9580 section 5.2.3.27
  bool key_id_hashed = false, fingerprint_hashed = false;
  View back_signature;                       // the body of the embedded signature; empty: none
  bool back_signature_hashed = false;
};

// Of the key itself, of a subkey, of what was certified: they only restrict.
bool is_revocation(std::uint8_t type);

// malformed, too_large, unsupported (other versions, types, algorithms, hashes, critical parts), not_permitted (not
// exportable). What needs the key it is over is asked by read_piece().
Result<Signature> read_signature(View body);
// The same of one in a certificate: what is `weak` is read too, and check_parts() says whether it can be carried.
Result<Signature> read_certificate_signature(View body);
tl::unexpected<Error> too_weak(const Signature& signature);
// The same of a signature over a document (types 0x00 and 0x01).
Result<Signature> read_document_signature(View body);

SignatureIssuer issuer_of(const Signature& signature);
bool made_by(const Signature& signature, const Key& key);
bool names_nobody(const Signature& signature);

// The same signature with only those unhashed subpackets that are needed, in one order: what anybody can add says nothing
// and makes no second piece of evidence. The back-signature is among them where it is asked for.
Bytes canonical_signature(const Signature& signature, bool with_back_signature);

// What is hashed (RFC 9580 section 5.2.4) for a signature over `primary` and that component; `subkey` where the component
// is one.
Bytes signed_input(const Signature& signature, const Key& primary, std::uint8_t component_tag, View component, const Key* subkey);

// What comes last in all that is hashed (RFC 9580 section 5.2.4).
void append_trailer(Bytes& to, const Signature& signature);

// The numbers in their one encoding (RFC 9580 section 3.2); those that check_numbers() took.
void append_numbers(Bytes& to, const Signature& signature);

// Its numbers, without octets behind them that are none of it.
View without_what_follows(const Signature& signature);
// malformed: the numbers do not have the form of their algorithm. Counts of bits may be wrong: see Fields::loose_mpi().
Result<void> check_numbers(const Signature& signature);
// bad_signature. The digest's first octets, which the signature gives as a hint, decide nothing: some writers have them wrong.
Result<void> verify_signature(const Signature& signature, View input, const crypto::PublicKey& key);

}  // namespace cm4it::evidence::openpgp
