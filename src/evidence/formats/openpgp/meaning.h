// What one signature says (docs/openpgp.md has the table). For this room's .cpp files.
#pragma once

#include "evidence/formats/openpgp/piece.h"

namespace cm4it::evidence::openpgp {

// Exactly one statement, about `subject`, the primary key. malformed, too_large: by its notations.
Result<Statement> meaning_of(const PieceParts& piece, const KeySubject& subject);

// Octets as people can read them: clean UTF-8 as it is, any other octet as \xNN; cut at `most` octets.
std::string shown_text(View octets, std::size_t most);

}  // namespace cm4it::evidence::openpgp
