// Every row that a ledger keeps: its table, its key, what is in it, and who makes it (docs/formats/store.md has the octets). No
// other file puts a key together. A key of a prefix function begins every key of that kind; "order" says what a scan gives first.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "evidence/names.h"
#include "evidence/statement.h"
#include "store/store.h"

namespace cm4it::ledger::table {

using evidence::StatementId;
using evidence::SubjectId;
using store::Table;

// Sources: rows that nothing else can restore. The appender writes them.

// position → Entry; order: as they were appended
inline constexpr Table journal = 1;
Bytes journal_key(std::uint64_t position);

// → StoredHead, but for batches: signed heads and batch signatures
inline constexpr Table heads = 2;
Bytes own_head_key(std::string_view domain);                 // the newest of an own log
Bytes own_heads_prefix();                                    // … of all of them
Bytes batch_key(std::string_view domain, std::uint64_t size);  // → tlog::BatchSignature of an own log, when it had that size
Bytes batches_prefix(std::string_view domain);               // order: by size
// Another home's. `counts`: its content is held here; else it is only compared with.
Bytes foreign_head_key(bool counts, std::string_view domain, std::string_view origin);
Bytes foreign_heads_prefix(bool counts);
Bytes foreign_heads_prefix(bool counts, std::string_view domain);
std::string head_domain(View foreign_head_key);

// Who the store belongs to; notes of other rooms
inline constexpr Table meta = 3;
inline constexpr std::string_view server = "server";          // → this server's name
inline constexpr std::string_view rows = "rows";              // → which derived rows there are, and how they are made
inline constexpr std::string_view rows_version = "10";
inline constexpr std::string_view rebuilding = "rebuilding";  // there while rows are made anew
std::string note_key(std::string_view note);                  // also a prefix, of the notes that begin so
std::string_view note_of(View key);                           // without what note_key() put before it

// domain, or domain ‖ owner of the second and later ones → owner's key id, learned from counted transfers
inline constexpr Table pins = 12;
Bytes first_pin_key(std::string_view domain);
Bytes other_pin_key(std::string_view domain, const KeyId& owner);
std::string pin_domain(View key);

// Descriptors of domains that nothing pins (ledger/unpinned.h)
inline constexpr Table aside = 15;
Bytes aside_key(std::string_view domain, std::uint64_t version,
                const StatementId& id);  // → the descriptor; order: by domain and version
Bytes aside_prefix();
Bytes aside_prefix(std::string_view domain);
Bytes aside_id_key(const StatementId& id);  // → the key of that row
struct AsideKey {
  std::string domain;
  std::uint64_t version = 0;
  StatementId id;
};
std::optional<AsideKey> read_aside_key(View key);  // none: it is too short

// Derived: made anew from the sources by rebuild(). index_entry() makes them, and tlog those of `tiles`.

// statement id → positions of its entries, the record's first
inline constexpr Table statements = 4;

// subject row ‖ position → SubjectRow: all that a look-up reads; order: as they were appended
inline constexpr Table subjects = 5;
Bytes subject_key(const SubjectId& subject, std::uint64_t position);
// The position of a subject's first statement: what many subjects have in common is found in the order of their arrival,
// and so written next to each other, however many there are. Absent: nothing is stored of it.
Result<std::optional<std::uint64_t>> first_position(const store::Snapshot& snapshot, const SubjectId& subject);

// alias ‖ rank ‖ first position ‖ subject row → model text or nothing; order: what is its own first, then who came first
inline constexpr Table aliases = 6;
Bytes alias_key(std::string_view alias, evidence::AliasRank rank, std::uint64_t first_position, const SubjectId& subject);
Bytes alias_prefix(std::string_view alias);

// field ‖ value ‖ place → model text or nothing; order: who came first
inline constexpr Table search = 7;
inline constexpr std::string_view in_order_of_ids = "domain";  // the field whose rows have first_position 0: any prefix is found there
Bytes search_prefix(std::string_view field, std::string_view value);
Bytes search_place(std::uint64_t first_position,
                   const SubjectId& subject);  // behind the prefix: the same in each of a subject's rows but of that field

// domain ‖ level ‖ index → up to 256 hashes
inline constexpr Table tiles = 8;
Bytes tile_key(std::string_view domain, unsigned level, std::uint64_t index);

// domain ‖ leaf index → statement id
inline constexpr Table log = 9;
Bytes log_key(std::string_view domain, std::uint64_t index);

// domain ‖ position → FeedRow: what changed
inline constexpr Table feed = 10;
Bytes feed_key(std::string_view domain, std::uint64_t position);
Bytes feed_prefix(std::string_view domain);

// domain ‖ version ‖ statement id → nothing; order: by version
inline constexpr Table policies = 11;
Bytes policy_key(std::string_view domain, std::uint64_t version, const StatementId& id);
Bytes policies_prefix(std::string_view domain);
std::pair<std::uint64_t, StatementId> read_policy_key(View key);

// subject row ‖ issuer ‖ position → nothing: who spoke of a subject; and of those the alarms
inline constexpr Table speakers = 13;
inline constexpr Table alarms = 16;
Bytes speaker_key(const SubjectId& subject, const KeyId& issuer, std::uint64_t position);
Bytes speaker_prefix(const SubjectId& subject, const KeyId& issuer);
KeyId speaker_of(View key);

// Revocation lists, and pages of their entries (ledger/crls.h)
inline constexpr Table crls = 14;
// → thisUpdate ‖ SubjectRow; order: by scope, then by number
Bytes crl_prefix(const KeyId& issuer, View issuer_name);
inline constexpr std::size_t crl_scope_octets = 8,
                             crl_number_octets = 20;  // of a scope's digest; of a number, with leading zeros
Bytes crl_key(const KeyId& issuer, View issuer_name, const Digest& scope, View number, std::uint64_t position);
Bytes crl_entries_prefix(std::uint64_t position);  // and the page's first serial number → its entries; order: by serial number

// key id ‖ component of its certificate (zeros: the key itself) ‖ position → nothing: the key said of itself that it is compromised
inline constexpr Table compromised = 17;
Bytes compromised_key(const KeyId& key, const std::optional<Digest>& component, std::uint64_t position);
Bytes compromised_prefix(const KeyId& key, const std::optional<Digest>& component);

inline constexpr Table derived[] = {statements, subjects, aliases,  search, tiles,  log,
                                    feed,       policies, speakers, crls,   alarms, compromised};

std::uint64_t last_number(View key);  // its last eight octets
StatementId last_statement(View key);  // its last 32 octets

}  // namespace cm4it::ledger::table
