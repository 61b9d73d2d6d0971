#include "ledger/schema.h"

#include <algorithm>

#include "crypto/digest.h"

namespace cm4it::ledger::table {
namespace {

constexpr char own_head = 'n', batch = 'b', counted_head = 'f', compared_head = 's';  // in `heads`
constexpr char aside_by_domain = 'd', aside_by_id = 'i';                              // in `aside`
constexpr char crl = 'c', crl_entries = 'e';                                          // in `crls`
constexpr std::string_view note_prefix = "note:";                                     // in `meta`

Bytes number(std::uint64_t value) {
  Bytes key;
  append_u64(key, value);
  return key;
}

// name ‖ 0: no name has an octet of zero, so that none is the beginning of another
Bytes named(std::string_view name) {
  Bytes key = to_bytes(view(name));
  key.push_back(0);
  return key;
}

Bytes named(std::string_view name, std::uint64_t value) {
  Bytes key = named(name);
  append_u64(key, value);
  return key;
}

Bytes prefixed(char kind, Bytes key) {
  key.insert(key.begin(), static_cast<std::uint8_t>(kind));
  return key;
}

Bytes with_number(Bytes key, std::uint64_t value) {
  append_u64(key, value);
  return key;
}

Bytes with(Bytes key, View tail) {
  append(key, tail);
  return key;
}

Bytes row_of(const SubjectId& subject) {
  const auto row = subject.row();
  return {row.begin(), row.end()};
}

std::string name_in(View key) {
  const auto name = text(key);
  return std::string(name.substr(0, name.find('\0')));
}

}  // namespace

Bytes journal_key(std::uint64_t position) { return number(position); }

Bytes own_head_key(std::string_view domain) { return prefixed(own_head, to_bytes(view(domain))); }
Bytes own_heads_prefix() { return prefixed(own_head, {}); }
Bytes batch_key(std::string_view domain, std::uint64_t size) { return prefixed(batch, named(domain, size)); }
Bytes batches_prefix(std::string_view domain) { return prefixed(batch, named(domain)); }
Bytes foreign_heads_prefix(bool counts) { return prefixed(counts ? counted_head : compared_head, {}); }
Bytes foreign_heads_prefix(bool counts, std::string_view domain) {
  return prefixed(counts ? counted_head : compared_head, named(domain));
}
Bytes foreign_head_key(bool counts, std::string_view domain, std::string_view origin) {
  return with(foreign_heads_prefix(counts, domain), crypto::sha256(view(origin)));  // an origin may be longer than a key
}
std::string head_domain(View foreign_head_key) { return name_in(foreign_head_key.subspan(1)); }

std::string note_key(std::string_view note) { return std::string(note_prefix) + std::string(note); }
std::string_view note_of(View key) { return text(key).substr(note_prefix.size()); }

Bytes first_pin_key(std::string_view domain) { return to_bytes(view(domain)); }
Bytes other_pin_key(std::string_view domain, const KeyId& owner) { return with(named(domain), owner.digest); }
std::string pin_domain(View key) { return name_in(key); }

Bytes aside_prefix() { return prefixed(aside_by_domain, {}); }
Bytes aside_prefix(std::string_view domain) { return prefixed(aside_by_domain, named(domain)); }
Bytes aside_key(std::string_view domain, std::uint64_t version, const StatementId& id) {
  return with(prefixed(aside_by_domain, named(domain, version)), id.digest);
}
Bytes aside_id_key(const StatementId& id) { return prefixed(aside_by_id, to_bytes(id.digest)); }

std::optional<AsideKey> read_aside_key(View key) {
  constexpr std::size_t kind = 1, zero = 1, version = 8, id = 32;
  if (key.size() < kind + zero + version + id) return {};
  return AsideKey{std::string(text(key.subspan(kind, key.size() - kind - zero - version - id))),
                  read_u64(key.last(version + id).first(version)), last_statement(key)};
}

Bytes subject_key(const SubjectId& subject, std::uint64_t position) { return with_number(row_of(subject), position); }

Result<std::optional<std::uint64_t>> first_position(const store::Snapshot& snapshot, const SubjectId& subject) {
  std::optional<std::uint64_t> first;
  CHECK_OK(snapshot.scan(subjects, store::Range::prefix(subject.row()), [&](View key, View) {
    first = last_number(key);
    return false;
  }));
  return first;
}

Bytes alias_prefix(std::string_view alias) { return named(alias); }
Bytes alias_key(std::string_view alias, evidence::AliasRank rank, std::uint64_t first_position, const SubjectId& subject) {
  Bytes key = alias_prefix(alias);
  key.push_back(static_cast<std::uint8_t>(rank));
  return with(with_number(std::move(key), first_position), subject.row());
}

Bytes search_prefix(std::string_view field, std::string_view value) {
  Bytes key = with(named(field), view(value));
  key.push_back(0);
  return key;
}
Bytes search_place(std::uint64_t first_position, const SubjectId& subject) { return with(number(first_position), subject.row()); }

Bytes tile_key(std::string_view domain, unsigned level, std::uint64_t index) {
  Bytes key = named(domain);
  key.push_back(static_cast<std::uint8_t>(level));
  return with_number(std::move(key), index);
}

Bytes log_key(std::string_view domain, std::uint64_t index) { return named(domain, index); }

Bytes feed_key(std::string_view domain, std::uint64_t position) { return named(domain, position); }
Bytes feed_prefix(std::string_view domain) { return named(domain); }

Bytes policies_prefix(std::string_view domain) { return named(domain); }
Bytes policy_key(std::string_view domain, std::uint64_t version, const StatementId& id) {
  return with(named(domain, version), id.digest);
}
std::pair<std::uint64_t, StatementId> read_policy_key(View key) { return {read_u64(key.last(40).first(8)), last_statement(key)}; }

Bytes speaker_prefix(const SubjectId& subject, const KeyId& issuer) { return with(row_of(subject), issuer.digest); }
Bytes speaker_key(const SubjectId& subject, const KeyId& issuer, std::uint64_t position) {
  return with_number(speaker_prefix(subject, issuer), position);
}
KeyId speaker_of(View key) {
  KeyId speaker;
  std::copy_n(key.begin() + std::tuple_size_v<decltype(SubjectId{}.row())>, speaker.digest.size(), speaker.digest.begin());
  return speaker;
}

Bytes crl_prefix(const KeyId& issuer, View issuer_name) {
  return prefixed(crl, to_bytes(crypto::sha256({issuer.digest, issuer_name})));
}
Bytes crl_key(const KeyId& issuer, View issuer_name, const Digest& scope, View number, std::uint64_t position) {
  Bytes key = with(crl_prefix(issuer, issuer_name), View(scope).first(crl_scope_octets));
  key.resize(key.size() + crl_number_octets - std::min(number.size(), crl_number_octets));
  return with_number(with(std::move(key), number), position);
}
Bytes crl_entries_prefix(std::uint64_t position) { return prefixed(crl_entries, number(position)); }

Bytes compromised_prefix(const KeyId& key, const std::optional<Digest>& component) {
  return with(to_bytes(key.digest), component.value_or(Digest{}));
}
Bytes compromised_key(const KeyId& key, const std::optional<Digest>& component, std::uint64_t position) {
  return with_number(compromised_prefix(key, component), position);
}

std::uint64_t last_number(View key) { return read_u64(key.last(8)); }

StatementId last_statement(View key) {
  StatementId id;
  std::copy(key.end() - 32, key.end(), id.digest.begin());
  return id;
}

}  // namespace cm4it::ledger::table
