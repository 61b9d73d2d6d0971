// Under which keys a copy of another server's domain keeps what it knows of itself (docs/formats/store.md, meta).
#pragma once

#include <string>
#include <string_view>

namespace cm4it::ledger {

enum class LinkNote { position, leaves, broken };

// Of every copy of `domain`, from wherever it comes: what their keys begin with.
std::string link_notes(std::string_view domain);
// Of its copy from the server at `url`.
std::string link_note(std::string_view domain, std::string_view url, LinkNote which);
// Whether this is the key of such a note, of any copy.
bool is_link_note(std::string_view key, LinkNote which);

}  // namespace cm4it::ledger
