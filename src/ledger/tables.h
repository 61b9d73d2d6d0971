// The tables of a ledger's store and their keys (docs/formats/store.md).
#pragma once

#include <optional>
#include <string_view>

#include "evidence/names.h"
#include "evidence/statement.h"
#include "store/store.h"

namespace cm4it::ledger::table {

using store::Table;

// Sources: what nothing else can bring back.
inline constexpr Table journal = 1;     // position → Entry
inline constexpr Table heads = 2;       // signed heads and batch signatures, own and foreign
inline constexpr Table meta = 3;        // who the store belongs to; notes of other rooms
inline constexpr Table aside = 15;      // descriptors of domains that nothing pins (ledger/unpinned.h)
inline constexpr Table pins = 12;       // domain → owner key id, learned from counted transfers
// Derived: made anew from the sources by rebuild().
inline constexpr Table statements = 4;  // statement id → positions of its entries, the record's first
inline constexpr Table subjects = 5;    // subject row ‖ position → SubjectRow: all that a look-up reads
inline constexpr Table aliases = 6;     // alias ‖ 0 ‖ rank ‖ arrival ‖ subject row → model text or nothing
inline constexpr Table search = 7;      // field ‖ 0 ‖ value ‖ 0 ‖ arrival ‖ subject row → model text or nothing
inline constexpr Table tiles = 8;       // domain ‖ 0 ‖ level ‖ index → up to 256 hashes
inline constexpr Table log = 9;         // domain ‖ 0 ‖ leaf index → statement id
inline constexpr Table feed = 10;       // domain ‖ 0 ‖ position → FeedRow: what changed
inline constexpr Table policies = 11;   // domain ‖ 0 ‖ version ‖ statement id → nothing
inline constexpr Table speakers = 13;   // subject row ‖ issuer ‖ position → nothing
inline constexpr Table crls = 14;       // 'c' ‖ issuer ‖ scope ‖ number ‖ position → thisUpdate ‖ FactRow; 'e' ‖ position ‖ serial → page of entries
inline constexpr Table alarms = 16;     // subject row ‖ issuer ‖ position → nothing: of those of `speakers` the alarms
inline constexpr Table compromised = 17;  // key id ‖ part of its certificate, zeros: the key ‖ position → nothing
inline constexpr Table derived[] = {statements, subjects, aliases, search, tiles, log, feed, policies, speakers, crls, alarms, compromised};

inline constexpr std::string_view rows = "rows";  // in meta: which derived rows there are, and how they are made
inline constexpr std::string_view rows_version = "9";
inline constexpr std::string_view rebuilding = "rebuilding";  // in meta while rows are made anew

Bytes number(std::uint64_t position);                                       // big-endian: in order
Bytes named(std::string_view name);                                         // name ‖ 0
Bytes named(std::string_view name, std::uint64_t number);                   // name ‖ 0 ‖ number
Bytes named(std::string_view name, View tail);                              // name ‖ 0 ‖ tail
Bytes prefixed(char kind, Bytes key);                                       // kind ‖ key (table heads)
Bytes subject_key(const evidence::SubjectId& subject, std::uint64_t position);
Bytes speaker_key(const evidence::SubjectId& subject, const KeyId& issuer);  // without a position: all that it said
Bytes compromised_key(const KeyId& key, const std::optional<Digest>& part);  // without a position
// Those who came first are found first, however many come after them.
Bytes alias_key(std::string_view alias, evidence::AliasRank rank, std::uint64_t arrival, const evidence::SubjectId& subject);
Bytes search_key(std::string_view field, std::string_view value);           // field ‖ 0 ‖ value ‖ 0
inline constexpr std::string_view in_order_of_ids = "domain";  // the search field of which `arrival` is 0: any prefix is found there
// The position of a subject's first statement: what many subjects have in common is found in the order of their arrival,
// and so written next to each other, however many there are. Absent: nothing is kept of it.
Result<std::optional<std::uint64_t>> arrival(const store::Snapshot& snapshot, const evidence::SubjectId& subject);
Bytes tile_key(std::string_view domain, unsigned level, std::uint64_t index);
std::uint64_t last_number(View key);                                        // its last eight octets

}  // namespace cm4it::ledger::table
