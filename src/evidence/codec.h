// A codec describes one format of evidence; the rest of the program knows nothing else of it. Each folder of evidence/formats exports one
// codec or several, and formats.cpp lists them: a new format is one folder and one line.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "evidence/credential.h"
#include "evidence/evidence.h"
#include "evidence/piece_stream.h"

namespace cm4it::evidence {

// How far the octets to be decoded are trusted.
enum class Trust {
  none,       // they come from anybody
  from_store  // this server verified them before it stored them: their keys are not examined again, which would cost more than all the rest
};

struct Codec {
  Format format;                                // its number on the wire and in the store
  const char* name;                             // in policies, and for people
  const char* media_type;                       // of one piece, where it is given out
  std::span<const std::string_view> submitted;  // media types of bodies that split() splits, in lowercase
  std::size_t most_octets;                      // of one piece

  // Does a body of no known type begin like this format? Asked in the order of the list. Null: it never does.
  bool (*looks_like)(View body) = nullptr;
  // A submission's body into pieces, which may be of other formats of the same folder. Null: another codec does that.
  Result<std::vector<Piece>> (*split)(View body) = nullptr;
  // Files of this format (`ics import`, `ics export`). Null: none are read; one piece after another is written.
  std::unique_ptr<PieceSource> (*source)(PieceStream& stream) = nullptr;
  std::unique_ptr<PieceSink> (*sink)(PieceSink::Out out) = nullptr;
  // One piece, strictly. Errors: malformed, unsupported.
  Result<Decoded> (*decode)(View piece, Trust trust);
  // The signature, by the key that the evidence names (which check_signature() has seen to). bad_signature.
  Result<void> (*verify)(const Decoded& decoded, const crypto::PublicKey& issuer);
  // The statements of a piece from the store, without ids; of `about` alone where that is given. Null: decode() is as quick.
  Result<std::vector<Statement>> (*stored_statements)(View piece, const KeyId& issuer, const SubjectId* about) = nullptr;
  // What a piece brings along that is evidence by itself. Null: nothing.
  std::vector<Piece> (*accompanying)(const Piece& piece) = nullptr;
  // A piece that is evidence only together with its issuer's key, which does not come along: an alias of that key ("fpr:…",
  // "keyid:…"), and the evidence that it makes with a stored piece of that key (not_found: of another). Null: pieces are whole.
  std::optional<std::string> (*without_key)(View piece) = nullptr;
  Result<Piece> (*complete)(View piece, View stored) = nullptr;
  // Does it give its subject this name, of those that are in no index: other evidence names its issuer by it. Null: all are aliases.
  bool (*gives_name)(const Statement& statement, std::string_view name) = nullptr;
  // A certificate that this server took in before, and its findings (evidence/credential.h). Null: it has none. malformed: they are not its.
  Result<CredentialPtr> (*known_credential)(View octets, View findings) = nullptr;
  // The entries of a list from the store that revokes certificates (visit_revocation_list). Null: it has none.
  Result<void> (*visit_list)(View piece, const RevocationVisitor& visit) = nullptr;
  // A list with these findings (RevocationList::findings), its other fields still empty. Null: it has none. malformed: they are none.
  Result<std::shared_ptr<RevocationList>> (*known_list)(View findings) = nullptr;
  // For pieces that restrict: a piece of greater weight tells clients more than another of this format. Null: all weigh the same.
  int (*weight)(View piece) = nullptr;

  bool by_authorities = false;  // signed by CAs: who may issue certificates may take them back
  bool bears_chain = false;     // may bring certificates along that lead from its issuer's key to an authority
  bool user_ids = false;        // its names are user ids, which have mail addresses in them (RFC 9580 section 5.11)
};

bool signed_by_authorities(Format format);
// Does the statement give its subject this name (IssuerHint::names), be it an alias or not?
bool gives_name(const Statement& statement, std::string_view name);
bool may_bear_chain(Format format);

// In the order in which bodies of no known type are looked at.
std::span<const Codec* const> codecs();
// Null: no format of this number is read here.
const Codec* find_codec(Format format);

bool begins_like_a_sequence(View body);  // COSE_Sign1, [format, evidence]

// What split() says where a body has more pieces than one submission may.
tl::unexpected<Error> too_many_pieces();

}  // namespace cm4it::evidence
