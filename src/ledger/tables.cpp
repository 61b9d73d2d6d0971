#include "ledger/tables.h"

namespace cm4it::ledger::table {

Bytes number(std::uint64_t position) {
  Bytes key;
  append_u64(key, position);
  return key;
}

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

Bytes named(std::string_view name, View tail) {
  Bytes key = named(name);
  append(key, tail);
  return key;
}

Bytes prefixed(char kind, Bytes key) {
  key.insert(key.begin(), static_cast<std::uint8_t>(kind));
  return key;
}

Bytes speaker_key(const evidence::SubjectId& subject, const KeyId& issuer) {
  const auto row = subject.row();
  Bytes key(row.begin(), row.end());
  append(key, issuer.digest);
  return key;
}

Bytes subject_key(const evidence::SubjectId& subject, std::uint64_t position) {
  const auto row = subject.row();
  Bytes key(row.begin(), row.end());
  append_u64(key, position);
  return key;
}

Bytes compromised_key(const KeyId& key, const std::optional<Digest>& part) {
  Bytes row = to_bytes(key.digest);
  append(row, part.value_or(Digest{}));
  return row;
}

Bytes alias_key(std::string_view alias, evidence::AliasRank rank, std::uint64_t arrival, const evidence::SubjectId& subject) {
  Bytes key = named(alias);
  key.push_back(static_cast<std::uint8_t>(rank));
  append_u64(key, arrival);
  append(key, subject.row());
  return key;
}

Bytes search_key(std::string_view field, std::string_view value) {
  Bytes key = named(field);
  append(key, view(value));
  key.push_back(0);
  return key;
}

Result<std::optional<std::uint64_t>> arrival(const store::Snapshot& snapshot, const evidence::SubjectId& subject) {
  const auto row = subject.row();
  std::optional<std::uint64_t> first;
  CHECK_OK(snapshot.scan(subjects, store::Range::prefix(row), [&](View key, View) {
    first = last_number(key);
    return false;
  }));
  return first;
}

Bytes tile_key(std::string_view domain, unsigned level, std::uint64_t index) {
  Bytes key = named(domain);
  key.push_back(static_cast<std::uint8_t>(level));
  append_u64(key, index);
  return key;
}

std::uint64_t last_number(View key) { return read_u64(key.last(8)); }

}  // namespace cm4it::ledger::table
