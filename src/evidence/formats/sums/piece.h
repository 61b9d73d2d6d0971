// Pieces of evidence of Format::sums, parsed. For this room's .cpp files.
#pragma once

#include "evidence/builder.h"
#include "evidence/formats/openpgp/signature.h"

namespace cm4it::evidence::sums {

// How a list is signed: the first item of a piece.
inline constexpr std::uint64_t by_openpgp = 1, by_cms = 2;

// Packets' bodies; where the signer is no subkey, the last two are empty.
struct Signer { Bytes primary, subkey, binding; };

struct PieceContent { View text, signature; Signer signer; };

// Deterministic CBOR: [1, text, signature, primary, ? (subkey, binding)].
Bytes write_piece(const PieceContent& content);
// [2, text, CMS].
Bytes write_cms_piece(View text, View cms);

// What a signed list claims of all its files, and by whom.
struct ListClaims {
  Identity common;                       // holds for every file
  std::vector<std::string> domains;
  Time signed_at;
  std::optional<Time> expires;
  std::vector<CredentialPtr> credentials;         // CMS: the signer's and those above it
  std::optional<Digest> signing_component{};      // OpenPGP: the subkey that signed
};
// A statement for each file, or for the one that is asked for.
Result<std::vector<Statement>> statements_of(View text, const ListClaims& claims, const KeyId& issuer, const SubjectId* about);

// A list with its CMS signature: which of the two ways of line ends was signed is seen by the digest.
struct Signed;
Result<Signed> read_cms(View text, View signature);

// The text with its line ends made CR LF, as text is signed.
Bytes with_crlf(View text);

// Is it signed with CMS?
bool is_cms(View piece);
Result<Decoded> decode_cms(View piece);
Result<std::vector<Statement>> stored_cms_statements(View piece, const KeyId& issuer, const SubjectId* about);
Result<void> verify_cms(View piece);

}  // namespace cm4it::evidence::sums
