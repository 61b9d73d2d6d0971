// Numbers of subpackets, and the hashes that signatures are over. For this folder.
#pragma once

#include "crypto/digest.h"
#include "evidence/formats/openpgp/signature.h"

namespace cm4it::evidence::openpgp {

// RFC 9580 section 5.2.3.7.
enum Subpacket : std::uint8_t {
  creation_time = 2, expiration_time = 3, exportable = 4, trust = 5, regular_expression = 6, revocable = 7, key_expiration = 9,
  preferred_ciphers = 11, revocation_key = 12, issuer_key_id = 16, notation_data = 20, preferred_hashes = 21,
  preferred_compression = 22, key_server_preferences = 23, preferred_key_server = 24, primary_user_id = 25, policy_uri = 26,
  key_flags = 27, signers_user_id = 28, revocation_reason = 29, features = 30, embedded_signature = 32, issuer_fingerprint = 33,
  preferred_aead_legacy = 34, intended_recipient = 35, preferred_aead = 39
};

// RFC 9580 section 9.5. unsupported: none that is read.
Result<crypto::Hash> hash_of(std::uint8_t number);
// Octets of a version 6 signature's salt (RFC 9580 table 23).
std::size_t salt_bytes(crypto::Hash hash);
// Whether what is over this hash is believed; marks a signature that is too weak to say anything that permits.
Result<void> check_hash(Signature& signature);

}  // namespace cm4it::evidence::openpgp
