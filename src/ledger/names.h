// The names by which subjects are found: aliases and search terms of a statement.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "evidence/statement.h"

namespace cm4it::ledger {

// Lowercase ASCII; other octets as they are; of more than 128 octets the first 64, and a digest of all. What keys of
// aliases and search terms are made of.
std::string folded(std::string_view text);

// Under which key an alias is found: folded, and of names in names (x509-issued:CN=…) without the blanks that do not matter
// (RFC 4514 section 3, RFC 5280 section 7.1).
std::string alias_key(std::string_view alias);

// "serial:…", "key:…" (other keys of a secure element), URIs ("urn:dev:…", "pkg:…").
std::vector<std::string> aliases_of(const evidence::Statement& statement);

// (field, value) pairs for Reader::search.
std::vector<std::pair<std::string, std::string>> search_terms_of(const evidence::Statement& statement);

// The words of a text: runs of letters, digits and octets above 127, folded; at most 32 of them, 64 octets each.
std::vector<std::string> words_of(std::string_view text);

}  // namespace cm4it::ledger
