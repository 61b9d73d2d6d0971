// The names by which subjects are found: aliases and search terms of a statement.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "evidence/statement.h"

namespace cm4it::evidence {

// ASCII letters in lower case; other octets as they are; of more than 128 octets the first 64, and a digest of all. What keys of
// aliases and search terms are made of.
std::string case_folded(std::string_view text);

// Under which key an alias is found: case folded, and of names in names (x509-issued:CN=…) without the blanks that do not matter
// (RFC 4514 section 3, RFC 5280 section 7.1).
std::string alias_key(std::string_view alias);

// How a subject comes to a name. A name means the subjects of the best rank that has any. So whoever binds another's key as a subkey of
// its own certificate does not take that key's name away.
enum class AliasRank : std::uint8_t {
  own = 0,     // a name of the subject itself
  agreed = 1,  // of another key that has confirmed by a signature that it belongs to the subject
  claimed = 2  // of another key, by the issuer's word alone
};
struct Alias {
  std::string name;
  AliasRank rank = AliasRank::own;
  auto operator<=>(const Alias&) const = default;
};
// "serial:…", "fpr:…", "key:…" (other keys of a secure element or a certificate), URIs ("urn:dev:…", "pkg:…"). A URI that
// pretends to be a name that only evidence can prove (is_proved_name) is none.
std::vector<Alias> aliases_of(const Statement& statement);

// "Alice <alice@example.org>" → "alice@example.org"; what has no angle brackets is the whole.
std::string_view mail_address(std::string_view user_id);

// (field, value) pairs by which a search finds its subject (ledger::Reader::search).
std::vector<std::pair<std::string, std::string>> search_terms_of(const Statement& statement);

// The words of a text: runs of letters, digits and octets above 127, case folded; at most 32 of them, 64 octets each.
std::vector<std::string> words_of(std::string_view text);

}  // namespace cm4it::evidence
